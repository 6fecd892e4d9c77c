package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceException;
import jcuda.driver.CUresult;

/** A call of the CUDA driver failed; the message names the call, and the kernel where there was one. */
public class CudaException extends DeviceException {

    /** The device contained a fault of its own, after which the process has to start again; newer than JCuda's list. */
    static final int CONTAINED = 226;
    /** A kernel ended without giving its tensor memory back; newer than JCuda's list, and as final. */
    static final int TENSOR_MEMORY_LEAK = 721;
    /** A device outside of CUDA failed that work was waiting for; newer than JCuda's list, and as final. */
    static final int EXTERNAL_DEVICE = 911;

    private static final long serialVersionUID = 1L;

    CudaException(String call, int result, String advice) {
        super(describe(call, result) + (advice.isEmpty() ? "" : "; " + advice));
    }

    /** @param result the driver's code, a constant of {@link CUresult} */
    static String describe(String call, int result) {
        return call + " failed: " + name(result);
    }

    private static String name(int result) {
        return switch (result) {
            case CONTAINED -> "CUDA_ERROR_CONTAINED";
            case TENSOR_MEMORY_LEAK -> "CUDA_ERROR_TENSOR_MEMORY_LEAK";
            case EXTERNAL_DEVICE -> "CUDA_ERROR_EXTERNAL_DEVICE";
            default -> CUresult.stringFor(result);
        };
    }
}
