package dev.bulwark.training;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.nn.Dense;
import dev.bulwark.nn.DeviceNetwork;
import dev.bulwark.nn.Network;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How the parameters of a network in training lie in one flat buffer: as {@link DeviceNetwork} has them, but of a
 * convolution only the shared weights {@code [channels,pixels]} and biases {@code [channels]}.
 */
final class ParameterLayout {

    private final int[] widths;
    private final Optional<Convolution> convolution;
    /** Which inputs the first layer's windows see; empty where it is dense. */
    private final int[] places;

    /**
     * @param widths      inputs, hidden widths, classes
     * @param convolution the first layer, if it is one
     * @throws IllegalArgumentException if the inputs are no square, or the first width is not the convolution's
     */
    ParameterLayout(int[] widths, Optional<Convolution> convolution) {
        this.widths = widths.clone();
        this.convolution = convolution;
        this.places = convolution.map(windows -> windows.places(side(widths[0]))).orElse(new int[0]);
        convolution.ifPresent(this::requireWidth);
    }

    private static int side(int inputs) {
        int side = (int) Math.round(Math.sqrt(inputs));
        if (side * side != inputs) {
            throw new IllegalArgumentException("a convolution needs a square image, not " + inputs + " inputs");
        }
        return side;
    }

    private void requireWidth(Convolution of) {
        if (widths[1] != windows() * of.channels()) {
            throw new IllegalArgumentException("a first layer of " + widths[1] + " units is not " + of.words()
                    + ", which makes " + windows() * of.channels());
        }
    }

    /** Inputs, hidden widths, classes of the network. */
    int[] widths() {
        return widths.clone();
    }

    /** Windows that the first layer sees of an image; 1 where it is dense. */
    int windows() {
        return convolution.map(of -> places.length / of.pixels()).orElse(1);
    }

    /** Inputs that these windows show, {@code [windows,pixels]}; empty where the first layer is dense. */
    Optional<int[]> places() {
        return convolution.map(of -> places.clone());
    }

    /** Number of parameters. */
    long length() {
        long length = 0;
        for (int layer = 0; layer + 1 < widths.length; ++layer) {
            length += (in(layer) + 1L) * out(layer);
        }
        return length;
    }

    /** The layers in {@code parameters}, the first as it applies to a window. */
    List<Affine> layersIn(DeviceBuffer parameters) {
        List<Affine> layers = new ArrayList<>();
        long at = 0;
        for (int layer = 0; layer + 1 < widths.length; ++layer) {
            long weights = (long) in(layer) * out(layer);
            layers.add(new Affine(parameters.slice(at, weights), parameters.slice(at + weights, out(layer)),
                    in(layer), out(layer)));
            at += weights + out(layer);
        }
        return List.copyOf(layers);
    }

    /** Where training starts. */
    float[] start(Initialisation initialisation, long seed) {
        float[] parameters = new float[Math.toIntExact(length())];
        int at = 0;
        for (int layer = 0; layer + 1 < widths.length; ++layer) {
            Dense drawn = initialisation.layer(seed, layer, layer + 2 == widths.length, in(layer), out(layer));
            System.arraycopy(drawn.weight(), 0, parameters, at, drawn.weight().length);
            at += drawn.weight().length;
            System.arraycopy(drawn.bias(), 0, parameters, at, drawn.out());
            at += drawn.out();
        }
        return parameters;
    }

    /** The network of {@code parameters}, all its layers dense. */
    Network network(float[] parameters) {
        if (convolution.isEmpty()) {
            return DeviceNetwork.unflatten(parameters, widths);
        }
        int shared = (in(0) + 1) * out(0);
        Network behind = DeviceNetwork.unflatten(Arrays.copyOfRange(parameters, shared, parameters.length),
                Arrays.copyOfRange(widths, 1, widths.length));
        return Network.mlp(Stream.concat(Stream.of(spreadOut(parameters)), behind.denseLayers().stream()).toList());
    }

    /** The dense layer that does what the convolution does; its units are numbered window by window. */
    private Dense spreadOut(float[] parameters) {
        int pixels = in(0);
        int channels = out(0);
        float[] weight = new float[widths[1] * widths[0]];
        float[] bias = new float[widths[1]];
        for (int unit = 0; unit < widths[1]; ++unit) {
            int window = unit / channels;
            int channel = unit % channels;
            for (int k = 0; k < pixels; ++k) {
                weight[unit * widths[0] + places[window * pixels + k]] = parameters[channel * pixels + k];
            }
            bias[unit] = parameters[channels * pixels + channel];
        }
        return new Dense(widths[0], widths[1], weight, bias);
    }

    /** Columns of a layer's own weights. */
    private int in(int layer) {
        return layer == 0 ? convolution.map(Convolution::pixels).orElse(widths[0]) : widths[layer];
    }

    /** Rows of a layer's own weights. */
    private int out(int layer) {
        return layer == 0 ? convolution.map(Convolution::channels).orElse(widths[1]) : widths[layer + 1];
    }
}
