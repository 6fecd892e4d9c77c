package dev.bulwark.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.Layer;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.Pooling;
import dev.bulwark.device.cpu.ConvolutionBlocks.Geometry;
import dev.bulwark.shapes.ImageShape;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.inner_product_backward_data;
import org.bytedeco.dnnl.inner_product_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_backward;
import org.bytedeco.dnnl.pooling_forward;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;

/**
 * A chain of layers packed for oneDNN: weights are laid out once, and values stay from layer to layer in the layouts that
 * its primitives choose. Sums are float; in bf16, images, weights, activations and gradients are rounded to it. ReLUs are
 * oneDNN's, which turn NaN into 0: no activation may overflow ({@link Headroom}).
 *
 * <p>What it allocates belongs to the pointer scope that is open.
 */
final class PackedChain {

    /** Bytes that a chunk's largest layer may take: a part of a second-level cache. */
    private static final int CACHE = 1 << 19;
    private static final int MOST_ROWS = 128;
    private static final int LEAST_ROWS = 8;

    private final engine cpu;
    private final int rows;
    private final memory.data_type type;
    private final long[] images;
    private final List<Part> parts = new ArrayList<>();

    /**
     * @param layers each takes what the one before makes, images in the shape in which they were made
     * @param rows   of a chunk
     * @param type   of images, weights, activations and gradients; logits and the images' gradients are float
     */
    PackedChain(engine cpu, List<Layer> layers, int rows, memory.data_type type) {
        this.cpu = cpu;
        this.rows = rows;
        this.type = type;
        this.images = sizes(layers.get(0));
        memory.desc given = DnnMemory.plain(images, type);
        for (int i = 0; i < layers.size(); ++i) {
            Part part = part(layers.get(i), given, i == 0, i == layers.size() - 1);
            parts.add(part);
            given = part.made();
        }
    }

    /** How many rows go well together. */
    static int rowsOf(List<Layer> layers, Precision precision) {
        int bytes = precision == Precision.BFLOAT16 ? Short.BYTES : Float.BYTES;
        long most = layers.stream().mapToLong(layer -> (long) (layer.in() + layer.out()) * bytes).max().orElseThrow();
        long fitting = CACHE / most / LEAST_ROWS * LEAST_ROWS;
        return (int) Math.max(LEAST_ROWS, Math.min(MOST_ROWS, fitting));
    }

    /** Memory of one worker. */
    PackedPasses passes() {
        return new Passes();
    }

    private long[] sizes(Layer first) {
        if (first instanceof Layer.Convolve convolve) {
            return sizes(convolve.convolution().input());
        }
        return first instanceof Layer.Pool pool ? sizes(pool.pooling().input()) : new long[] {rows, first.in()};
    }

    private long[] sizes(ImageShape shape) {
        return new long[] {rows, shape.channels(), shape.height(), shape.width()};
    }

    // ---- a worker's way through ---------------------------------------------------------------------------------------

    /** A layer as a worker goes through it. */
    private interface Pass {

        /** Adds what makes the layer's result; returns where that will be. */
        memory forward(Primitives run, memory source);

        /** The same for the gradient of the layer's source, of that of its result. */
        memory backward(Primitives run, memory gradient);
    }

    private final class Passes implements PackedPasses {
        private final List<Pass> passes = parts.stream().map(Part::pass).toList();

        @Override
        public memory forward(Primitives run, memory from) {
            memory values = new memory(DnnMemory.plain(images, from.get_desc().get_data_type()), cpu, from.get_data_handle());
            for (Pass pass : passes) {
                values = pass.forward(run, values);
            }
            return run.convert(values, DnnMemory.plain(DnnMemory.sizes(values), memory.data_type.f32));
        }

        @Override
        public memory backward(Primitives run, memory logitGradients) {
            long[] made = DnnMemory.sizes(parts.get(parts.size() - 1).made());
            memory gradient = new memory(DnnMemory.plain(made, memory.data_type.f32), cpu, logitGradients.get_data_handle());
            for (int i = passes.size() - 1; i >= 0; --i) {
                gradient = passes.get(i).backward(run, gradient);
            }
            return run.convert(gradient, DnnMemory.plain(images, memory.data_type.f32));
        }
    }

    // ---- layers --------------------------------------------------------------------------------------------------------

    /** A layer's kernels. */
    private interface Part {

        /** What it makes. */
        memory.desc made();

        Pass pass();
    }

    /**
     * @param given what enters
     * @param first whether the gradient of its source leaves the network
     * @param last  whether its result does
     */
    private Part part(Layer layer, memory.desc given, boolean first, boolean last) {
        if (layer instanceof Layer.Convolve convolve) {
            return convolution(convolve, first, last);
        }
        return layer instanceof Layer.Dense dense ? dense(dense, DnnMemory.sizes(given), first, last)
                : new Pooled((Layer.Pool) layer, given);
    }

    private Part convolution(Layer.Convolve layer, boolean first, boolean last) {
        Convolution of = layer.convolution();
        OneDnnWindows windows = OneDnnWindows.of(of);
        memory.desc bias = DnnMemory.plain(new long[] {of.output().channels()}, memory.data_type.f32);
        memory weight = filled(DnnMemory.plain(OneDnnWindows.weights(of), memory.data_type.f32),
                Rows.load(of.weight(), 0, of.weights(), 1));
        var forward = new convolution_forward.primitive_desc(cpu, dnnl.prop_kind.forward_training,
                dnnl.algorithm.convolution_direct, any(sizes(of.input())), any(OneDnnWindows.weights(of)), bias,
                leaving(sizes(of.output()), last), windows.strides(), windows.dilations(), windows.before(), windows.after(),
                Kernel.attributes(layer.relu()), false);
        return new Weighted(new Kernel(forward, () -> new convolution_forward(forward)), weight,
                filled(bias, Rows.load(of.bias(), 0, of.output().channels(), 1)), layer.relu(),
                SubPixels.take(Geometry.of(of)) ? subPixels(of, first) : transposed(of, weight, first, forward));
    }

    /** The way back by a convolution of sub-pixels. */
    private Way subPixels(Convolution layer, boolean first) {
        SubPixels of = new SubPixels(Geometry.of(layer));
        var convolution = new SubPixelConvolution(cpu, of, rows, type, first ? memory.data_type.f32 : type);
        memory plain = convolution.plainWeight();
        DnnMemory.floats(plain).put(0, of.weight(Rows.load(layer.weight(), 0, layer.weights(), 1)));
        memory weight = packed(plain, convolution.weight().get_desc());
        return (run, gradient) -> convolution.addTo(run, weight, gradient);
    }

    /** The way back by oneDNN's own primitive. */
    private Way transposed(Convolution of, memory weight, boolean first, convolution_forward.primitive_desc forward) {
        OneDnnWindows windows = OneDnnWindows.of(of);
        var backward = new convolution_backward_data.primitive_desc(cpu, dnnl.algorithm.convolution_direct,
                leaving(sizes(of.input()), first), any(OneDnnWindows.weights(of)), any(sizes(of.output())), windows.strides(),
                windows.dilations(), windows.before(), windows.after(), forward, Kernel.attributes(false), false);
        return own(new Kernel(backward, () -> new convolution_backward_data(backward)), weight);
    }

    /** @param given sizes of what enters: of rows or of images, which are flattened in their order */
    private Part dense(Layer.Dense layer, long[] given, boolean first, boolean last) {
        Affine of = layer.affine();
        long[] sizes = given.clone();
        sizes[0] = of.out();
        long[] made = {rows, of.out()};
        memory.desc bias = DnnMemory.plain(new long[] {of.out()}, memory.data_type.f32);
        memory weight = filled(DnnMemory.plain(sizes, memory.data_type.f32), Rows.load(of.weight(), 0, of.out(), of.in()));
        var forward = new inner_product_forward.primitive_desc(cpu, dnnl.prop_kind.forward_training, any(given), any(sizes),
                bias, leaving(made, last), Kernel.attributes(layer.relu()), false);
        var backward = new inner_product_backward_data.primitive_desc(cpu, leaving(given, first), any(sizes), any(made),
                forward, Kernel.attributes(false), false);
        return new Weighted(new Kernel(forward, () -> new inner_product_forward(forward)), weight,
                filled(bias, Rows.load(of.bias(), 0, of.out(), 1)), layer.relu(),
                own(new Kernel(backward, () -> new inner_product_backward_data(backward)), weight));
    }

    /** The way back through a layer's weights. */
    private interface Way {

        /** Adds what makes the gradient of the layer's source; returns where that will be. */
        memory addTo(Primitives run, memory gradient);
    }

    private Way own(Kernel kernel, memory plainWeight) {
        memory weight = packed(plainWeight, kernel.argument(DNNL_ARG_WEIGHTS));
        return (run, gradient) -> {
            memory target = new memory(kernel.argument(DNNL_ARG_DIFF_SRC), cpu);
            IntMemoryMap arguments = new IntMemoryMap();
            arguments.put(DNNL_ARG_DIFF_DST, run.convert(gradient, kernel.argument(DNNL_ARG_DIFF_DST)));
            arguments.put(DNNL_ARG_WEIGHTS, weight);
            arguments.put(DNNL_ARG_DIFF_SRC, target);
            kernel.addTo(run, arguments, cpu);
            return target;
        };
    }

    /** A layer with weights. */
    private final class Weighted implements Part {
        private final Kernel kernel;
        private final memory weight;
        private final memory bias;
        private final boolean relu;
        private final Way back;

        Weighted(Kernel kernel, memory plainWeight, memory bias, boolean relu, Way back) {
            this.kernel = kernel;
            this.weight = packed(plainWeight, kernel.argument(DNNL_ARG_WEIGHTS));
            this.bias = bias;
            this.relu = relu;
            this.back = back;
        }

        @Override
        public memory.desc made() {
            return kernel.argument(DNNL_ARG_DST);
        }

        @Override
        public Pass pass() {
            memory target = new memory(made(), cpu);
            return new Pass() {
                @Override
                public memory forward(Primitives run, memory source) {
                    IntMemoryMap arguments = new IntMemoryMap();
                    arguments.put(DNNL_ARG_SRC, run.convert(source, kernel.argument(DNNL_ARG_SRC)));
                    arguments.put(DNNL_ARG_WEIGHTS, weight);
                    arguments.put(DNNL_ARG_BIAS, bias);
                    arguments.put(DNNL_ARG_DST, target);
                    kernel.addTo(run, arguments, cpu);
                    return target;
                }

                @Override
                public memory backward(Primitives run, memory gradient) {
                    if (!relu) {
                        return back.addTo(run, gradient);
                    }
                    memory masked = run.convert(gradient, made());
                    run.mask(target, masked);
                    return back.addTo(run, masked);
                }
            };
        }
    }

    /** Pooling, in the layout of what enters. */
    private final class Pooled implements Part {
        private final pooling_forward.primitive_desc forward;
        private final Kernel taking;
        private final Kernel giving;

        Pooled(Layer.Pool layer, memory.desc given) {
            Pooling of = layer.pooling();
            OneDnnWindows windows = OneDnnWindows.of(of);
            dnnl.algorithm algorithm = layer.kind() == Layer.Pool.Kind.MAXIMUM ? dnnl.algorithm.pooling_max
                    : of.countPadding() ? dnnl.algorithm.pooling_avg_include_padding
                    : dnnl.algorithm.pooling_avg_exclude_padding;
            forward = new pooling_forward.primitive_desc(cpu, dnnl.prop_kind.forward_training, algorithm, given,
                    any(sizes(of.output())), windows.strides(), windows.kernel(), windows.dilations(), windows.before(),
                    windows.after(), Kernel.attributes(false), false);
            var backward = new pooling_backward.primitive_desc(cpu, algorithm, given, forward.dst_desc(), windows.strides(),
                    windows.kernel(), windows.dilations(), windows.before(), windows.after(), forward,
                    Kernel.attributes(false), false);
            taking = new Kernel(forward, () -> new pooling_forward(forward));
            giving = new Kernel(backward, () -> new pooling_backward(backward));
        }

        @Override
        public memory.desc made() {
            return taking.argument(DNNL_ARG_DST);
        }

        @Override
        public Pass pass() {
            memory taken = new memory(forward.query_md(dnnl.query.workspace_md, 0), cpu);
            return new Pass() {
                @Override
                public memory forward(Primitives run, memory source) {
                    memory target = new memory(made(), cpu);
                    IntMemoryMap arguments = new IntMemoryMap();
                    arguments.put(DNNL_ARG_SRC, run.convert(source, taking.argument(DNNL_ARG_SRC)));
                    arguments.put(DNNL_ARG_DST, target);
                    arguments.put(DNNL_ARG_WORKSPACE, taken);
                    taking.addTo(run, arguments, cpu);
                    return target;
                }

                @Override
                public memory backward(Primitives run, memory gradient) {
                    memory target = new memory(giving.argument(DNNL_ARG_DIFF_SRC), cpu);
                    IntMemoryMap arguments = new IntMemoryMap();
                    arguments.put(DNNL_ARG_DIFF_DST, run.convert(gradient, giving.argument(DNNL_ARG_DIFF_DST)));
                    arguments.put(DNNL_ARG_DIFF_SRC, target);
                    arguments.put(DNNL_ARG_WORKSPACE, taken);
                    giving.addTo(run, arguments, cpu);
                    return target;
                }
            };
        }
    }

    // ---- memory --------------------------------------------------------------------------------------------------------

    private memory packed(memory plain, memory.desc as) {
        memory packed = new memory(as, cpu);
        stream packing = new stream(cpu);
        new reorder(plain, packed).execute(packing, plain, packed);
        packing._wait();
        return packed;
    }

    private memory filled(memory.desc desc, float[] values) {
        memory filled = new memory(desc, cpu);
        DnnMemory.floats(filled).put(0, values);
        return filled;
    }

    private memory.desc any(long[] sizes) {
        return DnnMemory.any(sizes, type);
    }

    /** Float instead of the chain's type where a value leaves the network. */
    private memory.desc leaving(long[] sizes, boolean leaves) {
        return DnnMemory.any(sizes, leaves ? memory.data_type.f32 : type);
    }
}
