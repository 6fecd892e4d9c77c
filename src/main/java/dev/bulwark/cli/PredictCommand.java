package dev.bulwark.cli;

import dev.bulwark.device.DeviceInfo;
import dev.bulwark.results.PredictionRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.runs.Certify;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.Subject;
import dev.bulwark.runs.TrainedFor;
import dev.bulwark.settings.Message;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code bulwark predict}: PREDICT of Cohen et al. 2019, a row an image. */
@Command(name = "predict", description = "Predict by the smoothed classifier, abstaining where its votes don't tell.")
final class PredictCommand extends ModelCommand {

    @Mixin
    private NoisyDeviceOptions device;
    @Mixin
    private SmoothingOptions smoothing;

    @Override
    void check() {
        smoothing.settings(1);
    }

    @Override
    DeviceOptions device() {
        return device;
    }

    @Override
    Optional<Message> warning(TrainedFor trained) {
        return trained.warningForNoise(smoothing.sigma());
    }

    @Override
    RowsRun identify(RowsRun run, Subject subject, DeviceInfo device) {
        return smoothing.identify(run, subject.network(), device);
    }

    @Override
    void write(Fleet fleet, Subject subject, RowsRun run, Monitor monitor) throws IOException {
        smoothing.require(subject);
        try (RowFile<PredictionRow> rows = run.open(out(), PredictionRow.FORMAT)) {
            Certify.predict(fleet, subject, smoothing.settings(1), rows, monitor);
        }
    }

    @Override
    void summarise(PrintWriter text) throws IOException {
        List<PredictionRow> rows = RowFile.read(out(), PredictionRow.FORMAT);
        text.println(rows.size() + " images, " + rows.stream().filter(PredictionRow::correct).count()
                + (labelled() ? " correct, " : " as the network without noise, ")
                + rows.stream().filter(row -> row.predict().isEmpty()).count() + " abstained");
    }
}
