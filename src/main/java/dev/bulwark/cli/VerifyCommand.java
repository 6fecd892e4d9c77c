package dev.bulwark.cli;

import dev.bulwark.bounds.Crown;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.report.Paragraph;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.SoundnessCheck;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
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

    @Option(names = "--epsilon", required = true, converter = EpsilonConverter.class,
            description = "Radius of the ball, in input units: a decimal or a fraction, as 8/255.")
    private Epsilon epsilon;

    @Option(names = "--norm", paramLabel = "inf|2|1", defaultValue = "inf",
            description = "Of the ball; ibp takes the smallest box around one (default: ${DEFAULT-VALUE}).")
    private String norm;

    @Option(names = "--method", paramLabel = "ibp|crown-ibp|crown|alpha-crown", defaultValue = "ibp",
            description = "How to bound (default: ${DEFAULT-VALUE}).")
    private String method;

    @Option(names = "--steps", description = "Steps in which alpha-crown improves its slopes (default: "
            + Crown.DEFAULT_STEPS + "); the other methods take none.")
    private Integer steps;

    @Option(names = "--textbook", description = "The method as published: not cut with what ibp finds, so never better.")
    private boolean textbook;

    @SuppressWarnings("deprecation") // it is what lifts the demand for --epsilon and --out
    @Option(names = "--vnnlib", paramLabel = "P.vnnlib[.gz]", help = true, description = "Decide this property instead, of the "
            + "network alone: unsat, sat with a counterexample, unknown or timeout. It takes --timeout and --device, "
            + "--out for a copy of the answer, and no other option.")
    private Path property;

    @Option(names = "--timeout", paramLabel = "SECONDS", description = "Of --vnnlib: when to give up (default: never).")
    private Double timeout;

    @Override
    Optional<Integer> instead() throws Exception {
        if (property == null && timeout != null) {
            throw new ExperimentException("--timeout belongs to --vnnlib: name a property, or drop it");
        }
        return property == null ? Optional.empty() : Optional.of(new PropertyAnswer(model(), property, timeout)
                .run(spec().commandLine(), device, out(), existing()));
    }

    @Override
    void check() {
        if (textbook && method() == Method.IBP) {
            throw new ExperimentException("--textbook leaves out what ibp finds: --method ibp has no other form");
        }
        if (method() != Method.ALPHA_CROWN && steps != null) {
            throw new ExperimentException("--steps are alpha-crown's: --method " + method + " takes none");
        }
        Verify.steps(steps());
        norm();
    }

    @Override
    void warn(PrintWriter err) {
        if (norm() == Norm.INF) {
            EpsilonConverter.warnOfLarge(epsilon, err);
        } else if (method() == Method.IBP) {
            err.println(Paragraph.wrapped("note: ibp bounds the smallest box around each " + norm().words() + " ball, which certifies "
                    + "no more than an l-infinity ball of this radius; crown and alpha-crown know the ball itself",
                    Terminal.columns(System.getenv())));
        }
    }

    @Override
    DeviceOptions device() {
        return device;
    }

    @Override
    Optional<Message> warning(TrainedFor trained) {
        return method() == Method.IBP ? trained.warningForIntervals(epsilon.nearest()) : Optional.empty();
    }

    @Override
    RowsRun identify(RowsRun run, Subject subject, DeviceInfo device) {
        RowsRun bounded = run.within(epsilon, subject.data()).with("method", method);
        if (norm() != Norm.INF) {
            bounded.with("norm", norm().toString());
        }
        if (textbook) {
            bounded.with("textbook", true);
        }
        return method() == Method.ALPHA_CROWN ? bounded.with("steps", steps()) : bounded;
    }

    @Override
    void write(Fleet fleet, Subject subject, RowsRun run, Monitor monitor) throws IOException {
        try (RowFile<BoundsRow> rows = run.open(out(), BoundsRow.FORMAT)) {
            Verify.run(fleet, subject, epsilon, norm(), new Verify.Bounding(method(), steps(), textbook), rows, monitor);
        }
    }

    @Override
    void summarise(PrintWriter text) throws IOException {
        List<BoundsRow> rows = RowFile.read(out(), BoundsRow.FORMAT);
        text.println(rows.stream().filter(BoundsRow::certified).count() + " of " + rows.size() + " images certified, "
                + rows.stream().filter(BoundsRow::certifiedByBox).count() + " by box"
                + (labelled() ? "; " + rows.stream().filter(BoundsRow::cleanCorrect).count() + " clean correct" : ""));
        long differing = rows.stream().filter(BoundsRow::differs).count();
        if (differing > 0) {
            text.println(Paragraph.wrapped(differing + " of the certified ones the float network gets wrong as they are: bounds "
                    + "speak of exact arithmetic with the same weights, where they are right",
                    Terminal.resultColumns(System.getenv())));
        }
        SoundnessCheck.of(rows, List.of(), out());
    }

    private int steps() {
        return steps == null ? Crown.DEFAULT_STEPS : steps;
    }

    private Norm norm() {
        return Arrays.stream(Norm.values()).filter(of -> of.toString().equals(norm)).findFirst()
                .orElseThrow(() -> new ExperimentException("--norm is one of inf, 2, 1, not " + norm));
    }

    private Method method() {
        return Arrays.stream(Method.values()).filter(m -> m.toString().equals(method)).findFirst()
                .orElseThrow(() -> new ExperimentException("--method is one of "
                        + Arrays.stream(Method.values()).map(Method::toString).collect(Collectors.joining(", "))
                        + ", not " + method));
    }
}
