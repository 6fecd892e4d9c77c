package dev.bulwark.device.cuda;

import static dev.bulwark.device.cuda.Driver.check;
import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;

/** One GPU, its primary context and the one stream on which a backend's work happens in order. */
final class GpuContext implements AutoCloseable {

    private final Gpu gpu;
    private final CUdevice device;
    private final CUcontext context = new CUcontext();
    private final CUstream stream = new CUstream();
    private boolean closed;

    /** @throws dev.bulwark.device.DeviceException if there is no such GPU, or it is too old */
    GpuContext(int ordinal) {
        this.gpu = Gpu.at(ordinal).requireUsable();
        this.device = Driver.device(ordinal);
        check("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(context, device));
        try {
            makeCurrent();
            check("cuStreamCreate", cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
        } catch (RuntimeException e) {
            cuDevicePrimaryCtxRelease(device);
            throw e;
        }
    }

    /** Binds this GPU to the calling thread; cheap, and needed whenever a thread may have used another GPU before. */
    void makeCurrent() {
        check("cuCtxSetCurrent", cuCtxSetCurrent(context));
    }

    CUstream stream() {
        return stream;
    }

    Gpu gpu() {
        return gpu;
    }

    /** Compute capability times ten: 90 on an H200. */
    int capability() {
        return gpu.capability();
    }

    int multiprocessors() {
        return gpu.multiprocessors();
    }

    /** @param attribute a constant of {@link jcuda.driver.CUdevice_attribute} */
    int attribute(int attribute) {
        return Driver.attribute(device, attribute);
    }

    /** Waits for all work on the stream and reports what went wrong in it. */
    void synchronize() {
        makeCurrent();
        check("cuStreamSynchronize", cuStreamSynchronize(stream));
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            // A lost context refuses both: there is nothing left to give back then, and the first failure is the news.
            cuCtxSetCurrent(context);
            cuStreamDestroy(stream);
            cuDevicePrimaryCtxRelease(device);
        }
    }
}
