package dev.bulwark.device.cpu;

import dev.bulwark.device.Layer;
import dev.bulwark.device.NoisyClassifier.Precision;
import java.nio.FloatBuffer;
import java.util.List;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.PointerScope;

/** Noisy forward passes through a {@link PackedChain}: one worker's memory for each lane, the weights shared. */
final class ChainLanes implements AutoCloseable {

    private final PointerScope pointers = new PointerScope().extend();
    private final NoiseRows noise;
    private final engine cpu;
    private final PackedChain chain;
    private final memory.desc images;
    private final int rows;

    /** @param precision {@code FLOAT32} or, where {@link PackedNetwork#hasBfloat16}, {@code BFLOAT16} */
    ChainLanes(NoiseRows noise, List<Layer> layers, int rows, Precision precision) {
        this.noise = noise;
        this.rows = rows;
        try {
            cpu = new engine(engine.kind.cpu, 0);
            chain = new PackedChain(cpu, layers, rows, DnnMemory.type(precision));
            images = PackedProduct.matrix(rows, layers.get(0).in(), DnnMemory.type(precision));
        } finally {
            pointers.close();
        }
    }

    ForwardLane lane() {
        return new Lane();
    }

    @Override
    public void close() {
        pointers.close();
    }

    private final class Lane implements ForwardLane {
        private final PointerScope own = new PointerScope().extend();
        private final Primitives run;
        private final InputRows inputs;
        private final FloatBuffer logits;

        Lane() {
            try {
                run = new Primitives(cpu);
                memory given = new memory(images, cpu);
                inputs = InputRows.of(given, rows, noise);
                logits = DnnMemory.floats(chain.passes().forward(run, given));
            } finally {
                own.close();
            }
        }

        @Override
        public void setInput(int row, float[] x, float[] z, float sigma) {
            inputs.set(row, x, z, sigma);
        }

        @Override
        public void run() {
            run.run();
        }

        @Override
        public void logits(float[] target) {
            logits.get(0, target);
        }

        @Override
        public void close() {
            own.close();
        }
    }
}
