package dev.bulwark.cli;

import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.files.FileNames;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.RecordFile;
import dev.bulwark.results.Row;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.RowFormat;
import dev.bulwark.results.RunLayout;
import dev.bulwark.runs.AttackTotals;
import dev.bulwark.runs.DataSource;
import dev.bulwark.runs.Existing;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.KeptImages;
import dev.bulwark.runs.RunRecord;
import dev.bulwark.runs.StageTotals;
import dev.bulwark.runs.Verify;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the commands that write rows have in common: the record beside the rows, and the refusal to mix two runs. */
final class RowsRun {

    private final Path out;
    private final Existing existing;
    private final Map<String, Object> identity = new LinkedHashMap<>();
    private final Map<String, Object> noted = new LinkedHashMap<>();
    private final StageTotals stages = new StageTotals();
    private final AttackTotals attacks = new AttackTotals();
    private List<String> notes = List.of();

    /** @param what the command's name */
    RowsRun(String what, Path out, Existing existing) {
        this.out = out;
        this.existing = existing;
        identity.put("run", what);
    }

    /** Adds something that the rows depend on. */
    RowsRun with(String name, Object value) {
        identity.put(name, value);
        return this;
    }

    /** Adds something that the record says of the rows beside what they depend on. */
    RowsRun noting(String name, Object value) {
        noted.put(name, value);
        return this;
    }

    /** Adds the balls around {@code data}'s images that the rows speak of. */
    RowsRun within(Epsilon epsilon, Dataset data) {
        with("epsilon", epsilon.nearest()).with(Verify.CENTRE, Verify.centre(data));
        epsilon.beyondDouble().ifPresent(exact -> with("epsilon_exact", exact));
        return this;
    }

    RowsRun on(StoredNetwork network, Dataset data, DeviceInfo device) {
        notes = network.notes();
        with("model_sha256", network.sha256())
                .with("dataset", data.name())
                .with("dataset_sha256", data.digest())
                .with("device", device.kind());
        if (!data.labelled()) {
            with("labels", "predictions");
        }
        // GPUs of one arithmetic give the same bits, however many they are; others may round otherwise.
        return device.onGpu() ? with("arithmetic", device.arithmetic()) : this;
    }

    /** What a cascade's stages do, which the record says. */
    StageTotals stages() {
        return stages;
    }

    /** What attacks take, which the record says. */
    AttackTotals attacks() {
        return attacks;
    }

    /** Writes rows. */
    interface Writing {
        void run() throws IOException;
    }

    /**
     * What can be said before anything is read or computed; {@link #run} checks the rest.
     *
     * @throws ExperimentException if {@code out} can't take rows, or there is nothing there to go on with
     */
    static void requireUsable(Path out, Existing existing) throws IOException {
        existing.requireUsable(out);
        if (existing == Existing.RESUME && Files.exists(out) && !Files.exists(record(out))) {
            throw new ExperimentException("can't resume: " + record(out) + " is missing, so nothing says what the rows in "
                    + out + " are; use another --out, or --overwrite");
        }
        RunRecord.requireResumable(record(out), existing);
    }

    /** Beside the rows, whatever link leads to them. */
    private static Path record(Path out) throws IOException {
        return RunLayout.recordOf(FileNames.real(out));
    }

    /** @throws ExperimentException if rows are to go where the record of the rows in {@code out} does */
    static void requireNoRecord(Path out, String option, Path path) throws IOException {
        if (FileNames.real(path).equals(record(out))) {
            throw new ExperimentException(option + " " + path + " is where the record of the rows in " + out
                    + " is kept: name another file");
        }
    }

    /** Checks that rows there are this run's, writes the missing ones and notes how it went. */
    void run(String command, Fleet fleet, Dataset data, Writing writing) throws IOException {
        try (RunRecord record = RunRecord.open(record(out), existing, identity)) {
            record.put("command", command);
            for (Map.Entry<String, Object> entry : noted.entrySet()) {
                record.put(entry.getKey(), entry.getValue());
            }
            if (!notes.isEmpty()) {
                record.put("model_notes", notes);
            }
            record.put("versions", Version.all());
            record.putDevices(fleet);
            record.put("data", DataSource.describe(data));
            stages.keepIn(record, RecordFile.STAGES);
            attacks.keepIn(record, AttackRecord.EFFORT);
            long start = System.nanoTime();
            writing.run();
            record.addSeconds("total", (System.nanoTime() - start) / 1e9);
            record.finish();
        }
    }

    /** Opens a place for images of rows as the user wants earlier ones treated. */
    KeptImages open(Path path, Dataset data, List<AttackRow> earlier) throws IOException {
        return KeptImages.open(path, data, earlier, existing);
    }

    /** Opens a file of rows as the user wants earlier ones treated. */
    <T extends Row> RowFile<T> open(Path path, RowFormat<T> format) throws IOException {
        return existing.open(path, format);
    }
}
