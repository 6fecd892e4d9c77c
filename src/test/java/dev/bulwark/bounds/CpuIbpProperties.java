package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;

class CpuIbpProperties extends IbpProperties {

    @Override
    Backend open() {
        return CpuBackend.create();
    }

    /**
     * The CPU rounds each layer's output once, by a unit in the last place: 2^-20 for values between 8 and 16, the
     * largest here. Three layers' roundings partly add up; sixteen such units leave them room.
     */
    @Override
    double slack() {
        return 0x1p-16;
    }
}
