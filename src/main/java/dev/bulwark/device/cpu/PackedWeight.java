package dev.bulwark.device.cpu;

import java.nio.FloatBuffer;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;

/** oneDNN's product with a float weight in its own layout. */
final class PackedWeight implements PreparedProduct {

    private final PointerScope pointers = new PointerScope().extend();
    private final engine cpu;
    private final PackedProduct product;
    private final memory.desc source;

    /** @param weight {@code [out,in]} */
    PackedWeight(int rows, int out, int in, float[] weight) {
        try {
            cpu = new engine(engine.kind.cpu, 0);
            product = PackedProduct.withoutBias(cpu, weight, out, in, rows);
            source = PackedProduct.matrix(rows, in, memory.data_type.f32);
        } finally {
            pointers.close();
        }
    }

    @Override
    public PreparedProduct.Lane lane() {
        return new Lane();
    }

    @Override
    public void close() {
        pointers.close();
    }

    private final class Lane implements PreparedProduct.Lane {
        private final PointerScope own = new PointerScope().extend();
        private final stream queue;
        private final FloatBuffer x;
        private final FloatBuffer y;
        private matmul primitive;
        private IntMemoryMap arguments;

        Lane() {
            try {
                queue = new stream(cpu);
                memory inputs = new memory(source, cpu);
                memory outputs = product.appendTo((one, its) -> {
                    primitive = one;
                    arguments = its;
                }, inputs);
                x = floats(inputs);
                y = floats(outputs);
                x.put(0, new float[x.capacity()]);
            } finally {
                own.close();
            }
        }

        private static FloatBuffer floats(memory of) {
            return new FloatPointer(of.get_data_handle()).capacity(of.get_desc().get_size() / Float.BYTES).asBuffer();
        }

        @Override
        public FloatBuffer x() {
            return x;
        }

        @Override
        public FloatBuffer y() {
            return y;
        }

        @Override
        public void run() {
            primitive.execute(queue, arguments);
            queue._wait();
        }

        @Override
        public void close() {
            own.close();
        }
    }
}
