package dev.bulwark.results;

import dev.bulwark.device.NoiseLaw;
import dev.bulwark.smoothing.Radius;
import dev.bulwark.stats.Sampling;
import java.util.function.DoubleSupplier;

/**
 * What a row of randomized smoothing may claim: its votes decide the bound of the probability, the bound decides radius and
 * abstention, and a printed radius is that one rounded down. Rows are files, which can be altered by hand; so all that reads
 * them, for a report or to continue them, derives their claims again.
 *
 * <p>More than what is derived is never accepted. Less, by up to a millionth, is: another version may have rounded further
 * down. A radius may rest on the float that noise was drawn with, as earlier versions' did, where that lies above the sigma
 * that the row states.
 */
public final class RadiusRule {

    private static final double LOSS = 1e-6;

    private RadiusRule() {
    }

    /** @throws IllegalArgumentException if a certificate claims what its votes do not support; one line */
    static void requireSupported(CertificateRow row) {
        requireDerived("p_a_lower", row.pALower(), derived("p_a_lower", () ->
                row.sampledBy().lower(row.count(), row.drawn(), row.alpha())),
                row.sampledBy() == Sampling.FIXED ? "count, n and alpha" : "count, samples and alpha");
        requireAbstention(row);
        if (row.predict().isPresent()) {
            requireDerived("radius", row.radius(), derived("radius", () ->
                    Radius.of(row.pALower(), drawn(row.law(), row.sigma())).value().orElse(0)), "p_a_lower and sigma");
        }
    }

    /** @throws IllegalArgumentException unless a printed row says what the votes of the same image say; one line */
    public static void requireSame(SmoothingRow row, CertificateRow votes) {
        SmoothingRow expected = votes.withoutVotes();
        Require.that(row.label() == expected.label() && row.predict().equals(expected.predict())
                && row.radius() == expected.radius(), "the row for index " + row.index() + " has label " + row.label()
                + ", predict " + TabSeparated.prediction(row.predict()) + " and radius " + SmoothingRow.printed(row.radius())
                + ", but its votes say " + expected.label() + ", " + TabSeparated.prediction(expected.predict()) + " and "
                + SmoothingRow.printed(expected.radius()));
    }

    /**
     * The same for a printed row whose votes are not known: no radius is larger than that of votes that all agree.
     *
     * @throws IllegalArgumentException if it is; one line
     */
    public static void requireInReach(SmoothingRow row, double sigma, long n, double alpha) {
        requireInReach(row, Sampling.FIXED, sigma, n, alpha);
    }

    /** As {@link #requireInReach(SmoothingRow, double, long, double)}, where n is the largest number of samples. */
    public static void requireInReach(SmoothingRow row, Sampling sampling, double sigma, long n, double alpha) {
        double largest = Radius.of(sampling, n, n, drawn(NoiseLaw.GAUSSIAN, sigma), alpha).value().orElse(0);
        Require.that(row.radius() <= largest, "the row for index " + row.index() + " has radius "
                + SmoothingRow.printed(row.radius()) + ", but no votes support more than " + largest + " at sigma " + sigma
                + " with n = " + n + " and alpha = " + alpha);
    }

    /** The votes decide it, in both directions. */
    private static void requireAbstention(CertificateRow row) {
        Require.that(row.predict().isPresent() == row.pALower() > 0.5, "predict is "
                + TabSeparated.prediction(row.predict()) + ", but p_a_lower is " + row.pALower());
    }

    private static void requireDerived(String field, double stated, double derived, String from) {
        Require.that(stated <= derived && stated >= derived * (1 - LOSS),
                field + " is " + stated + ", but " + from + " make it " + derived);
    }

    private static double derived(String field, DoubleSupplier value) {
        try {
            return value.getAsDouble();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(field + " can't be derived: " + e.getMessage(), e);
        }
    }

    /** The float nearest to sigma if it is larger and noise is drawn with it. */
    private static double drawn(NoiseLaw law, double sigma) {
        return law == NoiseLaw.DISCRETE ? sigma : Math.max(sigma, (float) sigma);
    }
}
