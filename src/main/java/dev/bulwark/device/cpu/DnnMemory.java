package dev.bulwark.device.cpu;

import dev.bulwark.device.NoisyClassifier.Precision;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;

/** oneDNN's memory as buffers. */
final class DnnMemory {

    private DnnMemory() {
    }

    static FloatBuffer floats(memory of) {
        return new FloatPointer(of.get_data_handle()).capacity(of.get_desc().get_size() / Float.BYTES).asBuffer();
    }

    /** Bit patterns of bf16. */
    static ShortBuffer halves(memory of) {
        return new ShortPointer(of.get_data_handle()).capacity(of.get_desc().get_size() / Short.BYTES).asBuffer();
    }

    /** @param precision {@code FLOAT32} or {@code BFLOAT16} */
    static memory.data_type type(Precision precision) {
        return precision == Precision.BFLOAT16 ? memory.data_type.bf16 : memory.data_type.f32;
    }

    static boolean isBfloat16(memory of) {
        return of.get_desc().get_data_type().value == memory.data_type.bf16.value;
    }

    /** The address of an element, counted in memory. */
    static Pointer element(memory of, long number) {
        return isBfloat16(of) ? new ShortPointer(of.get_data_handle()).getPointer(number)
                : new FloatPointer(of.get_data_handle()).getPointer(number);
    }

    static long[] sizes(memory of) {
        return sizes(of.get_desc());
    }

    static long[] sizes(memory.desc of) {
        long[] sizes = new long[of.get_ndims()];
        of.get_dims().get(sizes);
        return sizes;
    }

    /** In the layout that suits the primitive. */
    static memory.desc any(long[] sizes, memory.data_type type) {
        return new memory.desc(sizes, type, memory.format_tag.any, false);
    }

    /** Row-major. */
    static memory.desc plain(long[] sizes, memory.data_type type) {
        long[] strides = new long[sizes.length];
        long stride = 1;
        for (int axis = sizes.length - 1; axis >= 0; --axis) {
            strides[axis] = stride;
            stride *= sizes[axis];
        }
        return new memory.desc(sizes, type, strides, false);
    }
}
