package dev.bulwark.results;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Method;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.smoothing.Radius;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Rows that tests count in their heads. The label is 0 throughout, of two classes. */
public final class SampleRows {

    private SampleRows() {
    }

    public static SmoothingRow radius(int index, double radius) {
        return SmoothingRow.certified(index, 0, 0, radius, Duration.ofMillis(5));
    }

    public static SmoothingRow wrong(int index, double radius) {
        return SmoothingRow.certified(index, 0, 1, radius, Duration.ofMillis(5));
    }

    public static SmoothingRow abstained(int index) {
        return SmoothingRow.abstained(index, 0, Duration.ofMillis(5));
    }

    /** What these votes of 100 certify. */
    public static CertificateRow votes(int index, long forLabel, double sigma) {
        return votes(index, List.of(forLabel, 100 - forLabel), 100, sigma);
    }

    /** What these votes of {@code n}, the first of them for the label, certify at alpha = 0.001. */
    public static CertificateRow votes(int index, List<Long> counts, long n, double sigma) {
        Radius radius = Radius.of(counts.get(0), n, sigma, 0.001);
        OptionalInt predict = radius.value().isPresent() ? OptionalInt.of(0) : OptionalInt.empty();
        return CertificateRow.of(index, 0, new CertificateRow.Claim(predict, radius.value().orElse(0), radius.pALower()),
                new CertificateRow.Votes(counts.get(0), counts), new CertificateRow.Draws(10, n, 0.001, sigma, 1));
    }

    /** Bounds with this lower bound of the margin; {@code byBox} decides whether the boxes of the logits are apart. */
    public static BoundsRow bounds(int index, double epsilon, int cleanPrediction, float margin, boolean byBox) {
        return BoundsRow.of(new CleanPrediction(index, 0, cleanPrediction), epsilon, Method.IBP,
                BoundsRow.Bounds.of(new float[] {1, -5}, new float[] {2, byBox ? 0 : 1}, new float[] {0, margin}));
    }

    /** A cascade's answer, or none. */
    public static BoundsRow cascade(int index, int cleanPrediction, boolean certified, Optional<Cascade.Stage> by) {
        BoundsRow ibp = bounds(index, 0.1, cleanPrediction, certified ? 1 : -1, false);
        return BoundsRow.of(new CleanPrediction(index, 0, cleanPrediction), 0.1, Method.CASCADE,
                new BoundsRow.Bounds(ibp.lower(), ibp.upper(), ibp.marginLower())).decided(by,
                by.isPresent() && !certified ? Optional.of(new float[] {0.5f}) : Optional.empty(), Optional.of("the time is up"));
    }

    /** Rows of bounds without what they took, as two runs agree on them. */
    public static String untimed(String rows) {
        return rows.replaceAll(",\"seconds\":[-+.\\dE]+", "");
    }

    public static AttackRow attack(int index, int cleanPrediction, boolean broken) {
        CleanPrediction clean = new CleanPrediction(index, 0, cleanPrediction);
        return !broken ? AttackRow.stands(clean, 0) : AttackRow.broken(clean, 1, 0.1,
                cleanPrediction == 0 ? Optional.of(AttackLoss.CROSS_ENTROPY) : Optional.empty());
    }

    /** {@code hits} images certified at every radius of the table, the others not at all. */
    public static List<SmoothingRow> certified(int hits, int images) {
        List<SmoothingRow> rows = new ArrayList<>();
        for (int i = 0; i < images; ++i) {
            rows.add(i < hits ? radius(i, 1) : abstained(i));
        }
        return rows;
    }

    /** Two pictures of two pixels, one of each kind. */
    public static Gallery gallery() {
        Picture picture = Picture.of(new float[] {0, 1}, 0, 1);
        return new Gallery(new ImageShape(1, 2, 1),
                List.of(new Gallery.Original(3, 7, picture).smoothed(Gallery.Reason.ABSTAINED, 0.25,
                        List.of(new Gallery.View(0.25, 7, Picture.of(new float[] {0.2f, 0.7f}, -0.5, 1.5))))),
                List.of(new Gallery.Original(5, 4, picture)
                        .attacked(0.1, 9, 0.1, Picture.of(new float[] {0.1f, 0.9f}, 0, 1))));
    }
}
