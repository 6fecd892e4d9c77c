package dev.bulwark.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a run's figures are about.
 *
 * @param dataset   name of the data set
 * @param sentences what was left out, a sentence each
 * @param warning   what every output says first, if anything
 */
public record RunScope(String dataset, List<String> sentences, Optional<Warning> warning) {

    /** The data set of a run whose record does not name one. */
    public static final String UNKNOWN = "unknown";

    /** What a record says of labels that are the network's own predictions. */
    private static final String PREDICTIONS = "predictions";
    private static final Warning UNLABELLED = new Warning("labels: predictions", "These images have no labels: the network's own "
            + "predictions stand in their place. Figures are the certified, or broken, share of the images, and no accuracies.");

    private static final List<String> ON_SMOOTHING = List.of("Randomized smoothing ", "Certificates with n = ", "smoothing/");
    private static final List<String> ON_BOUNDS = List.of("PGD", "IBP ", "ibp/", "crown/", "alpha-crown/", "pgd/");

    public RunScope {
        dataset = oneLine(dataset);
        sentences = sentences.stream().map(RunScope::oneLine).toList();
    }

    /** Of figures that need no warning. */
    public RunScope(String dataset, List<String> sentences) {
        this(dataset, sentences, Optional.empty());
    }

    /**
     * What must not be overlooked.
     *
     * @param brief as titles and names have it
     */
    public record Warning(String brief, String text) {
    }

    /** What a record says, an empty object if there is none. */
    static RunScope of(JsonNode run, Experiment experiment) {
        List<String> sentences = new ArrayList<>();
        run.path("scope").forEach(sentence -> sentences.add(sentence.asText()));
        RunScope scope = of(run.path("dataset").path("name").asText(UNKNOWN), sentences, experiment);
        return run.path("dataset").path("labels").asText().equals(PREDICTIONS) && scope.warning.isEmpty()
                ? new RunScope(scope.dataset, scope.sentences, Optional.of(UNLABELLED)) : scope;
    }

    /** Of an experiment's figures, measured on some data set. */
    public static RunScope of(String dataset, List<String> sentences, Experiment experiment) {
        return new RunScope(dataset, sentences, experiment.warning(oneLine(dataset)));
    }

    /**
     * What is to be said below a table: of table 1 nothing that is about bounds or attacks, of table 2 nothing that is about
     * smoothing. A sentence begins with what it is about; what begins otherwise is about both.
     */
    List<String> sentencesOn(String table) {
        List<String> foreign = table.equals(Table1.NAME) ? ON_BOUNDS
                : table.equals(Table2.NAME) ? ON_SMOOTHING : List.of();
        return sentences.stream().filter(sentence -> foreign.stream().noneMatch(sentence::startsWith)).toList();
    }

    /** What every output says first, if anything. */
    public Optional<String> warned() {
        return warning.map(Warning::text);
    }

    /** The data set as titles name it. */
    String title() {
        return (dataset.equalsIgnoreCase("mnist") ? "MNIST" : dataset) + warning.map(why -> " (" + why.brief + ")").orElse("");
    }

    /** Names and sentences come from files and stand in comment lines, which a line break would end. */
    private static String oneLine(String text) {
        return text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ").strip();
    }
}
