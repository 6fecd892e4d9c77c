package dev.bulwark.device;

/** A device can't be had, can't do what was asked, or was lost; the message is one line that says what to do. */
public class DeviceException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public DeviceException(String message) {
        super(message);
    }

    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
