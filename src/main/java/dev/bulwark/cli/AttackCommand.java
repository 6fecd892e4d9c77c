package dev.bulwark.cli;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.files.FileNames;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.Words;
import dev.bulwark.runs.Attack;
import dev.bulwark.runs.Existing;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.KeptImages;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.Subject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bulwark attack}: PGD, a row an image. */
@Command(name = "attack", description = "Attack by projected gradient descent: an upper bound on robust accuracy, no guarantee.")
final class AttackCommand extends ModelCommand {

    /** What the steps climb. */
    enum Loss {
        CROSS_ENTROPY("cross-entropy", List.of(AttackLoss.CROSS_ENTROPY)),
        MARGIN("margin", List.of(AttackLoss.MARGIN)),
        BOTH("both", Attack.BOTH_LOSSES);

        private final String text;
        private final List<AttackLoss> losses;

        Loss(String text, List<AttackLoss> losses) {
            this.text = text;
            this.losses = losses;
        }

        /** As the command line spells it. */
        @Override
        public String toString() {
            return text;
        }
    }

    @Mixin
    private RoundingDeviceOptions device;

    @Option(names = "--epsilon", required = true, converter = EpsilonConverter.class,
            description = "Radius of the ball, in input units: a decimal or a fraction, as 8/255.")
    private Epsilon epsilon;

    @Option(names = "--norm", paramLabel = "inf|2", defaultValue = "inf",
            description = "Of the ball: l-infinity, with signed steps, or l2, with steps along the gradient (default: "
                    + "${DEFAULT-VALUE}).")
    private Norm norm;

    @Option(names = "--steps", defaultValue = "" + PgdSettings.DEFAULT_STEPS, description = "Steps of each restart (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--step-size", description = "Length of a step in the ball's norm (default: epsilon / 10).")
    private Double stepSize;

    @Option(names = "--restarts", defaultValue = "" + PgdSettings.DEFAULT_RESTARTS, description = "Random starting points (default: ${DEFAULT-VALUE}).")
    private int restarts;

    @Option(names = "--seed", defaultValue = "0", description = "Seed of the starting points (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--loss", paramLabel = "cross-entropy|margin|both", defaultValue = "both",
            description = "What the steps climb: the cross-entropy, the margin of the best other logit, or all restarts by the "
                    + "one, then by the other at images that still stand (default: ${DEFAULT-VALUE}).")
    private Loss loss;

    @Option(names = "--save-adversarial", paramLabel = "F.npy|DIR", description = "Also keep an image for each row: the one that "
            + "breaks it, or, where none was found or needed, the image as it is (a row's \"saved\" says which). F.npy is one array "
            + "in the order of the rows; DIR gets a .npy file an image, and pairs of PNG files of broken ones to look at.")
    private Path saveAdversarial;

    @Override
    void requireUsableToo(Existing existing) throws IOException {
        if (saveAdversarial != null) {
            if (FileNames.real(saveAdversarial).equals(FileNames.real(out()))) {
                throw new ExperimentException("--save-adversarial " + saveAdversarial + " is where the rows go: name another place");
            }
            RowsRun.requireNoRecord(out(), "--save-adversarial", saveAdversarial);
            OutputPaths.requireNoInput("--save-adversarial", saveAdversarial, inputs());
            if (!KeptImages.isFile(saveAdversarial)) {
                OutputPaths.requireNoInputIn("--save-adversarial", saveAdversarial, images());
            }
            KeptImages.requireUsable(saveAdversarial, existing);
        }
    }

    @Override
    void check() {
        settings(new Ball(epsilon, Ball.Centre.FLOAT, norm));
    }

    @Override
    void warn(PrintWriter err) {
        if (norm == Norm.INF) {
            EpsilonConverter.warnOfLarge(epsilon, err);
        }
    }

    @Override
    DeviceOptions device() {
        return device;
    }

    @Override
    boolean isTakenWhole(Graph network, DeviceInfo device) {
        return Plan.gradientsAreTakenWhole(network, device);
    }

    @Override
    RowsRun identify(RowsRun run, Subject subject, DeviceInfo device) {
        RowsRun attacked = isTakenWhole(subject.network(), device) ? run : run.with("gradients", DeviceOptions.STEP_BY_STEP);
        if (norm != Norm.INF) {
            attacked.with("norm", norm.toString());
        }
        if (saveAdversarial != null) {
            attacked.with("save_adversarial", KeptImages.isFile(saveAdversarial) ? "array" : "folder");
        }
        return attacked.within(epsilon, subject.data()).with("steps", steps).with("step_size", stepSize())
                .with("restarts", restarts).with("loss", loss.toString()).with("seed", seed);
    }

    @Override
    void write(Fleet fleet, Subject subject, RowsRun run, Monitor monitor) throws IOException {
        PgdSettings settings = settings(subject.data().ball(epsilon).in(norm));
        try (RowFile<AttackRow> rows = run.open(out(), AttackRow.FORMAT)) {
            if (saveAdversarial == null) {
                Attack.run(fleet, subject, settings, rows, Optional.empty(), monitor);
                return;
            }
            try (KeptImages images = run.open(saveAdversarial, subject.data(), rows.earlier())) {
                Attack.run(fleet, subject, settings, rows, Optional.of(images), monitor);
            }
        }
    }

    @Override
    void summarise(PrintWriter text) throws IOException {
        List<AttackRow> rows = RowFile.read(out(), AttackRow.FORMAT);
        long without = rows.stream().filter(row -> row.cleanPrediction() == AttackRow.NO_PREDICTION).count();
        String broken = loss.losses.stream()
                .map(what -> rows.stream().filter(row -> row.brokenBy(what)).count() + " by " + Words.of(what) + ", ")
                .collect(Collectors.joining()).replaceFirst(" by ", " broken by ");
        String within = norm == Norm.INF ? "" : " in " + norm.words() + " balls";
        text.println(AttackRecord.name(steps, restarts, loss.toString()) + within + ", on " + rows.size() + " images: "
                + rows.stream().filter(AttackRow::cleanCorrect).count() + (labelled() ? " right as they are" : " with a prediction") + "; of these " + broken
                + rows.stream().filter(AttackRow::survived).count() + " not broken"
                + (without > 0 ? "; " + without + " without a prediction: their logits are not numbers" : ""));
    }

    private PgdSettings settings(Ball ball) {
        return Attack.settings(ball, steps, stepSize(), restarts, seed, loss.losses);
    }

    private double stepSize() {
        return stepSize == null ? PgdSettings.defaultStep(new Ball(epsilon, Ball.Centre.FLOAT, norm)) : stepSize;
    }
}
