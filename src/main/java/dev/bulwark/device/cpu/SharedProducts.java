package dev.bulwark.device.cpu;

import dev.bulwark.device.Linear;

/** Matrix products shared out among all workers. */
interface SharedProducts extends Linear {

    /** Library, version and arithmetic, for provenance. */
    String name();
}
