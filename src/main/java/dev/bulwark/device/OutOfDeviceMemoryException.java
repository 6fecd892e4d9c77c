package dev.bulwark.device;

/** A device has too little memory left for what was asked: less at a time may still fit. */
public class OutOfDeviceMemoryException extends DeviceException {

    private static final long serialVersionUID = 1L;

    public OutOfDeviceMemoryException(String message) {
        super(message);
    }

    public OutOfDeviceMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
