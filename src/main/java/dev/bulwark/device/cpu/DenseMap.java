package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;

/**
 * A dense layer as the affine map that {@link FloatEnclosure} bounds.
 *
 * @param weight     {@code [outputs,inputs]}
 * @param b          {@code [outputs]}
 * @param products   with W, in runs: its rounding counts for a whole input, that of the other for a radius alone
 * @param magnitudes with |W|
 */
record DenseMap(int inputs, int outputs, float[] weight, float[] b, PreparedProduct products, PreparedProduct magnitudes)
        implements FloatEnclosure.Map {

    /** Of every product, padded where there are less: products of other shapes sum in other orders. */
    private static final int ROWS = 64;

    static DenseMap of(Affine layer, Products products) {
        int in = layer.in();
        int out = layer.out();
        float[] weight = Rows.load(layer.weight(), 0, out, in);
        return new DenseMap(in, out, weight, Rows.load(layer.bias(), 0, out, 1),
                PreparedRuns.of(products, ROWS, out, in, weight),
                products.prepare(ROWS, out, in, FloatEnclosure.magnitudes(weight)));
    }

    @Override
    public int rows() {
        return ROWS;
    }

    @Override
    public int terms() {
        return inputs;
    }

    @Override
    public int roundings() {
        return FloatRuns.roundings(inputs);
    }

    @Override
    public float bias(int output) {
        return b[output];
    }

    @Override
    public void walk(int output, FloatEnclosure.Product product) {
        for (int i = 0; i < inputs; ++i) {
            if (weight[output * inputs + i] != 0) {
                product.take(weight[output * inputs + i], i);
            }
        }
    }
}
