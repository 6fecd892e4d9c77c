package dev.bulwark.device.cpu;

import dev.bulwark.device.Convolution;
import dev.bulwark.device.cpu.ConvolutionBlocks.Geometry;
import java.nio.FloatBuffer;

/**
 * A convolution as the affine map of one image's elements that {@link FloatEnclosure} bounds.
 *
 * @param weight     W, as are the next two
 * @param weights    the same, for convolutions
 * @param magnitudes its absolute values
 * @param b          {@code [channels]}
 */
record ConvolutionMap(Geometry g, float[] weight, FloatBuffer weights, FloatBuffer magnitudes, float[] b,
                      ConvolutionBlocks blocks) implements FloatEnclosure.Map {

    private static final int MOST_ROWS = 16;
    /** Elements of some images, which should stay in a cache. */
    private static final int ELEMENTS = 1 << 16;

    static ConvolutionMap of(Convolution layer, ConvolutionBlocks blocks) {
        Geometry g = Geometry.of(layer);
        float[] weight = Rows.load(layer.weight(), 0, g.weights(), 1);
        FloatBuffer magnitudes = CpuMemory.scratch(weight.length);
        for (int k = 0; k < weight.length; ++k) {
            magnitudes.put(k, Math.abs(weight[k]));
        }
        return new ConvolutionMap(g, weight, CpuMemory.floats(layer.weight()), magnitudes,
                Rows.load(layer.bias(), 0, g.output().channels(), 1), blocks);
    }

    @Override
    public int rows() {
        return Math.max(1, Math.min(MOST_ROWS, ELEMENTS / Math.max(inputs(), outputs())));
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
    public void multiply(int count, FloatBuffer x, boolean magnitude, FloatBuffer y) {
        blocks.apply(g, count, x, magnitude ? magnitudes : weights, y);
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
