package dev.bulwark.device.cuda;

import java.util.Map;
import java.util.TreeMap;

/**
 * The modules of one GPU's context, each loaded once for all backends that share it, and unloaded after the last of them.
 */
final class ModuleStore {

    private final boolean verbose;
    private final Map<String, LoadedModule> modules = new TreeMap<>();
    private int users;

    /** @param verbose whether the driver's compiler is to tell what it makes of PTX */
    ModuleStore(boolean verbose) {
        this.verbose = verbose;
    }

    /** A backend's share in the store, as long as the backend's context is there. */
    synchronized Share share(GpuContext gpu) {
        ++users;
        return new Share(gpu);
    }

    private synchronized LoadedModule module(GpuContext gpu, String source) {
        return modules.computeIfAbsent(source, name -> LoadedModule.load(gpu, name, verbose));
    }

    private synchronized void leave() {
        if (--users == 0) {
            try {
                modules.values().forEach(LoadedModule::close);
            } finally {
                modules.clear();
            }
        }
    }

    /** What one backend has of the store. */
    final class Share implements AutoCloseable {

        private final GpuContext gpu;

        private Share(GpuContext gpu) {
            this.gpu = gpu;
        }

        /** @throws dev.bulwark.device.DeviceException if the driver takes none of the versions there are */
        LoadedModule module(String source) {
            return ModuleStore.this.module(gpu, source);
        }

        @Override
        public void close() {
            leave();
        }
    }
}
