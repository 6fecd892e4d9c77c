package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BareProducts;
import dev.bulwark.device.DeviceMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;

/** One square layer in a lane of noisy forward passes on every worker at once: without noise, copies or votes. */
final class BareLanes implements BareProducts {

    private final Workers workers;
    private final DeviceMemory parameters;
    private final Lanes source;
    private final List<ForwardLane> lanes = new ArrayList<>();
    private final double multiplyAddsOfALane;

    private BareLanes(Workers workers, DeviceMemory parameters, Lanes source, int rows, int edge) {
        this.workers = workers;
        this.parameters = parameters;
        this.source = source;
        this.multiplyAddsOfALane = (double) rows * edge * edge;
        float[] ones = new float[edge];
        Arrays.fill(ones, 1f);
        for (int i = 0; i < workers.count(); ++i) {
            ForwardLane lane = source.open();
            lanes.add(lane);
            for (int row = 0; row < rows; ++row) {
                lane.setInput(row, ones, ones, 0f);
            }
        }
    }

    /**
     * @param edge  inputs and outputs of the layer
     * @param lanes makes lanes of layers, for a number of rows
     */
    static BareLanes of(Backend backend, Workers workers, int edge, BiFunction<List<Affine>, Integer, Lanes> lanes) {
        int rows = Math.min(LaneNoisyClassifier.CHUNK, edge);
        try (DeviceMemory building = new DeviceMemory(backend)) {
            float[] weight = new float[Math.multiplyExact(edge, edge)];
            Arrays.fill(weight, 1f / edge);
            Affine layer = new Affine(building.holding(weight), building.zeros(edge), edge, edge);
            Lanes source = lanes.apply(List.of(layer), rows);
            return new BareLanes(workers, building.handOver(), source, rows, edge);
        }
    }

    @Override
    public double multiplyAdds() {
        return multiplyAddsOfALane * lanes.size();
    }

    @Override
    public void run() {
        workers.run(lanes.size(), i -> lanes.get(i).run());
    }

    @Override
    public void close() {
        lanes.forEach(ForwardLane::close);
        source.close();
        parameters.close();
    }
}
