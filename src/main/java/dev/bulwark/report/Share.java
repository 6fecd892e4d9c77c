package dev.bulwark.report;

import dev.bulwark.stats.BinomialBound;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A counted share of images, printed in percent and rounded against what it claims. No images, no share.
 *
 * @param hits     images that count
 * @param images   images that were counted, at least one
 * @param rounding which way the percentage is rounded
 */
public record Share(long hits, long images, RoundingMode rounding) {

    private static final double CONFIDENCE = 0.95;
    private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);

    public Share {
        if (images < 1 || hits < 0 || hits > images) {
            throw new IllegalArgumentException("a share counts hits among images: " + hits + " of " + images);
        }
    }

    /** A guarantee, so rounded down. */
    public static <R> Optional<Share> certified(Collection<R> rows, Predicate<R> hit) {
        return count(rows, hit, RoundingMode.FLOOR);
    }

    /** A guarantee for a number of images, so rounded down. */
    public static Share certified(long hits, long images) {
        return new Share(hits, images, RoundingMode.FLOOR);
    }

    /** An upper bound that an attack has left standing, so rounded up. */
    public static <R> Optional<Share> upperBound(Collection<R> rows, Predicate<R> hit) {
        return count(rows, hit, RoundingMode.CEILING);
    }

    /** A plain measurement, rounded to nearest. */
    public static <R> Optional<Share> measured(Collection<R> rows, Predicate<R> hit) {
        return count(rows, hit, RoundingMode.HALF_UP);
    }

    /** In percent, exactly divided and then rounded this share's way. */
    public BigDecimal percent(int decimals) {
        return HUNDRED.multiply(BigDecimal.valueOf(hits)).divide(BigDecimal.valueOf(images), decimals, rounding);
    }

    /** Lower end of the two-sided 95% Clopper-Pearson interval over the choice of images, in percent, rounded down. */
    public BigDecimal lowerPercent(int decimals) {
        double lower = BinomialBound.interval(hits, images, CONFIDENCE).lower();
        return HUNDRED.multiply(new BigDecimal(lower)).setScale(decimals, RoundingMode.FLOOR);
    }

    /** Upper end of that interval, in percent, rounded up. */
    public BigDecimal upperPercent(int decimals) {
        double upper = BinomialBound.interval(hits, images, CONFIDENCE).upper();
        return HUNDRED.multiply(new BigDecimal(upper)).setScale(decimals, RoundingMode.CEILING);
    }

    private static <R> Optional<Share> count(Collection<R> rows, Predicate<R> hit, RoundingMode rounding) {
        return rows.isEmpty() ? Optional.empty()
                : Optional.of(new Share(rows.stream().filter(hit).count(), rows.size(), rounding));
    }
}
