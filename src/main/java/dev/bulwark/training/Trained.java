package dev.bulwark.training;

import dev.bulwark.model.Graph;
import java.util.List;

/**
 * What a training run leaves.
 *
 * @param graph   the classifier, in float
 * @param history one entry an epoch, those before a resumption included
 */
public record Trained(Graph graph, List<Progress> history) {

    public Trained {
        history = List.copyOf(history);
    }

    /** The last epoch's entry. */
    public Progress last() {
        return history.get(history.size() - 1);
    }

    /** Time spent in all epochs. */
    public double seconds() {
        return history.stream().mapToDouble(Progress::seconds).sum();
    }

    /** Images trained on per second, over all epochs. */
    public double samplesPerSecond() {
        return history.stream().mapToLong(progress -> progress.epoch().images()).sum() / seconds();
    }
}
