package dev.bulwark.device.cuda;

/** The kernels of one source file of {@code cuda/}, to be launched on one backend's stream. */
final class KernelModule {

    private final CudaMemory memory;
    private final LoadedModule loaded;

    KernelModule(CudaMemory memory, LoadedModule loaded) {
        this.memory = memory;
        this.loaded = loaded;
    }

    /** @throws CudaException if the module has no such kernel */
    Kernel kernel(String kernel) {
        memory.gpu().makeCurrent();
        return new Kernel(memory, loaded, kernel);
    }
}
