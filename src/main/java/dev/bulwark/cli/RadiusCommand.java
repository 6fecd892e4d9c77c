package dev.bulwark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.runs.Certify;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.smoothing.Radius;
import dev.bulwark.smoothing.SmoothedClassifier;
import dev.bulwark.stats.Sampling;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bulwark radius}: what a vote count certifies. */
@Command(name = "radius", description = "The L2 radius that a vote count certifies, as JSON.")
final class RadiusCommand implements Callable<Integer> {

    private static final ObjectMapper JSON = new ObjectMapper();

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;

    @Option(names = "--sigma", required = true, converter = SigmaConverter.class,
            description = "Standard deviation of the noise, in input units: a decimal or a fraction, as 1/2.")
    private double sigma;

    @Option(names = "--count", required = true, paramLabel = "K", description = "Votes for the class.")
    private long count;

    @Option(names = "--n", required = true, description = "All votes.")
    private long n;

    @Option(names = "--alpha", defaultValue = "" + SmoothedClassifier.DEFAULT_ALPHA,
            description = "Probability that the claim is false (default: ${DEFAULT-VALUE}).")
    private double alpha;

    @Option(names = "--sampling", paramLabel = "fixed|sequential", defaultValue = "fixed",
            description = "Whether --n was fixed beforehand, or sampling stopped there for what it had found "
                    + "(default: ${DEFAULT-VALUE}).")
    private Sampling sampling;

    @Override
    public Integer call() throws Exception {
        if (n < 1) {
            throw new ExperimentException("--n must be at least 1: " + n);
        }
        if (count < 0 || count > n) {
            throw new ExperimentException("--count must lie between 0 and --n " + n + ": " + count);
        }
        Certify.Settings.requireAlpha(alpha);
        Radius radius;
        try {
            radius = Radius.of(sampling, count, n, sigma, alpha);
        } catch (IllegalArgumentException e) {
            throw new ExperimentException(e.getMessage());
        }
        ObjectNode answer = JSON.createObjectNode();
        answer.put("p_a_lower", radius.pALower());
        answer.put("radius", radius.value().orElse(0));
        answer.put("abstain", radius.value().isEmpty());
        spec.commandLine().getOut().println(JSON.writeValueAsString(answer));
        return ExitCode.DONE.code();
    }
}
