package dev.bulwark.results;

import dev.bulwark.audit.AuditException;
import dev.bulwark.audit.Certificate;
import dev.bulwark.audit.CertificateText;
import java.util.Optional;

/** A certificate by bounds that others can check, as {@code dev.bulwark.audit} describes it. */
public record ProofRow(Certificate certificate) implements Row {

    public static final RowFormat<ProofRow> FORMAT = new Lines();

    @Override
    public int index() {
        return certificate.index();
    }

    @Override
    public int label() {
        return certificate.label();
    }

    /** One JSON object a line. */
    static final class Lines implements RowFormat<ProofRow> {

        @Override
        public Optional<String> header() {
            return Optional.empty();
        }

        @Override
        public boolean begins(String line, boolean torn) {
            return CertificateText.isOne(line) || torn && CertificateText.START.startsWith(line);
        }

        @Override
        public String write(ProofRow row) {
            return CertificateText.write(row.certificate);
        }

        @Override
        public ProofRow read(String line) {
            try {
                return new ProofRow(CertificateText.read(line));
            } catch (AuditException e) {
                throw new IllegalArgumentException(e.getMessage(), e);
            }
        }
    }
}
