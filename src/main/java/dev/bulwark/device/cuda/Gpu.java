package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceException.Advice;
import dev.bulwark.device.DeviceException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;

/**
 * An NVIDIA GPU of this machine, whether or not it can be used.
 *
 * @param ordinal         the driver's number of it, from 0
 * @param capability      compute capability times ten: 90 on an H200
 * @param memoryBytes     all of its memory
 * @param multiprocessors that work side by side
 */
public record Gpu(int ordinal, String name, int capability, long memoryBytes, int multiprocessors) {

    /** Compute capabilities below this have no kernels here. */
    private static final int OLDEST_CAPABILITY = 80;

    /** Whether there is a CUDA driver at all; it may still not load, be too old, or find no GPU. */
    public static boolean driverIsInstalled() {
        return Driver.isInstalled();
    }

    /** The CUDA version that the driver supports, for example {@code 12.6}. @throws DeviceException if there is no driver */
    public static String driverVersion() {
        Driver.initialise();
        return Driver.name(Driver.version());
    }

    /**
     * All GPUs of this machine.
     *
     * @throws DeviceException if there is none, no driver, or none that works; the message says what to do
     */
    public static List<Gpu> all() {
        Driver.initialise();
        int count = Math.max(1, Driver.deviceCount()); // asking for the first where there is none says so
        return IntStream.range(0, count).mapToObj(Gpu::at).toList();
    }

    /** @throws DeviceException if there is no such GPU */
    static Gpu at(int ordinal) {
        Driver.initialise();
        CUdevice device = Driver.device(ordinal);
        int capability = 10 * Driver.attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                + Driver.attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        return new Gpu(ordinal, Driver.deviceName(device), capability, Driver.totalMemory(device),
                Driver.attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
    }

    /** What names it as a device to use. */
    public String option() {
        return "cuda:" + ordinal;
    }

    /** {@code 9.0} for 90. */
    public String capabilityName() {
        return capability / 10 + "." + capability % 10;
    }

    /** Why the kernels can't run on it, if they can't. */
    public Optional<String> complaint() {
        return capability >= OLDEST_CAPABILITY ? Optional.empty() : Optional.of(name + " (" + option()
                + ") has compute capability " + capabilityName() + ", the kernels need 8.0 (Ampere) or newer");
    }

    /** @throws DeviceException if the kernels can't run on it */
    Gpu requireUsable() {
        complaint().ifPresent(complaint -> {
            throw new DeviceException(complaint + ": use the CPU").advising(Advice.CPU);
        });
        return this;
    }
}
