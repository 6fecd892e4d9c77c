package dev.bulwark.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import java.nio.FloatBuffer;
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

/**
 * oneDNN's product of factors that it rounds to bf16 on the way, with float sums: for training on processors that
 * multiply bf16 natively, and for nothing that a certificate rests on.
 */
final class Bfloat16Products implements Products {

    private final ThreadLocal<Lane> lanes = ThreadLocal.withInitial(Lane::new);

    @Override
    public String name() {
        return new OneDnnProducts().name() + ", factors in bf16";
    }

    /** {@inheritDoc} Beta is 0 or 1. */
    @Override
    public void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, FloatBuffer a, int lda,
                         FloatBuffer b, int ldb, float beta, FloatBuffer c, int ldc) {
        if (beta != 0f && beta != 1f) {
            throw new IllegalArgumentException("beta is 0 or 1, not " + beta);
        }
        lanes.get().product(new Shape(transposeA, transposeB, m, n, k, lda, ldb, beta, ldc)).run(a, b, c);
    }

    private record Shape(boolean transposeA, boolean transposeB, int m, int n, int k, int lda, int ldb, float beta, int ldc) {
    }

    /** A thread's products: oneDNN's memory objects are not to be shared. */
    private static final class Lane {
        private final engine cpu = new engine(engine.kind.cpu, 0);
        private final stream queue = new stream(cpu);
        private final Map<Shape, Product> products = new HashMap<>();

        Product product(Shape shape) {
            return products.computeIfAbsent(shape, s -> new Product(s, cpu, queue));
        }
    }

    /** One shape's primitive; each run points its memory objects at the operands. */
    private static final class Product {
        /** oneDNN wants an address before there is one. */
        private static final FloatPointer NOWHERE = new FloatPointer(1);
        private final stream queue;
        private final memory source;
        private final memory weight;
        private final memory target;
        private final matmul primitive;
        private final IntMemoryMap arguments = new IntMemoryMap();

        Product(Shape s, engine cpu, stream queue) {
            this.queue = queue;
            memory.desc left = matrix(s.m, s.k, s.lda, s.transposeA);
            memory.desc right = matrix(s.k, s.n, s.ldb, s.transposeB);
            memory.desc result = matrix(s.m, s.n, s.ldc, false);
            primitive_attr attributes = new primitive_attr();
            attributes.set_fpmath_mode(dnnl.fpmath_mode.bf16.value);
            if (s.beta == 1f) {
                post_ops sum = new post_ops();
                sum.append_sum(1f, 0, memory.data_type.undef);
                attributes.set_post_ops(sum);
            }
            matmul.primitive_desc description = new matmul.primitive_desc(cpu, left, right, result, attributes, false);
            this.primitive = new matmul(description);
            this.source = new memory(left, cpu, NOWHERE);
            this.weight = new memory(right, cpu, NOWHERE);
            this.target = new memory(result, cpu, NOWHERE);
            arguments.put(DNNL_ARG_SRC, source);
            arguments.put(DNNL_ARG_WEIGHTS, weight);
            arguments.put(DNNL_ARG_DST, target);
        }

        private static memory.desc matrix(int rows, int columns, int stride, boolean transposed) {
            long[] strides = transposed ? new long[] {1, stride} : new long[] {stride, 1};
            return new memory.desc(new long[] {rows, columns}, memory.data_type.f32, strides, false);
        }

        void run(FloatBuffer a, FloatBuffer b, FloatBuffer c) {
            try (FloatPointer left = new FloatPointer(a); FloatPointer right = new FloatPointer(b);
                 FloatPointer result = new FloatPointer(c)) {
                source.set_data_handle(left);
                weight.set_data_handle(right);
                target.set_data_handle(result);
                primitive.execute(queue, arguments);
                queue._wait();
            }
        }
    }
}
