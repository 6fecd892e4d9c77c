package dev.bulwark.device.cuda;

import static jcuda.jcurand.JCurand.curandCreateGenerator;
import static jcuda.jcurand.JCurand.curandDestroyGenerator;
import static jcuda.jcurand.JCurand.curandGenerateNormal;
import static jcuda.jcurand.JCurand.curandSetPseudoRandomGeneratorSeed;
import static jcuda.jcurand.JCurand.curandSetStream;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.LibraryNormals;
import jcuda.jcurand.curandGenerator;
import jcuda.jcurand.curandRngType;
import jcuda.jcurand.curandStatus;
import jcuda.runtime.cudaStream_t;

/** cuRAND's normals by the same counter-based generator as the backend's noise, Philox4x32-10, on the backend's stream. */
final class Curand implements LibraryNormals {

    private static final long SEED = 1;

    private final CudaMemory memory;
    private final curandGenerator generator = new curandGenerator();

    /** @throws DeviceException if cuRAND is missing or can't be used on this GPU */
    Curand(CudaMemory memory) {
        this.memory = memory;
        CurandLibrary.load().ifPresent(whyNot -> {
            throw new DeviceException(whyNot);
        });
        memory.gpu().makeCurrent();
        check("curandCreateGenerator",
                curandCreateGenerator(generator, curandRngType.CURAND_RNG_PSEUDO_PHILOX4_32_10));
        try {
            check("curandSetStream", curandSetStream(generator, new cudaStream_t(memory.gpu().stream())));
            check("curandSetPseudoRandomGeneratorSeed", curandSetPseudoRandomGeneratorSeed(generator, SEED));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public void fill(DeviceBuffer target) {
        memory.gpu().makeCurrent();
        check("curandGenerateNormal of " + target.length() + " elements",
                curandGenerateNormal(generator, memory.pointer(target), target.length(), 0f, 1f));
    }

    private static void check(String call, int status) {
        if (status != curandStatus.CURAND_STATUS_SUCCESS) {
            throw new DeviceException(call + " failed: " + curandStatus.stringFor(status));
        }
    }

    @Override
    public void close() {
        memory.gpu().makeCurrent();
        curandDestroyGenerator(generator);
    }
}
