package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Halfspaces;
import dev.bulwark.device.Multipliers;

/** Multipliers of half-spaces: multipliers.cu. */
final class CudaMultipliers implements Multipliers {

    private final Kernel apply;
    private final Kernel differentiate;

    CudaMultipliers(KernelModule module) {
        apply = module.kernel("apply_multipliers");
        differentiate = module.kernel("differentiate_multipliers");
    }

    @Override
    public void apply(Halfspaces halfspaces, DeviceBuffer multipliers, int rows, DeviceBuffer owners, DeviceBuffer bias,
                      DeviceBuffer productError, int units, DeviceBuffer coefficients, DeviceBuffer constants) {
        apply.launch(Grid.over(rows), halfspaces.units(), halfspaces.thresholds(), halfspaces.signs(), halfspaces.scales(),
                multipliers.require("multipliers", (long) rows * halfspaces.count()), owners.require("owners", rows),
                bias.require("bias", units), productError, coefficients.require("coefficients", (long) rows * units),
                constants.require("constants", rows), rows, halfspaces.count(), units);
    }

    @Override
    public void differentiate(Halfspaces halfspaces, int rows, DeviceBuffer owners, DeviceBuffer z, int units,
                              DeviceBuffer gradient) {
        long elements = (long) rows * halfspaces.count();
        differentiate.launch(Grid.over(elements), halfspaces.units(), halfspaces.thresholds(), halfspaces.signs(),
                halfspaces.scales(), owners.require("owners", rows), z.require("z", (long) rows * units),
                gradient.require("gradient", elements), rows, halfspaces.count(), units);
    }
}
