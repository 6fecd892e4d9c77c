package dev.bulwark.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a run's figures are about.
 *
 * @param dataset   name of the data set
 * @param sentences what was left out, a sentence each
 * @param warning   what every output says first, if anything
 * @param labelled  whether labels say what the images show; else they are the network's predictions
 */
public record RunScope(String dataset, List<String> sentences, Optional<Warning> warning, boolean labelled) {

    /** The data set of a run whose record does not name one. */
    public static final String UNKNOWN = "unknown";

    /** What a record says of labels that are the network's own predictions. */
    private static final String PREDICTIONS = "predictions";
    private static final Warning UNLABELLED = new Warning("labels: predictions", "These images have no labels: the network's own "
            + "predictions stand in their place. Figures are shares of images that keep their prediction, and no accuracies.");

    private static final List<String> ON_SMOOTHING = List.of("Randomized smoothing ", "Certificates with n = ");
    private static final List<String> ON_BOUNDS = List.of("PGD", "IBP ");
    /** What a sentence on one file of rows begins with, as {@code crown/epsilon-0.10-l2.jsonl: }. */
    private static final Pattern FILE =
            Pattern.compile("[a-z-]+/(sigma|epsilon|largest)(?:-[^/ ]*?)??(?:-(l[12]))?\\.(?:tsv|jsonl): .*");

    public RunScope {
        dataset = oneLine(dataset);
        sentences = sentences.stream().map(RunScope::oneLine).toList();
    }

    /** Of figures that need no warning. */
    public RunScope(String dataset, List<String> sentences) {
        this(dataset, sentences, Optional.empty());
    }

    /** Of labelled images. */
    public RunScope(String dataset, List<String> sentences, Optional<Warning> warning) {
        this(dataset, sentences, warning, true);
    }

    /**
     * What must not be overlooked.
     *
     * @param brief as titles and names have it
     */
    public record Warning(String brief, String text) {

        private Warning and(Warning other) {
            return new Warning(brief + "; " + other.brief, text + " " + other.text);
        }
    }

    /** What a record says, an empty object if there is none. */
    static RunScope of(JsonNode run, Experiment experiment) {
        List<String> sentences = new ArrayList<>();
        run.path("scope").forEach(sentence -> sentences.add(sentence.asText()));
        RunScope scope = of(run.path("dataset").path("name").asText(UNKNOWN), sentences, experiment);
        return run.path("dataset").path("labels").asText().equals(PREDICTIONS) ? new RunScope(scope.dataset, scope.sentences,
                Optional.of(scope.warning.map(other -> other.and(UNLABELLED)).orElse(UNLABELLED)), false) : scope;
    }

    /** Of an experiment's figures, measured on some data set. */
    public static RunScope of(String dataset, List<String> sentences, Experiment experiment) {
        return new RunScope(dataset, sentences, experiment.warning(oneLine(dataset)));
    }

    /**
     * What is to be said below a table: of table 1 nothing that is about bounds or attacks, of others nothing that is about
     * smoothing. A sentence begins with what it is about; what begins otherwise is about all. Files are named below the table
     * that is made of them.
     */
    List<String> sentencesOn(String table) {
        List<String> foreign = table.equals(Table1.NAME) ? ON_BOUNDS
                : table.equals(TradeoffReport.NAME) ? List.of() : ON_SMOOTHING;
        return sentences.stream().filter(sentence -> foreign.stream().noneMatch(sentence::startsWith))
                .filter(sentence -> tableOf(sentence).filter(other -> !other.equals(table)).isEmpty()).toList();
    }

    /** Which table the file that a sentence is about belongs to; empty if it is about none. */
    private static Optional<String> tableOf(String sentence) {
        Matcher file = FILE.matcher(sentence);
        if (!file.matches()) {
            return Optional.empty();
        }
        return Optional.of(switch (file.group(1)) {
            case "sigma" -> Table1.NAME;
            case "epsilon" -> Table2.NAME;
            default -> LargestEpsilons.NAME;
        } + (file.group(2) == null ? "" : "-" + file.group(2)));
    }

    /** What figures are, as captions of tables end. */
    String unit() {
        return labelled ? "accuracy in %" : "share of images that keep their prediction in %";
    }

    /** What figures are, briefly. */
    String quantity() {
        return labelled ? "accuracy" : "share of images";
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
