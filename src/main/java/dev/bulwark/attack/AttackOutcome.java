package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import java.util.Optional;

/**
 * What an attack made of one image.
 *
 * <p>The adversarial image is one that the network, in float, gives another class than {@code label}. Where the image itself
 * is such a one, or where none was found, it is the image itself, at distance 0. Where the network gives the image no class,
 * there is nothing to attack: it is neither right nor broken.
 */
public final class AttackOutcome {

    private final int label;
    private final int cleanPrediction;
    private final int adversarialPrediction;
    private final Optional<AttackMethod> method;
    private final Optional<AttackLoss> loss;
    private final double linf;
    private final double euclidean;
    private final double l1;
    private final float[] adversarialImage;

    /**
     * @param cleanPrediction       the network's class for {@code image}; -1 if it gives none, as where a logit is NaN
     * @param adversarialPrediction the network's class for {@code adversarialImage}; -1 where the clean prediction is
     * @param method                what found {@code adversarialImage}; empty if that is the image itself
     * @param loss                  what it climbed
     * @param linf                  how far {@code adversarialImage} lies from the centre of the ball; 0 for the image itself
     * @param euclidean             the same in the l2 norm, rounded up
     * @param l1                    the same in the l1 norm, rounded up
     * @param adversarialImage      {@code [D]}
     */
    AttackOutcome(int label, int cleanPrediction, int adversarialPrediction, Optional<AttackMethod> method,
                  Optional<AttackLoss> loss, double linf, double euclidean, double l1, float[] adversarialImage) {
        this.label = label;
        this.cleanPrediction = cleanPrediction;
        this.adversarialPrediction = adversarialPrediction;
        this.method = method;
        this.loss = loss;
        this.linf = linf;
        this.euclidean = euclidean;
        this.l1 = l1;
        this.adversarialImage = adversarialImage.clone();
    }

    public int label() {
        return label;
    }

    /** The network's class for the image as it is, or -1 for none. */
    public int cleanPrediction() {
        return cleanPrediction;
    }

    /** Whether an image was found that the network gives another class; a misclassified clean image is one. */
    public boolean broken() {
        return adversarialPrediction >= 0 && adversarialPrediction != label;
    }

    /** The network's class for the adversarial image: the label itself where the attack failed, -1 where there is none. */
    public int adversarialPrediction() {
        return adversarialPrediction;
    }

    /** Which attack broke the image; empty where none did, or none had to. */
    public Optional<AttackMethod> method() {
        return method;
    }

    /** What the attack climbed to break the image; empty where nothing did, or nothing had to. */
    public Optional<AttackLoss> loss() {
        return loss;
    }

    /** The l-infinity distance of the adversarial image from the centre of the ball, in input units; see {@link Ball#distance}. */
    public double linf() {
        return linf;
    }

    /** At least the l2 distance of the adversarial image from the centre of the ball; see {@link Ball#euclideanDistance}. */
    public double euclidean() {
        return euclidean;
    }

    /** At least the l1 distance of the adversarial image from the centre of the ball; see {@link Ball#l1Distance}. */
    public double l1() {
        return l1;
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
}
