package dev.bulwark.report;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Rows that tests count in their heads. The label is 0 throughout, of two classes. */
final class Rows {

    private Rows() {
    }

    static SmoothingRow radius(int index, double radius) {
        return SmoothingRow.certified(index, 0, 0, radius, Duration.ofMillis(5));
    }

    static SmoothingRow wrong(int index, double radius) {
        return SmoothingRow.certified(index, 0, 1, radius, Duration.ofMillis(5));
    }

    static SmoothingRow abstained(int index) {
        return SmoothingRow.abstained(index, 0, Duration.ofMillis(5));
    }

    /** A certificate with these votes of 100; it abstains, as only the votes matter. */
    static CertificateRow votes(int index, long forLabel, double sigma) {
        return new CertificateRow(index, 0, OptionalInt.empty(), 0, 0.4, forLabel, List.of(forLabel, 100 - forLabel),
                10, 100, 0.001, sigma, 1);
    }

    /** Bounds with this lower bound of the margin; {@code byBox} decides whether the boxes of the logits are apart. */
    static BoundsRow bounds(int index, double epsilon, int cleanPrediction, float margin, boolean byBox) {
        return BoundsRow.of(index, 0, epsilon, BoundsRow.Method.IBP, cleanPrediction,
                new float[] {1, -5}, new float[] {2, byBox ? 0 : 1}, new float[] {0, margin});
    }

    static AttackRow attack(int index, int cleanPrediction, boolean broken) {
        return new AttackRow(index, 0, cleanPrediction, broken, broken ? 1 : 0, 0.1,
                broken && cleanPrediction == 0 ? Optional.of(AttackRow.Loss.CROSS_ENTROPY) : Optional.empty());
    }

    /** {@code hits} images certified beyond every radius, the others not at all. */
    static List<SmoothingRow> certified(int hits, int images) {
        List<SmoothingRow> rows = new ArrayList<>();
        for (int i = 0; i < images; ++i) {
            rows.add(i < hits ? radius(i, 2) : abstained(i));
        }
        return rows;
    }
}
