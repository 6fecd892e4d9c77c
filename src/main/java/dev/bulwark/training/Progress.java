package dev.bulwark.training;

import java.util.Optional;

/**
 * What one epoch did. Accuracies are those of the network while it changed, on training images; they certify nothing.
 *
 * @param epoch        counted from 1
 * @param epochs       in the whole run
 * @param steps        in this epoch
 * @param images       in this epoch
 * @param loss         mean of what was minimised
 * @param natural      on the images themselves, noisy where the objective says so; absent where no step computed it
 * @param worstCase    on the boxes; absent where no step computed it
 * @param epsilon      radius of the boxes in the last step
 * @param kappa        weight of the natural loss in the last step
 * @param learningRate in the last step
 * @param seconds      wall-clock time
 */
public record Progress(int epoch, int epochs, int steps, int images, double loss,
                       Optional<Term> natural, Optional<Term> worstCase,
                       double epsilon, double kappa, double learningRate, double seconds) {

    /**
     * One term of the loss, over the steps that computed it.
     *
     * @param loss     mean cross-entropy
     * @param accuracy fraction of images whose label has the largest logit, or the largest worst-case logit; each noisy
     *                 copy counts as an image
     */
    public record Term(double loss, double accuracy) {}

    public double samplesPerSecond() {
        return images / seconds;
    }

    /** Called after every epoch, in order, in the thread that trains. */
    @FunctionalInterface
    public interface Listener {
        void epochDone(Progress progress);
    }
}
