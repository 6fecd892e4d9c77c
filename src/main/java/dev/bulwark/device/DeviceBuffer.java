package dev.bulwark.device;

/**
 * A span of 4-byte elements, {@code float} or {@code int}, in the memory of one {@link Backend}.
 *
 * <p>A buffer from {@link Backend#allocate} owns its memory and gives it back on {@link #close}, once. A {@link #slice}
 * borrows: closing it does nothing, and using it after its owner was closed throws. Lengths and offsets count elements.
 */
public final class DeviceBuffer implements AutoCloseable {

    /** What a backend hangs its memory on; {@link #free} is called at most once, by the owning buffer. */
    public interface Memory {
        void free();
    }

    private final Memory memory;
    private final DeviceBuffer owner;
    private final long offset;
    private final long length;
    private boolean closed;

    private DeviceBuffer(Memory memory, DeviceBuffer owner, long offset, long length) {
        this.memory = memory;
        this.owner = owner;
        this.offset = offset;
        this.length = length;
    }

    /** Called by backends: a buffer that owns {@code memory}, of {@code length} elements. */
    public static DeviceBuffer owning(Memory memory, long length) {
        if (length < 0) {
            throw new IllegalArgumentException("length must not be negative: " + length);
        }
        return new DeviceBuffer(memory, null, 0, length);
    }

    /** The elements {@code offset .. offset + length - 1} of this buffer, borrowed. */
    public DeviceBuffer slice(long offset, long length) {
        if (offset < 0 || length < 0 || offset > this.length - length) {
            throw new IllegalArgumentException(
                    "slice [" + offset + ", +" + length + ") leaves a buffer of " + this.length + " elements");
        }
        requireOpen();
        return new DeviceBuffer(memory, owner == null ? this : owner, this.offset + offset, length);
    }

    /** Elements from the start of {@link #memory} to the start of this span. */
    public long offset() {
        return offset;
    }

    public long length() {
        return length;
    }

    /** The backend's own memory object. @throws IllegalStateException after {@link #close} */
    public Memory memory() {
        requireOpen();
        return memory;
    }

    /** This buffer, if it holds at least {@code needed} elements; {@code what} names the argument in the complaint. */
    public DeviceBuffer require(String what, long needed) {
        requireOpen();
        if (length < needed) {
            throw new IllegalArgumentException(what + " needs " + needed + " elements but holds " + length);
        }
        return this;
    }

    @Override
    public void close() {
        if (owner == null && !closed) {
            closed = true;
            memory.free();
        }
    }

    private void requireOpen() {
        if (owner == null ? closed : owner.closed) {
            throw new IllegalStateException("device buffer of " + length + " elements was used after it was closed");
        }
    }
}
