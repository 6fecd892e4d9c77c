package dev.bulwark.device.cuda;

import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetCount;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDeviceTotalMem;
import static jcuda.driver.JCudaDriver.cuDriverGetVersion;
import static jcuda.driver.JCudaDriver.cuInit;

import dev.bulwark.device.DeviceException.Advice;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceLostException;
import dev.bulwark.device.OutOfDeviceMemoryException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import jcuda.driver.CUdevice;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** The CUDA driver of this machine: found, initialised once, and asked what GPUs there are. */
final class Driver {

    /** The first driver that takes the portable kernels: PTX 7.8, CUDA 11.8. */
    static final int OLDEST = 11_080;
    static final String OLDEST_NAME = "520 (CUDA 11.8)";

    /** The dynamic linker's words where there is no such library. */
    private static final String NO_DRIVER = "libcuda.so.1: cannot open shared object file";
    private static final String NO_GPU = "the CUDA driver finds no GPU: use the CPU";

    private Driver() {
    }

    /**
     * Initialises the driver; the driver itself ensures that later calls do nothing.
     *
     * @throws DeviceException if there is none, or none that works
     */
    static void initialise() {
        whyNotLoaded().ifPresent(cause -> {
            throw new DeviceException(isInstalled()
                    ? "JCuda's native library does not load (" + cause + "): mend what that names, or use the CPU"
                    : "no CUDA driver on this machine (" + cause + "): install NVIDIA's driver, " + OLDEST_NAME
                            + " or newer, or use the CPU").advising(Advice.CPU);
        });
        requireStarted(cuInit(0));
        if (version() < OLDEST) {
            throw new DeviceException("the CUDA driver supports CUDA " + name(version()) + ", the kernels need driver "
                    + OLDEST_NAME + " or newer: update it, or use the CPU").advising(Advice.CPU);
        }
    }

    /** Whether there is a driver at all; it may still not load, or not start. */
    static boolean isInstalled() {
        return !whyNotLoaded().orElse("").startsWith(NO_DRIVER);
    }

    /** Loads JCuda's binding of the driver at the first call; what the dynamic linker misses, or empty once it is loaded. */
    private static Optional<String> whyNotLoaded() {
        return Loading.WHY_NOT;
    }

    /** What becomes of loading stays so for the process. */
    private static final class Loading {

        static final Optional<String> WHY_NOT = load();

        private static Optional<String> load() {
            try {
                NativeLibrary.load("JCudaDriver", "jcuda.driver.JCudaDriver");
                JCudaDriver.setExceptionsEnabled(false); // check() throws instead: it names the call, JCuda would not
                return Optional.empty();
            } catch (LinkageError e) {
                return Optional.of(String.valueOf(e.getMessage()));
            }
        }
    }

    private static void requireStarted(int result) {
        switch (result) {
            case CUresult.CUDA_ERROR_NO_DEVICE -> throw new DeviceException(NO_GPU).advising(Advice.CPU);
            case CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, CUresult.CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE ->
                    throw new CudaException("cuInit", result, "libcuda.so.1 and the loaded kernel module are not of one "
                            + "driver: reboot after an update, or use the CPU").advising(Advice.CPU);
            case CUresult.CUDA_SUCCESS -> { }
            default -> throw new CudaException("cuInit", result,
                    "the driver does not start: see what nvidia-smi says, or use the CPU").advising(Advice.CPU);
        }
    }

    /** CUDA's version that the driver supports, for example 12060. */
    static int version() {
        int[] version = new int[1];
        check("cuDriverGetVersion", cuDriverGetVersion(version));
        return version[0];
    }

    /** {@code 12.6} for 12060. */
    static String name(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    static int deviceCount() {
        int[] count = new int[1];
        int result = cuDeviceGetCount(count);
        if (result == CUresult.CUDA_ERROR_NO_DEVICE) {
            return 0;
        }
        check("cuDeviceGetCount", result);
        return count[0];
    }

    /** @throws DeviceException if there is no such GPU */
    static CUdevice device(int ordinal) {
        int count = deviceCount();
        if (ordinal >= count) {
            throw new DeviceException(count == 0 ? NO_GPU
                    : "there is no GPU " + ordinal + ": the last one is cuda:" + (count - 1));
        }
        CUdevice device = new CUdevice();
        check("cuDeviceGet", cuDeviceGet(device, ordinal));
        return device;
    }

    /** @param attribute a constant of {@link jcuda.driver.CUdevice_attribute} */
    static int attribute(CUdevice device, int attribute) {
        int[] value = new int[1];
        check("cuDeviceGetAttribute", cuDeviceGetAttribute(value, attribute, device));
        return value[0];
    }

    static String deviceName(CUdevice device) {
        byte[] name = new byte[256];
        check("cuDeviceGetName", cuDeviceGetName(name, name.length, device));
        return new String(name, StandardCharsets.UTF_8).replaceAll("\0.*", "");
    }

    static long totalMemory(CUdevice device) {
        long[] bytes = new long[1];
        check("cuDeviceTotalMem", cuDeviceTotalMem(bytes, device));
        return bytes[0];
    }

    /** Throws unless {@code result} is success; every call of the driver goes through here. */
    static void check(String call, int result) {
        if (result != CUresult.CUDA_SUCCESS) {
            throw failure(call, result);
        }
    }

    /** What a call's result says, as something to throw: callers tell apart what they can do something about. */
    static DeviceException failure(String call, int result) {
        return switch (result) {
            case CUresult.CUDA_ERROR_OUT_OF_MEMORY -> new OutOfDeviceMemoryException(CudaException.describe(call, result)
                    + "; free memory on the GPU (nvidia-smi shows who holds it), or use another device")
                    .advising(Advice.OTHER_DEVICE);
            case CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
                    CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE, CUresult.CUDA_ERROR_INVALID_PC,
                    CUresult.CUDA_ERROR_LAUNCH_FAILED, CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
                    CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR, CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
                    CUresult.CUDA_ERROR_ECC_UNCORRECTABLE, CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
                    CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED, CUresult.CUDA_ERROR_UNKNOWN,
                    CUresult.CUDA_ERROR_ASSERT, CUresult.CUDA_ERROR_MPS_CLIENT_TERMINATED, CudaException.CONTAINED,
                    CudaException.TENSOR_MEMORY_LEAK, CudaException.EXTERNAL_DEVICE ->
                    new DeviceLostException(CudaException.describe(call, result)
                    + "; the GPU's context is lost: start again");
            case CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE -> new DeviceLostException(CudaException.describe(call, result)
                    + "; the GPU is gone, or another process has it to itself (nvidia-smi tells): start again when it is "
                    + "free, or use another device").advising(Advice.OTHER_DEVICE);
            default -> new CudaException(call, result, "");
        };
    }
}
