package dev.bulwark.attack;

import java.util.Optional;

/**
 * What an attack made of one image.
 *
 * <p>The adversarial image is one that the network, in float, does not give {@code label}. Where the image itself is such
 * a one, or where none was found, it is the image itself, at distance 0.
 */
public final class AttackOutcome {

    private final int label;
    private final int cleanPrediction;
    private final int adversarialPrediction;
    private final Optional<AttackLoss> loss;
    private final double linf;
    private final float[] adversarialImage;

    /**
     * @param cleanPrediction       the network's class for {@code image}; -1 if its logits hold a NaN
     * @param adversarialPrediction the network's class for {@code adversarialImage}, likewise
     * @param loss                  what led to {@code adversarialImage}; empty if that is the image itself
     * @param image                 {@code [D]}, before the attack
     * @param adversarialImage      {@code [D]}
     */
    AttackOutcome(int label, int cleanPrediction, int adversarialPrediction, Optional<AttackLoss> loss, float[] image,
                  float[] adversarialImage) {
        this.label = label;
        this.cleanPrediction = cleanPrediction;
        this.adversarialPrediction = adversarialPrediction;
        this.loss = loss;
        this.linf = distance(image, adversarialImage);
        this.adversarialImage = adversarialImage.clone();
    }

    public int label() {
        return label;
    }

    public int cleanPrediction() {
        return cleanPrediction;
    }

    /** Whether an image was found that the network gets wrong; a misclassified clean image is one. */
    public boolean broken() {
        return adversarialPrediction != label;
    }

    /** The network's class for the adversarial image: the label itself where the attack failed. */
    public int adversarialPrediction() {
        return adversarialPrediction;
    }

    /** What the attack climbed to break the image; empty where nothing did, or nothing had to. */
    public Optional<AttackLoss> loss() {
        return loss;
    }

    /** The l-infinity distance of the adversarial image, measured on it, in input units. */
    public double linf() {
        return linf;
    }

    /** {@code [D]} */
    public float[] adversarialImage() {
        return adversarialImage.clone();
    }

    @Override
    public String toString() {
        return "label " + label + ", clean prediction " + cleanPrediction
                + (broken() ? ", broken to " + adversarialPrediction + " at " + linf : ", not broken");
    }

    private static double distance(float[] a, float[] b) {
        double distance = 0;
        for (int k = 0; k < a.length; ++k) {
            distance = Math.max(distance, Math.abs((double) a[k] - b[k]));
        }
        return distance;
    }
}
