package dev.bulwark.results;

import java.util.List;
import java.util.OptionalLong;

/**
 * The rows of one noise level, all with as many samples.
 *
 * @param certified    what was certified, an image each
 * @param certificates the votes behind it; may be missing
 */
public record SigmaRows(List<SmoothingRow> certified, List<CertificateRow> certificates) {

    public SigmaRows {
        certified = List.copyOf(certified);
        certificates = List.copyOf(certificates);
    }

    /** Estimation samples for each image; nothing but the votes says how many. */
    public OptionalLong samples() {
        return certificates.stream().mapToLong(CertificateRow::n).findFirst();
    }
}
