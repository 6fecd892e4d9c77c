package dev.bulwark.runs;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceInfo;
import java.util.List;

/**
 * The devices of a run, at least one. All of them compute alike, so that neither a row nor a network depends on which of
 * them made it: they share out images, and networks that are to be trained.
 */
public final class Fleet implements AutoCloseable {

    private final List<Backend> backends;
    private final String choice;

    /**
     * @param backends of the same arithmetic; closed with the fleet
     * @param choice   which devices these are, and why these, in a line
     */
    public Fleet(List<? extends Backend> backends, String choice) {
        if (backends.isEmpty()) {
            throw new IllegalArgumentException("a fleet needs at least one backend");
        }
        this.backends = List.copyOf(backends);
        this.choice = choice;
        for (Backend backend : backends) {
            if (!backend.info().arithmetic().equals(info().arithmetic())) {
                throw new IllegalArgumentException(backend.info() + " computes otherwise than " + info());
            }
        }
    }

    /** The device of what can't be shared out. */
    public Backend first() {
        return backends.get(0);
    }

    /** What the first one is; the others differ from it in nothing that results depend on. */
    public DeviceInfo info() {
        return first().info();
    }

    /** Which devices these are, and why these, in a line. */
    public String choice() {
        return choice;
    }

    List<Backend> backends() {
        return backends;
    }

    @Override
    public void close() {
        for (int i = backends.size() - 1; i >= 0; --i) {
            backends.get(i).close();
        }
    }
}
