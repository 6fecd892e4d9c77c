package dev.bulwark.training;

import java.util.Optional;

/**
 * What one epoch did. Accuracies are those of the network while it changed, on training images; they certify nothing.
 *
 * @param epoch   which one it was
 * @param losses  means over its images
 * @param last    what its last step read
 * @param seconds wall-clock time
 */
public record Progress(Epoch epoch, Losses losses, Settings last, double seconds) {

    /**
     * An epoch of a run.
     *
     * @param number counted from 1
     * @param of     epochs in the whole run
     * @param steps  in this epoch
     * @param images in this epoch
     */
    public record Epoch(int number, int of, int steps, int images) {}

    /**
     * Mean losses.
     *
     * @param total     what was minimised
     * @param natural   on the images themselves, noisy where the objective says so; absent where no step computed it
     * @param worstCase on the boxes; absent where no step computed it
     */
    public record Losses(double total, Optional<Term> natural, Optional<Term> worstCase) {}

    /**
     * One term of the loss, over the steps that computed it.
     *
     * @param loss     mean cross-entropy
     * @param accuracy fraction of images whose label has the largest logit, or the largest worst-case logit; each noisy
     *                 copy counts as an image
     */
    public record Term(double loss, double accuracy) {}

    /**
     * What a step reads.
     *
     * @param epsilon      radius of the boxes
     * @param kappa        weight of the natural loss
     * @param learningRate the step's length
     */
    public record Settings(double epsilon, double kappa, double learningRate) {}

    public double samplesPerSecond() {
        return epoch.images / seconds;
    }

    /** Called after every epoch, in order, in the thread that trains. */
    @FunctionalInterface
    public interface Listener {
        void epochDone(Progress progress);
    }
}
