package dev.bulwark.api;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.AttackMethod;
import dev.bulwark.attack.AttackOutcome;
import dev.bulwark.data.Norm;
import java.util.Arrays;
import java.util.Optional;

/** What an attack made of one image; empirical, of the float network on this device. */
public sealed interface AttackResult {

    /** Nothing was found. That is no guarantee. */
    record Standing() implements AttackResult {

        @Override
        public String toString() {
            return "standing: the attack found nothing, which is no guarantee";
        }
    }

    /** The network gives the image itself another class than its label. */
    record Misclassified(int prediction) implements AttackResult {

        @Override
        public String toString() {
            return "misclassified as " + prediction + " before any attack";
        }
    }

    /** The network gives the image no class, as where a logit is NaN: there is nothing to attack. */
    record Unanswered() implements AttackResult {

        @Override
        public String toString() {
            return "unanswered: the network gives the image no class";
        }
    }

    /** An image was found within epsilon that the network gives another class. */
    final class Broken implements AttackResult {

        private final float[] adversarialImage;
        private final int prediction;
        private final Norm norm;
        private final double distance;
        private final AttackMethod method;
        private final Optional<AttackLoss> loss;

        private Broken(AttackOutcome outcome, Norm norm) {
            this.adversarialImage = outcome.adversarialImage();
            this.prediction = outcome.adversarialPrediction();
            this.norm = norm;
            this.distance = switch (norm) {
                case INF -> outcome.linf();
                case TWO -> outcome.euclidean();
                case ONE -> outcome.l1();
            };
            this.method = outcome.method().orElseThrow();
            this.loss = outcome.loss();
        }

        /** {@code [D]} */
        public float[] adversarialImage() {
            return adversarialImage.clone();
        }

        /** The network's class for it. */
        public int prediction() {
            return prediction;
        }

        /** How far it lies from the image in the norm of the ball, in input units; in l2 and l1 rounded up. */
        public double distance() {
            return distance;
        }

        /** Which of several attacks found it. */
        public AttackMethod method() {
            return method;
        }

        /** What the attack climbed to find it; empty for FAB, which climbs nothing. */
        public Optional<AttackLoss> loss() {
            return loss;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Broken that && Arrays.equals(adversarialImage, that.adversarialImage)
                    && prediction == that.prediction && method == that.method && loss.equals(that.loss);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(adversarialImage);
        }

        @Override
        public String toString() {
            return "broken: class " + prediction + " at " + norm.words() + " distance " + distance;
        }
    }

    /**
     * @param outcome of any attack
     * @param norm    of the ball
     */
    static AttackResult of(AttackOutcome outcome, Norm norm) {
        if (outcome.cleanPrediction() < 0) {
            return new Unanswered();
        }
        if (outcome.cleanPrediction() != outcome.label()) {
            return new Misclassified(outcome.cleanPrediction());
        }
        return outcome.broken() ? new Broken(outcome, norm) : new Standing();
    }
}
