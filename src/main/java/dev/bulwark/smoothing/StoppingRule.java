package dev.bulwark.smoothing;

import dev.bulwark.stats.Sampling;
import dev.bulwark.stats.SequentialBound;
import dev.bulwark.stats.StandardNormal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * When sequential sampling stops. Votes are counted stage by stage, at numbers of samples that depend on n alone. An image is
 * settled at a stage once each of the radii asked for
 * <ul>
 * <li>is certified by the votes so far, or
 * <li>can't be certified at any later stage, even if all further votes agree, or
 * <li>exceeds what the image has: the votes show, by the same test at the same alpha, that the probability of the guessed
 * class is below what the radius takes. An image that has the radius is given up so with probability at most alpha.
 * </ul>
 * The radius 0, whether anything is certified, is always among them. Certificates are valid whatever the rule, since the bound
 * of {@link SequentialBound} is valid at every stopping time.
 *
 * <p>The rule is a table of vote counts for each stage and radius, made once. Immutable.
 */
public final class StoppingRule {

    private static final int FIRST_STAGE = 32;
    /** No count of votes suffices. */
    private static final int NEVER = Integer.MAX_VALUE;
    /** By how much more is asked of the test, so that the bound, which is computed to a part in 2^42, suffices. */
    private static final double MARGIN = 0x1p-40;

    private final double sigma;
    private final double alpha;
    private final double[] radii;
    private final int[] stages;
    /** {@code [stages][radii]}: this many votes or more certify the radius; {@link #NEVER} if none do. */
    private final int[][] certified;
    /** {@code [stages][radii]}: with this many votes or fewer the radius is given up. */
    private final int[][] givenUp;

    /**
     * @param radii l2 radii to certify, in input units, at least 0
     * @param n     estimation samples, at most
     * @param sigma noise standard deviation, in input units
     * @param alpha probability that a claim is false
     */
    public StoppingRule(List<Double> radii, int n, double sigma, double alpha) {
        Radius.requireSigma(sigma);
        if (n < 1) {
            throw new IllegalArgumentException("n must be positive: " + n);
        }
        radii.forEach(radius -> {
            if (!(radius >= 0 && Double.isFinite(radius))) {
                throw new IllegalArgumentException("radii must be finite and at least 0: " + radii);
            }
        });
        this.sigma = sigma;
        this.alpha = alpha;
        this.radii = DoubleStream.concat(DoubleStream.of(0), radii.stream().mapToDouble(Double::doubleValue)).sorted().distinct()
                .toArray();
        this.stages = stages(n);
        this.certified = new int[stages.length][this.radii.length];
        this.givenUp = new int[stages.length][this.radii.length];
        for (int r = 0; r < this.radii.length; ++r) {
            fill(r);
        }
    }

    /** Numbers of samples at which votes are looked at: 32, 48, 64, 96 and so on, then n. */
    private static int[] stages(int n) {
        List<Integer> stages = new ArrayList<>();
        for (long samples = FIRST_STAGE; samples < n; samples *= 2) {
            stages.add((int) samples);
            if (samples / 2 * 3 < n) {
                stages.add((int) (samples / 2 * 3));
            }
        }
        stages.add(n);
        return stages.stream().mapToInt(Integer::intValue).toArray();
    }

    private void fill(int r) {
        double p = StandardNormal.cdf(radii[r] / Math.min(sigma, (float) sigma));
        for (int s = 0; s < stages.length; ++s) {
            certified[s][r] = fewestThatCertify(stages[s], radii[r], p);
        }
        int slack = NEVER; // the fewest other votes, less all votes, with which a later stage certifies the radius
        for (int s = stages.length - 1; s >= 0; --s) {
            int hopeless = slack == NEVER ? stages[s] : stages[s] + slack - 1;
            givenUp[s][r] = Math.max(hopeless, mostThatShowLess(stages[s], p));
            if (certified[s][r] != NEVER) {
                slack = Math.min(slack == NEVER ? 0 : slack, certified[s][r] - stages[s]);
            }
        }
    }

    /** @param p about the probability that the radius takes */
    private int fewestThatCertify(int samples, double radius, double p) {
        if (p >= 1 - MARGIN) {
            return NEVER;
        }
        int few = -1;
        int many = samples;
        while (many - few > 1) {
            int middle = few + (many - few) / 2;
            if (SequentialBound.rejects(middle, samples, p * (1 + MARGIN), alpha)) {
                many = middle;
            } else {
                few = middle;
            }
        }
        while (many <= samples && !certifies(many, samples, radius)) {
            ++many;
        }
        return many <= samples ? many : NEVER;
    }

    /** The last word: what the row will claim. */
    private boolean certifies(int count, int samples, double radius) {
        return Radius.of(Sampling.SEQUENTIAL, count, samples, sigma, alpha).value().orElse(-1) >= radius;
    }

    /** The largest count of votes at which the others' show that p is not reached; -1 if none does. */
    private int mostThatShowLess(int samples, double p) {
        if (p >= 1 - MARGIN) {
            return samples;
        }
        int shows = -1;
        int doesNot = samples + 1;
        while (doesNot - shows > 1) {
            int middle = shows + (doesNot - shows) / 2;
            if (SequentialBound.rejects(samples - middle, samples, 1 - p, alpha)) {
                shows = middle;
            } else {
                doesNot = middle;
            }
        }
        return shows;
    }

    /** The radii asked for, in ascending order, 0 among them. */
    public List<Double> radii() {
        return Arrays.stream(radii).boxed().toList();
    }

    /** Estimation samples, at most. */
    public int n() {
        return stages[stages.length - 1];
    }

    public double sigma() {
        return sigma;
    }

    public double alpha() {
        return alpha;
    }

    /** How often votes are looked at. */
    public int stages() {
        return stages.length;
    }

    /** Samples drawn by the end of a stage, counted from 0. */
    public int samples(int stage) {
        return stages[stage];
    }

    /** Whether an image with {@code count} votes for its guessed class at the end of a stage needs no more; true at the last. */
    public boolean settled(int stage, int count) {
        if (stage == stages.length - 1) {
            return true;
        }
        for (int r = 0; r < radii.length; ++r) {
            if (count < certified[stage][r] && count > givenUp[stage][r]) {
                return false;
            }
        }
        return true;
    }
}
