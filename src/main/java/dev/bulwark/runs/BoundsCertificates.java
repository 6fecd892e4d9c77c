package dev.bulwark.runs;

import dev.bulwark.audit.Certificate;
import dev.bulwark.audit.Image;
import dev.bulwark.audit.Network;
import dev.bulwark.audit.Proof;
import dev.bulwark.audit.Prover;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.files.AtomicFile;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.ProofRow;
import dev.bulwark.results.RowFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Certificates beside rows of bounds, complete with what proves them again. */
public final class BoundsCertificates {

    private final RowFile<ProofRow> rows;
    private final Network network;
    private final Dataset data;
    private final Epsilon epsilon;
    private final Prover prover;

    /**
     * @param rows    takes them
     * @param network as the checker reads it from its file
     * @param epsilon of all rows, exactly
     * @throws ExperimentException if there are earlier ones of another network or radius
     */
    public BoundsCertificates(RowFile<ProofRow> rows, Network network, Dataset data, Epsilon epsilon) {
        this.rows = rows;
        this.network = network;
        this.data = data;
        this.epsilon = epsilon;
        this.prover = new Prover(network, Prover.Effort.DEFAULT);
        for (ProofRow row : rows.earlier()) {
            Certificate earlier = row.certificate();
            if (!earlier.bound().model().equals(network.sha256()) || !earlier.ball().epsilon().equals(epsilon.toString())) {
                throw new ExperimentException("can't resume: the certificate for index " + row.index()
                        + " is another run's, of network "
                        + earlier.bound().model() + " at epsilon " + earlier.ball().epsilon());
            }
        }
    }

    /** Adds a certificate for each row that has none yet. */
    public void complete(List<BoundsRow> bounds, Monitor monitor) throws IOException {
        requireTheSame(bounds);
        try (Monitor.Stage stage = monitor.stage("certificates", bounds.size(), "images")) {
            for (BoundsRow row : bounds) {
                if (rows.contains(row.index())) {
                    stage.found(1);
                } else {
                    Image image = image(data, row.index());
                    rows.append(new ProofRow(prover.complete(claim(row, image), image)));
                    stage.advance(1);
                }
            }
        }
    }

    /** Whether certificates that are there already are of these rows: what is claimed of the same ball, and found by the same. */
    private void requireTheSame(List<BoundsRow> bounds) {
        Map<Integer, BoundsRow> byIndex = new HashMap<>();
        bounds.forEach(row -> byIndex.put(row.index(), row));
        for (ProofRow proof : rows.earlier()) {
            BoundsRow row = byIndex.get(proof.index());
            if (row == null) {
                throw new ExperimentException("can't resume: the certificate for index " + proof.index()
                        + " is of no row, so that it is another run's");
            }
            Certificate there = proof.certificate();
            Certificate wanted = claim(row, image(data, row.index()));
            if (there.label() != wanted.label() || !there.ball().equals(wanted.ball()) || !there.by().equals(wanted.by())
                    || !there.bound().equals(wanted.bound()) || there.verdict() != wanted.verdict()) {
                throw new ExperimentException("can't resume: the certificate for index " + proof.index() + " is another run's: "
                        + said(there) + ", where the row is " + said(wanted));
            }
        }
    }

    private static String said(Certificate of) {
        return of.verdict().name().toLowerCase(Locale.ROOT) + " by " + of.by().method() + " in the " + of.ball().norm()
                + " ball of " + of.ball().epsilon() + " around image " + of.bound().image().substring(0, 8);
    }

    /** Packs a finished file of certificates. */
    public static void pack(Path rows, Path packed) throws IOException {
        AtomicFile.replace(packed, stream -> {
            GZIPOutputStream gzip = new GZIPOutputStream(stream);
            Files.copy(rows, gzip);
            gzip.finish();
        });
        Files.delete(rows);
    }

    /** Unpacks such a file, to go on with it; the packed one stays until it is replaced. */
    public static void unpack(Path packed, Path rows) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
            AtomicFile.replace(rows, in::transferTo);
        }
    }

    /** An image as certificates speak of it. */
    public static Image image(Dataset data, int index) {
        return Image.of(data.centre() == Ball.Centre.BYTE, data.pixels(index));
    }

    private Certificate claim(BoundsRow row, Image image) {
        Certificate.Verdict verdict = row.certified() ? Certificate.Verdict.CERTIFIED
                : row.witness().isPresent() ? Certificate.Verdict.FALSIFIED : Certificate.Verdict.UNDECIDED;
        List<OptionalDouble> margins = IntStream.range(0, row.marginLower().size()).mapToObj(c -> c == row.label()
                ? OptionalDouble.empty() : OptionalDouble.of(row.marginLower().get(c))).toList();
        return new Certificate(row.index(), row.label(), new Certificate.Region(epsilon.toString(),
                row.ballNorm().toString()),
                new Certificate.Origin(row.method().toString(), "real"),
                new Certificate.Digests(network.sha256(), image.sha256(), image.isBytes()), verdict,
                verdict == Certificate.Verdict.CERTIFIED ? margins : List.of(), row.witness(), Proof.NONE);
    }
}
