package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** Forward passes in float on one worker, where oneDNN can't be loaded to pack the weights. */
final class PlainLane implements ForwardLane {

    private final Products products;
    private final List<Affine> layers;
    private final int rows;
    private final List<FloatBuffer> activations = new ArrayList<>();
    private final List<float[]> biases = new ArrayList<>();
    private final float[] input;

    PlainLane(Products products, List<Affine> layers, int rows) {
        this.products = products;
        this.layers = layers;
        this.rows = rows;
        this.input = new float[layers.get(0).in()];
        activations.add(CpuMemory.scratch(rows * layers.get(0).in()));
        for (Affine layer : layers) {
            activations.add(CpuMemory.scratch(rows * layer.out()));
            biases.add(Rows.load(layer.bias(), 0, layer.out(), 1));
        }
    }

    @Override
    public void setInput(int row, float[] x, float[] z, float sigma) {
        for (int e = 0; e < input.length; ++e) {
            input[e] = Math.fma(sigma, z[e], x[e]);
        }
        activations.get(0).put(row * input.length, input);
    }

    @Override
    public void run() {
        for (int i = 0; i < layers.size(); ++i) {
            Affine layer = layers.get(i);
            FloatBuffer out = activations.get(i + 1);
            products.multiply(false, true, rows, layer.out(), layer.in(), activations.get(i), layer.in(),
                    CpuMemory.floats(layer.weight()), layer.in(), 0f, out, layer.out());
            BiasRelu.apply(out, rows, biases.get(i), i < layers.size() - 1);
        }
    }

    @Override
    public void logits(float[] target) {
        activations.get(layers.size()).get(0, target);
    }

    @Override
    public void close() {
        activations.clear();
    }
}
