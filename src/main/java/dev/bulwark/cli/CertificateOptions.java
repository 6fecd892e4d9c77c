package dev.bulwark.cli;

import dev.bulwark.audit.Certificate;
import dev.bulwark.audit.Network;
import dev.bulwark.audit.NetworkFile;
import dev.bulwark.bounds.Claim;
import dev.bulwark.data.Epsilon;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.ProofRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.runs.BoundsCertificates;
import dev.bulwark.runs.Existing;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.Subject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Option;

/** Certificates of bounds beside their rows, for others to check. */
final class CertificateOptions {

    @Option(names = "--certificates", paramLabel = "F.jsonl[.gz]", description = "Also, for each image, what it takes to prove "
            + "its row again by other means: see audit. Of networks in safetensors files.")
    private Path certificates;

    /** As the checker of certificates reads it. */
    private Network checked;

    /**
     * Before anything is computed.
     *
     * @param normalised whether the network has a normalisation in front that its file has not
     * @throws ExperimentException                if there can be no certificates of such a run
     * @throws dev.bulwark.audit.AuditException if the checker does not read such networks
     */
    void check(Path model, Path out, Epsilon epsilon, boolean largest, boolean normalised, Claim claim) {
        if (certificates == null) {
            return;
        }
        if (largest) {
            throw new ExperimentException("--certificates are of one epsilon, and --largest searches for many: drop one");
        }
        if (claim != Claim.REAL) {
            throw new ExperimentException("--certificates prove what holds of the network in real numbers, and --claim " + claim
                    + " says more: drop one");
        }
        if (normalised) {
            throw new ExperimentException("--certificates are of the network in the file alone, without --mean and --std: put "
                    + "the normalisation into the file, or drop --certificates");
        }
        if (certificates.toAbsolutePath().normalize().equals(out.toAbsolutePath().normalize())) {
            throw new ExperimentException("--out and --certificates name one file: name two");
        }
        Certificate.requireReadable(epsilon.toString());
        try {
            checked = NetworkFile.read(model);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** The files that are written, by option. */
    Map<String, Path> outputs(Path out) {
        return certificates == null ? Map.of("--out", out) : Map.of("--out", out, "--certificates", certificates);
    }

    /** Writes the certificates of all rows that have none yet; packed ones grow unpacked beside. */
    void write(Path rows, Subject subject, Epsilon epsilon, RowsRun run, Existing existing, Monitor monitor) throws IOException {
        if (certificates == null) {
            return;
        }
        boolean packed = certificates.getFileName().toString().endsWith(".gz");
        Path growing = packed ? certificates.resolveSibling(certificates.getFileName() + ".part") : certificates;
        if (packed && existing == Existing.RESUME && Files.exists(certificates) && !Files.exists(growing)) {
            BoundsCertificates.unpack(certificates, growing); // there may be more rows by now
        }
        try (RowFile<ProofRow> proofs = run.open(growing, ProofRow.FORMAT)) {
            new BoundsCertificates(proofs, checked, subject.data(), epsilon).complete(RowFile.read(rows, BoundsRow.FORMAT), monitor);
        }
        if (packed) {
            BoundsCertificates.pack(growing, certificates);
        }
    }
}
