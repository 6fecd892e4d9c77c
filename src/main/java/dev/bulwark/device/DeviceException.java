package dev.bulwark.device;

import java.util.Optional;

/** A device can't be had, can't do what was asked, or was lost; the message is one line that says what to do. */
public class DeviceException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private transient Optional<Advice> advice = Optional.empty();

    public DeviceException(String message) {
        super(message);
    }

    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }

    /** What a message ends with, for those who know how their users ask for it. */
    public enum Advice {
        /** Use the CPU. */
        CPU,
        /** Use another device. */
        OTHER_DEVICE,
        /** Compute noisy forward passes in another precision. */
        PRECISION,
        /** Leave the kernels for noisy votes to the device. */
        AUTOMATIC_KERNELS,
        /** Compute training's products in another precision. */
        PRODUCTS
    }

    /** This failure, whose message ends with {@code what}. */
    public final DeviceException advising(Advice what) {
        advice = Optional.of(what);
        return this;
    }

    public final Optional<Advice> advice() {
        return advice;
    }
}
