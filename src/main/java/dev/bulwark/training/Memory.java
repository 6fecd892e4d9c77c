package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/** Owns the long-lived buffers of a training run and closes them in reverse order. */
final class Memory implements AutoCloseable {

    private final Backend backend;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    Memory(Backend backend) {
        this.backend = backend;
    }

    DeviceBuffer allocate(long length) {
        DeviceBuffer buffer = backend.allocate(length);
        owned.push(buffer);
        return buffer;
    }

    /** A buffer of {@code length} zeros. */
    DeviceBuffer zeros(long length) {
        DeviceBuffer buffer = allocate(length);
        backend.fill(buffer, 0f);
        return buffer;
    }

    DeviceBuffer holding(float... values) {
        DeviceBuffer buffer = allocate(values.length);
        backend.write(values, buffer);
        return buffer;
    }

    DeviceBuffer holding(int[] values) {
        DeviceBuffer buffer = allocate(values.length);
        backend.write(values, buffer);
        return buffer;
    }

    Backend.Replay record(Runnable operations) {
        Backend.Replay replay = backend.record(operations);
        owned.push(replay);
        return replay;
    }

    @Override
    public void close() {
        while (!owned.isEmpty()) {
            closeOne(owned.pop());
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
