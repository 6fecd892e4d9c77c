package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.SquareProposals;
import dev.bulwark.shapes.ImageShape;

/** Square's proposals: square_proposals.cu. */
final class CudaSquareProposals implements SquareProposals {

    private final Kernel windows;
    private final Kernel patterns;

    CudaSquareProposals(KernelModule module) {
        windows = module.kernel("square_windows");
        patterns = module.kernel("square_patterns");
    }

    @Override
    public void squares(DeviceBuffer best, DeviceBuffer lower, DeviceBuffer upper, Draws draws, int rows, ImageShape image, int side,
                        DeviceBuffer x) {
        long size = (long) rows * image.size();
        windows.launch(Grid.blockEach(rows), best.require("best", size), lower.require("lower", size), upper.require("upper", size),
                draws.images().require("images", rows), draws.starts().require("starts", rows), draws.query().require("query", 1),
                draws.key().keyLow(), draws.key().keyHigh(), draws.key().stream().ordinal(), rows, image.channels(),
                image.height(), image.width(), side, x.require("x", size));
    }

    @Override
    public void patterns(boolean euclidean, DeviceBuffer best, DeviceBuffer centres, DeviceBuffer pattern, DeviceBuffer radii,
                         Draws draws, int rows, ImageShape image, int side, DeviceBuffer x) {
        long size = (long) rows * image.size();
        Grid grid = Grid.blockEach(rows).withShared(Math.multiplyExact(3 * Double.BYTES, image.channels()));
        patterns.launch(grid, euclidean ? 1 : 0, best.require("best", size), centres.require("centres", size),
                pattern.require("pattern", (long) side * side), radii.require("radii", rows),
                draws.images().require("images", rows), draws.starts().require("starts", rows), draws.query().require("query", 1),
                draws.key().keyLow(), draws.key().keyHigh(), draws.key().stream().ordinal(), rows, image.channels(),
                image.height(), image.width(), side, x.require("x", size));
    }
}
