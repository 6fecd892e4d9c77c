package dev.bulwark.model.io.onnx;

import java.util.Arrays;

/** Numbers that are known without the input: integers, floats, or doubles, by how much they need. */
final class Constant implements Value {

    private final String name;
    private final int[] dims;
    private final Object numbers; // long[], float[] or double[]
    private final boolean computed;

    private Constant(String name, int[] dims, Object numbers, boolean computed) {
        this.name = name;
        this.dims = dims;
        this.numbers = numbers;
        this.computed = computed;
    }

    static Constant of(String name, int[] dims, long... numbers) {
        return new Constant(name, dims, numbers, false);
    }

    static Constant of(String name, int[] dims, float[] numbers) {
        return new Constant(name, dims, numbers, false);
    }

    static Constant of(String name, int[] dims, double[] numbers) {
        return new Constant(name, dims, numbers, false);
    }

    /** What the model computes from other constants. */
    static Constant computed(String name, int[] dims, double[] numbers) {
        return new Constant(name, dims, numbers, true);
    }

    /** What the model calls it. */
    String name() {
        return name;
    }

    @Override
    public int[] dims() {
        return dims;
    }

    boolean isInteger() {
        return numbers instanceof long[];
    }

    /** Whether numbers come from arithmetic in double, here. */
    boolean isComputed() {
        return computed;
    }

    double at(int k) {
        return numbers instanceof float[] floats ? floats[k]
                : numbers instanceof double[] doubles ? doubles[k] : ((long[]) numbers)[k];
    }

    /** Each number's nearest float. */
    float[] toFloats() {
        if (numbers instanceof float[] floats) {
            return floats.clone();
        }
        float[] floats = new float[size()];
        for (int k = 0; k < floats.length; ++k) {
            floats[k] = (float) at(k);
        }
        return floats;
    }

    /** All numbers. @throws OnnxException if they are no integers */
    long[] integers() {
        if (!(numbers instanceof long[] integers)) {
            throw OnnxException.of("%s must hold integers", OnnxException.name(name));
        }
        return integers.clone();
    }

    Constant named(String other) {
        return new Constant(other, dims, numbers, computed);
    }

    @Override
    public Constant reshaped(int[] other) {
        return new Constant(name, other, numbers, computed);
    }

    /** A matrix with rows for columns: weights are large, and need no list of places. */
    Constant turned() {
        if (!(numbers instanceof float[] floats)) {
            return ordered(Order.transposed(dims, new int[] {1, 0}));
        }
        float[] moved = new float[floats.length];
        for (int row = 0; row < dims[0]; ++row) {
            for (int column = 0; column < dims[1]; ++column) {
                moved[column * dims[0] + row] = floats[row * dims[1] + column];
            }
        }
        return new Constant(name, new int[] {dims[1], dims[0]}, moved, computed);
    }

    @Override
    public Constant ordered(Order order) {
        return ordered(order, 0);
    }

    /** @param filler what places without an element hold */
    Constant ordered(Order order, double filler) {
        int[] source = order.source();
        Object moved;
        if (numbers instanceof long[] all) {
            moved = Arrays.stream(source).mapToLong(k -> k == Order.NONE ? (long) filler : all[k]).toArray();
        } else if (numbers instanceof double[] all) {
            moved = Arrays.stream(source).mapToDouble(k -> k == Order.NONE ? filler : all[k]).toArray();
        } else {
            float[] all = (float[]) numbers;
            float[] floats = new float[source.length];
            for (int k = 0; k < source.length; ++k) {
                floats[k] = source[k] == Order.NONE ? (float) filler : all[source[k]];
            }
            moved = floats;
        }
        return new Constant(name, order.dims(), moved, computed);
    }
}
