package dev.bulwark.device.cuda;

import static jcuda.driver.JCudaDriver.cuLaunchKernel;

import dev.bulwark.device.DeviceBuffer;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUresult;

/** One kernel of one module, ready to launch on its GPU's stream. */
final class Kernel {

    private final CudaMemory memory;
    private final LoadedModule module;
    private final String name;
    private final CUfunction function;

    /** @throws CudaException if the module has no such kernel */
    Kernel(CudaMemory memory, LoadedModule module, String name) {
        this.memory = memory;
        this.module = module;
        this.name = name;
        this.function = module.function(name);
    }

    /** Allows blocks of this kernel more dynamic shared memory than the 48 KiB every kernel may have. */
    Kernel allowShared(int bytes) {
        memory.gpu().makeCurrent();
        module.allowShared(name, function, bytes);
        return this;
    }

    /**
     * Launches the kernel.
     *
     * @param arguments in the order of the kernel's signature: {@link DeviceBuffer} for a pointer, Integer, Long or Float
     */
    void launch(Grid grid, Object... arguments) {
        Pointer[] parameters = new Pointer[arguments.length];
        for (int i = 0; i < arguments.length; ++i) {
            parameters[i] = parameter(arguments[i]);
        }
        memory.gpu().makeCurrent();
        int result = cuLaunchKernel(function, grid.x(), grid.y(), grid.z(), grid.threads(), 1, 1, grid.sharedBytes(),
                memory.gpu().stream(), Pointer.to(parameters), null);
        if (result != CUresult.CUDA_SUCCESS) {
            throw Driver.failure("kernel " + name + " with " + grid, result);
        }
    }

    private Pointer parameter(Object argument) {
        if (argument instanceof DeviceBuffer buffer) {
            return Pointer.to(memory.pointer(buffer));
        }
        if (argument instanceof Integer value) {
            return Pointer.to(new int[] {value});
        }
        if (argument instanceof Long value) {
            return Pointer.to(new long[] {value});
        }
        if (argument instanceof Float value) {
            return Pointer.to(new float[] {value});
        }
        throw new IllegalArgumentException("kernel " + name + " takes no argument of type "
                + (argument == null ? "null" : argument.getClass().getName()));
    }
}
