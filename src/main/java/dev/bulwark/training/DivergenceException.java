package dev.bulwark.training;

/** Training left the region where it can recover; the last checkpoint, if there is one, dates from before. */
public final class DivergenceException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * @param epoch        counted from 1
     * @param step         within the epoch, counted from 1
     * @param what         what is out of bounds, and how: "the loss is NaN"
     * @param learningRate the rate there
     */
    DivergenceException(int epoch, int step, String what, double learningRate) {
        super("training diverged at epoch " + epoch + ", step " + step + ": " + what
                + " at learning rate " + learningRate
                + "; try a lower learning rate, a longer warm-up or ramp, or a clip norm");
    }
}
