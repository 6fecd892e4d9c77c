package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.OutOfDeviceMemoryException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Native memory that oneDNN reads in place and Java copies from in chunks.
 *
 * <p>Direct buffers are freed at once, not whenever the collector comes by: training buffers are large and few.
 */
final class CpuMemory implements DeviceBuffer.Memory {

    private static final int ALIGNMENT = 64;
    private static final MethodHandle CLEANER = cleaner();

    private final ByteBuffer root;
    private final FloatBuffer floats;
    private final IntBuffer ints;
    private final AtomicLong live;

    /** @param live counter of live bytes, raised here and lowered by {@link #free} */
    CpuMemory(long length, AtomicLong live) {
        long bytes = length * Float.BYTES;
        if (bytes > Integer.MAX_VALUE - ALIGNMENT) {
            throw new OutOfDeviceMemoryException(
                    "a CPU buffer holds at most 2 GiB, " + bytes + " bytes were asked for: use a smaller batch");
        }
        try {
            root = ByteBuffer.allocateDirect((int) bytes + ALIGNMENT);
        } catch (OutOfMemoryError e) {
            throw new OutOfDeviceMemoryException("no native memory left for " + bytes + " bytes beside " + live.get()
                    + " live ones: use a smaller batch or raise -XX:MaxDirectMemorySize", e);
        }
        ByteBuffer aligned = aligned(root, (int) bytes);
        floats = aligned.asFloatBuffer();
        ints = aligned.asIntBuffer();
        this.live = live;
        live.addAndGet(bytes);
    }

    /** The first {@code bytes} bytes of {@code root} from a cache line's start on; root has {@link #ALIGNMENT} to spare. */
    private static ByteBuffer aligned(ByteBuffer root, int bytes) {
        int past = root.alignmentOffset(0, ALIGNMENT);
        return root.slice((ALIGNMENT - past) % ALIGNMENT, bytes).order(ByteOrder.nativeOrder());
    }

    /** Native scratch that lives as long as something refers to it. */
    static FloatBuffer scratch(int length) {
        int bytes = length * Float.BYTES;
        return aligned(ByteBuffer.allocateDirect(bytes + ALIGNMENT), bytes).asFloatBuffer();
    }

    /** The elements of {@code buffer} from its first on, as floats. */
    static FloatBuffer floats(DeviceBuffer buffer) {
        CpuMemory memory = of(buffer);
        return memory.floats.slice((int) buffer.offset(), (int) buffer.length());
    }

    /** The elements of {@code buffer} from its first on, as ints. */
    static IntBuffer ints(DeviceBuffer buffer) {
        CpuMemory memory = of(buffer);
        return memory.ints.slice((int) buffer.offset(), (int) buffer.length());
    }

    private static CpuMemory of(DeviceBuffer buffer) {
        if (buffer.memory() instanceof CpuMemory memory) {
            return memory;
        }
        throw new IllegalArgumentException("the buffer belongs to another backend");
    }

    @Override
    public void free() {
        live.addAndGet(-(long) (root.capacity() - ALIGNMENT));
        try {
            CLEANER.invokeExact(root);
        } catch (Throwable e) {
            throw new IllegalStateException("the JVM refuses to free a direct buffer", e);
        }
    }

    private static MethodHandle cleaner() {
        try {
            Class<?> unsafe = Class.forName("sun.misc.Unsafe");
            Field instance = unsafe.getDeclaredField("theUnsafe");
            instance.setAccessible(true);
            return MethodHandles.lookup()
                    .findVirtual(unsafe, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
                    .bindTo(instance.get(null));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
