package dev.bulwark.model.io.onnx;

import dev.bulwark.shapes.Shape;
import java.util.Arrays;

/** Dimensions as ONNX has them: the batch among them, none at all of a scalar, 0 of an empty tensor. */
final class Dims {

    /** Most elements of a constant: beyond any network's, and few enough to lay out in memory. */
    static final int MOST_ELEMENTS = 1 << 27;

    /** Most elements of a value that depends on the input: no bounds go through more. */
    private static final int MOST_OF_AN_ACTIVATION = 1 << 24;

    private Dims() {
    }

    /** @throws OnnxException if a value of an input's has more elements than any network that could be certified */
    static void requireActivation(int[] dims) {
        if (size(dims) > MOST_OF_AN_ACTIVATION) {
            throw OnnxException.of("a value of shape %s is beyond the %d elements that are supported", Arrays.toString(dims),
                    MOST_OF_AN_ACTIVATION);
        }
    }

    /** @throws OnnxException if there are more than {@link #MOST_ELEMENTS}, or a dimension is negative */
    static int size(int[] dims) {
        long size = 1;
        for (int d : dims) {
            size = d < 0 || size > MOST_ELEMENTS ? -1 : size * d;
            if (size < 0) {
                break;
            }
        }
        if (size < 0 || size > MOST_ELEMENTS) {
            throw OnnxException.of("a value of shape %s is beyond the %d elements that are supported", Arrays.toString(dims),
                    MOST_ELEMENTS);
        }
        return (int) size;
    }

    /** @throws OnnxException as {@link #size} does, or if a dimension is no int */
    static int[] of(long... dims) {
        for (long d : dims) {
            if (d != (int) d) {
                throw OnnxException.of("a value of shape %s is beyond the %d elements that are supported",
                        Arrays.toString(dims), MOST_ELEMENTS);
            }
        }
        int[] narrow = Arrays.stream(dims).mapToInt(d -> (int) d).toArray();
        size(narrow);
        return narrow;
    }

    /** As a sample's shape; of a scalar {@code [1]}. */
    static Shape shape(int... dims) {
        return dims.length == 0 ? Shape.of(1) : Shape.of(dims);
    }

    /** Product of the dimensions from {@code begin} to before {@code end}. */
    static int product(int[] dims, int begin, int end) {
        return size(Arrays.copyOfRange(dims, begin, end));
    }

    static int[] concat(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }

    static int[] without(int[] dims, int axis) {
        return concat(Arrays.copyOf(dims, axis), Arrays.copyOfRange(dims, axis + 1, dims.length));
    }

    static int[] with(int[] dims, int axis, int value) {
        int[] changed = dims.clone();
        changed[axis] = value;
        return changed;
    }

    /** Elements from one of an axis to the next, row-major. */
    static int[] strides(int[] dims) {
        int[] strides = new int[dims.length];
        int stride = 1;
        for (int axis = dims.length - 1; axis >= 0; --axis) {
            strides[axis] = stride;
            stride *= dims[axis];
        }
        return strides;
    }

    /** NumPy's rule. @throws OnnxException if the two don't go together */
    static int[] broadcast(int[] a, int[] b) {
        int[] both = new int[Math.max(a.length, b.length)];
        for (int k = 1; k <= both.length; ++k) {
            int one = k <= a.length ? a[a.length - k] : 1;
            int other = k <= b.length ? b[b.length - k] : 1;
            if (one != other && one != 1 && other != 1) {
                throw OnnxException.of("shapes %s and %s don't go together", Arrays.toString(a), Arrays.toString(b));
            }
            both[both.length - k] = one == 1 ? other : one;
        }
        size(both);
        return both;
    }
}
