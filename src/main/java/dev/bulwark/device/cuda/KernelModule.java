package dev.bulwark.device.cuda;

import static dev.bulwark.device.cuda.Driver.check;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuModuleUnload;

import dev.bulwark.device.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;

/** The kernels of one source file of {@code cuda/}, loaded from PTX in the jar. */
final class KernelModule implements AutoCloseable {

    private static final int HOPPER = 90;
    private static final String HOPPER_PTX = "compute_90a";
    private static final String PORTABLE_PTX = "compute_80";

    private final CudaMemory memory;
    private final String name;
    private final CUmodule module = new CUmodule();
    private final String architecture;

    /**
     * @param name the source's name without {@code .cu}
     * @throws DeviceException if the driver takes none of the versions there are
     */
    KernelModule(CudaMemory memory, String name) {
        this.memory = memory;
        this.name = name;
        memory.gpu().makeCurrent();
        int result = memory.gpu().capability() == HOPPER ? load(HOPPER_PTX) : CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU;
        boolean hopper = result == CUresult.CUDA_SUCCESS;
        boolean onlyHopper = !has(PORTABLE_PTX) && has(HOPPER_PTX);
        if (!hopper && !onlyHopper) {
            result = load(PORTABLE_PTX);
        }
        if (result != CUresult.CUDA_SUCCESS) {
            throw new CudaException("loading the kernels of " + name, result,
                    "they need an NVIDIA driver " + Driver.OLDEST_NAME + " or newer; or use --device cpu");
        }
        architecture = hopper ? HOPPER_PTX : PORTABLE_PTX;
    }

    private boolean has(String ptx) {
        return KernelModule.class.getResource(resource(ptx)) != null;
    }

    private String resource(String ptx) {
        return name + "." + ptx + ".ptx";
    }

    private int load(String ptx) {
        String resource = resource(ptx);
        try (InputStream in = KernelModule.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + resource + ": run scripts/build-kernels and build again");
            }
            byte[] text = in.readAllBytes();
            return cuModuleLoadData(module, Arrays.copyOf(text, text.length + 1)); // the driver wants a final zero
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Which PTX was loaded. */
    String architecture() {
        return architecture;
    }

    /** @throws CudaException if the module has no such kernel */
    Kernel kernel(String kernel) {
        CUfunction function = new CUfunction();
        check("looking up kernel " + kernel + " of " + name, cuModuleGetFunction(function, module, kernel));
        return new Kernel(memory, kernel, function);
    }

    @Override
    public void close() {
        memory.gpu().makeCurrent();
        cuModuleUnload(module);
    }
}
