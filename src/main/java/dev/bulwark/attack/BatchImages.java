package dev.bulwark.attack;

import dev.bulwark.plan.Plan;
import java.util.stream.IntStream;

/**
 * The images of a batch, what became of them so far, and which classes come next after their labels.
 *
 * @param images  {@code [N,D]}
 * @param labels  {@code [N]}
 * @param indices {@code [N]}, in the data set
 * @param logits  {@code [N,C]}, the float network's for the images as they are
 */
record BatchImages(float[] images, int[] labels, int[] indices, float[] logits, Targets targets) {

    /** Complains unless these can be attacked: arguments as of {@link Attacker#attack}. */
    static void require(Plan network, float[] images, int[] labels, int[] imageIndices) {
        network.requireInputs(images, labels.length, 0, 1);
        network.requireLabels(labels);
        if (imageIndices.length != labels.length) {
            throw new IllegalArgumentException(
                    "imageIndices has " + imageIndices.length + " elements, labels " + labels.length);
        }
    }

    int classes() {
        return logits.length / labels.length;
    }

    int inputs() {
        return images.length / labels.length;
    }

    /** The class other than the label with the largest logit but {@code place}; the lower class at a tie. */
    int rival(int position, int place) {
        int classes = classes();
        return IntStream.range(0, classes).filter(c -> c != labels[position]).boxed()
                .sorted((a, b) -> {
                    int falling = Float.compare(logits[position * classes + b], logits[position * classes + a]);
                    return falling != 0 ? falling : Integer.compare(a, b);
                })
                .skip(place).findFirst().orElseThrow();
    }
}
