package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceException;
import jcuda.driver.CUresult;

/** A call of the CUDA driver failed; the message names the call, and the kernel where there was one. */
public class CudaException extends DeviceException {

    private static final long serialVersionUID = 1L;

    private final int result;

    CudaException(String call, int result, String advice) {
        super(call + " failed: " + CUresult.stringFor(result) + (advice.isEmpty() ? "" : "; " + advice));
        this.result = result;
    }

    /** The driver's code, a constant of {@link CUresult}. */
    int result() {
        return result;
    }

    boolean outOfMemory() {
        return result == CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    }
}
