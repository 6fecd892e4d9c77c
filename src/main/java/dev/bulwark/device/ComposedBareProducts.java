package dev.bulwark.device;

import java.util.List;

/** A square layer of a backend's {@link NoisyClassifier}, on inputs of its own. */
final class ComposedBareProducts implements BareProducts {

    private static final NoiseKey KEY = new NoiseKey(1, NoiseKey.Stream.BENCHMARK);

    private final Backend backend;
    private final int edge;
    private final DeviceBuffer inputs;
    private final DeviceBuffer logits;
    private final NoisyClassifier layer;
    private final DeviceMemory memory;

    /** @param edge rows and columns of every operand */
    ComposedBareProducts(Backend backend, int edge) {
        this.backend = backend;
        this.edge = edge;
        try (DeviceMemory building = new DeviceMemory(backend)) {
            inputs = normals(building);
            logits = building.allocate((long) edge * edge);
            layer = backend.noisyClassifier(List.of(new Affine(normals(building), building.zeros(edge), edge, edge)));
            memory = building.handOver();
        }
    }

    private DeviceBuffer normals(DeviceMemory building) {
        DeviceBuffer matrix = building.allocate((long) edge * edge);
        try (DeviceBuffer zeros = backend.allocate(edge)) {
            backend.fill(zeros, 0f);
            backend.noise().noisyCopies(zeros, 0, 0, edge, edge, 1f, KEY, matrix);
            return matrix;
        }
    }

    @Override
    public double multiplyAdds() {
        return (double) edge * edge * edge;
    }

    @Override
    public void run() {
        layer.logits(inputs, edge, logits);
        backend.synchronize();
    }

    @Override
    public void close() {
        layer.close();
        memory.close();
    }
}
