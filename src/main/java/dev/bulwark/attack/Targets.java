package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Images under attack, and the best that was made of each so far: at first the image itself. */
final class Targets {

    private final int inputs;
    private final Ball ball;
    private final float[] images;
    private final int[] labels;
    private final int[] cleanPredictions;
    private final int[] predictions;
    private final float[][] adversarial;
    private final AttackMethod[] methods;
    private final AttackLoss[] losses;

    /**
     * @param images           {@code [N,D]}
     * @param labels           {@code [N]}
     * @param cleanPredictions {@code [N]}
     */
    Targets(Ball ball, float[] images, int[] labels, int[] cleanPredictions) {
        this.ball = ball;
        this.inputs = images.length / labels.length;
        this.images = images;
        this.labels = labels;
        this.cleanPredictions = cleanPredictions;
        this.predictions = cleanPredictions.clone();
        this.adversarial = new float[labels.length][];
        this.methods = new AttackMethod[labels.length];
        this.losses = new AttackLoss[labels.length];
        for (int n = 0; n < labels.length; ++n) {
            adversarial[n] = image(n);
        }
    }

    /** Whether the network has image n right, and nothing has broken it yet. */
    boolean stands(int n) {
        return predictions[n] == labels[n];
    }

    /** The images not broken yet, in order. */
    int[] standing() {
        return IntStream.range(0, labels.length).filter(this::stands).toArray();
    }

    /** Whether {@code prediction} would break image n, if it still stands: another class, not the lack of one (-1). */
    boolean breaks(int n, int prediction) {
        return stands(n) && prediction >= 0 && prediction != labels[n];
    }

    /** Image n is given {@code prediction}, not its label, at {@code adversarialImage} {@code [D]}, where the method led. */
    void setBroken(int n, int prediction, AttackMethod method, Optional<AttackLoss> loss, float[] adversarialImage) {
        if (!ball.holds(image(n), adversarialImage)) {
            throw new IllegalStateException(method + " left its ball: epsilon is " + ball.epsilon() + " in the "
                    + ball.norm().words() + " norm");
        }
        predictions[n] = prediction;
        methods[n] = method;
        losses[n] = loss.orElse(null);
        adversarial[n] = adversarialImage;
    }

    List<AttackOutcome> outcomes() {
        List<AttackOutcome> outcomes = new ArrayList<>();
        for (int n = 0; n < labels.length; ++n) {
            outcomes.add(new AttackOutcome(labels[n], cleanPredictions[n], predictions[n], Optional.ofNullable(methods[n]),
                    Optional.ofNullable(losses[n]), ball.distance(image(n), adversarial[n]),
                    ball.euclideanDistance(image(n), adversarial[n]), ball.l1Distance(image(n), adversarial[n]), adversarial[n]));
        }
        return outcomes;
    }

    /** {@code [D]} */
    float[] image(int n) {
        return Arrays.copyOfRange(images, n * inputs, (n + 1) * inputs);
    }
}
