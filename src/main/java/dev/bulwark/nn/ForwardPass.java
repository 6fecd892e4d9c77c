package dev.bulwark.nn;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import java.util.List;

/** Logits of a batch in float, rounded to nearest: empirical, never a bound. */
public final class ForwardPass {

    private final Backend backend;
    private final List<Affine> layers;
    /** What layers write in turn. */
    private final DeviceBuffer even;
    private final DeviceBuffer odd;

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param network  must outlive this object
     * @param capacity images that a batch may hold
     */
    public ForwardPass(Backend backend, DeviceMemory memory, DeviceNetwork network, int capacity) {
        this.backend = backend;
        this.layers = network.layers();
        long widest = layers.stream().mapToInt(Affine::out).max().orElseThrow();
        this.even = memory.allocate(capacity * widest);
        this.odd = memory.allocate(capacity * widest);
    }

    /** Logits {@code [rows,C]} of x {@code [rows,D]}, good until the next call. */
    public DeviceBuffer logits(DeviceBuffer x, int rows) {
        DeviceBuffer from = x;
        for (int i = 0; i < layers.size(); ++i) {
            DeviceBuffer to = i % 2 == 0 ? even : odd;
            backend.linear().affine(from, rows, layers.get(i), i < layers.size() - 1, to);
            from = to;
        }
        return from;
    }
}
