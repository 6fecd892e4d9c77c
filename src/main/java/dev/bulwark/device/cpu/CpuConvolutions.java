package dev.bulwark.device.cpu;

import dev.bulwark.device.Convolution;
import dev.bulwark.device.Convolutions;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.cpu.ConvolutionBlocks.Geometry;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** Convolutions on all cores: each worker takes a part of the images. */
final class CpuConvolutions implements Convolutions {

    private final Workers workers;
    private final ConvolutionBlocks blocks;

    CpuConvolutions(Workers workers, ConvolutionBlocks blocks) {
        this.workers = workers;
        this.blocks = blocks;
    }

    @Override
    public void apply(DeviceBuffer x, int rows, Convolution layer, boolean relu, DeviceBuffer y) {
        Geometry g = Geometry.of(layer);
        int in = g.input().size();
        int out = g.output().size();
        FloatBuffer inputs = CpuMemory.floats(x.require("x", (long) rows * in));
        FloatBuffer outputs = CpuMemory.floatsToWrite(y.require("y", (long) rows * out));
        FloatBuffer weight = CpuMemory.floats(layer.weight());
        float[] bias = Rows.load(layer.bias(), 0, g.output().channels(), 1);
        share(rows, (first, count) -> {
            FloatBuffer results = tail(outputs, (long) first * out);
            float[] image = new float[out];
            blocks.apply(g, count, tail(inputs, (long) first * in), weight, results, (from, some) -> {
                for (int n = from; n < from + some; ++n) {
                    results.get(n * out, image);
                    addBias(image, bias, relu);
                    results.put(n * out, image);
                }
            });
        });
    }

    /** The ReLU keeps a NaN, which oneDNN's own may not. */
    private static void addBias(float[] image, float[] bias, boolean relu) {
        int area = image.length / bias.length;
        for (int o = 0; o < bias.length; ++o) {
            if (relu) {
                addBiasRelu(image, o * area, (o + 1) * area, bias[o]);
            } else {
                addBias(image, o * area, (o + 1) * area, bias[o]);
            }
        }
    }

    private static void addBias(float[] image, int from, int to, float b) {
        for (int p = from; p < to; ++p) {
            image[p] += b;
        }
    }

    private static void addBiasRelu(float[] image, int from, int to, float b) {
        for (int p = from; p < to; ++p) {
            image[p] = Math.max(image[p] + b, 0f);
        }
    }

    @Override
    public void applyTransposed(DeviceBuffer a, int rows, Convolution layer, DeviceBuffer target) {
        Geometry g = Geometry.of(layer);
        int in = g.input().size();
        int out = g.output().size();
        FloatBuffer forms = CpuMemory.floats(a.require("a", (long) rows * out));
        FloatBuffer results = CpuMemory.floatsToWrite(target.require("target", (long) rows * in));
        FloatBuffer weight = CpuMemory.floats(layer.weight());
        share(rows, (first, count) -> blocks.applyTransposed(g, count, tail(forms, (long) first * out), weight,
                tail(results, (long) first * in)));
    }

    @Override
    public void parameterGradient(DeviceBuffer x, DeviceBuffer gradient, int rows, Convolution target) {
        Geometry g = Geometry.of(target);
        int in = g.input().size();
        int out = g.output().size();
        FloatBuffer inputs = CpuMemory.floats(x.require("x", (long) rows * in));
        FloatBuffer gradients = CpuMemory.floats(gradient.require("gradient", (long) rows * out));
        int parts = Math.max(1, Math.min(workers.count(), rows));
        float[][] weights = new float[parts][g.weights()];
        double[][] biases = new double[parts][g.output().channels()];
        workers.run(parts, part -> {
            int first = (int) ((long) rows * part / parts);
            int count = (int) ((long) rows * (part + 1) / parts) - first;
            FloatBuffer sums = CpuMemory.scratch(g.weights());
            FloatBuffer of = tail(gradients, (long) first * out);
            if (count > 0) {
                blocks.weightGradient(g, count, tail(inputs, (long) first * in), of, sums);
                sums.get(0, weights[part]);
            }
            addChannels(of, count, g.output().area(), biases[part]);
        });
        float[] weight = new float[g.weights()];
        double[] bias = new double[g.output().channels()];
        for (int part = 0; part < parts; ++part) { // in one order, whatever worker was first
            for (int k = 0; k < weight.length; ++k) {
                weight[k] += weights[part][k];
            }
            for (int o = 0; o < bias.length; ++o) {
                bias[o] += biases[part][o];
            }
        }
        CpuMemory.floatsToWrite(target.weight()).put(0, weight);
        FloatBuffer biasTarget = CpuMemory.floatsToWrite(target.bias());
        for (int o = 0; o < bias.length; ++o) {
            biasTarget.put(o, (float) bias[o]);
        }
    }

    private static void addChannels(FloatBuffer gradients, int rows, int area, double[] sums) {
        float[] image = new float[sums.length * area];
        for (int n = 0; n < rows; ++n) {
            gradients.get(n * image.length, image);
            for (int o = 0; o < sums.length; ++o) {
                sums[o] += CpuReductions.sum(image, o * area, area);
            }
        }
    }

    @Override
    public void enclose(DeviceBuffer lower, DeviceBuffer upper, int rows, Convolution layer, DeviceBuffer outLower,
                        DeviceBuffer outUpper) {
        try (Enclosure once = prepare(layer)) {
            once.run(lower, upper, rows, outLower, outUpper);
        }
    }

    @Override
    public Enclosure prepare(Convolution layer) {
        return new FloatEnclosure(workers, ConvolutionMap.of(layer, blocks));
    }

    @Override
    public void enter(Convolution layer, DeviceBuffer forms, int rows, DeviceBuffer target, DeviceBuffer constants) {
        Geometry g = Geometry.of(layer);
        int in = g.input().size();
        int out = g.output().size();
        int[] form = Rows.loadInts(forms, 0, rows, 1);
        float[] weight = Rows.load(layer.weight(), 0, g.weights(), 1);
        float[] bias = Rows.load(layer.bias(), 0, g.output().channels(), 1);
        target.require("target", (long) rows * in);
        constants.require("constants", rows);
        share(rows, (first, count) -> {
            float[] coefficients = new float[in];
            float[] constant = new float[1];
            for (int r = first; r < first + count; ++r) {
                int output = form[r] % out;
                float side = form[r] < out ? 1 : -1;
                Arrays.fill(coefficients, 0);
                JavaConvolution.walk(g, output / g.output().area(), output % g.output().area(),
                        (w, input, ignored) -> coefficients[input] = side * weight[w]);
                constant[0] = side * bias[output / g.output().area()];
                Rows.store(coefficients, target, r, in);
                Rows.store(constant, constants, r, 1);
            }
        });
    }

    /** A part of the images for each worker; an image's results are the same in any. */
    private void share(int rows, Workers.Part part) {
        int parts = Math.min(workers.count(), rows);
        workers.run(parts, i -> {
            int first = (int) ((long) rows * i / parts);
            part.run(first, (int) ((long) rows * (i + 1) / parts) - first);
        });
    }

    private static FloatBuffer tail(FloatBuffer buffer, long from) {
        return buffer.slice((int) from, buffer.capacity() - (int) from);
    }
}
