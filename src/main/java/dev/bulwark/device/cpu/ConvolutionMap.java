package dev.bulwark.device.cpu;

import dev.bulwark.device.Convolution;
import dev.bulwark.device.cpu.ConvolutionBlocks.Geometry;

/**
 * A convolution as the affine map of one image's elements that {@link FloatEnclosure} bounds.
 *
 * @param b          {@code [channels]}
 * @param products   with W
 * @param magnitudes with |W|
 */
record ConvolutionMap(Geometry g, int rows, float[] weight, float[] b, PreparedProduct products, PreparedProduct magnitudes)
        implements FloatEnclosure.Map {

    private static final int MOST_ROWS = 16;
    /** Elements of some images, which should stay in a cache. */
    private static final int ELEMENTS = 1 << 16;

    static ConvolutionMap of(Convolution layer, ConvolutionBlocks blocks) {
        Geometry g = Geometry.of(layer);
        float[] weight = Rows.load(layer.weight(), 0, g.weights(), 1);
        int rows = Math.max(1, Math.min(MOST_ROWS, ELEMENTS / Math.max(g.input().size(), g.output().size())));
        return new ConvolutionMap(g, rows, weight, Rows.load(layer.bias(), 0, g.output().channels(), 1),
                blocks.prepare(g, rows, weight), blocks.prepare(g, rows, FloatEnclosure.magnitudes(weight)));
    }

    @Override
    public int inputs() {
        return g.input().size();
    }

    @Override
    public int outputs() {
        return g.output().size();
    }

    @Override
    public int terms() {
        return g.taps();
    }

    @Override
    public float bias(int output) {
        return b[output / g.output().area()];
    }

    @Override
    public void walk(int output, FloatEnclosure.Product product) {
        JavaConvolution.walk(g, output / g.output().area(), output % g.output().area(), (w, input, ignored) -> {
            if (weight[w] != 0) {
                product.take(weight[w], input);
            }
        });
    }
}
