package dev.bulwark.api;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.model.Graph;
import dev.bulwark.model.io.ModelException;
import dev.bulwark.model.io.ModelFile;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;

/** A CPU or a GPU, opened, with the networks that were loaded onto it: it closes those that are still open with itself. */
public final class Device implements AutoCloseable {

    private final Devices devices;
    private final Backend backend;
    private final Deque<Classifier> loaded = new ArrayDeque<>();
    private boolean closed;

    private Device(Devices devices) {
        this.devices = devices;
        this.backend = devices.backends().get(0);
    }

    /**
     * Opens a device with {@link DeviceSettings#DEFAULT}.
     *
     * @param choice {@code auto}, {@code cpu}, {@code cuda} for the first GPU that can be used, or as {@code cuda:1}
     * @throws IllegalArgumentException if {@code choice} is none of these
     * @throws DeviceException          if that device can't be had; the message says what to do
     */
    public static Device open(String choice) {
        return open(DeviceChoice.parse(choice), DeviceSettings.DEFAULT);
    }

    /**
     * Opens the first device of {@code choice}.
     *
     * @throws IllegalArgumentException      if {@code choice} names several GPUs
     * @throws DeviceException               if that device can't be had; the message says what to do
     * @throws UnsupportedOperationException if the settings are a GPU's and the device is the CPU
     */
    public static Device open(DeviceChoice choice, DeviceSettings settings) {
        if (choice.gpus().size() > 1) {
            throw new IllegalArgumentException("a device is one GPU, not " + choice);
        }
        return new Device(Devices.openFirst(choice, settings));
    }

    /** What it is, and how it computes. */
    public DeviceInfo info() {
        return backend.info();
    }

    /**
     * Reads a network from a safetensors or an ONNX file and loads it. Inputs have the file's order; of a network that ends
     * in a softmax, outputs are the logits in front of it. {@link ModelFile#read} also tells in what a network differs from
     * its file.
     *
     * @throws ModelException                if the file is not a valid network in every detail
     * @throws UnsupportedOperationException naming an operation that devices have no place for
     * @throws DeviceException               if it doesn't fit onto the device
     */
    public Classifier load(Path file) {
        return load(ModelFile.read(file).graph());
    }

    /**
     * Loads a network.
     *
     * @throws UnsupportedOperationException naming an operation that devices have no place for
     * @throws DeviceException               if it doesn't fit onto the device
     */
    public Classifier load(Graph network) {
        requireOpen();
        Classifier classifier = new Classifier(this, backend, network);
        loaded.push(classifier);
        return classifier;
    }

    /** Bytes of the device's memory in use by what was loaded onto it. */
    public long liveBytes() {
        return backend.liveBytes();
    }

    void forget(Classifier classifier) {
        loaded.remove(classifier);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the device is closed");
        }
    }

    /** As {@code running on the CPU, AMD EPYC ...; no CUDA driver on this machine}. */
    @Override
    public String toString() {
        return devices.description();
    }

    /** Closes it and what was loaded onto it; a second time does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            try (Devices last = devices) {
                new ArrayList<>(loaded).forEach(Classifier::close);
            }
        }
    }
}
