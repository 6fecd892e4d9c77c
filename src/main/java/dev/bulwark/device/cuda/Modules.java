package dev.bulwark.device.cuda;

import java.util.Set;
import java.util.TreeSet;

/** The modules that one backend has asked for, and what they were loaded from. */
final class Modules {

    private final CudaMemory memory;
    private final ModuleStore.Share share;
    private final String architecture;
    private final Set<String> machineCode = new TreeSet<>();

    Modules(CudaMemory memory, ModuleStore.Share share) {
        this.memory = memory;
        this.share = share;
        this.architecture = share.module("elementwise").architecture();
    }

    /** The kernels of one source. */
    KernelModule module(String name) {
        LoadedModule module = share.module(name);
        machineCode.add(module.machineCode());
        return new KernelModule(memory, module);
    }

    /**
     * Which PTX the kernels are from; the clustered kernel's, which is loaded when it is first needed, is told by its name.
     */
    String architecture() {
        return architecture;
    }

    /** Which machine code was loaded, or why none. */
    String machineCode() {
        return String.join(" and ", machineCode);
    }
}
