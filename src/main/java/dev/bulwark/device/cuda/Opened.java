package dev.bulwark.device.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/** What was opened on a GPU; it is closed last first. */
final class Opened implements AutoCloseable {

    private final Deque<AutoCloseable> resources = new ArrayDeque<>();

    <T extends AutoCloseable> T add(T resource) {
        resources.push(resource);
        return resource;
    }

    /** Gives everything back; a GPU that was lost has nothing to give. */
    @Override
    public void close() {
        while (!resources.isEmpty()) {
            try {
                resources.pop().close();
            } catch (Exception e) {
                // The next one still has to be closed, and whatever was lost was reported when it was.
            }
        }
    }
}
