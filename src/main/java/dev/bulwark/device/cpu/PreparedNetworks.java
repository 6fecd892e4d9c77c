package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BareProducts;
import dev.bulwark.device.ComposedInputGradients;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.Layer;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.cpu.LaneNoisyClassifier.Sizes;
import dev.bulwark.device.cpu.LaneNoisyClassifier.Sources;
import dev.bulwark.device.cpu.PackedNetwork.Overflow;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Networks prepared for many forward passes, or for input gradients: packed for oneDNN where it loads.
 *
 * @param blocks    one worker's products, for lanes that are not packed
 * @param precision of what is packed
 */
record PreparedNetworks(Workers workers, Products blocks, NoiseRows noise, Precision precision) {

    NoisyClassifier noisyClassifier(List<Affine> layers) {
        int rows = LaneNoisyClassifier.CHUNK;
        Sources sources = hasOneDnn()
                ? new Sources(Headroom.largestInput(layers), () -> packed(layers, rows, Overflow.EXCLUDED),
                        () -> careful(layers, rows))
                : Sources.careful(() -> plain(layers, rows));
        Sizes sizes = new Sizes(layers.get(0).in(), layers.get(layers.size() - 1).out());
        return new LaneNoisyClassifier(workers, noise, precision, sizes, rows, sources);
    }

    /** Empty where oneDNN does not load. */
    Optional<NoisyClassifier> chainClassifier(List<Layer> layers, Supplier<NoisyClassifier> careful) {
        if (!hasOneDnn()) {
            return Optional.empty();
        }
        int rows = PackedChain.rowsOf(layers, precision);
        Sizes sizes = new Sizes(layers.get(0).in(), layers.get(layers.size() - 1).out());
        Sources sources = Sources.careful(() -> {
            ChainLanes lanes = new ChainLanes(noise, layers, rows, precision);
            return new Lanes(lanes::lane, lanes::close);
        });
        return Optional.of(new GuardedNoisyClassifier(
                new LaneNoisyClassifier(workers, noise, precision, sizes, rows, sources), Headroom.largestInputOf(layers), sizes,
                careful));
    }

    /** Empty where oneDNN does not load, and where images could make the network overflow. */
    Optional<InputGradients> chainGradients(List<Layer> layers, int capacity) {
        return hasOneDnn() && Headroom.largestInputOf(layers) >= 1
                ? Optional.of(PackedInputGradients.ofChain(workers, layers, capacity, precision)) : Optional.empty();
    }

    BareProducts bareProducts(Backend backend, int edge) {
        return BareLanes.of(backend, workers, edge,
                (layers, rows) -> hasOneDnn() ? packed(layers, rows, Overflow.EXCLUDED) : plain(layers, rows));
    }

    private Lanes packed(List<Affine> layers, int rows, Overflow overflow) {
        PackedNetwork packed = new PackedNetwork(noise, layers, rows, precision, overflow);
        return new Lanes(packed::lane, packed::close);
    }

    /**
     * Where sums may overflow they are float whatever was asked for: bf16's instructions add two products before they
     * round, and two that overflow may cancel there instead of being the NaN that they are elsewhere.
     */
    private Lanes careful(List<Affine> layers, int rows) {
        return precision == Precision.FLOAT32 ? packed(layers, rows, Overflow.KEPT) : plain(layers, rows);
    }

    private Lanes plain(List<Affine> layers, int rows) {
        return new Lanes(() -> new PlainLane(blocks, layers, rows), () -> { });
    }

    /** Packed networks turn NaN into 0: they are for those that images can't make overflow. */
    InputGradients inputGradients(Backend backend, List<Affine> layers, int capacity) {
        return hasOneDnn() && Headroom.largestInput(layers) >= 1
                ? PackedInputGradients.of(workers, layers, capacity, precision)
                : new ComposedInputGradients(backend, layers, capacity);
    }

    Precision gradientPrecision() {
        return hasOneDnn() ? precision : Precision.FLOAT32;
    }

    boolean hasOneDnn() {
        return !(blocks instanceof JavaProducts);
    }
}
