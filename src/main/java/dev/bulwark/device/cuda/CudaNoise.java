package dev.bulwark.device.cuda;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Noise;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.device.RoundedGaussian;
import dev.bulwark.device.SmoothingNoise;

/** Counter-based random numbers, bit for bit those of {@link Philox} and {@link RoundedGaussian}: noise.cu. */
final class CudaNoise implements Noise {

    /** A grid's bound along y; the kernels stride over what is left. */
    private static final int MOST_ROWS = 65_535;
    private static final int WARP = 32;
    private static final int MOST_THREADS = 256;

    private final Kernel addNoise;
    private final Kernel noisyCopies;
    private final Kernel addDiscrete;
    private final Kernel discreteCopies;
    private final Kernel uniformInBox;

    CudaNoise(KernelModule module) {
        addNoise = module.kernel("add_noise");
        noisyCopies = module.kernel("noisy_copies");
        addDiscrete = module.kernel("add_discrete_noise");
        discreteCopies = module.kernel("discrete_copies");
        uniformInBox = module.kernel("uniform_in_box");
    }

    @Override
    public void addNoise(DeviceBuffer x, DeviceBuffer images, DeviceBuffer samples, int rows, int columns,
                         SmoothingNoise noise, NoiseKey key, DeviceBuffer target) {
        long length = (long) rows * columns;
        x.require("x", length);
        images.require("images", rows);
        samples.require("samples", rows);
        target.require("target", length);
        Grid grid = over(rows, columns);
        if (noise instanceof SmoothingNoise.Discrete discrete) {
            addDiscrete.launch(grid, x, images, samples, rows, columns, discrete.tables(), discrete.noise().thresholds(),
                    key.keyLow(), key.keyHigh(), key.stream().ordinal(), target);
        } else {
            addNoise.launch(grid, x, images, samples, rows, columns, ((SmoothingNoise.Gaussian) noise).sigma(),
                    key.keyLow(), key.keyHigh(), key.stream().ordinal(), target);
        }
    }

    @Override
    public void noisyCopies(DeviceBuffer x, int image, int firstSample, int rows, int columns, SmoothingNoise noise,
                            NoiseKey key, DeviceBuffer target) {
        x.require("x", columns);
        target.require("target", (long) rows * columns);
        Grid grid = over(rows, columns);
        if (noise instanceof SmoothingNoise.Discrete discrete) {
            discreteCopies.launch(grid, x, image, firstSample, rows, columns, discrete.tables(),
                    discrete.noise().thresholds(), key.keyLow(), key.keyHigh(), key.stream().ordinal(), target);
        } else {
            noisyCopies.launch(grid, x, image, firstSample, rows, columns, ((SmoothingNoise.Gaussian) noise).sigma(),
                    key.keyLow(), key.keyHigh(), key.stream().ordinal(), target);
        }
    }

    @Override
    public void uniformInBox(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer images, DeviceBuffer samples, int rows,
                             int columns, NoiseKey key, DeviceBuffer target) {
        long length = (long) rows * columns;
        uniformInBox.launch(over(rows, columns), lower.require("lower", length), upper.require("upper", length),
                images.require("images", rows), samples.require("samples", rows), rows, columns,
                key.keyLow(), key.keyHigh(), key.stream().ordinal(), target.require("target", length));
    }

    /** A thread for each counter of each row, as far as a grid goes; whole warps. */
    static Grid over(int rows, int columns) {
        int counters = Philox.paddedLength(columns) / Philox.GROUP * Philox.LANES;
        int threads = Math.min(MOST_THREADS, (counters + WARP - 1) / WARP * WARP);
        return Grid.blocks(Math.max(1, (counters + threads - 1) / Math.max(1, threads)),
                Math.max(1, Math.min(MOST_ROWS, rows)), Math.max(WARP, threads));
    }
}
