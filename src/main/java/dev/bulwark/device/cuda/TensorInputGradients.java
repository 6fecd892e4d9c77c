package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.NoisyClassifier.Precision;
import java.util.ArrayList;
import java.util.List;

/**
 * Forward and backward passes on tensor cores, on weights rounded to bf16 once, both ways round: input_gradients.cu.
 * A row's results do not depend on the rows beside it.
 */
final class TensorInputGradients implements InputGradients {

    /** Rows, outputs and inputs of a block's tile. */
    private static final int TILE = 64;
    private static final int THREADS = 128;

    private final List<Affine> layers;
    private final Kernels kernels;
    private final int capacity;
    private final List<DeviceBuffer> opened = new ArrayList<>();
    /** What lies on the device of each layer, in bf16. */
    private final List<Stage> stages = new ArrayList<>();
    /** Gradients with respect to hidden layers' outputs, in turn. */
    private final DeviceBuffer[] gradients;

    /** The kernels of input_gradients.cu. */
    record Kernels(Kernel roundRows, Kernel roundTransposed, Kernel hiddenForward, Kernel lastForward,
                   Kernel hiddenBackward, Kernel firstBackward) {

        static Kernels of(KernelModule module) {
            return new Kernels(module.kernel("round_rows"), module.kernel("round_transposed"),
                    module.kernel("hidden_forward"), module.kernel("last_forward"), module.kernel("hidden_backward"),
                    module.kernel("first_backward"));
        }
    }

    /**
     * One layer.
     *
     * @param weight     {@code [out,in]}
     * @param transposed {@code [in,out]}
     * @param entered    {@code [capacity,in]}: what the last forward pass gave it
     */
    private record Stage(Affine layer, DeviceBuffer weight, DeviceBuffer transposed, DeviceBuffer entered) {
    }

    /**
     * @param layers   affine maps with a ReLU between each two; biases must outlive this object
     * @param capacity rows that a batch may have
     */
    TensorInputGradients(CudaMemory memory, Transfers transfers, Kernels kernels, List<Affine> layers, int capacity) {
        this.layers = List.copyOf(layers);
        this.kernels = kernels;
        this.capacity = capacity;
        try {
            int widest = 0;
            for (Affine layer : layers) {
                stages.add(stage(memory, transfers, layer));
                widest = Math.max(widest, layer.out());
            }
            gradients = new DeviceBuffer[] {zeros(memory, transfers, capacity, widest),
                    zeros(memory, transfers, capacity, widest)};
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private Stage stage(CudaMemory memory, Transfers transfers, Affine layer) {
        DeviceBuffer weight = zeros(memory, transfers, layer.out(), layer.in());
        DeviceBuffer transposed = zeros(memory, transfers, layer.in(), layer.out());
        round(layer.weight(), layer.out(), layer.in(), weight);
        kernels.roundTransposed.launch(Grid.over(layer.in() * padded(layer.out())), layer.weight(), layer.out(), layer.in(),
                transposed);
        return new Stage(layer, weight, transposed, zeros(memory, transfers, capacity, layer.in()));
    }

    /** A bf16 matrix in whole tiles: products read what lies beyond its edges. */
    private DeviceBuffer zeros(CudaMemory memory, Transfers transfers, int rows, int columns) {
        DeviceBuffer buffer = memory.allocate(padded(rows) * padded(columns) / 2);
        opened.add(buffer);
        transfers.zeroInts(buffer);
        return buffer;
    }

    private static long padded(int width) {
        return (long) tiles(width) * TILE;
    }

    private static int tiles(int width) {
        return Math.max(1, (width + TILE - 1) / TILE);
    }

    private void round(DeviceBuffer source, int rows, int columns, DeviceBuffer target) {
        kernels.roundRows.launch(Grid.over(rows * padded(columns)), source, rows, columns, target);
    }

    @Override
    public Precision precision() {
        return Precision.BFLOAT16;
    }

    @Override
    public void forward(DeviceBuffer x, int rows, DeviceBuffer logits) {
        Affine first = layers.get(0);
        Affine last = layers.get(layers.size() - 1);
        requireCapacity(rows);
        round(x.require("x", (long) rows * first.in()), rows, first.in(), stages.get(0).entered);
        for (int i = 0; i + 1 < stages.size(); ++i) {
            Stage at = stages.get(i);
            kernels.hiddenForward.launch(grid(rows, at.layer.out()), at.entered, at.weight, at.layer.bias(), at.layer.in(),
                    at.layer.out(), stages.get(i + 1).entered);
        }
        Stage at = stages.get(stages.size() - 1);
        kernels.lastForward.launch(grid(rows, last.out()), at.entered, at.weight, last.bias(), last.in(), last.out(), rows,
                logits.require("logits", (long) rows * last.out()));
    }

    @Override
    public void backward(DeviceBuffer logitGradients, int rows, DeviceBuffer inputGradients) {
        Affine first = layers.get(0);
        int classes = layers.get(layers.size() - 1).out();
        requireCapacity(rows);
        DeviceBuffer from = gradients[0];
        DeviceBuffer to = gradients[1];
        round(logitGradients.require("logitGradients", (long) rows * classes), rows, classes, from);
        for (int i = stages.size() - 1; i > 0; --i) {
            Stage at = stages.get(i);
            kernels.hiddenBackward.launch(grid(rows, at.layer.in()), from, at.transposed, at.entered, at.layer.in(),
                    at.layer.out(), to);
            DeviceBuffer next = from;
            from = to;
            to = next;
        }
        kernels.firstBackward.launch(grid(rows, first.in()), from, stages.get(0).transposed, first.in(), first.out(), rows,
                inputGradients.require("gradients", (long) rows * first.in()));
    }

    private static Grid grid(int rows, int outputs) {
        return Grid.blocks(tiles(rows), tiles(outputs), THREADS);
    }

    private void requireCapacity(int rows) {
        if (rows > capacity) {
            throw new IllegalArgumentException("a batch of " + rows + " rows, prepared for " + capacity);
        }
    }

    @Override
    public void close() {
        for (int i = opened.size() - 1; i >= 0; --i) {
            opened.get(i).close();
        }
    }
}
