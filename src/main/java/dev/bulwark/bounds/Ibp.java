package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.nn.DeviceNetwork;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Interval bound propagation (Gowal et al. 2019): a box is pushed through layer after layer, outward, and the last
 * layer is elided into margins between logits.
 *
 * <p>Exact for each layer on its own, not for several: a box forgets how its elements depend on each other.
 */
public final class Ibp implements Verifier {

    /** Images that go through the network together; bounds do not depend on it beyond their last bits. */
    private static final int BATCH = 512;

    /** How far a float pass may miss a margin before that counts as a contradiction, relative to 1 + |logits|. */
    private static final double FLOAT_TOLERANCE = 1e-3;

    private final Backend backend;
    private final DeviceNetwork network;

    /** @param network lies on {@code backend} and must outlive this object */
    public Ibp(Backend backend, DeviceNetwork network) {
        this.backend = backend;
        this.network = network;
    }

    @Override
    public List<Bounds> verify(float[] images, int[] labels, double epsilon) {
        network.requireInputs(images, labels.length, 0, 1);
        network.requireLabels(labels);
        if (!(epsilon >= 0 && Double.isFinite(epsilon))) {
            throw new IllegalArgumentException("epsilon must be finite and not negative: " + epsilon);
        }
        int inputs = network.inputs();
        List<Bounds> bounds = new ArrayList<>();
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            IbpPass pass = new IbpPass(backend, memory, network, Math.max(1, Math.min(BATCH, labels.length)));
            for (int from = 0; from < labels.length; from += BATCH) {
                int to = Math.min(from + BATCH, labels.length);
                long length = (long) (to - from) * inputs;
                pass.load(Arrays.copyOfRange(images, from * inputs, to * inputs), Arrays.copyOfRange(labels, from, to));
                addBounds(pass, box -> backend.outwardBox(pass.images(), length, epsilon, box.lower(), box.upper()),
                        bounds);
            }
        }
        return bounds;
    }

    /**
     * Bounds over any box around one image, for instance one with unequal sides.
     *
     * @param box   {@code [D]}, finite
     * @param image {@code [D]}, inside the box
     */
    public Bounds verify(Box box, float[] image, int label) {
        network.requireInputs(box.lower(), 1, -Float.MAX_VALUE, Float.MAX_VALUE);
        network.requireInputs(box.upper(), 1, -Float.MAX_VALUE, Float.MAX_VALUE);
        network.requireLabels(new int[] {label});
        if (!box.contains(image)) {
            throw new IllegalArgumentException("image " + Arrays.toString(image) + " lies outside its box " + box);
        }
        List<Bounds> bounds = new ArrayList<>();
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            IbpPass pass = new IbpPass(backend, memory, network, 1);
            pass.load(image, new int[] {label});
            addBounds(pass, target -> {
                backend.write(box.lower(), target.lower());
                backend.write(box.upper(), target.upper());
            }, bounds);
        }
        return bounds.get(0);
    }

    /** @param enterBoxes fills the boxes of the images that {@code pass} holds */
    private static void addBounds(IbpPass pass, Consumer<DeviceBox> enterBoxes, List<Bounds> bounds) {
        int first = bounds.size();
        IbpPass.Clean clean = pass.clean();
        bounds.addAll(pass.bounds(enterBoxes, clean.predictions()));
        for (int n = first; n < bounds.size(); ++n) {
            requireNoContradiction(n, bounds.get(n), clean.logits(n - first));
        }
    }

    /**
     * An image lies in its own box, so a certificate contradicts a clean prediction other than the label. Near a tie
     * the float pass may be what errs; where it misses a proven margin by more than rounding, the bounds are wrong.
     */
    static void requireNoContradiction(int image, Bounds bounds, float[] cleanLogits) {
        if (!bounds.certified() || bounds.cleanPrediction() == bounds.label()) {
            return;
        }
        float[] marginLower = bounds.marginLower();
        float label = cleanLogits[bounds.label()];
        for (int c = 0; c < cleanLogits.length; ++c) {
            double missing = marginLower[c] - ((double) label - cleanLogits[c]);
            if (missing > FLOAT_TOLERANCE * (1 + Math.abs(label) + Math.abs(cleanLogits[c]))) {
                throw new IllegalStateException("image " + image + " is certified, but its clean logits are "
                        + Arrays.toString(cleanLogits) + ": bounds and forward pass contradict each other; " + bounds);
            }
        }
    }
}
