package dev.bulwark.report;

import java.util.List;
import java.util.Optional;

/**
 * What a run's figures are about.
 *
 * @param dataset   name of the data set
 * @param sentences what was left out, a sentence each
 */
public record RunScope(String dataset, List<String> sentences) {

    public RunScope {
        dataset = oneLine(dataset);
        sentences = sentences.stream().map(RunScope::oneLine).toList();
    }

    /** What every output says first unless it is about MNIST, where all figures beside ours come from. */
    public Optional<String> warning() {
        return dataset.equalsIgnoreCase("mnist") ? Optional.empty()
                : Optional.of("These are not MNIST figures: they were measured on the data set \"" + dataset
                        + "\". Reported and published figures are about MNIST and not comparable.");
    }

    /** The data set as titles name it. */
    String title() {
        return warning().isEmpty() ? "MNIST" : dataset + " (not MNIST)";
    }

    /** Names and sentences come from files and stand in comment lines, which a line break would end. */
    private static String oneLine(String text) {
        return text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ").strip();
    }
}
