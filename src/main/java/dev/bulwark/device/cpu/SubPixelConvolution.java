package dev.bulwark.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import dev.bulwark.shapes.ImageShape;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;

/**
 * A convolution's transpose as {@link SubPixels} has it: oneDNN's convolution makes all phases, and copies take each of them
 * to its pixels. oneDNN's own backward primitives take several times as long where there are strides or few input channels.
 * What it allocates belongs to the pointer scope that is open.
 */
final class SubPixelConvolution {

    private final engine cpu;
    private final SubPixels of;
    private final int rows;
    private final memory.desc plainWeight;
    private final memory.data_type made;
    private final Kernel kernel;

    /**
     * @param rows images in a call
     * @param type of factors
     * @param made of results
     */
    SubPixelConvolution(engine cpu, SubPixels of, int rows, memory.data_type type, memory.data_type made) {
        this.cpu = cpu;
        this.of = of;
        this.rows = rows;
        this.made = made;
        SubPixels.Axis height = of.height();
        SubPixels.Axis width = of.width();
        ImageShape output = of.geometry().output();
        long[] weight = {of.channels(), output.channels(), height.kernel(), width.kernel()};
        this.plainWeight = DnnMemory.plain(weight, memory.data_type.f32);
        var description = new convolution_forward.primitive_desc(cpu, dnnl.prop_kind.forward_inference,
                dnnl.algorithm.convolution_direct,
                DnnMemory.any(new long[] {rows, output.channels(), output.height(), output.width()}, type),
                DnnMemory.any(weight, type),
                channelsInnermost(new long[] {rows, of.channels(), height.places(), width.places()}, made),
                new long[] {1, 1}, new long[] {0, 0}, new long[] {height.before(), width.before()},
                new long[] {height.after(), width.after()}, Kernel.attributes(false), false);
        this.kernel = new Kernel(description, () -> new convolution_forward(description));
    }

    private static memory.desc channelsInnermost(long[] sizes, memory.data_type type) {
        return new memory.desc(sizes, type, memory.format_tag.acdb, false);
    }

    /** Memory for its weight, laid out as {@link SubPixels#weight} makes it. */
    memory plainWeight() {
        return new memory(plainWeight, cpu);
    }

    /** Memory for its weight in the layout that the convolution wants. */
    memory weight() {
        return new memory(kernel.argument(DNNL_ARG_WEIGHTS), cpu);
    }

    /** Adds what makes the transpose of {@code outputs} to {@code run}; returns where it will be. */
    memory addTo(Primitives run, memory weight, memory outputs) {
        memory phases = new memory(kernel.argument(DNNL_ARG_DST), cpu);
        IntMemoryMap arguments = new IntMemoryMap();
        arguments.put(DNNL_ARG_SRC, run.convert(outputs, kernel.argument(DNNL_ARG_SRC)));
        arguments.put(DNNL_ARG_WEIGHTS, weight);
        arguments.put(DNNL_ARG_DST, phases);
        kernel.addTo(run, arguments, cpu);
        memory padded = new memory(padded(), cpu);
        run.hold(padded);
        SubPixels.Axis h = of.height();
        SubPixels.Axis w = of.width();
        ImageShape input = of.geometry().input();
        long[] places = {rows, input.channels(), h.places(), w.places()};
        int channel = 0;
        for (SubPixels.Phase phase : of.phases()) {
            run.copy(part(phases, places, new Corner(channel, 0, 0), 1, 1),
                    part(padded, places, new Corner(0, phase.height(), phase.width()), h.phases(), w.phases()));
            channel += input.channels();
        }
        long[] image = {rows, input.channels(), input.height(), input.width()};
        return part(padded, image, new Corner(0, h.window().before(), w.window().before()), 1, 1);
    }

    private memory.desc padded() {
        SubPixels.Axis h = of.height();
        SubPixels.Axis w = of.width();
        return channelsInnermost(new long[] {rows, of.geometry().input().channels(), (long) h.places() * h.phases(),
            (long) w.places() * w.phases()}, made);
    }

    /** Where a part of an image begins. */
    private record Corner(long channel, long row, long column) {
    }

    /** Every {@code down}-th row and {@code across}-th column from a corner on, {@code sizes} in all. */
    private memory part(memory whole, long[] sizes, Corner from, long down, long across) {
        long[] of = DnnMemory.sizes(whole);
        long row = of[1] * of[3];
        memory.desc view = new memory.desc(sizes, whole.get_desc().get_data_type(),
                new long[] {of[2] * row, 1, down * row, across * of[1]}, false);
        return new memory(view, cpu, DnnMemory.element(whole, from.row * row + from.column * of[1] + from.channel));
    }
}
