package dev.bulwark.smoothing;

import dev.bulwark.stats.Sampling;
import java.util.Arrays;

/** One input's run of CERTIFY: what was counted, under which parameters, and the claim that follows. */
public final class Certification {

    private final int guess;
    private final int[] counts;
    private final int n0;
    private final int n;
    private final int samples;
    private final Sampling sampling;
    private final double alpha;
    private final double sigma;
    private final Radius radius;

    /**
     * @param guess  the class with most of the n0 selection votes
     * @param counts estimation votes for each class; at most n in all, fewer where votes went to no class
     */
    public Certification(int guess, int[] counts, int n0, int n, double alpha, double sigma) {
        this(guess, counts, n0, new Drawn(Sampling.FIXED, n, n), alpha, sigma);
    }

    /** As the other constructor, for votes of which {@code drawn} says how their number came about. */
    Certification(int guess, int[] counts, int n0, Drawn drawn, double alpha, double sigma) {
        if (guess < 0 || guess >= counts.length) {
            throw new IllegalArgumentException("guess must lie in [0, " + counts.length + "): " + guess);
        }
        long votes = Arrays.stream(counts).asLongStream().sum();
        if (votes > drawn.samples) {
            throw new IllegalArgumentException("counts hold " + votes + " votes of " + drawn.samples + " samples");
        }
        this.guess = guess;
        this.counts = counts.clone();
        this.n0 = n0;
        this.n = drawn.n;
        this.samples = drawn.samples;
        this.sampling = drawn.sampling;
        this.alpha = alpha;
        this.sigma = sigma;
        this.radius = Radius.of(sampling, counts[guess], samples, sigma, alpha);
    }

    /**
     * How many samples were drawn, and of how many.
     *
     * @param n       estimation samples, at most
     * @param samples those drawn: n where their number is fixed
     */
    record Drawn(Sampling sampling, int n, int samples) {

        Drawn {
            if (samples < 1 || samples > n || sampling == Sampling.FIXED && samples != n) {
                throw new IllegalArgumentException(samples + " samples of n = " + n + " do not fit " + sampling);
            }
        }
    }

    /** The class that the selection votes name, certified or not. */
    public int guess() {
        return guess;
    }

    /** Estimation votes for each class, {@code [classes]}. */
    public int[] counts() {
        return counts.clone();
    }

    /** Selection samples. */
    public int n0() {
        return n0;
    }

    /** Estimation samples, at most: all of them where their number is fixed. */
    public int n() {
        return n;
    }

    /** Estimation samples that were drawn. */
    public int samples() {
        return samples;
    }

    /** How it was decided when to stop. */
    public Sampling sampling() {
        return sampling;
    }

    /** Probability that the claim is false. */
    public double alpha() {
        return alpha;
    }

    /** The noise's standard deviation as it was asked for, in input units; drawn is the nearest float. */
    public double sigma() {
        return sigma;
    }

    /** Lower confidence bound of the guess's probability. */
    public double pALower() {
        return radius.pALower();
    }

    public Certificate certificate() {
        return Certificate.of(guess, radius);
    }

    @Override
    public String toString() {
        return certificate() + " from " + counts[guess] + " of " + samples + " votes for class " + guess;
    }
}
