package dev.bulwark.training;

import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.nn.Dense;
import dev.bulwark.nn.Network;
import java.util.ArrayList;
import java.util.List;

/** Where training starts: parameters as a function of the seed alone. */
public enum Initialisation {

    /** PyTorch's linear layer: weights and biases uniform within {@code 1/sqrt(fan-in)} (Kaiming uniform, a = sqrt 5). */
    KAIMING_UNIFORM {
        @Override
        float weight(NoiseKey key, int layer, boolean last, int fanIn, int element) {
            return symmetric(key, layer, WEIGHTS, element, fanIn);
        }

        @Override
        float bias(NoiseKey key, int layer, boolean last, int fanIn, int element) {
            return symmetric(key, layer, BIASES, element, fanIn);
        }
    },

    /**
     * IBP initialisation of Shi et al. 2021, section 4.1: weights from N(0, (sqrt(2 pi)/fan-in)^2) and no biases, so that
     * boxes keep their width from layer to layer; the last layer as {@link #KAIMING_UNIFORM}.
     */
    SHI {
        @Override
        float weight(NoiseKey key, int layer, boolean last, int fanIn, int element) {
            return last
                    ? KAIMING_UNIFORM.weight(key, layer, true, fanIn, element)
                    : (float) (Math.sqrt(2 * Math.PI) / fanIn) * Philox.normal(key, layer, WEIGHTS, element);
        }

        @Override
        float bias(NoiseKey key, int layer, boolean last, int fanIn, int element) {
            return last ? KAIMING_UNIFORM.bias(key, layer, true, fanIn, element) : 0f;
        }
    };

    /** The sample coordinate of a weight's draw, and of a bias's; the image coordinate is the layer. */
    private static final int WEIGHTS = 0;
    private static final int BIASES = 1;

    /** @param widths inputs, hidden widths, classes */
    public Network network(int[] widths, long seed) {
        List<Dense> layers = new ArrayList<>();
        for (int layer = 0; layer + 1 < widths.length; ++layer) {
            layers.add(layer(seed, layer, layer + 2 == widths.length, widths[layer], widths[layer + 1]));
        }
        return Network.mlp(layers);
    }

    /** The parameters of layer {@code layer}, counted from 0. */
    Dense layer(long seed, int layer, boolean last, int in, int out) {
        NoiseKey key = new NoiseKey(seed, NoiseKey.Stream.INITIALISATION);
        float[] weight = new float[Math.multiplyExact(in, out)];
        for (int k = 0; k < weight.length; ++k) {
            weight[k] = weight(key, layer, last, in, k);
        }
        float[] bias = new float[out];
        for (int k = 0; k < out; ++k) {
            bias[k] = bias(key, layer, last, in, k);
        }
        return new Dense(in, out, weight, bias);
    }

    abstract float weight(NoiseKey key, int layer, boolean last, int fanIn, int element);

    abstract float bias(NoiseKey key, int layer, boolean last, int fanIn, int element);

    private static float symmetric(NoiseKey key, int layer, int sample, int element, int fanIn) {
        return (2f * Philox.uniform(key, layer, sample, element) - 1f) / (float) Math.sqrt(fanIn);
    }
}
