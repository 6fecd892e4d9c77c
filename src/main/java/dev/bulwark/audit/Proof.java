package dev.bulwark.audit;

import java.util.List;
import java.util.Map;

/**
 * What a certificate adds to its claim: hints, of which none is trusted.
 *
 * @param open    by hidden layer: the units that leaves have slopes for, rising
 * @param sides   ends of hidden units' intervals with slopes of their own, which are bounded before anything rests on them
 * @param margins by class: the tree that proves {@code logit[label] - logit[class] > 0}; without one the rule for all
 *                proves it
 */
public record Proof(int[][] open, List<Side> sides, Map<Integer, Node> margins) {

    public static final Proof NONE = new Proof(new int[0][], List.of(), Map.of());

    public Proof {
        sides = List.copyOf(sides);
        margins = Map.copyOf(margins);
    }

    /** Number of slopes that a leaf has, if any. */
    int slopes() {
        return slopesBefore(open.length);
    }

    /** The same of the hidden layers before one. */
    int slopesBefore(int layer) {
        int count = 0;
        for (int k = 0; k < Math.min(layer, open.length); ++k) {
            count += open[k].length;
        }
        return count;
    }

    /**
     * An end of the interval of what a ReLU reads.
     *
     * @param layer  hidden, from 1: the first one's intervals are exact
     * @param upper  whether it is the upper end
     * @param slopes as a leaf's, of the units of {@link Proof#open} in layers before this one
     */
    public record Side(int layer, int unit, boolean upper, byte[] slopes) {
    }

    /** A domain, which is bounded as a whole or split in two. */
    public sealed interface Node permits Leaf, Split {
    }

    /**
     * Bounded by one pass back.
     *
     * @param slopes      a byte for each open unit, k standing for k / 255; empty for the rule for all
     * @param multipliers of the half-spaces on the way here, from the root on; those that are not there are 0
     */
    public record Leaf(byte[] slopes, double[] multipliers) implements Node {
    }

    /**
     * Split at a threshold of an input (layer -1) or of what a ReLU of a hidden layer reads.
     *
     * @param below where it is at most the threshold
     * @param above where it is at least the threshold
     */
    public record Split(int layer, int unit, double threshold, Node below, Node above) implements Node {
    }
}
