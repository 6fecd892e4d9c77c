package dev.bulwark.device;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Owns what lies on a device and closes it in reverse order: objects that are made of several buffers allocate them here,
 * so that whatever fails halfway leaves nothing behind.
 *
 * <p>An object that lives as long as a method allocates from its caller's scope. One that outlives the method that builds
 * it allocates from a scope of its own, closed at the end of that method, and takes the buffers over when it is complete:
 *
 * <pre>{@code
 * try (DeviceMemory building = new DeviceMemory(backend)) {
 *     weights = building.holding(values);
 *     scratch = building.allocate(length);
 *     memory = building.handOver();
 * }
 * }</pre>
 */
public final class DeviceMemory implements AutoCloseable {

    private final Backend backend;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    public DeviceMemory(Backend backend) {
        this.backend = backend;
    }

    /** A buffer of {@code length} elements with unspecified content. */
    public DeviceBuffer allocate(long length) {
        DeviceBuffer buffer = backend.allocate(length);
        owned.push(buffer);
        return buffer;
    }

    /** A buffer of {@code length} zeros. */
    public DeviceBuffer zeros(long length) {
        DeviceBuffer buffer = allocate(length);
        backend.fill(buffer, 0f);
        return buffer;
    }

    public DeviceBuffer holding(float... values) {
        DeviceBuffer buffer = allocate(values.length);
        backend.write(values, buffer);
        return buffer;
    }

    public DeviceBuffer holding(int[] values) {
        DeviceBuffer buffer = allocate(values.length);
        backend.write(values, buffer);
        return buffer;
    }

    public Backend.Replay record(Runnable operations) {
        return owning(backend.record(operations));
    }

    /** {@code resource}, which is closed with this; closing it must throw no checked exception. */
    public <T extends AutoCloseable> T owning(T resource) {
        owned.push(resource);
        return resource;
    }

    /** Everything owned so far, in a scope of its own; this one has nothing left to close. */
    public DeviceMemory handOver() {
        DeviceMemory successor = new DeviceMemory(backend);
        successor.owned.addAll(owned);
        owned.clear();
        return successor;
    }

    /** Closes everything, even where some of it can't be; the first failure is thrown at the end. */
    @Override
    public void close() {
        RuntimeException first = null;
        while (!owned.isEmpty()) {
            try {
                closeOne(owned.pop());
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private static void closeOne(AutoCloseable resource) {
        try {
            resource.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("buffers and replays close without checked exceptions", e);
        }
    }
}
