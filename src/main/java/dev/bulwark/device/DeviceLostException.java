package dev.bulwark.device;

/** A device stopped working under way: every later call on it fails too, in this process at least. */
public class DeviceLostException extends DeviceException {

    private static final long serialVersionUID = 1L;

    public DeviceLostException(String message) {
        super(message);
    }
}
