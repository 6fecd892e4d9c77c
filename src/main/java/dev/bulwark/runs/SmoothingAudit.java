package dev.bulwark.runs;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bulwark.audit.AuditException;
import dev.bulwark.audit.SmoothingCertificate;
import dev.bulwark.data.Dataset;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.RecordFile;
import dev.bulwark.results.RunLayout;
import dev.bulwark.smoothing.Certification;
import dev.bulwark.smoothing.SmoothedClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Checks smoothing certificates: every row's statistics by arithmetic of its own, and some rows' votes by drawing their
 * noise again from its seed.
 */
public final class SmoothingAudit {

    /** The share of votes that another arithmetic may change; more is another network, image or seed. */
    private static final double OTHER_ARITHMETIC = 0.02;

    private final Dataset data;
    private final List<SmoothingCertificate> sound = new ArrayList<>();
    private final Set<Integer> seen = new HashSet<>();
    private int rows;

    public SmoothingAudit(Dataset data) {
        this.data = data;
    }

    /** What became of a row's noise. */
    public enum Redrawn {
        SAME, DIFFERS,
        /** Other votes, a few of them, and the record says that they were counted in another arithmetic. */
        NOT_REPRODUCIBLE
    }

    /** What is wrong with a line's row; empty where its votes support its claim. */
    public Optional<String> statistics(String line) {
        ++rows;
        try {
            SmoothingCertificate row = SmoothingCertificate.read(line);
            if (row.index() >= data.size() || data.labelled() && data.label(row.index()) != row.label()) {
                return Optional.of("index or label are not the data's");
            }
            if (!seen.add(row.index())) {
                return Optional.of("there is a row for this image already");
            }
            Optional<String> complaint = row.complaint();
            if (complaint.isEmpty()) {
                sound.add(row);
            }
            return complaint;
        } catch (AuditException e) {
            return Optional.of(e.getMessage());
        }
    }

    public int rows() {
        return rows;
    }

    /** Rows whose votes support their claims. */
    public int supported() {
        return sound.size();
    }

    /** Takes what became of a row whose noise was drawn again. */
    public interface Sink {
        void take(SmoothingCertificate row, Redrawn redrawn);
    }

    /**
     * Draws the noise of some rows again, evenly spaced among those whose statistics are right.
     *
     * @param count  how many
     * @param record of the run that counted the votes, where there is one
     */
    public void redraw(int count, Fleet fleet, Graph network, Optional<JsonNode> record, Sink sink) {
        boolean otherwise = record.isPresent() && !arithmetic(record.get().path("device")).equals(
                Optional.of(fleet.info().arithmetic()));
        try (Plan plan = Plan.load(fleet.first(), network)) {
            for (int k = 0; k < Math.min(count, sound.size()); ++k) {
                SmoothingCertificate row = sound.get((int) ((long) k * sound.size() / Math.min(count, sound.size())));
                NoiseLaw law = row.discrete() ? NoiseLaw.DISCRETE : NoiseLaw.GAUSSIAN;
                Certify.requireBytes(law, data, new int[] {row.index()});
                try (SmoothedClassifier smoothed = new SmoothedClassifier(plan, law, row.sigma(), row.seed())) {
                    Certification again = smoothed.certify(data.pixels(row.index()), new int[] {row.index()}, (int) row.n0(),
                            (int) row.samples(), row.alpha()).get(0);
                    sink.take(row, compare(row, again, otherwise));
                }
            }
        }
    }

    private static Redrawn compare(SmoothingCertificate row, Certification again, boolean otherwise) {
        int[] counts = again.counts();
        long moved = counts.length == row.counts().size() ? 0 : row.samples();
        for (int c = 0; c < Math.min(counts.length, row.counts().size()); ++c) {
            moved = Math.max(moved, Math.abs(counts[c] - row.counts().get(c)));
        }
        boolean guessed = row.predict() < 0 || again.guess() == row.predict();
        return moved == 0 && guessed ? Redrawn.SAME
                : otherwise && moved <= OTHER_ARITHMETIC * row.samples() ? Redrawn.NOT_REPRODUCIBLE : Redrawn.DIFFERS;
    }

    private static Optional<Map<String, String>> arithmetic(JsonNode device) {
        if (!device.isObject()) {
            return Optional.empty();
        }
        Map<String, String> libraries = new HashMap<>();
        device.path("libraries").properties().forEach(entry -> libraries.put(entry.getKey(), entry.getValue().asText()));
        return Optional.of(new DeviceInfo(device.path("kind").asText(), "", 1, libraries).arithmetic());
    }

    /** The record of the run that wrote certificates: beside them, or beside rows of the same name. */
    public static Optional<JsonNode> record(Path certificates) throws IOException {
        String name = certificates.getFileName().toString();
        String stem = name.replaceFirst("\\.jsonl(\\.gz)?$", "");
        for (String rows : List.of(name, stem + ".tsv")) {
            Path record = RunLayout.recordOf(certificates.resolveSibling(rows));
            if (Files.exists(record)) {
                return Optional.of(RecordFile.read(record));
            }
        }
        return Optional.empty();
    }
}
