package dev.bulwark.cli;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.Attacker;
import dev.bulwark.attack.Transfer;
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
import dev.bulwark.runs.TransferredImages;
import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bulwark attack}: PGD, AutoAttack or a part of it, a row an image. */
@Command(name = "attack", description = "Attack images, by PGD or as AutoAttack: an upper bound on robust accuracy, no guarantee.")
final class AttackCommand extends ModelCommand {

    @Mixin
    private RoundingDeviceOptions device;

    @Option(names = "--epsilon", required = true, converter = EpsilonConverter.class,
            description = "Radius of the ball, in input units: a decimal or a fraction, as 8/255.")
    private Epsilon epsilon;

    @Option(names = "--norm", paramLabel = "inf|2|1", defaultValue = "inf",
            description = "Of the ball: l-infinity, with signed steps; l2, with steps along the gradient; or l1, with sparse steps, which "
                    + "pgd does not take (default: ${DEFAULT-VALUE}).")
    private Norm norm;

    @Mixin
    private AttackOptions attack;

    @Option(names = "--save-adversarial", paramLabel = "F.npy|DIR", description = "Also keep an image for each row: the one that "
            + "breaks it, or, where none was found or needed, the image as it is (a row's \"saved\" says which). F.npy is one array "
            + "in the order of the rows; DIR gets a .npy file an image, and pairs of PNG files of broken ones to look at.")
    private Path saveAdversarial;

    @Option(names = "--transfer", paramLabel = "F.npy|DIR", description = "Search for nothing: try the images that another run kept with "
            + "--save-adversarial, of another network or in another arithmetic, on the same images. F.npy must have one for each image, "
            + "in their order. Those outside their balls are not tried.")
    private Path transfer;

    private Optional<TransferredImages> transferred = Optional.empty();

    @Override
    void requireUsableToo(Existing existing) throws IOException {
        if (transfer != null) {
            OutputPaths.requireNoInput("--out", out(), Map.of("--transfer", transfer));
            if (saveAdversarial != null) {
                OutputPaths.requireNoInput("--save-adversarial", saveAdversarial, Map.of("--transfer", transfer));
            }
        }
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
        if (transfer != null) {
            attack.requireUnused();
            return;
        }
        attack.check();
        attack.settings(ball(), new ImageShape(1, 1, 1));
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
    RowsRun identify(RowsRun run, Subject subject, DeviceInfo device) throws IOException {
        RowsRun attacked = isTakenWhole(subject.network(), device) ? run : run.with("gradients", DeviceOptions.STEP_BY_STEP);
        if (norm != Norm.INF) {
            attacked.with("norm", norm.toString());
        }
        if (saveAdversarial != null) {
            attacked.with("save_adversarial", KeptImages.isFile(saveAdversarial) ? "array" : "folder");
        }
        attacked.within(epsilon, subject.data());
        if (transfer == null) {
            return attack.identify(attacked, ball());
        }
        TransferredImages images = TransferredImages.read(transfer, subject);
        transferred = Optional.of(images);
        return attacked.with(AttackRecord.ATTACK, Transfer.NAME).with("transfer_sha256", images.sha256());
    }

    @Override
    void write(Fleet fleet, Subject subject, RowsRun run, Monitor monitor) throws IOException {
        Ball ball = subject.data().ball(epsilon).in(norm);
        Attacker.Settings settings = transferred.isPresent() ? transferred.get().within(ball)
                : attack.settings(ball, subject.data().shape());
        transferred.map(images -> images.outside(subject, ball)).filter(outside -> outside > 0).ifPresent(outside ->
                monitor.note("of " + outside + " images the given one lies outside the ball, so it is not tried"));
        try (RowFile<AttackRow> rows = run.open(out(), AttackRow.FORMAT)) {
            if (saveAdversarial == null) {
                Attack.run(fleet, subject, settings, rows, Optional.empty(), run.attacks(), monitor);
                return;
            }
            try (KeptImages images = run.open(saveAdversarial, subject.data(), rows.earlier())) {
                Attack.run(fleet, subject, settings, rows, Optional.of(images), run.attacks(), monitor);
            }
        }
    }

    @Override
    void summarise(PrintWriter text) throws IOException {
        List<AttackRow> rows = RowFile.read(out(), AttackRow.FORMAT);
        long without = rows.stream().filter(row -> row.cleanPrediction() == AttackRow.NO_PREDICTION).count();
        Map<String, Optional<AttackLoss>> parts = transfer == null ? attack.parts(ball()) : Map.of(Transfer.NAME, Optional.empty());
        String broken = parts.entrySet().stream()
                .map(part -> rows.stream().filter(row -> row.brokenBy().isPresent() && brokenBy(row, part)).count() + " by "
                        + part.getKey() + ", ")
                .collect(Collectors.joining()).replaceFirst(" by ", " broken by ");
        String within = norm == Norm.INF ? "" : " in " + norm.words() + " balls";
        text.println((transfer == null ? attack.name(norm) : "images of " + transfer) + within + ", on " + rows.size() + " images: "
                + rows.stream().filter(AttackRow::cleanCorrect).count() + (labelled() ? " right as they are" : " with a prediction") + "; of these " + broken
                + rows.stream().filter(AttackRow::survived).count() + " not broken"
                + (without > 0 ? "; " + without + " without a prediction: their logits are not numbers" : ""));
    }

    /** Whether an attack by its name, or, where the attack is one, a loss, is what broke a row's image. */
    private static boolean brokenBy(AttackRow row, Map.Entry<String, Optional<AttackLoss>> part) {
        boolean same = row.attack().isEmpty() || part.getKey().startsWith(Words.of(row.attack().get()));
        return same && row.loss().equals(part.getValue());
    }

    /** Around floats, for what does not depend on the images. */
    private Ball ball() {
        return new Ball(epsilon, Ball.Centre.FLOAT, norm);
    }
}
