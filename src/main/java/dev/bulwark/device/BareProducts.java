package dev.bulwark.device;

/**
 * Matrix products in the arithmetic of noisy forward passes, of operands that lie ready for them: what bounds those passes,
 * whatever else they do.
 */
public interface BareProducts extends AutoCloseable {

    /** Multiply-adds of one {@link #run}. */
    double multiplyAdds();

    /** Multiplies, and returns when the device has done so. */
    void run();

    @Override
    void close();
}
