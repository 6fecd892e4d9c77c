package dev.bulwark.device.cpu;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BackendContract;

/** The contract without any native library. */
class PlainJavaBackendTest extends BackendContract {

    @Override
    protected Backend open() {
        return CpuBackend.plainJava();
    }
}
