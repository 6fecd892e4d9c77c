package dev.bulwark.device.cpu;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BackendContract;
import dev.bulwark.device.BackendFixture;

/** The contract without any native library. */
class PlainJavaBackendTest extends BackendFixture implements BackendContract {

    @Override
    protected Backend open() {
        return CpuBackend.plainJava();
    }
}
