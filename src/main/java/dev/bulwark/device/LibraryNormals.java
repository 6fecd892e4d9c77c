package dev.bulwark.device;

/**
 * Standard normals from a vendor's generator on the same device: a yardstick for a backend's own noise, never noise itself.
 */
public interface LibraryNormals extends AutoCloseable {

    /** Fills {@code target}, whose length is even, with normals that follow those of the last call. */
    void fill(DeviceBuffer target);

    @Override
    void close();
}
