package dev.bulwark.device.cpu;

import dev.bulwark.shapes.ImageShape;
import java.nio.FloatBuffer;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;

/**
 * One thread's convolution of sub-pixels in float, on row-major memory. Images go in blocks of one size, the last one filled
 * up with what is ignored: what comes of an image depends on no other.
 */
final class SubPixelLane {

    private final SubPixels of;
    private final int block;
    private final Primitives packing;
    private final Primitives run;
    private final FloatBuffer weight;
    private final FloatBuffer outputs;
    private final FloatBuffer images;

    SubPixelLane(engine cpu, SubPixels of, int block) {
        this.of = of;
        this.block = block;
        this.packing = new Primitives(cpu);
        this.run = new Primitives(cpu);
        var convolution = new SubPixelConvolution(cpu, of, block, memory.data_type.f32, memory.data_type.f32);
        memory plain = convolution.plainWeight();
        memory packed = convolution.weight();
        packing.copy(plain, packed);
        memory given = new memory(floats(of.geometry().output()), cpu);
        memory made = run.convert(convolution.addTo(run, packed, given), floats(of.geometry().input()));
        run.hold(made);
        weight = DnnMemory.floats(plain);
        outputs = DnnMemory.floats(given).put(0, new float[block * of.geometry().output().size()]);
        images = DnnMemory.floats(made);
    }

    private memory.desc floats(ImageShape shape) {
        return DnnMemory.plain(new long[] {block, shape.channels(), shape.height(), shape.width()}, memory.data_type.f32);
    }

    /** {@code target = a W}; a {@code [rows,output]}, target {@code [rows,input]}. */
    void apply(int rows, FloatBuffer a, FloatBuffer w, FloatBuffer target) {
        float[] plain = new float[of.geometry().weights()];
        w.get(0, plain);
        weight.put(0, of.weight(plain));
        packing.run();
        int in = of.geometry().input().size();
        int out = of.geometry().output().size();
        for (int n = 0; n < rows; n += block) {
            int count = Math.min(block, rows - n);
            outputs.put(0, a, n * out, count * out);
            run.run();
            target.put(n * in, images, 0, count * in);
        }
    }
}
