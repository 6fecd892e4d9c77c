package dev.bulwark.device.cuda;

import static dev.bulwark.device.cuda.Driver.check;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;
import static jcuda.driver.JCudaDriver.cuMemAllocHost;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD32Async;

import dev.bulwark.device.DeviceBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;

/**
 * Copies between Java arrays and a GPU through two pinned buffers in turn: while one is on its way, the other is filled or
 * emptied. Copies run on the backend's stream, in order with its kernels.
 */
final class Transfers implements AutoCloseable {

    /** Long enough for a bus's full speed, short enough that small copies don't wait for memory to be pinned. */
    private static final int CHUNK_BYTES = 1 << 20;

    private final CudaMemory memory;
    private final Stage[] stages = new Stage[2];

    Transfers(CudaMemory memory) {
        this.memory = memory;
        memory.gpu().makeCurrent();
        try {
            for (int i = 0; i < stages.length; ++i) {
                stages[i] = new Stage();
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Elements moved between an array and a chunk. */
    private interface Elements {
        void move(ByteBuffer chunk, int from, int count);
    }

    void write(float[] source, DeviceBuffer target) {
        write(source.length, target, (chunk, from, count) -> chunk.asFloatBuffer().put(source, from, count));
    }

    void write(int[] source, DeviceBuffer target) {
        write(source.length, target, (chunk, from, count) -> chunk.asIntBuffer().put(source, from, count));
    }

    void read(DeviceBuffer source, float[] target) {
        read(source, target.length, (chunk, from, count) -> chunk.asFloatBuffer().get(target, from, count));
    }

    void read(DeviceBuffer source, int[] target) {
        read(source, target.length, (chunk, from, count) -> chunk.asIntBuffer().get(target, from, count));
    }

    private void write(int length, DeviceBuffer target, Elements elements) {
        memory.gpu().makeCurrent();
        CUdeviceptr to = memory.pointer(target.require("target", length));
        int perChunk = CHUNK_BYTES / Float.BYTES;
        for (int from = 0, turn = 0; from < length; from += perChunk, ++turn) {
            int count = Math.min(perChunk, length - from);
            Stage stage = stages[turn % stages.length];
            stage.await();
            elements.move(stage.bytes(), from, count);
            check("cuMemcpyHtoDAsync", cuMemcpyHtoDAsync(to.withByteOffset((long) from * Float.BYTES), stage.pinned,
                    (long) count * Float.BYTES, memory.gpu().stream()));
            stage.sent();
        }
    }

    private void read(DeviceBuffer source, int length, Elements elements) {
        memory.gpu().makeCurrent();
        CUdeviceptr start = memory.pointer(source.require("source", length));
        int perChunk = CHUNK_BYTES / Float.BYTES;
        int chunks = (length + perChunk - 1) / perChunk;
        for (int chunk = 0; chunk <= chunks; ++chunk) {
            if (chunk < chunks) {
                Stage next = stages[chunk % stages.length];
                next.await();
                int from = chunk * perChunk;
                check("cuMemcpyDtoHAsync", cuMemcpyDtoHAsync(next.pinned, start.withByteOffset((long) from * Float.BYTES),
                        (long) Math.min(perChunk, length - from) * Float.BYTES, memory.gpu().stream()));
                next.sent();
            }
            if (chunk > 0) {
                int from = (chunk - 1) * perChunk;
                Stage arrived = stages[(chunk - 1) % stages.length];
                arrived.await();
                elements.move(arrived.bytes(), from, Math.min(perChunk, length - from));
            }
        }
    }

    void copy(DeviceBuffer source, long length, DeviceBuffer target) {
        memory.gpu().makeCurrent();
        check("cuMemcpyDtoDAsync", cuMemcpyDtoDAsync(memory.pointer(target.require("target", length)),
                memory.pointer(source.require("source", length)), length * Float.BYTES, memory.gpu().stream()));
    }

    void fill(DeviceBuffer target, float value) {
        fill(target, Float.floatToRawIntBits(value));
    }

    void zeroInts(DeviceBuffer target) {
        fill(target, 0);
    }

    private void fill(DeviceBuffer target, int word) {
        if (target.length() > 0) {
            memory.gpu().makeCurrent();
            check("cuMemsetD32Async",
                    cuMemsetD32Async(memory.pointer(target), word, target.length(), memory.gpu().stream()));
        }
    }

    @Override
    public void close() {
        for (Stage stage : stages) {
            if (stage != null) { // a later one could not be made
                stage.close();
            }
        }
    }

    /** One pinned buffer, and when its last copy ended. */
    private final class Stage implements AutoCloseable {

        private final Pointer pinned = new Pointer();
        private final CUevent copied = new CUevent();

        Stage() {
            check("cuMemAllocHost", cuMemAllocHost(pinned, CHUNK_BYTES));
            int result = cuEventCreate(copied, CUevent_flags.CU_EVENT_DISABLE_TIMING);
            if (result != CUresult.CUDA_SUCCESS) {
                cuMemFreeHost(pinned);
                throw Driver.failure("cuEventCreate", result);
            }
        }

        ByteBuffer bytes() {
            return pinned.getByteBuffer(0, CHUNK_BYTES).order(ByteOrder.nativeOrder());
        }

        void sent() {
            check("cuEventRecord", cuEventRecord(copied, memory.gpu().stream()));
        }

        void await() {
            check("cuEventSynchronize", cuEventSynchronize(copied));
        }

        @Override
        public void close() {
            cuEventDestroy(copied);
            cuMemFreeHost(pinned);
        }
    }
}
