package dev.bulwark.device;

/** The class that each row of logits votes for, how many vote for each, and the rows whose vote is wrong. */
public interface Votes {

    /**
     * {@code target[n]} = {@code int} index of row n's largest logit, the lowest at a tie of finite ones. It is -1 for a row
     * with a NaN, with +infinity more than once, or with nothing but -infinity: the rule of {@link NoisyClassifier}.
     */
    void argMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer target);

    /** Adds one to {@code counts[argMax]} ({@code int [classes]}) for each row whose {@link #argMax} is a class. */
    void countArgMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer counts);

    /**
     * Where row n's prediction is a class and not its label, {@code kept[n,:] = x[n,:]} and
     * {@code keptPredictions[n] = predictions[n]}; the other rows stay as they were, those without a prediction (-1) too.
     *
     * @param x           {@code [rows,columns]}
     * @param predictions {@code int [rows]}, as are labels and keptPredictions
     */
    void keepMisclassified(DeviceBuffer x, DeviceBuffer predictions, DeviceBuffer labels, int rows, int columns,
                           DeviceBuffer kept, DeviceBuffer keptPredictions);
}
