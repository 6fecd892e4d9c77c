package dev.bulwark.results;

import dev.bulwark.device.NoiseLaw;
import dev.bulwark.stats.Sampling;
import java.util.List;
import java.util.OptionalDouble;
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

    /** Estimation samples for each image, at most; nothing but the votes says how many. */
    public OptionalLong samples() {
        return certificates.stream().mapToLong(CertificateRow::n).findFirst();
    }

    /** How it was decided when to stop; a fixed number of samples where nothing says. */
    public Sampling sampling() {
        return certificates.stream().map(CertificateRow::sampledBy).findFirst().orElse(Sampling.FIXED);
    }

    /** Whether the noise is whole bytes; Gaussian where nothing says. */
    public boolean isDiscrete() {
        return certificates.stream().findFirst().map(CertificateRow::law).filter(NoiseLaw.DISCRETE::equals).isPresent();
    }

    /** Estimation samples that were drawn for an image, on average; empty without votes. */
    public OptionalDouble meanSamples() {
        return certificates.stream().mapToLong(CertificateRow::drawn).average();
    }
}
