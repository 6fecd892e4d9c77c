package dev.bulwark.cli;

import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Crown;
import dev.bulwark.bounds.Exact;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.report.Paragraph;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.SoundnessCheck;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.LargestEpsilon;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.Subject;
import dev.bulwark.runs.TrainedFor;
import dev.bulwark.runs.Verify;
import dev.bulwark.settings.Message;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bulwark verify}: deterministic bounds, a row an image. */
@Command(name = "verify", description = "Certify balls around images by bounds on the logits.")
final class VerifyCommand extends ModelCommand {

    @Mixin
    private DeviceOptions device;
    @Mixin
    private CertificateOptions certificates;

    @Option(names = "--epsilon", converter = EpsilonConverter.class,
            description = "Radius of the ball, in input units: a decimal or a fraction, as 8/255. With --largest the upper end of "
                    + "the search (default there: 1, for l2 8, for l1 64).")
    private Epsilon epsilon;

    @Option(names = "--largest", description = "Search for each image's largest certified epsilon: its power of two, then "
            + "bisection. Rows say it as largest_epsilon, and have the bounds there.")
    private boolean largest;

    @Option(names = "--bisections", description = "With --largest, how often the interval is halved, once its upper end is twice "
            + "its lower: 8 find epsilon to a 256th of itself (default: " + LargestEpsilon.DEFAULT_BISECTIONS + ").")
    private Integer bisections;

    @Option(names = "--norm", paramLabel = "inf|2|1", defaultValue = "inf",
            description = "Of the ball; ibp takes the smallest box around one (default: ${DEFAULT-VALUE}).")
    private Norm norm;

    @Option(names = "--method", paramLabel = "ibp|crown-ibp|deeppoly|crown|alpha-crown|exact|cascade", defaultValue = "cascade",
            description = "How to bound; cascade tries them, and a short attack, each on what those before it leave open "
                    + "(default: ${DEFAULT-VALUE}).")
    private String method;

    @Option(names = "--steps", description = "Steps in which alpha-crown, also of a cascade, improves the slopes of each hidden unit's "
            + "bounds, and then those of each margin (default: " + Crown.DEFAULT_STEPS + "); the other methods take none.")
    private Integer steps;

    @Option(names = "--textbook", description = "The method as published: not cut with what ibp finds, so never better.")
    private boolean textbook;

    @Option(names = "--claim", paramLabel = "real|deployed", defaultValue = "real",
            description = "What is certified: the network in real numbers, or every float32 evaluation of it, in any order of "
                    + "summation, fused or not (default: ${DEFAULT-VALUE}).")
    private String claim;

    @SuppressWarnings("deprecation") // it is what lifts the demand for --epsilon and --out
    @Option(names = "--vnnlib", paramLabel = "P.vnnlib[.gz]", help = true, description = "Decide this property instead, of the "
            + "network alone: unsat, sat with a counterexample, unknown or timeout. It takes --claim, --timeout and --device, "
            + "--out for a copy of the answer, and no other option.")
    private Path property;

    @Option(names = "--timeout", paramLabel = "SECONDS", description = "When to give up: of --vnnlib in all, of exact, also as a "
            + "cascade's last stage, on each image (default: never); a cascade's slopes take no more than that on average.")
    private Double timeout;

    @Option(names = "--max-domains", paramLabel = "N", description = "Of --vnnlib on each box, of exact, also as a cascade's last "
            + "stage, on each image: give up after this number of domains, which does not depend on the machine (default: none of "
            + "--vnnlib, else " + Exact.Limits.DEFAULT_DOMAINS + ").")
    private Long mostDomains;

    @Override
    Optional<Integer> instead() throws Exception {
        if (property == null && timeout != null && !searches()) {
            throw new ExperimentException("--timeout belongs to --method exact or cascade and to --vnnlib: choose one of them, or drop "
                    + "it");
        }
        return property == null ? Optional.empty() : Optional.of(new PropertyAnswer(model(), property, timeout, mostDomains, claim())
                .run(spec().commandLine(), device, out(), existing()));
    }

    @Override
    void check() {
        if (textbook && method() == Method.IBP) {
            throw new ExperimentException("--textbook leaves out what ibp finds: --method ibp has no other form");
        }
        if (!takesSteps() && steps != null) {
            throw new ExperimentException("--steps are alpha-crown's: --method " + method + " takes none");
        }
        Verify.steps(steps());
        claim();
        if (textbook && searches()) {
            throw new ExperimentException("--textbook is a form of methods of bounds: --method " + method + " has no other form");
        }
        if (mostDomains != null && !searches()) {
            throw new ExperimentException("--max-domains are exact's: --method " + method + " has none");
        }
        if (timeout != null && !(timeout > 0 && timeout <= 1e9)) {
            throw new ExperimentException("--timeout must be a number of seconds above 0: " + timeout);
        }
        if (mostDomains != null && mostDomains < 1) {
            throw new ExperimentException("--max-domains must be at least 1: " + mostDomains);
        }
        if (epsilon == null && !largest) {
            throw new ExperimentException("--epsilon is missing: name a radius, or have --largest search for each image's largest");
        }
        if (bisections != null && !largest) {
            throw new ExperimentException("--bisections are those of --largest: add it, or drop them");
        }
        if (largest) {
            search();
        }
    }

    @Override
    void checkMore() {
        certificates.check(model(), out(), epsilon, largest, normalised(), claim());
    }

    @Override
    Map<String, Path> outputs() {
        return certificates.outputs(out());
    }

    @Override
    void writeMore(Subject subject, RowsRun run, Monitor monitor) throws IOException {
        certificates.write(out(), subject, epsilon, run, existing(), monitor);
    }

    @Override
    void warn(PrintWriter err) {
        if (norm == Norm.INF) {
            EpsilonConverter.warnOfLarge(epsilon(), err);
        } else if (method() == Method.IBP || method() == Method.CROWN_IBP) {
            String what = method() == Method.IBP ? "ibp bounds" : "crown-ibp takes its hidden layers' bounds from";
            err.println(Paragraph.wrapped("note: " + what + " the smallest box around each " + norm.words() + " ball, which is an "
                    + "l-infinity ball of this radius and holds far more; deeppoly, crown and alpha-crown know the ball itself",
                    Terminal.columns(System.getenv())));
        }
    }

    @Override
    DeviceOptions device() {
        return device;
    }

    @Override
    Optional<Message> warning(TrainedFor trained) {
        return method() == Method.IBP && !largest ? trained.warningForIntervals(epsilon.nearest()) : Optional.empty();
    }

    @Override
    void requireFit(StoredNetwork network) {
        DeployedClaim.requireFit(claim(), network);
    }

    @Override
    RowsRun identify(RowsRun run, Subject subject, DeviceInfo device) {
        RowsRun bounded = run.within(epsilon(), subject.data()).with("method", method);
        if (claim() == Claim.DEPLOYED) { // records of earlier versions have none, and rows of the real-number network
            bounded.with("claim", claim().toString());
        } else {
            bounded.noting("claim", claim().toString());
        }
        bounded.noting("claim_covers", claim().covers());
        if (norm != Norm.INF) {
            bounded.with("norm", norm.toString());
        }
        if (largest) {
            bounded.with("largest", true).with("bisections", search().bisections());
        }
        if (textbook) {
            bounded.with("textbook", true);
        }
        if (method() == Method.CASCADE) {
            bounded.with("attack", largest ? "none" : Verify.cascadeAttack(norm));
        }
        if (searches()) {
            bounded.with("max_domains", limits().domains());
            if (timeout != null) {
                bounded.with("timeout", timeout);
            }
        }
        return takesSteps() ? bounded.with("steps", steps()) : bounded;
    }

    @Override
    void write(Fleet fleet, Subject subject, RowsRun run, Monitor monitor) throws IOException {
        try (RowFile<BoundsRow> rows = run.open(out(), BoundsRow.FORMAT)) {
            Verify.Bounding bounding = new Verify.Bounding(method(), steps(), textbook, limits(), claim());
            if (largest) {
                search().run(fleet, subject, bounding, rows, monitor);
            } else {
                Verify.run(fleet, subject, epsilon, norm, bounding, rows, run.stages(), monitor);
            }
        }
    }

    @Override
    void summarise(PrintWriter text) throws IOException {
        List<BoundsRow> rows = RowFile.read(out(), BoundsRow.FORMAT);
        if (largest) {
            summariseSearch(rows, text);
            SoundnessCheck.of(rows, List.of(), out());
            return;
        }
        text.println(rows.stream().filter(BoundsRow::certified).count() + " of " + rows.size() + " images certified, "
                + rows.stream().filter(BoundsRow::certifiedByBox).count() + " by box"
                + (labelled() ? "; " + rows.stream().filter(BoundsRow::cleanCorrect).count() + " clean correct" : "")
                + (claim() == Claim.DEPLOYED ? "; of every float32 evaluation" : ""));
        if (searches()) {
            text.println(Arrays.stream(BoundsRow.Decision.values()).map(decision -> rows.stream()
                    .filter(row -> row.verdict().equals(Optional.of(decision))).count() + " " + decision.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", ")));
        }
        if (method() == Method.CASCADE) {
            text.println("decided by " + Arrays.stream(Cascade.Stage.values()).map(stage -> stage + " "
                    + rows.stream().filter(row -> row.decidedBy().equals(Optional.of(stage))).count())
                    .collect(Collectors.joining(", ")));
        }
        long differing = rows.stream().filter(BoundsRow::differs).count();
        if (differing > 0) {
            text.println(Paragraph.wrapped(differing + " of the certified ones the float network gets wrong as they are: bounds "
                    + "speak of exact arithmetic with the same weights, where they are right",
                    Terminal.resultColumns(System.getenv())));
        }
        SoundnessCheck.of(rows, List.of(), out());
    }

    private void summariseSearch(List<BoundsRow> rows, PrintWriter text) {
        double[] found = rows.stream().flatMap(row -> row.largestEpsilon().stream()).mapToDouble(Double::doubleValue).sorted()
                .toArray();
        // Half of all images, those certified at none included, are certified at the median or beyond.
        int fromEnd = (rows.size() + 1) / 2;
        text.println(Paragraph.wrapped(found.length + " of " + rows.size() + " images certified at some epsilon tried, up to "
                + epsilon() + " (" + norm.words() + ", " + method() + ", " + search().bisections() + " bisections)"
                + (found.length >= fromEnd && fromEnd > 0 ? "; half of all at " + found[found.length - fromEnd] + " or more" : ""),
                Terminal.resultColumns(System.getenv())));
    }

    private Epsilon epsilon() {
        return epsilon == null ? LargestEpsilon.defaultMost(norm) : epsilon;
    }

    private LargestEpsilon search() {
        return new LargestEpsilon(epsilon(), norm, bisections == null ? LargestEpsilon.DEFAULT_BISECTIONS : bisections);
    }

    private Exact.Limits limits() {
        return new Exact.Limits(timeout == null ? Double.POSITIVE_INFINITY : timeout,
                mostDomains == null ? Exact.Limits.DEFAULT_DOMAINS : mostDomains);
    }

    /** Whether the method searches for an answer until limits end that. */
    private boolean searches() {
        return method() == Method.EXACT || method() == Method.CASCADE;
    }

    private boolean takesSteps() {
        return method() == Method.ALPHA_CROWN || method() == Method.CASCADE;
    }

    private int steps() {
        return steps == null ? Crown.DEFAULT_STEPS : steps;
    }

    private Claim claim() {
        return Arrays.stream(Claim.values()).filter(c -> c.toString().equals(claim)).findFirst().orElseThrow(
                () -> new ExperimentException("--claim is real or deployed, not " + claim));
    }

    private Method method() {
        return Arrays.stream(Method.values()).filter(m -> m.toString().equals(method)).findFirst()
                .orElseThrow(() -> new ExperimentException("--method is one of "
                        + Arrays.stream(Method.values()).map(Method::toString).collect(Collectors.joining(", "))
                        + ", not " + method));
    }
}
