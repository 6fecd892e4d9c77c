package dev.bulwark.nn;

import dev.bulwark.shapes.Shape;

/**
 * {@code y = W x + b}, with W {@code [out,in]} row-major and b {@code [out]}, all finite.
 *
 * <p>The arrays are owned by the layer: {@link #weight} and {@link #bias} hand out copies.
 */
public final class Dense implements Layer {

    private final int in;
    private final int out;
    private final float[] weight;
    private final float[] bias;

    /** @throws IllegalArgumentException if a length doesn't match or a value is NaN or infinite */
    public Dense(int in, int out, float[] weight, float[] bias) {
        if (in < 1 || out < 1) {
            throw new IllegalArgumentException("a dense layer needs positive sizes: in " + in + ", out " + out);
        }
        if (weight.length != (long) in * out) {
            throw new IllegalArgumentException(
                    "weight has " + weight.length + " elements, [" + out + "," + in + "] needs " + (long) in * out);
        }
        if (bias.length != out) {
            throw new IllegalArgumentException("bias has " + bias.length + " elements, the layer has " + out + " rows");
        }
        requireFinite("weight", weight);
        requireFinite("bias", bias);
        this.in = in;
        this.out = out;
        this.weight = weight.clone();
        this.bias = bias.clone();
    }

    public int in() {
        return in;
    }

    public int out() {
        return out;
    }

    public float[] weight() {
        return weight.clone();
    }

    public float[] bias() {
        return bias.clone();
    }

    @Override
    public Shape outputShape(Shape input) {
        if (input.size() != in) {
            throw new IllegalArgumentException("a dense layer of " + in + " inputs follows an output of " + input);
        }
        return Shape.of(out);
    }

    @Override
    public <R> R accept(Visitor<R> visitor) {
        return visitor.dense(this);
    }

    private static void requireFinite(String what, float[] values) {
        for (int k = 0; k < values.length; ++k) {
            if (!Float.isFinite(values[k])) {
                throw new IllegalArgumentException(what + " holds " + values[k] + " at element " + k);
            }
        }
    }
}
