package dev.bulwark.cli;

import dev.bulwark.device.ProductPrecision;
import dev.bulwark.runs.ExperimentException;
import picocli.CommandLine.Option;

/** How networks are trained where the hardware leaves the choice. */
final class TrainingOptions {

    @Option(names = "--training-precision", paramLabel = "fp32|tf32|bf16",
            description = "Factors of training's matrix products: tf32 rounds them to 11 bits for a GPU's tensor cores, "
                    + "bf16 to 8 for a CPU's matrix units (default: fp32).")
    private ProductPrecision precision;

    ProductPrecision products() {
        return precision == null ? ProductPrecision.FLOAT32 : precision;
    }

    /** @throws ExperimentException if something was asked for though nothing is trained */
    void requireUnused() {
        if (precision != null) {
            throw new ExperimentException("--training-precision has no use where no network is trained: drop it, or add "
                    + "--from-scratch");
        }
    }
}
