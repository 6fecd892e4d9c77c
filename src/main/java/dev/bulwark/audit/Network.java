package dev.bulwark.audit;

import java.util.List;

/**
 * Affine layers with a ReLU between each two: the real-number network of which certificates speak.
 *
 * @param input  shape of one input: channels, height, width, or the number of its elements
 * @param layers first to last; each takes what the one before it makes
 * @param sha256 of the file that it was read from, in hexadecimal
 */
public record Network(List<Integer> input, List<Layer> layers, String sha256) {

    public Network {
        input = List.copyOf(input);
        layers = List.copyOf(layers);
    }

    public int inputs() {
        return layers.get(0).in();
    }

    public int classes() {
        return last().out();
    }

    Layer last() {
        return layers.get(layers.size() - 1);
    }

    /** Layers that a ReLU follows. */
    int hidden() {
        return layers.size() - 1;
    }
}
