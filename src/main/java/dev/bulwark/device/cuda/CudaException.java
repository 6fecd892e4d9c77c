package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceException;
import jcuda.driver.CUresult;

/** A call of the CUDA driver failed; the message names the call, and the kernel where there was one. */
public class CudaException extends DeviceException {

    private static final long serialVersionUID = 1L;

    CudaException(String call, int result, String advice) {
        super(describe(call, result) + (advice.isEmpty() ? "" : "; " + advice));
    }

    /** @param result the driver's code, a constant of {@link CUresult} */
    static String describe(String call, int result) {
        return call + " failed: " + CUresult.stringFor(result);
    }
}
