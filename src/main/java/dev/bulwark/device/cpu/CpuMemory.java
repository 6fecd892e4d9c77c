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
import java.nio.ShortBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Native memory that oneDNN reads in place and Java copies from in chunks.
 *
 * <p>Direct buffers are freed at once, not whenever the collector comes by: training buffers are large and few.
 *
 * <p>Whoever writes asks for a view to write to, and that makes bf16 copies of the content outdated.
 */
final class CpuMemory implements DeviceBuffer.Memory {

    private static final int ALIGNMENT = 64;
    private static final MethodHandle CLEANER = cleaner();

    private final ByteBuffer root;
    private final FloatBuffer floats;
    private final IntBuffer ints;
    private final AtomicLong live;
    /** Counts the views to write to that were given out. */
    private final AtomicLong version = new AtomicLong();
    /** As long as {@link #floats} once it is needed; a part of it is good if it was rounded at this version. */
    private ByteBuffer roundedRoot;
    private ShortBuffer rounded;
    private final Map<Part, Long> roundedAt = new HashMap<>();

    private record Part(long offset, long length) {
    }

    /** @param live counter of live bytes, raised here and lowered by {@link #free} */
    CpuMemory(long length, AtomicLong live) {
        long bytes = length * Float.BYTES;
        if (bytes > Integer.MAX_VALUE - ALIGNMENT) {
            throw new OutOfDeviceMemoryException(
                    "a CPU buffer holds at most 2 GiB, " + bytes + " bytes were asked for: use a smaller batch");
        }
        root = allocate((int) bytes, live);
        ByteBuffer aligned = aligned(root, (int) bytes);
        floats = aligned.asFloatBuffer();
        ints = aligned.asIntBuffer();
        this.live = live;
        live.addAndGet(bytes);
    }

    private static ByteBuffer allocate(int bytes, AtomicLong live) {
        try {
            return ByteBuffer.allocateDirect(bytes + ALIGNMENT);
        } catch (OutOfMemoryError e) {
            throw new OutOfDeviceMemoryException("no native memory left for " + bytes + " bytes beside " + live.get()
                    + " live ones: use a smaller batch or raise -XX:MaxDirectMemorySize", e);
        }
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

    /** The elements of {@code buffer} from its first on, as floats, to read. */
    static FloatBuffer floats(DeviceBuffer buffer) {
        return part(of(buffer).floats, buffer).asReadOnlyBuffer();
    }

    /** The elements of {@code buffer} from its first on, as ints, to read. */
    static IntBuffer ints(DeviceBuffer buffer) {
        return part(of(buffer).ints, buffer).asReadOnlyBuffer();
    }

    /** As {@link #floats}, to write to before the next operation. */
    static FloatBuffer floatsToWrite(DeviceBuffer buffer) {
        CpuMemory memory = of(buffer);
        memory.version.incrementAndGet();
        return part(memory.floats, buffer);
    }

    /** As {@link #ints}, to write to before the next operation. */
    static IntBuffer intsToWrite(DeviceBuffer buffer) {
        CpuMemory memory = of(buffer);
        memory.version.incrementAndGet();
        return part(memory.ints, buffer);
    }

    /** Copies {@code length} elements of either kind. */
    static void copy(DeviceBuffer source, long length, DeviceBuffer target) {
        IntBuffer from = ints(source.require("source", length));
        intsToWrite(target.require("target", length)).put(0, from, 0, (int) length);
    }

    private static FloatBuffer part(FloatBuffer all, DeviceBuffer buffer) {
        return all.slice((int) buffer.offset(), (int) buffer.length());
    }

    private static IntBuffer part(IntBuffer all, DeviceBuffer buffer) {
        return all.slice((int) buffer.offset(), (int) buffer.length());
    }

    /** Writes the bf16 roundings of {@code from} to {@code to}. */
    interface Rounding {
        void run(FloatBuffer from, ShortBuffer to);
    }

    /** The first {@code length} elements of {@code buffer} in bf16, rounded unless they were since the last write. */
    static ShortBuffer bfloat16(DeviceBuffer buffer, long length, Rounding rounding) {
        CpuMemory memory = of(buffer.require("factor", length));
        if (memory.rounded == null) {
            memory.allocateRounded();
        }
        Part part = new Part(buffer.offset(), length);
        ShortBuffer values = memory.rounded.slice((int) part.offset, (int) length);
        Long now = memory.version.get();
        if (!now.equals(memory.roundedAt.put(part, now))) {
            rounding.run(memory.floats.slice((int) part.offset, (int) length), values);
        }
        return values;
    }

    private void allocateRounded() {
        int bytes = floats.capacity() * Short.BYTES;
        roundedRoot = allocate(bytes, live);
        rounded = aligned(roundedRoot, bytes).asShortBuffer();
        live.addAndGet(bytes);
    }

    private static CpuMemory of(DeviceBuffer buffer) {
        if (buffer.memory() instanceof CpuMemory memory) {
            return memory;
        }
        throw new IllegalArgumentException("the buffer belongs to another backend");
    }

    @Override
    public void free() {
        free(root);
        if (roundedRoot != null) {
            free(roundedRoot);
        }
    }

    private void free(ByteBuffer bytes) {
        live.addAndGet(-(long) (bytes.capacity() - ALIGNMENT));
        try {
            CLEANER.invokeExact(bytes);
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
