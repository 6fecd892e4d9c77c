package dev.bulwark.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;

/**
 * oneDNN's direct convolutions in float, on the calling thread; a primitive is made once a geometry.
 *
 * <p>Never Winograd's algorithm: bounds count on sums of products in some order.
 *
 * <p>oneDNN computes fast in layouts of its own only (on row-major operands it falls back to a reference implementation,
 * some hundred times slower), so operands are reordered on the way in and out, the weight once a call.
 *
 * <p>Images go in blocks of one size, the last one filled up with what is ignored, except into gradients of weights: what an
 * image gives then depends on no other in the batch, and neither do bounds. One by one, calls would take small images longer
 * than sums. What is prepared has a block size of the caller's.
 */
final class OneDnnConvolution implements ConvolutionBlocks {

    private static final int BLOCK = 8;
    /** Elements of what counts as a small image, and how many of them go in a block of transposed sums. */
    private static final int SMALL = 512;
    private static final int SMALL_BLOCK = 64;

    private final ThreadLocal<Lane> lanes = ThreadLocal.withInitial(Lane::new);

    /** Which of the three operands a primitive computes from the other two. */
    private enum Direction { OUTPUTS, INPUTS, WEIGHTS }

    private record Shape(Direction direction, Geometry geometry, int rows) {
    }

    @Override
    public String name() {
        return "oneDNN";
    }

    @Override
    public void apply(Geometry geometry, int rows, FloatBuffer x, FloatBuffer weight, FloatBuffer y, Finish finish) {
        try (FloatPointer images = new FloatPointer(x); FloatPointer weights = new FloatPointer(weight);
             FloatPointer results = new FloatPointer(y)) {
            Primitive convolution = primitive(Direction.OUTPUTS, geometry, BLOCK);
            convolution.weights.move(weights);
            for (int n = 0; n < rows; n += BLOCK) {
                convolution.images.move(images, n, rows);
                convolution.execute();
                convolution.results.move(results, n, rows);
                finish.run(n, Math.min(BLOCK, rows - n));
            }
        }
    }

    @Override
    public PreparedProduct prepare(Geometry geometry, int rows, float[] weight) {
        return () -> new Prepared(new Shape(Direction.OUTPUTS, geometry, rows), weight);
    }

    @Override
    public void applyTransposed(Geometry geometry, int rows, FloatBuffer a, FloatBuffer weight, FloatBuffer target) {
        if (SubPixels.take(geometry)) {
            lanes.get().transposed(geometry).apply(rows, a, weight, target);
            return;
        }
        try (FloatPointer images = new FloatPointer(target); FloatPointer weights = new FloatPointer(weight);
             FloatPointer results = new FloatPointer(a)) {
            Primitive convolution = primitive(Direction.INPUTS, geometry, BLOCK);
            convolution.weights.move(weights);
            for (int n = 0; n < rows; n += BLOCK) {
                convolution.results.move(results, n, rows);
                convolution.execute();
                convolution.images.move(images, n, rows);
            }
        }
    }

    @Override
    public void weightGradient(Geometry geometry, int rows, FloatBuffer x, FloatBuffer gradient, FloatBuffer target) {
        try (FloatPointer images = new FloatPointer(x); FloatPointer weights = new FloatPointer(target);
             FloatPointer results = new FloatPointer(gradient)) {
            Primitive convolution = primitive(Direction.WEIGHTS, geometry, rows);
            convolution.images.move(images);
            convolution.results.move(results);
            convolution.execute();
            convolution.weights.move(weights);
        }
    }

    /** oneDNN's names of what computes outputs, inputs and weights: for tests. */
    List<String> implementations(Geometry geometry) {
        return Stream.of(Direction.values()).map(d -> primitive(d, geometry, BLOCK).implementation).toList();
    }

    private Primitive primitive(Direction direction, Geometry geometry, int rows) {
        return lanes.get().convolution(new Shape(direction, geometry, rows));
    }

    /** A thread's primitives: oneDNN's memory objects are not to be shared. */
    private static final class Lane {
        private final engine cpu = new engine(engine.kind.cpu, 0);
        private final stream queue = new stream(cpu);
        private final Map<Shape, Primitive> convolutions = new HashMap<>();
        private final Map<Geometry, SubPixelLane> transposed = new HashMap<>();

        Primitive convolution(Shape shape) {
            return convolutions.computeIfAbsent(shape, s -> new Primitive(s, cpu, queue));
        }

        /** More images where they are so small that a call would take longer than its sums. */
        private static int block(Geometry geometry) {
            return Math.max(geometry.input().size(), geometry.output().size()) <= SMALL ? SMALL_BLOCK : BLOCK;
        }

        SubPixelLane transposed(Geometry geometry) {
            return transposed.computeIfAbsent(geometry, g -> new SubPixelLane(cpu, new SubPixels(g), block(g)));
        }
    }

    /** A worker's primitive, with its weight in place. */
    private static final class Prepared implements PreparedProduct.Lane {
        private final PointerScope own = new PointerScope().extend();
        private final Primitive convolution;
        private final FloatPointer images;
        private final FloatPointer results;
        private final FloatBuffer x;
        private final FloatBuffer y;

        Prepared(Shape shape, float[] weight) {
            try {
                engine cpu = new engine(engine.kind.cpu, 0);
                convolution = new Primitive(shape, cpu, new stream(cpu));
                convolution.weights.move(new FloatPointer(weight));
                images = new FloatPointer((long) shape.rows * shape.geometry.input().size());
                results = new FloatPointer((long) shape.rows * shape.geometry.output().size());
                x = images.asBuffer();
                y = results.asBuffer();
                x.put(0, new float[x.capacity()]);
            } finally {
                own.close();
            }
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
            convolution.images.move(images);
            convolution.execute();
            convolution.results.move(results);
        }

        @Override
        public void close() {
            own.close();
        }
    }

    /** An operand in the layout that a primitive wants; one that is given row-major and wanted so is read where it lies. */
    private static final class Operand {
        private final stream queue;
        private final memory plain;
        private final memory inner;
        private final boolean computed;
        private final boolean inPlace;
        private final reorder copy;
        /** Elements of a block of images. */
        private final long size;
        /** A block that the batch doesn't fill; made where there is one. */
        private FloatPointer part;

        /** @param computed whether this is what the primitive writes */
        Operand(memory.desc plain, memory.desc wanted, boolean computed, engine cpu, stream queue) {
            this.queue = queue;
            this.plain = new memory(plain, cpu, OneDnnMatmul.NOWHERE);
            this.computed = computed;
            this.inPlace = !computed && wanted.equals(plain);
            this.inner = inPlace ? this.plain : new memory(wanted, cpu);
            this.size = plain.get_size() / Float.BYTES;
            this.copy = computed ? new reorder(inner, this.plain) : new reorder(this.plain, inner);
        }

        /** Moves the block of images that begins with image {@code first} of {@code rows}. */
        void move(FloatPointer images, int first, int rows) {
            long image = size / BLOCK;
            FloatPointer block = images.getPointer(first * image);
            if (rows - first >= BLOCK) {
                move(block);
                return;
            }
            long bytes = (rows - first) * image * Float.BYTES;
            if (part == null) {
                part = new FloatPointer(size).zero();
            }
            if (!computed) {
                Pointer.memcpy(part, block, bytes);
            }
            move(part);
            if (computed) {
                Pointer.memcpy(block, part, bytes);
            }
        }

        /** Takes row-major memory, which must stay until the primitive has run, or copies to it what was computed. */
        void move(FloatPointer values) {
            plain.set_data_handle(values);
            if (inPlace) {
                return;
            }
            if (computed) {
                copy.execute(queue, inner, plain);
            } else {
                copy.execute(queue, plain, inner);
            }
            queue._wait();
        }
    }

    /** One shape's primitive and its operands. */
    private static final class Primitive {
        private final stream queue;
        private final Operand images;
        private final Operand weights;
        private final Operand results;
        private final primitive convolution;
        private final String implementation;
        private final IntMemoryMap arguments = new IntMemoryMap();

        Primitive(Shape shape, engine cpu, stream queue) {
            this.queue = queue;
            Geometry g = shape.geometry;
            Direction direction = shape.direction;
            long[] image = sizes(shape.rows, g.input());
            long[] weight = OneDnnWindows.weights(g);
            OneDnnWindows windows = OneDnnWindows.of(g);
            long[] result = sizes(shape.rows, g.output());
            convolution_forward.primitive_desc forward = forward(cpu, windows, any(image), any(weight), any(result));
            primitive_desc_base wanted = forward;
            switch (direction) {
                case OUTPUTS -> convolution = new convolution_forward(forward);
                case INPUTS -> {
                    var backward = backwardData(cpu, windows, blocked(image), any(weight), blocked(result), forward);
                    if (isReference(backward)) {
                        backward = backwardData(cpu, windows, any(image), any(weight), any(result), forward);
                    }
                    convolution = new convolution_backward_data(backward);
                    wanted = backward;
                }
                case WEIGHTS -> {
                    var backward = new convolution_backward_weights.primitive_desc(cpu, dnnl.algorithm.convolution_direct,
                            any(image), any(weight), any(result), windows.strides(), windows.dilations(), windows.before(),
                            windows.after(), forward, strictly(), false);
                    convolution = new convolution_backward_weights(backward);
                    wanted = backward;
                }
                default -> throw new AssertionError(direction);
            }
            this.implementation = wanted.impl_info_str().getString();
            this.images = new Operand(floats(image), wanted.query_md(dnnl.query.exec_arg_md, imageArgument(direction)),
                    direction == Direction.INPUTS, cpu, queue);
            this.weights = new Operand(floats(weight), wanted.query_md(dnnl.query.exec_arg_md, weightArgument(direction)),
                    direction == Direction.WEIGHTS, cpu, queue);
            this.results = new Operand(floats(result), wanted.query_md(dnnl.query.exec_arg_md, resultArgument(direction)),
                    direction == Direction.OUTPUTS, cpu, queue);
            arguments.put(imageArgument(direction), images.inner);
            arguments.put(weightArgument(direction), weights.inner);
            arguments.put(resultArgument(direction), results.inner);
        }

        private static int imageArgument(Direction direction) {
            return direction == Direction.INPUTS ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC;
        }

        private static int weightArgument(Direction direction) {
            return direction == Direction.WEIGHTS ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS;
        }

        private static int resultArgument(Direction direction) {
            return direction == Direction.OUTPUTS ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST;
        }

        private static convolution_forward.primitive_desc forward(engine cpu, OneDnnWindows windows, memory.desc image,
                                                                  memory.desc weight, memory.desc result) {
            return new convolution_forward.primitive_desc(cpu, dnnl.prop_kind.forward_training,
                    dnnl.algorithm.convolution_direct, image, weight, result, windows.strides(), windows.dilations(),
                    windows.before(), windows.after(), strictly(), false);
        }

        private static convolution_backward_data.primitive_desc backwardData(
                engine cpu, OneDnnWindows windows, memory.desc image, memory.desc weight, memory.desc result,
                convolution_forward.primitive_desc forward) {
            return new convolution_backward_data.primitive_desc(cpu, dnnl.algorithm.convolution_direct, image, weight, result,
                    windows.strides(), windows.dilations(), windows.before(), windows.after(), forward, strictly(), false);
        }

        /** Whether oneDNN has nothing fast for these layouts. */
        private static boolean isReference(primitive_desc_base description) {
            return description.impl_info_str().getString().startsWith("ref");
        }

        /** Bounds count on float being float, whatever oneDNN's environment variable says. */
        private static primitive_attr strictly() {
            primitive_attr attributes = new primitive_attr();
            attributes.set_fpmath_mode(dnnl.fpmath_mode.strict);
            return attributes;
        }

        private static memory.desc floats(long[] sizes) {
            return DnnMemory.plain(sizes, memory.data_type.f32);
        }

        private static long[] sizes(int rows, ImageShape shape) {
            return new long[] {rows, shape.channels(), shape.height(), shape.width()};
        }

        private static memory.desc any(long[] sizes) {
            return DnnMemory.any(sizes, memory.data_type.f32);
        }

        /**
         * Images in blocks of 16 channels. With strides, oneDNN's choice for backward passes, channels innermost, takes twice
         * as long.
         */
        private static memory.desc blocked(long[] sizes) {
            return new memory.desc(sizes, memory.data_type.f32, memory.format_tag.aBcd16b, false);
        }

        void execute() {
            convolution.execute(queue, arguments);
            queue._wait();
        }
    }
}
