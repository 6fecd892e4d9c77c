package dev.bulwark.model.io.onnx;

import dev.bulwark.model.Op;
import java.util.Arrays;

/**
 * Where each element of a value comes from, which is all that transposing, cutting, gathering and padding say.
 *
 * @param source for each element of the result the element before, or {@link #NONE}; row-major
 * @param dims   of the result
 */
record Order(int[] source, int[] dims) {

    /** No element: a place that is filled with something else. */
    static final int NONE = Op.Rearrange.ZERO;

    /** All elements where they are. */
    static Order same(int size, int[] dims) {
        int[] source = new int[size];
        Arrays.setAll(source, k -> k);
        return new Order(source, dims);
    }

    /**
     * The result of walking along a value by the numbers of a result's position.
     *
     * @param dims    of the result
     * @param offset  element at the result's first position
     * @param strides elements from one position of each axis to the next
     */
    static Order walk(int[] dims, int offset, int[] strides) {
        int[] source = new int[Dims.size(dims)];
        int[] position = new int[dims.length];
        int element = offset;
        for (int k = 0; k < source.length; ++k) {
            source[k] = element;
            for (int axis = dims.length - 1; axis >= 0; --axis) {
                element += strides[axis];
                if (++position[axis] < dims[axis]) {
                    break;
                }
                element -= strides[axis] * dims[axis];
                position[axis] = 0;
            }
        }
        return new Order(source, dims);
    }

    /** @param axes axis k of the result is axis {@code axes[k]} before */
    static Order transposed(int[] dims, int[] axes) {
        int[] before = Dims.strides(dims);
        return walk(Arrays.stream(axes).map(axis -> dims[axis]).toArray(), 0,
                Arrays.stream(axes).map(axis -> before[axis]).toArray());
    }

    /** A value of dimensions {@code from} seen with those of {@code to}, by NumPy's rule. */
    static Order broadcast(int[] from, int[] to) {
        int[] before = Dims.strides(from);
        int[] strides = new int[to.length];
        for (int k = 1; k <= from.length; ++k) {
            strides[to.length - k] = from[from.length - k] == 1 ? 0 : before[from.length - k];
        }
        return walk(to, 0, strides);
    }

    /** Along one axis the elements at {@code indices}, {@link #NONE} for none. */
    static Order along(int[] dims, int axis, int[] indices) {
        int inner = Dims.product(dims, axis + 1, dims.length);
        int[] after = Dims.with(dims, axis, indices.length);
        int[] source = new int[Dims.size(after)];
        for (int k = 0; k < source.length; ++k) {
            int index = indices[k / inner % indices.length];
            int outer = k / inner / indices.length;
            source[k] = index == NONE ? NONE : (outer * dims[axis] + index) * inner + k % inner;
        }
        return new Order(source, after);
    }

    /** This order of what {@code first} puts in order. */
    Order after(int[] first) {
        return new Order(Arrays.stream(source).map(k -> k == NONE ? NONE : first[k]).toArray(), dims);
    }

    boolean isSame(int size) {
        if (source.length != size) {
            return false;
        }
        for (int k = 0; k < size; ++k) {
            if (source[k] != k) {
                return false;
            }
        }
        return true;
    }

    /** Whether an element goes to two places. */
    boolean repeats(int size) {
        boolean[] used = new boolean[size];
        for (int k : source) {
            if (k != NONE && used[k]) {
                return true;
            }
            if (k != NONE) {
                used[k] = true;
            }
        }
        return false;
    }
}
