package dev.bulwark.device.cuda;

import static dev.bulwark.device.cuda.Driver.check;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;

import dev.bulwark.device.DeviceBuffer;
import java.util.concurrent.atomic.AtomicLong;
import jcuda.driver.CUdeviceptr;

/** Memory of one GPU: plain allocations, counted. */
final class CudaMemory {

    private final GpuContext gpu;
    private final AtomicLong live = new AtomicLong();

    CudaMemory(GpuContext gpu) {
        this.gpu = gpu;
    }

    /** @throws dev.bulwark.device.OutOfDeviceMemoryException when there is no memory left */
    DeviceBuffer allocate(long length) {
        long bytes = Math.multiplyExact(length, Float.BYTES);
        DeviceBuffer buffer = allocate(length, bytes);
        live.addAndGet(bytes);
        return buffer;
    }

    /** As {@link #allocate}, for what the backend itself works with as long as it lives: not counted among live bytes. */
    DeviceBuffer scratch(long length) {
        return allocate(length, 0);
    }

    private DeviceBuffer allocate(long length, long counted) {
        long bytes = Math.multiplyExact(length, Float.BYTES);
        CUdeviceptr pointer = new CUdeviceptr();
        gpu.makeCurrent();
        check("cuMemAlloc of " + bytes + " bytes beside " + live.get() + " live ones",
                cuMemAlloc(pointer, Math.max(bytes, 1)));
        return DeviceBuffer.owning(new Allocation(this, pointer, counted), length);
    }

    long liveBytes() {
        return live.get();
    }

    GpuContext gpu() {
        return gpu;
    }

    /** Where the buffer's first element lies. @throws IllegalArgumentException if it lies in another backend's memory */
    CUdeviceptr pointer(DeviceBuffer buffer) {
        if (buffer.memory() instanceof Allocation allocation && allocation.owner == this) {
            return allocation.pointer.withByteOffset(buffer.offset() * Float.BYTES);
        }
        throw new IllegalArgumentException("the buffer belongs to another backend");
    }

    /** What a buffer hangs on; {@code counted} of its bytes are among the live ones. */
    private record Allocation(CudaMemory owner, CUdeviceptr pointer, long counted) implements DeviceBuffer.Memory {

        @Override
        public void free() {
            owner.live.addAndGet(-counted);
            owner.gpu.makeCurrent();
            check("cuMemFree", cuMemFree(pointer));
        }
    }
}
