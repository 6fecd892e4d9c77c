package dev.bulwark.cli;

import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.Words;
import dev.bulwark.runs.Certify;
import dev.bulwark.runs.Subject;
import dev.bulwark.smoothing.SmoothedClassifier;
import picocli.CommandLine.Option;

/** What certify and predict share. */
final class SmoothingOptions {

    @Option(names = "--sigma", required = true, converter = SigmaConverter.class,
            description = "Standard deviation of the noise, in input units: a decimal or a fraction, as 1/2.")
    private double sigma;

    @Option(names = "--noise", paramLabel = "gaussian|discrete", defaultValue = "gaussian",
            description = "gaussian: normal numbers in float; discrete: normal numbers rounded to bytes, exactly, for images "
                    + "of bytes (default: ${DEFAULT-VALUE}).")
    private NoiseLaw noise;

    @Option(names = "--n", defaultValue = "" + SmoothedClassifier.DEFAULT_SAMPLES,
            description = "Samples to count votes of (default: ${DEFAULT-VALUE}).")
    private int n;

    @Option(names = "--alpha", defaultValue = "" + SmoothedClassifier.DEFAULT_ALPHA,
            description = "Probability that a row's claim is false (default: ${DEFAULT-VALUE}).")
    private double alpha;

    @Option(names = "--seed", defaultValue = "0", description = "Seed of the noise (default: ${DEFAULT-VALUE}).")
    private long seed;

    /** Refuses images that the noise is not for. */
    void require(Subject subject) {
        Certify.requireBytes(noise, subject.data(), subject.indices());
    }

    double sigma() {
        return sigma;
    }

    Certify.Settings settings(int n0) {
        return new Certify.Settings(sigma, n0, n, alpha, seed).with(noise);
    }

    RowsRun identify(RowsRun run, Graph network, DeviceInfo device) {
        RowsRun identified = run.with("sigma", sigma).with("n", n).with("alpha", alpha).with("seed", seed)
                .with("precision", Plan.isTakenWhole(network, device)
                        ? device.libraries().get(DeviceInfo.NOISY_PASSES) : DeviceOptions.STEP_BY_STEP);
        return noise == NoiseLaw.GAUSSIAN ? identified : identified.with("noise", Words.of(noise));
    }
}
