package dev.bulwark.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** oneDNN's products on plain row-major memory with float sums, on the calling thread; a primitive is made once a shape. */
final class OneDnnMatmul {

    /** oneDNN wants an address before there is one. */
    static final FloatPointer NOWHERE = new FloatPointer(1);

    private final memory.data_type factors;
    private final ThreadLocal<Lane> lanes = ThreadLocal.withInitial(Lane::new);

    /** @param factors type of both factors; bias and sums are float */
    OneDnnMatmul(memory.data_type factors) {
        this.factors = factors;
    }

    /** What follows a product's sums. */
    enum After { NOTHING, ADDED_TO_TARGET, BIAS }

    /** {@code c = op(a) op(b)}, op(a) {@code [m,k]}, op(b) {@code [k,n]}; ld*: elements from row to row as stored. */
    record Shape(boolean transposeA, boolean transposeB, int m, int n, int k, int lda, int ldb, int ldc, After after) {

        /** {@code y = x W^T + b}, x {@code [rows,in]}, W {@code [out,in]}. */
        static Shape affine(int rows, int out, int in) {
            return new Shape(false, true, rows, out, in, in, in, out, After.BIAS);
        }
    }

    /** @param bias read only where the shape has one */
    void run(Shape shape, Pointer a, Pointer b, Pointer bias, Pointer c) {
        lanes.get().product(shape).run(a, b, bias, c);
    }

    /** A thread's products: oneDNN's memory objects are not to be shared. */
    private final class Lane {
        private final engine cpu = new engine(engine.kind.cpu, 0);
        private final stream queue = new stream(cpu);
        private final Map<Shape, Product> products = new HashMap<>();

        Product product(Shape shape) {
            return products.computeIfAbsent(shape, s -> new Product(s, factors, cpu, queue));
        }
    }

    /** One shape's primitive; each run points its memory objects at the operands. */
    private static final class Product {
        private final stream queue;
        private final memory source;
        private final memory weight;
        private final memory offsets;
        private final memory target;
        private final matmul primitive;
        private final IntMemoryMap arguments = new IntMemoryMap();

        Product(Shape s, memory.data_type factors, engine cpu, stream queue) {
            this.queue = queue;
            memory.desc left = matrix(s.m, s.k, s.lda, s.transposeA, factors);
            memory.desc right = matrix(s.k, s.n, s.ldb, s.transposeB, factors);
            memory.desc bias = matrix(1, s.n, s.n, false, memory.data_type.f32);
            memory.desc result = matrix(s.m, s.n, s.ldc, false, memory.data_type.f32);
            boolean biased = s.after == After.BIAS;
            matmul.primitive_desc description = biased
                    ? new matmul.primitive_desc(cpu, left, right, bias, result, attributes(s.after), false)
                    : new matmul.primitive_desc(cpu, left, right, result, attributes(s.after), false);
            this.primitive = new matmul(description);
            this.source = new memory(left, cpu, NOWHERE);
            this.weight = new memory(right, cpu, NOWHERE);
            this.offsets = new memory(bias, cpu, NOWHERE);
            this.target = new memory(result, cpu, NOWHERE);
            arguments.put(DNNL_ARG_SRC, source);
            arguments.put(DNNL_ARG_WEIGHTS, weight);
            arguments.put(DNNL_ARG_DST, target);
            if (biased) {
                arguments.put(DNNL_ARG_BIAS, offsets);
            }
        }

        private static primitive_attr attributes(After after) {
            post_ops operations = new post_ops();
            if (after == After.ADDED_TO_TARGET) {
                operations.append_sum(1f, 0, memory.data_type.undef);
            }
            primitive_attr attributes = new primitive_attr();
            // Bounds count on float being float, whatever oneDNN's environment variable says.
            attributes.set_fpmath_mode(dnnl.fpmath_mode.strict);
            attributes.set_post_ops(operations);
            return attributes;
        }

        private static memory.desc matrix(int rows, int columns, int stride, boolean transposed, memory.data_type type) {
            long[] strides = transposed ? new long[] {1, stride} : new long[] {stride, 1};
            return new memory.desc(new long[] {rows, columns}, type, strides, false);
        }

        void run(Pointer a, Pointer b, Pointer bias, Pointer c) {
            source.set_data_handle(a);
            weight.set_data_handle(b);
            offsets.set_data_handle(bias);
            target.set_data_handle(c);
            primitive.execute(queue, arguments);
            queue._wait();
        }
    }
}
