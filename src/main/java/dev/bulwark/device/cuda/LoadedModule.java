package dev.bulwark.device.cuda;

import static dev.bulwark.device.cuda.Driver.check;
import static jcuda.driver.JCudaDriver.cuFuncGetAttribute;
import static jcuda.driver.JCudaDriver.cuFuncSetAttribute;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuModuleLoadDataJIT;
import static jcuda.driver.JCudaDriver.cuModuleUnload;

import dev.bulwark.device.DeviceException.Advice;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JITOptions;

/**
 * The kernels of one source, loaded into one GPU's context: from machine code where the driver takes it, else from PTX that
 * the driver compiles, which takes seconds unless it did so before ({@code CUDA_CACHE_PATH} says where it keeps that).
 */
final class LoadedModule implements AutoCloseable {

    private static final int LOG_BYTES = 1 << 16;

    private final GpuContext gpu;
    private final CUmodule module;
    private final KernelImage image;
    private final String machineCode;
    private final String log;
    /** Dynamic shared memory that a kernel's blocks may have; it is the function's, whoever launches it. */
    private final Map<String, Integer> allowedShared = new HashMap<>();

    private LoadedModule(GpuContext gpu, CUmodule module, KernelImage image, String machineCode, String log) {
        this.gpu = gpu;
        this.module = module;
        this.image = image;
        this.machineCode = machineCode;
        this.log = log;
    }

    /**
     * Loads what the driver takes, the best first.
     *
     * @param source  the source's name without {@code .cu}
     * @param verbose whether the driver's compiler is to tell what it makes of PTX
     * @throws DeviceException if the driver takes none of the versions there are
     */
    static LoadedModule load(GpuContext gpu, String source, boolean verbose) {
        gpu.makeCurrent();
        String whyNot = "there is none for compute capability " + gpu.gpu().capabilityName();
        int result = CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU;
        Jit jit = new Jit(verbose);
        for (KernelImage image : KernelImage.of(source, gpu.capability())) {
            CUmodule module = new CUmodule();
            byte[] content = image.content();
            if (!image.isMachineCode()) {
                result = jit.load(module, content);
                if (result == CUresult.CUDA_SUCCESS) {
                    return new LoadedModule(gpu, module, image, DeviceInfo.NOT_USED + whyNot, jit.information());
                }
                continue;
            }
            String version = KernelImage.assembler(content).map(KernelImage.Assembler::version).orElse("unknown");
            if (KernelImage.assembler(content).filter(assembler -> assembler.isFor(Driver.version())).isEmpty()) {
                whyNot = "it is by ptxas " + version + ", and the driver is CUDA " + Driver.name(Driver.version()) + "'s";
                continue;
            }
            result = cuModuleLoadData(module, content);
            if (result == CUresult.CUDA_SUCCESS) {
                return new LoadedModule(gpu, module, image, image.machine() + " by ptxas " + version, "");
            }
            whyNot = CudaException.describe("loading " + image.machine() + " by ptxas " + version, result);
        }
        throw jit.failure("loading the kernels of " + source, result);
    }

    /** The driver's compiler, and what it said last. */
    private static final class Jit {

        private final JITOptions options = new JITOptions();
        private final boolean verbose;
        private String errors = "";

        Jit(boolean verbose) {
            this.verbose = verbose;
        }

        int load(CUmodule module, byte[] ptx) {
            options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, new byte[LOG_BYTES]);
            options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
            if (verbose) {
                options.putBytes(CUjit_option.CU_JIT_INFO_LOG_BUFFER, new byte[LOG_BYTES]);
                options.putInt(CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
                options.putInt(CUjit_option.CU_JIT_LOG_VERBOSE, 1);
            }
            int result = cuModuleLoadDataJIT(module, Pointer.to(ptx), options);
            errors = text(CUjit_option.CU_JIT_ERROR_LOG_BUFFER);
            return result;
        }

        private String text(int option) {
            return options.getString(option).replaceAll("\0", "").strip();
        }

        String information() {
            return verbose ? text(CUjit_option.CU_JIT_INFO_LOG_BUFFER) : "";
        }

        /** In one line what the compiler said first, and all of it in the trace. */
        DeviceException failure(String call, int result) {
            DeviceException failure = Driver.failure(call, result);
            if (!(failure instanceof CudaException)) { // lost, or out of memory: no fault of the kernels
                return failure;
            }
            String first = errors.lines().filter(line -> !line.isBlank()).findFirst()
                    .map(line -> line.strip() + "; ").orElse("");
            failure = new CudaException(call, result, first + "they need an NVIDIA driver " + Driver.OLDEST_NAME
                    + " or newer; or use the CPU").advising(Advice.CPU);
            if (!errors.isEmpty()) {
                failure.initCause(new DeviceException("the driver's compiler said:\n" + errors));
            }
            return failure;
        }
    }

    /** The PTX that was loaded, or that the machine code was made from. */
    String architecture() {
        return image.architecture();
    }

    /** Which machine code was loaded, or why none. */
    String machineCode() {
        return machineCode;
    }

    /** What the driver's compiler said; empty unless it was asked and compiled. */
    String log() {
        return log;
    }

    /** Names of all kernels. */
    List<String> kernels() {
        return image.kernels();
    }

    /** @throws CudaException if there is no such kernel */
    CUfunction function(String kernel) {
        CUfunction function = new CUfunction();
        check("looking up kernel " + kernel + " of " + image.source(), cuModuleGetFunction(function, module, kernel));
        return function;
    }

    /** @param attribute a constant of {@link CUfunction_attribute} */
    int attribute(String kernel, int attribute) {
        gpu.makeCurrent();
        int[] value = new int[1];
        check("cuFuncGetAttribute of " + kernel, cuFuncGetAttribute(value, attribute, function(kernel)));
        return value[0];
    }

    /** Allows a kernel's blocks at least so much dynamic shared memory; what was allowed before stays so for its user. */
    synchronized void allowShared(String kernel, CUfunction function, int bytes) {
        if (bytes > allowedShared.getOrDefault(kernel, 0)) {
            check("cuFuncSetAttribute of " + kernel, cuFuncSetAttribute(function,
                    CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes));
            allowedShared.put(kernel, bytes);
        }
    }

    @Override
    public void close() {
        gpu.makeCurrent();
        cuModuleUnload(module);
    }
}
