package dev.bulwark.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a run's figures are about.
 *
 * @param dataset    name of the data set
 * @param sentences  what was left out, a sentence each
 * @param experiment whether this is the lab report's experiment, whose figures then stand beside ours
 */
public record RunScope(String dataset, List<String> sentences, boolean experiment) {

    private static final List<String> ON_SMOOTHING = List.of("Randomized smoothing ", "Certificates with n = ", "smoothing/");
    private static final List<String> ON_BOUNDS = List.of("PGD", "IBP ", "ibp/", "crown/", "alpha-crown/", "pgd/");

    public RunScope {
        dataset = oneLine(dataset);
        sentences = sentences.stream().map(RunScope::oneLine).toList();
    }

    /** What a record says, an empty object if there is none. */
    static RunScope of(JsonNode run, boolean experiment) {
        List<String> sentences = new ArrayList<>();
        run.path("scope").forEach(sentence -> sentences.add(sentence.asText()));
        return new RunScope(run.path("dataset").path("name").asText("unknown"), sentences, experiment);
    }

    /** Of the lab report's experiment. */
    public RunScope(String dataset, List<String> sentences) {
        this(dataset, sentences, true);
    }

    /**
     * What is to be said below a table: of table 1 nothing that is about bounds or attacks, of table 2 nothing that is about
     * smoothing. A sentence begins with what it is about; what begins otherwise is about both.
     */
    List<String> sentencesOn(String table) {
        List<String> foreign = table.equals(Table1.DEFINITION.name()) ? ON_BOUNDS
                : table.equals(Table2.DEFINITION.name()) ? ON_SMOOTHING : List.of();
        return sentences.stream().filter(sentence -> foreign.stream().noneMatch(sentence::startsWith)).toList();
    }

    /** What every output of the experiment says first unless it is about MNIST, where all figures beside ours come from. */
    public Optional<String> warning() {
        return !experiment || dataset.equalsIgnoreCase("mnist") ? Optional.empty()
                : Optional.of("These are not MNIST figures: they were measured on the data set \"" + dataset
                        + "\". Reported and published figures are about MNIST and not comparable.");
    }

    /** The data set as titles name it. */
    String title() {
        return dataset.equalsIgnoreCase("mnist") ? "MNIST" : experiment ? dataset + " (not MNIST)" : dataset;
    }

    /** Names and sentences come from files and stand in comment lines, which a line break would end. */
    private static String oneLine(String text) {
        return text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ").strip();
    }
}
