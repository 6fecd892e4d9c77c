package dev.bulwark.runs;

import dev.bulwark.audit.AuditException;
import dev.bulwark.audit.Certificate;
import dev.bulwark.audit.CertificateFile;
import dev.bulwark.audit.CertificateText;
import dev.bulwark.audit.Checker;
import dev.bulwark.audit.Network;
import dev.bulwark.data.Dataset;
import java.io.IOException;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Proves a file of bounds certificates again, row by row. */
public final class BoundsAudit {

    private static final Pattern INDEX = Pattern.compile("\"index\":([0-9]{1,9})[,}]");

    private final Checker checker;
    private final Dataset data;
    private final Set<Integer> seen = new HashSet<>();
    private final Map<Checker.Outcome, Integer> counts = new EnumMap<>(Checker.Outcome.class);
    private int rows;
    private long bytes;
    private double seconds;
    private final SortedMap<String, Integer> claims = new TreeMap<>();

    public BoundsAudit(Network network, Dataset data) {
        this.checker = new Checker(network);
        this.data = data;
    }

    /**
     * What became of a row.
     *
     * @param line    in the file, from 1
     * @param index   of the image; empty where the row does not say
     * @param bytes   that the row takes, unpacked
     * @param seconds that its check took
     */
    public record Row(int line, Optional<Integer> index, Checker.Result result, int bytes, double seconds) {

        /** For messages. */
        public String name() {
            return "line " + line + index.map(i -> " (index " + i + ")").orElse("");
        }
    }

    /** Takes each row as it is checked. */
    public interface Sink {
        void take(Row row) throws IOException;
    }

    /**
     * Checks the rest of a file.
     *
     * @param first its first line, which was read
     * @throws AuditException if a line is no row of such a file
     */
    public void run(String first, CertificateFile file, Sink sink) throws IOException {
        for (Optional<String> line = Optional.of(first); line.isPresent(); line = file.next()) {
            if (!CertificateText.isOne(line.get())) {
                throw new AuditException("line " + file.number() + " is no certificate of bounds: it does not begin with "
                        + CertificateText.START);
            }
            long start = System.nanoTime();
            Matcher index = INDEX.matcher(line.get());
            Checker.Result result = check(line.get());
            Row row = new Row(file.number(), index.find() ? Optional.of(Integer.parseInt(index.group(1)))
                    : Optional.empty(), result,
                    line.get().length() + 1, (System.nanoTime() - start) / 1e9);
            ++rows;
            bytes += row.bytes;
            seconds += row.seconds;
            counts.merge(result.outcome(), 1, Integer::sum);
            sink.take(row);
        }
    }

    private Checker.Result check(String line) {
        try {
            Certificate row = CertificateText.read(line);
            if (row.index() < 0 || row.index() >= data.size()) {
                throw new AuditException("index is " + row.index() + ", and the data have " + data.size() + " images");
            }
            if (!seen.add(row.index())) {
                throw new AuditException("there is a row for this image already");
            }
            if (data.labelled() && data.label(row.index()) != row.label()) {
                throw new AuditException("label is " + row.label() + ", and the data say " + data.label(row.index()));
            }
            claims.merge((row.by().claim().equals("real") ? "" : "claim " + row.by().claim() + ", ") + row.by().method() + ", "
                    + row.ball().norm() + " ball of " + row.ball().epsilon(), 1, Integer::sum);
            return checker.check(row, BoundsCertificates.image(data, row.index()));
        } catch (AuditException e) {
            return Checker.Result.of(Checker.Outcome.DIFFERS, e.getMessage());
        }
    }

    /** What rows say that they are about, and how many each: the method, the norm and the radius, and the claim where it is not real. */
    public SortedMap<String, Integer> claims() {
        return Collections.unmodifiableSortedMap(claims);
    }

    public int rows() {
        return rows;
    }

    public int count(Checker.Outcome outcome) {
        return counts.getOrDefault(outcome, 0);
    }

    /** Whether all that is claimed was proven. */
    public boolean allProven() {
        return count(Checker.Outcome.PROVEN) + count(Checker.Outcome.NOTHING_CLAIMED) == rows;
    }

    /** A row's, on average. */
    public long bytesARow() {
        return bytes / Math.max(1, rows);
    }

    /** A row's, on average. */
    public double secondsARow() {
        return seconds / Math.max(1, rows);
    }
}
