package dev.bulwark.audit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A network over a part of a ball: a box of inputs, half-spaces of hidden units, and what is known of every hidden unit
 * there. Units that are 0 all over the ball are left out, which changes nothing of the function.
 */
final class Domain {

    /**
     * A half-space, of an input or of what a ReLU reads: {@code z <= threshold}, or {@code z >= threshold}.
     *
     * @param layer of the unit, from 0; -1 for an input
     * @param unit  among those of the network's file
     */
    record Cut(int layer, int unit, double threshold, boolean above) {
    }

    /** Knows more of units. */
    interface Tightener {

        Tightener NONE = (so, layer, found) -> found;

        /**
         * Bounds of what the ReLUs of the next hidden layer read.
         *
         * @param so    the domain as far as the hidden layer before
         * @param found what is known
         */
        Interval tighten(Domain so, Layer layer, Interval found);
    }

    /** Layers without what is left out. */
    private final List<Layer> layers;
    /** By hidden layer: the kept units' numbers in the network, rising. */
    private final List<int[]> kept;
    private final Ball ball;
    private final Interval inputs;
    /** By hidden layer: what the ReLUs read. */
    private final List<Interval> units;
    private final List<Cut> cuts;
    private final boolean empty;

    private Domain(List<Layer> layers, List<int[]> kept, Ball ball, Interval inputs, List<Interval> units, List<Cut> cuts,
                   boolean empty) {
        this.layers = layers;
        this.kept = kept;
        this.ball = ball;
        this.inputs = inputs;
        this.units = units;
        this.cuts = cuts;
        this.empty = empty;
    }

    /** All of a ball: units are bounded layer by layer, by intervals alone or by linear relaxation too. */
    static Domain of(Network network, Ball ball, boolean relax) {
        return bounded(network, ball, ball.box(), relax, Tightener.NONE, List.of());
    }

    /** All of a ball, with units bounded by linear relaxation and once more by a tightener. */
    static Domain of(Network network, Ball ball, Tightener tightener) {
        return bounded(network, ball, ball.box(), true, tightener, List.of());
    }

    private static Domain bounded(Network network, Ball ball, Interval inputs, boolean relax, Tightener tightener,
                                  List<Cut> cuts) {
        List<Layer> layers = new ArrayList<>();
        List<int[]> kept = new ArrayList<>();
        List<Interval> units = new ArrayList<>();
        int[] before = IntStream.range(0, network.inputs()).toArray();
        for (Layer whole : network.layers()) {
            Layer layer = whole.keeping(IntStream.range(0, whole.out()).toArray(), before);
            boolean last = layers.size() == network.hidden();
            if (last) {
                layers.add(layer);
                break;
            }
            Domain so = new Domain(layers, kept, ball, inputs, units, List.of(), false);
            Interval found = layer.bounds(so.reads(layers.size()));
            if (relax && (!layers.isEmpty() || !ball.isBox())) {
                found = tightener.tighten(so, layer, so.tightened(layer, found));
            }
            Interval known = found;
            int[] alive = IntStream.range(0, layer.out()).filter(j -> !(known.upper()[j] <= 0)).toArray();
            layers.add(layer.keeping(alive, IntStream.range(0, layer.in()).toArray()));
            kept.add(alive);
            units.add(known.at(alive));
            before = alive;
        }
        return new Domain(layers, kept, ball, inputs, units, cuts, units.stream().anyMatch(Interval::isEmpty));
    }

    /** Bounds of a layer's open units by forms that go back to the inputs, where they are better. */
    private Interval tightened(Layer layer, Interval found) {
        int[] open = IntStream.range(0, layer.out()).filter(j -> !(found.lower()[j] >= 0)
                && !(found.upper()[j] <= 0)).toArray();
        double[][] a = new double[2 * open.length][];
        double[] c = new double[a.length];
        for (int k = 0; k < open.length; ++k) {
            a[2 * k] = layer.row(open[k]);
            a[2 * k + 1] = Arrays.stream(a[2 * k]).map(w -> -w).toArray();
            c[2 * k] = layer.bias(open[k]);
            c[2 * k + 1] = -c[2 * k];
        }
        double[] least = new Backward(this).least(a, c, layers.size(), Backward.Choice.ADAPTIVE);
        double[] low = found.lower().clone();
        double[] high = found.upper().clone();
        for (int k = 0; k < open.length; ++k) {
            low[open[k]] = least[2 * k] > low[open[k]] ? least[2 * k] : low[open[k]];
            high[open[k]] = -least[2 * k + 1] < high[open[k]] ? -least[2 * k + 1] : high[open[k]];
        }
        return new Interval(low, high);
    }

    /**
     * The part of it in a half-space.
     *
     * @param network whose domain this is
     * @throws AuditException if there is no such unit
     */
    Domain within(Network network, Cut cut) {
        List<Cut> all = new ArrayList<>(cuts);
        all.add(cut);
        if (cut.layer() < 0) {
            requireUnit(cut, inputs.size());
            Interval part = cutAt(inputs, cut.unit(), cut);
            Domain anew = empty || part.isEmpty() ? this : bounded(network, ball, part, true, Tightener.NONE, all);
            List<Interval> both = new ArrayList<>();
            boolean none = empty || part.isEmpty() || anew.empty;
            return new Domain(layers, kept, ball, part, none ? units : meet(anew, both), all, none
                    || both.stream().anyMatch(Interval::isEmpty));
        }
        requireUnit(cut, cut.layer() < kept.size() ? network.layers().get(cut.layer()).out() : 0);
        int at = Arrays.binarySearch(kept.get(cut.layer()), cut.unit());
        if (at < 0) { // its upper bound is not above 0: an upper half-space may be empty, but nothing is claimed from that
            return new Domain(layers, kept, ball, inputs, units, all, empty);
        }
        List<Interval> tighter = new ArrayList<>(units);
        tighter.set(cut.layer(), cutAt(units.get(cut.layer()), at, cut));
        boolean none = empty || tighter.get(cut.layer()).isEmpty();
        for (int k = cut.layer() + 1; k < units.size() && !none; ++k) {
            tighter.set(k, units.get(k).and(layers.get(k).bounds(tighter.get(k - 1).relu())));
            none = tighter.get(k).isEmpty();
        }
        return new Domain(layers, kept, ball, inputs, none ? units : tighter, all, none);
    }

    /** What both know of this one's units; those that the other has left out are not positive there. */
    private List<Interval> meet(Domain other, List<Interval> into) {
        for (int k = 0; k < units.size(); ++k) {
            double[] low = units.get(k).lower().clone();
            double[] high = units.get(k).upper().clone();
            for (int j = 0; j < low.length; ++j) {
                int at = Arrays.binarySearch(other.kept.get(k), kept.get(k)[j]);
                if (at >= 0) {
                    low[j] = Math.max(low[j], other.units.get(k).lower()[at]);
                    high[j] = Math.min(high[j], other.units.get(k).upper()[at]);
                } else {
                    high[j] = Math.min(high[j], 0);
                    low[j] = Math.min(low[j], high[j]);
                }
            }
            into.add(new Interval(low, high));
        }
        return into;
    }

    private static void requireUnit(Cut cut, int units) {
        if (cut.unit() < 0 || cut.unit() >= units || !Double.isFinite(cut.threshold())) {
            throw new AuditException("the proof splits unit " + cut.unit() + " of layer " + cut.layer() + " at "
                    + cut.threshold()
                    + ", which can't be");
        }
    }

    private static Interval cutAt(Interval of, int element, Cut cut) {
        double[] low = of.lower().clone();
        double[] high = of.upper().clone();
        if (cut.above()) {
            low[element] = Math.max(low[element], cut.threshold());
        } else {
            high[element] = Math.min(high[element], cut.threshold());
        }
        return new Interval(low, high);
    }

    /** Whether no point of the ball lies in it, which bounds say that hold there and do not meet. */
    boolean isEmpty() {
        return empty;
    }

    List<Layer> layers() {
        return layers;
    }

    /** Of what ReLUs of a hidden layer read, those that are kept. */
    Interval units(int layer) {
        return units.get(layer);
    }

    int[] kept(int layer) {
        return kept.get(layer);
    }

    /** Hidden layers so far. */
    int hidden() {
        return units.size();
    }

    List<Cut> cuts() {
        return cuts;
    }

    Interval inputs() {
        return inputs;
    }

    Ball ball() {
        return ball;
    }

    /** What layer k reads. */
    Interval reads(int k) {
        return k == 0 ? inputs : units.get(k - 1).relu();
    }
}
