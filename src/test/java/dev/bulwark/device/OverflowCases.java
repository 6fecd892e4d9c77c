package dev.bulwark.device;

import java.util.ArrayList;
import java.util.List;

/**
 * Networks of four layers in which something overflows, and who then has the vote of a noiseless sample: by arithmetic, and
 * {@link NoisyClassifier}'s rule. Widths fill no tile, so that what fills them up must not become NaN either.
 */
public final class OverflowCases {

    /** The only input. */
    public static final float PIXEL = 2;

    private final float large;
    private final List<Case> cases = new ArrayList<>();

    /**
     * @param weights {@code [out,in]} a layer
     * @param vote    the class that has the vote; -1 for none
     */
    public record Case(String name, int[] widths, float[][] weights, float[][] biases, int vote) {

        @Override
        public String toString() {
            return name;
        }

        private void set(int layer, int out, int in, float weight) {
            weights[layer][out * widths[layer] + in] = weight;
        }

        /** A column of weights: from one unit to all of the next layer. */
        private Case from(int layer, int in, float... weight) {
            for (int o = 0; o < widths[layer + 1]; ++o) {
                set(layer, o, in, weight[o % weight.length]);
            }
            return this;
        }

        private Case bias(float... logits) {
            biases[3] = logits;
            return this;
        }

        /** Unit 0 of hidden layer 1, 2 or 3 becomes {@link #PIXEL} times {@code large}; what lies before passes it on. */
        private Case infinite(int layer, float large) {
            for (int i = 0; i < layer; ++i) {
                set(i, 0, 0, i == layer - 1 ? large : 1);
            }
            return this;
        }
    }

    private OverflowCases(float large) {
        this.large = large;
    }

    /** Cases for a base classifier of this precision. */
    public static List<Case> of(NoisyClassifier.Precision precision) {
        OverflowCases made = new OverflowCases(precision == NoisyClassifier.Precision.FLOAT16 ? 60_000f : 3e38f);
        made.unknown();
        made.infiniteLogits();
        made.infiniteHiddenUnits();
        if (precision != NoisyClassifier.Precision.FLOAT16) { // whose sums are float, and so hold any two products
            made.infiniteProducts();
        }
        return made.cases;
    }

    private Case add(String name, int vote, int... hidden) {
        int classes = 3;
        int[] widths = {1, hidden[0], hidden[1], hidden[2], classes};
        float[][] weights = new float[4][];
        float[][] biases = new float[4][];
        for (int i = 0; i < 4; ++i) {
            weights[i] = new float[widths[i] * widths[i + 1]];
            biases[i] = new float[widths[i + 1]];
        }
        Case added = new Case(name, widths, weights, biases, vote);
        cases.add(added);
        return added;
    }

    private void unknown() {
        for (int layer = 1; layer <= 3; ++layer) {
            // Zeros beyond: the next layer's units are NaN, and all weights after them 0.
            add("infinity times 0 behind hidden layer " + layer, -1, 3, 5, 2).infinite(layer, large).bias(5, 1, 0);
        }
        for (int layer = 1; layer <= 2; ++layer) {
            Case opposite = add("infinities of opposite sign in hidden layer " + (layer + 1), -1, 2, 2, 1);
            opposite.infinite(layer, large).bias(0, 5, 0);
            opposite.set(layer - 1, 1, 0, large);
            opposite.from(layer, 0, 1).from(layer, 1, -1);
        }
        // Each unit reads 30 neighbours in the layer before; units that do not read the last one still depend on it through
        // others.
        Case windows = add("a window of zeros that an infinity stands before", -1, 300, 260, 20).bias(5, 1, 0);
        windows.set(0, 299, 0, large);
        for (int o = 0; o < 260; ++o) {
            for (int i = o * 300 / 260; i < Math.min(300, o * 300 / 260 + 30); ++i) {
                windows.set(1, o, i, 1);
            }
        }
    }

    private void infiniteLogits() {
        add("one logit of +infinity", 1, 3, 5, 2).infinite(3, large).from(3, 0, -1, 1, -1);
        add("two logits of +infinity", -1, 3, 5, 2).infinite(3, large).from(3, 0, -1, 1, 1);
        add("nothing but -infinity", -1, 3, 5, 2).infinite(3, large).from(3, 0, -1);
        add("a NaN beside +infinity", -1, 3, 5, 2).infinite(3, large).from(3, 0, 0, 1, -1);
        add("a tie of finite logits", 1, 3, 5, 2).bias(-1, 7, 7);
    }

    private void infiniteHiddenUnits() {
        add("infinity through all layers", 1, 3, 5, 2).infinite(1, large).from(1, 0, 1)
                .from(2, 0, 1).from(2, 1, 1).from(2, 2, 1).from(2, 3, 1).from(2, 4, 1)
                .from(3, 0, -1, 1, -1).from(3, 1, -1, 1, -1);
        add("infinity that a ReLU rightly drops", 2, 33, 17, 18).infinite(2, large).from(2, 0, -1).bias(0, 1, 5);
    }

    /**
     * A float sum of two products that overflow is +infinity or NaN when the positive one comes first, with fused
     * multiply-add or without, and NaN behind its weight of 0. In another order it is -infinity, which a ReLU drops; the
     * second unit has that order, so that one of the two is never finite. bf16's instructions take the second product first.
     */
    private void infiniteProducts() {
        for (int units = 1; units <= 2; ++units) {
            for (int layer = 1; layer <= 2; ++layer) {
                Case opposite = add("two products that overflow and cancel in " + units + " of hidden layer " + (layer + 1),
                        -1, 2, 2, 2);
                opposite.infinite(layer, 1e20f).bias(0, 5, 0);
                opposite.set(layer - 1, 1, 0, 1e20f);
                opposite.from(layer, 0, 1e20f, units == 2 ? -1e20f : 0).from(layer, 1, -1e20f, units == 2 ? 1e20f : 0);
            }
        }
    }
}
