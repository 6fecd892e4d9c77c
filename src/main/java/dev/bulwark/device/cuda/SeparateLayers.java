package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import java.util.Optional;
import java.util.function.Function;

/** A kernel for each layer, made when a classifier that keeps its logits to itself, or has no
 * discrete noise, is first asked for them. */
final class SeparateLayers implements AutoCloseable {

    private final HalfNetwork network;
    private final Function<HalfNetwork, LayeredNoisyClassifier> make;
    private Optional<LayeredNoisyClassifier> made = Optional.empty();

    /** @param network must outlive this object */
    SeparateLayers(HalfNetwork network, Function<HalfNetwork, LayeredNoisyClassifier> make) {
        this.network = network;
        this.make = make;
    }

    void logits(DeviceBuffer inputs, int rows, DeviceBuffer logits) {
        classifier().logits(inputs, rows, logits);
    }

    /** For what the other classifier has no kernels for. */
    LayeredNoisyClassifier classifier() {
        if (made.isEmpty()) {
            made = Optional.of(make.apply(network));
        }
        return made.get();
    }

    @Override
    public void close() {
        made.ifPresent(LayeredNoisyClassifier::close);
    }
}
