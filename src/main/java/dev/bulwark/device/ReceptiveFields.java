package dev.bulwark.device;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Which inputs each output of an affine map depends on, and which outputs each input acts on, as ranges: outside them its
 * weight is 0. Whoever makes the map knows them: those of a convolution as a matrix are narrow, a dense layer's are full.
 * Devices leave out products with these zeros.
 *
 * @param inputs  of each output: its receptive field
 * @param outputs of each input
 */
public record ReceptiveFields(List<Range> inputs, List<Range> outputs) {

    /** Numbers from {@code first} on, below {@code end}. */
    public record Range(int first, int end) {

        public static final Range EMPTY = new Range(0, 0);

        public Range {
            if (first < 0 || end < first) {
                throw new IllegalArgumentException("a range must not begin below 0 nor behind its end: " + first + " to "
                        + end);
            }
        }

        public int size() {
            return end - first;
        }

        /** The smallest range that holds both. */
        public Range and(Range other) {
            if (size() == 0 || other.size() == 0) {
                return size() == 0 ? other : this;
            }
            return new Range(Math.min(first, other.first), Math.max(end, other.end));
        }
    }

    public ReceptiveFields {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        requireWithin("input", inputs, outputs.size());
        requireWithin("output", outputs, inputs.size());
    }

    private static void requireWithin(String what, List<Range> ranges, int end) {
        for (Range range : ranges) {
            if (range.end > end) {
                throw new IllegalArgumentException("there are " + end + " " + what + "s, and none beyond: " + range);
            }
        }
    }

    /** Every output depends on every input. */
    public static ReceptiveFields full(int in, int out) {
        return new ReceptiveFields(Collections.nCopies(out, new Range(0, in)), Collections.nCopies(in, new Range(0, out)));
    }

    /** The smallest range that holds the receptive fields of these outputs; empty where they depend on no input. */
    public Range of(Range some) {
        return inputs.subList(some.first, some.end).stream().reduce(Range.EMPTY, Range::and);
    }

    /** Of the transposed map: inputs and outputs change places. */
    public ReceptiveFields transposed() {
        return new ReceptiveFields(outputs, inputs);
    }

    /** Takes down the connections of a map one by one. */
    public static final class Builder {

        private final Range[] inputs;
        private final Range[] outputs;

        public Builder(int in, int out) {
            inputs = new Range[out];
            outputs = new Range[in];
            Arrays.fill(inputs, Range.EMPTY);
            Arrays.fill(outputs, Range.EMPTY);
        }

        /** The output depends on the input. */
        public void connect(int output, int input) {
            inputs[output] = inputs[output].and(new Range(input, input + 1));
            outputs[input] = outputs[input].and(new Range(output, output + 1));
        }

        public ReceptiveFields build() {
            return new ReceptiveFields(List.of(inputs), List.of(outputs));
        }
    }
}
