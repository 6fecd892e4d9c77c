package dev.bulwark.bounds;

import java.util.Arrays;
import java.util.Optional;

/**
 * What is known of one image's logits over its box, and what that proves.
 *
 * <p>Both certificates are strict: where two logits may be equal, nothing is certified. The clean prediction comes from
 * a float forward pass and takes no part in them.
 */
public final class Bounds {

    private final int label;
    private final int cleanPrediction;
    private final Box logits;
    private final float[] marginLower;
    private final Optional<float[]> counterexample;
    private final Optional<String> reason;

    /**
     * @param cleanPrediction the network's class for the image itself, empirical; -1 if its logits hold a NaN
     * @param logits          {@code [classes]}: every logit over the box; infinite where no bound is known
     * @param margins         {@code [classes]}: lower bounds of {@code logit[label] - logit[c]} over the box; NaN or
     *                        -infinity where none is known. A margin that the logits' bounds alone prove larger is
     *                        raised: each was rounded on its own way
     */
    public Bounds(int label, int cleanPrediction, Box logits, float[] margins) {
        this(label, cleanPrediction, logits, margins, Optional.empty(), Optional.empty());
    }

    private Bounds(int label, int cleanPrediction, Box logits, float[] margins, Optional<float[]> counterexample,
                   Optional<String> reason) {
        if (label < 0 || label >= logits.size()) {
            throw new IllegalArgumentException("label must lie in [0, " + logits.size() + "): " + label);
        }
        if (margins.length != logits.size()) {
            throw new IllegalArgumentException("margins has " + margins.length + " elements, logits " + logits.size());
        }
        this.label = label;
        this.cleanPrediction = cleanPrediction;
        this.logits = logits;
        this.counterexample = counterexample;
        this.reason = reason;
        this.marginLower = new float[margins.length];
        for (int c = 0; c < margins.length; ++c) {
            if (c != label) {
                float byBox = subtractDown(logits.lower(label), logits.upper(c));
                marginLower[c] = margins[c] >= byBox ? margins[c] : byBox;
            }
        }
    }

    public int label() {
        return label;
    }

    public int cleanPrediction() {
        return cleanPrediction;
    }

    /** Lower bounds of the logits, {@code [classes]}; -infinity where none is known. */
    public float[] lower() {
        return logits.lower();
    }

    /** Upper bounds of the logits, {@code [classes]}; infinity where none is known. */
    public float[] upper() {
        return logits.upper();
    }

    /** Lower bounds of {@code logit[label] - logit[c]}, {@code [classes]}; -infinity where none is known, 0 at c = label. */
    public float[] marginLower() {
        return marginLower.clone();
    }

    /** Everywhere in the box the label's logit exceeds every other. */
    public boolean certified() {
        return Specification.labelProvenBy(label, marginLower.length, c -> marginLower[c]);
    }

    /** The weaker certificate, from the logits' bounds: the label's lower bound exceeds every other's upper bound. */
    public boolean certifiedByBox() {
        return Specification.labelProvenBy(label, logits.size(), c -> (double) logits.lower(label) - logits.upper(c));
    }

    /** A point of the region at which the real-number network's label does not lead, where one is known: {@code [D]}. */
    public Optional<float[]> counterexample() {
        return counterexample.map(float[]::clone);
    }

    /** Why a search for an answer ended without one; empty where there was none, or it ended with one. */
    public Optional<String> reason() {
        return reason;
    }

    /** Whether the image is certified, or falsified by a point. */
    public boolean decided() {
        return certified() || counterexample.isPresent();
    }

    /** These, with such a reason. */
    Bounds openBecause(String why) {
        return new Bounds(label, cleanPrediction, logits, marginLower, counterexample, Optional.of(why));
    }

    /** The better of these and of others of the same image over the same box, bound by bound. */
    Bounds tightenedBy(Bounds other) {
        int classes = logits.size();
        float[] lower = new float[classes];
        float[] upper = new float[classes];
        float[] margins = new float[classes];
        for (int c = 0; c < classes; ++c) {
            lower[c] = Math.max(logits.lower(c), other.logits.lower(c));
            upper[c] = Math.min(logits.upper(c), other.logits.upper(c));
            margins[c] = Math.max(marginLower[c], other.marginLower[c]);
        }
        return new Bounds(label, cleanPrediction, new Box(lower, upper), margins, counterexample, reason);
    }

    /** These, with such a point. @throws IllegalStateException if they are certified */
    Bounds falsifiedBy(float[] point) {
        if (certified() || certifiedByBox()) {
            throw new IllegalStateException("a certified image has a counterexample: " + this + ", " + Arrays.toString(point));
        }
        return new Bounds(label, cleanPrediction, logits, marginLower, Optional.of(point.clone()), Optional.empty());
    }

    /** These, with better bounds of margins. @param others of every other class, in their order; NaN where none is known */
    Bounds withMargins(float[] others) {
        float[] better = marginLower.clone();
        for (int c = 0, k = 0; c < better.length; ++c) {
            if (c != label) {
                better[c] = CrownPass.tighter(better[c], others[k++]);
            }
        }
        return new Bounds(label, cleanPrediction, logits, better, counterexample, reason);
    }

    @Override
    public String toString() {
        return "label " + label + ", clean prediction " + cleanPrediction + ", logits " + logits
                + (certified() ? ", certified" : ", not certified");
    }

    /** The largest float that is not above {@code a - b}: what the double difference lost is recovered by a two-sum. */
    static float subtractDown(float a, float b) {
        double difference = (double) a - b;
        double back = difference - a;
        double lost = (a - (difference - back)) - (b + back);
        double down = lost < 0 ? Math.nextDown(difference) : difference;
        float nearest = (float) down;
        return nearest > down ? Math.nextDown(nearest) : nearest;
    }
}
