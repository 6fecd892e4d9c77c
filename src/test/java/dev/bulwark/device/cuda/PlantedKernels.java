package dev.bulwark.device.cuda;

import static jcuda.driver.CUresult.CUDA_SUCCESS;
import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;

/** The emulated driver with one of the sources of {@code src/test/cuda/*.cu}, and calls that tests make of it. */
abstract class PlantedKernels {

    protected final CUdevice device = new CUdevice();
    protected final CUcontext context = new CUcontext();
    protected final CUstream stream = new CUstream();
    protected final CUmodule module = new CUmodule();

    @BeforeEach
    void open() {
        Assumptions.assumeFalse(TestGpu.isReal(), "these faults are planted in the emulated driver");
        EmulatedDriver.reset();
        check(cuInit(0));
        check(cuDeviceGet(device, 0));
        check(cuDevicePrimaryCtxRetain(context, device));
        check(cuCtxSetCurrent(context));
        check(cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
        check(load(module, ptx("7.8", "sm_80")));
    }

    @AfterEach
    void forgetEverything() {
        EmulatedDriver.reset();
    }

    /** The source's kernels, as {@link #entry} declares them. */
    protected abstract String entries();

    /** A module of all of them; the emulated driver reads no more of PTX than declarations. */
    protected String ptx(String version, String target) {
        return ".version " + version + "\n.target " + target + "\n.address_size 64\n" + entries();
    }

    protected static void check(int result) {
        assertEquals(CUDA_SUCCESS, result);
    }

    protected static String entry(String name, String sharedBytes, String... parameters) {
        StringBuilder text = new StringBuilder(".visible .entry " + name + "(\n");
        for (int i = 0; i < parameters.length; ++i) {
            text.append("\t.param .").append(parameters[i]).append(' ').append(name).append("_param_").append(i)
                    .append(i + 1 < parameters.length ? ",\n" : "\n");
        }
        text.append(")\n.maxntid 256, 1, 1\n{\n");
        if (!sharedBytes.isEmpty()) {
            text.append("\t.shared .align 4 .b8 ").append(name).append("_shared[").append(sharedBytes).append("];\n");
        }
        return text.append("\tret;\n}\n").toString();
    }

    /** The kernel of this entry, in clusters of two blocks. */
    protected static String inClusters(String entry) {
        return entry.replace(".maxntid 256, 1, 1", ".maxntid 128, 1, 1\n.explicitcluster\n.reqnctapercluster 2, 1, 1");
    }

    protected static int load(CUmodule target, String ptx) {
        return cuModuleLoadData(target, (ptx + "\0").getBytes(StandardCharsets.US_ASCII));
    }

    protected CUfunction kernel(String name) {
        CUfunction function = new CUfunction();
        check(cuModuleGetFunction(function, module, name));
        return function;
    }

    protected static CUdeviceptr allocate(int floats) {
        CUdeviceptr pointer = new CUdeviceptr();
        check(cuMemAlloc(pointer, (long) floats * Sizeof.FLOAT));
        return pointer;
    }

    protected static CUdeviceptr device(float... values) {
        CUdeviceptr pointer = allocate(values.length);
        check(cuMemcpyHtoD(pointer, Pointer.to(values), (long) values.length * Sizeof.FLOAT));
        return pointer;
    }

    protected static float[] host(CUdeviceptr pointer, int floats) {
        float[] values = new float[floats];
        check(cuMemcpyDtoH(Pointer.to(values), pointer, (long) floats * Sizeof.FLOAT));
        return values;
    }

    protected int launch(String name, int blocks, int threads, int shared, Pointer... arguments) {
        return cuLaunchKernel(kernel(name), blocks, 1, 1, threads, 1, 1, shared, stream, Pointer.to(arguments), null);
    }

    /** Launches and waits: the launch's own result, else that of the wait. */
    protected int run(String name, int blocks, int threads, int shared, Pointer... arguments) {
        int result = launch(name, blocks, threads, shared, arguments);
        return result != CUDA_SUCCESS ? result : cuStreamSynchronize(stream);
    }

    protected static Pointer of(CUdeviceptr pointer) {
        return Pointer.to(pointer);
    }

    protected static Pointer of(int value) {
        return Pointer.to(new int[] {value});
    }

    protected static Pointer of(long value) {
        return Pointer.to(new long[] {value});
    }
}
