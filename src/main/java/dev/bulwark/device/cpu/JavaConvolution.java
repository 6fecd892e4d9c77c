package dev.bulwark.device.cpu;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows.Axis;
import java.nio.FloatBuffer;

/** Convolutions by plain loops over their definition: where there is no library, and for tests. */
final class JavaConvolution implements ConvolutionBlocks {

    /** One product of the definition: flat indices within the weight, one image and one output. */
    interface Product {
        void at(int weight, int input, int output);
    }

    @Override
    public String name() {
        return "plain Java";
    }

    /** Walks over the products of one image whose input lies inside it, output by output. */
    static void walk(Geometry g, Product product) {
        ImageShape out = g.output();
        for (int o = 0; o < out.channels(); ++o) {
            for (int p = 0; p < out.area(); ++p) {
                walk(g, o, p, product);
            }
        }
    }

    /** Walks over the products of one output: window p of channel o. */
    static void walk(Geometry g, int o, int p, Product product) {
        ImageShape in = g.input();
        ImageShape out = g.output();
        Axis y = g.windows().height();
        Axis x = g.windows().width();
        int inChannels = in.channels() / g.groups();
        int firstChannel = o / (out.channels() / g.groups()) * inChannels;
        int top = p / out.width() * y.stride() - y.before();
        int left = p % out.width() * x.stride() - x.before();
        int weight = o * g.taps();
        for (int i = firstChannel; i < firstChannel + inChannels; ++i) {
            for (int r = 0; r < y.kernel(); ++r) {
                int row = top + r * y.dilation();
                for (int s = 0; s < x.kernel(); ++s, ++weight) {
                    int column = left + s * x.dilation();
                    if (row >= 0 && row < in.height() && column >= 0 && column < in.width()) {
                        product.at(weight, (i * in.height() + row) * in.width() + column, o * out.area() + p);
                    }
                }
            }
        }
    }

    @Override
    public void apply(Geometry g, int rows, FloatBuffer x, FloatBuffer weight, FloatBuffer y, Finish finish) {
        float[] w = read(weight, 0, g.weights());
        for (int n = 0; n < rows; ++n) {
            float[] image = read(x, n, g.input().size());
            float[] result = new float[g.output().size()];
            walk(g, (k, input, output) -> result[output] += w[k] * image[input]);
            y.put(n * result.length, result);
            finish.run(n, 1);
        }
    }

    @Override
    public void applyTransposed(Geometry g, int rows, FloatBuffer a, FloatBuffer weight, FloatBuffer target) {
        float[] w = read(weight, 0, g.weights());
        for (int n = 0; n < rows; ++n) {
            float[] forms = read(a, n, g.output().size());
            float[] result = new float[g.input().size()];
            walk(g, (k, input, output) -> result[input] += w[k] * forms[output]);
            target.put(n * result.length, result);
        }
    }

    @Override
    public void weightGradient(Geometry g, int rows, FloatBuffer x, FloatBuffer gradient, FloatBuffer target) {
        float[] sums = new float[g.weights()];
        for (int n = 0; n < rows; ++n) {
            float[] image = read(x, n, g.input().size());
            float[] d = read(gradient, n, g.output().size());
            walk(g, (k, input, output) -> sums[k] += image[input] * d[output]);
        }
        target.put(0, sums);
    }

    /** Row n of {@code length} elements. */
    private static float[] read(FloatBuffer buffer, int n, int length) {
        float[] values = new float[length];
        buffer.get(n * length, values);
        return values;
    }
}
