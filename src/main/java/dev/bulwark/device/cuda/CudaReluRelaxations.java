package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Relaxation;
import dev.bulwark.device.ReluRelaxations;

/** Lines that bound ReLUs, and the units that need them: relu_relaxation.cu. */
final class CudaReluRelaxations implements ReluRelaxations {

    /** Elements that a block of the kernels that list open units works on. */
    private static final int SPAN = 4096;
    private static final int THREADS = 256;

    private final Kernel relax;
    private final Kernel magnitudes;
    private final Kernel openCounts;
    private final Kernel openSides;
    private final Kernel tighten;
    /** For counts of open units. Operations are in order. */
    private final DeviceBuffer scratch;

    /** @param scratch which nothing else uses while an operation runs */
    CudaReluRelaxations(KernelModule module, DeviceBuffer scratch) {
        this.scratch = scratch;
        relax = module.kernel("relax");
        magnitudes = module.kernel("magnitudes");
        openCounts = module.kernel("open_counts");
        openSides = module.kernel("open_sides");
        tighten = module.kernel("tighten");
    }

    @Override
    public void relax(DeviceBuffer lower, DeviceBuffer upper, int images, Relaxation relaxation) {
        long elements = (long) images * relaxation.units();
        relax.launch(Grid.over(elements), lower.require("lower", elements), upper.require("upper", elements),
                relaxation.upperSlope().require("upperSlope", elements),
                relaxation.upperIntercept().require("upperIntercept", elements),
                relaxation.lowerSlope().require("lowerSlope", elements),
                relaxation.magnitude().require("magnitude", elements), elements);
    }

    @Override
    public void magnitudes(DeviceBuffer lower, DeviceBuffer upper, long length, DeviceBuffer target) {
        magnitudes.launch(Grid.over(length), lower.require("lower", length), upper.require("upper", length),
                target.require("target", length), length);
    }

    @Override
    public void openSides(float first, float last, DeviceBuffer lower, DeviceBuffer upper, int images, int units,
                          DeviceBuffer owners, DeviceBuffer forms, DeviceBuffer count) {
        long elements = (long) images * units;
        Grid spans = Grid.blocks(Math.toIntExact(Math.max(1, (elements + SPAN - 1) / SPAN)), 1, THREADS);
        scratch.require("counts", spans.x());
        openCounts.launch(spans, first, last, lower.require("lower", elements), upper.require("upper", elements), scratch,
                elements);
        openSides.launch(spans, first, last, lower, upper, scratch, owners.require("owners", 2 * elements),
                forms.require("forms", 2 * elements), count.require("count", 1), units, elements);
    }

    @Override
    public void tighten(DeviceBuffer minima, int sides, DeviceBuffer owners, DeviceBuffer forms, int units,
                        DeviceBuffer lower, DeviceBuffer upper) {
        tighten.launch(Grid.over(sides / 2), minima.require("minima", sides), owners.require("owners", sides),
                forms.require("forms", sides), lower, upper, units, sides / 2);
    }
}
