package dev.bulwark.device.cpu;

/**
 * One image's noisy copies and how far they are from agreeing, in double (Jeong and Shin 2020).
 *
 * <p>With F the mean of the m copies' softmax {@code F_i} and
 * {@code v_c = lambda (log F_c - mean over i of log F_ic) - eta log F_c}, the penalty
 * {@code lambda mean KL(F || F_i) + eta H(F)} is {@code F . v}, and m times its gradient at copy j's logits is
 * {@code lambda (F_jc - F_c) + F_jc (v_c - F_j . v)}.
 */
final class Consistency {

    private final int copies;
    private final int classes;
    private final double lambda;
    private final double eta;

    /** {@code log F_ic}: finite where the logits are, however far apart they lie. */
    private final double[][] logs;
    private final double[] mean;
    private final double[] cost;

    Consistency(int copies, int classes, double lambda, double eta) {
        this.copies = copies;
        this.classes = classes;
        this.lambda = lambda;
        this.eta = eta;
        this.logs = new double[copies][classes];
        this.mean = new double[classes];
        this.cost = new double[classes];
    }

    /** Takes the image whose logits are {@code z[i][row .. row + classes - 1]}. */
    void see(float[][] z, int row) {
        for (int i = 0; i < copies; ++i) {
            logSoftmax(z[i], row, logs[i]);
        }
        for (int c = 0; c < classes; ++c) {
            double largest = Double.NEGATIVE_INFINITY;
            double sumOfLogs = 0;
            for (int i = 0; i < copies; ++i) {
                largest = Math.max(largest, logs[i][c]);
                sumOfLogs += logs[i][c];
            }
            double sum = 0;
            for (int i = 0; i < copies; ++i) {
                sum += Math.exp(logs[i][c] - largest);
            }
            double logMean = largest + Math.log(sum / copies);
            mean[c] = Math.exp(logMean);
            cost[c] = lambda * (logMean - sumOfLogs / copies) - eta * logMean;
        }
    }

    /** The largest logit is taken off first: beside a huge one, the sum's logarithm would be lost. */
    private void logSoftmax(float[] z, int row, double[] target) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < classes; ++c) {
            largest = Math.max(largest, z[row + c]);
        }
        double sum = 0;
        for (int c = 0; c < classes; ++c) {
            sum += Math.exp(z[row + c] - largest);
        }
        double logSum = Math.log(sum);
        for (int c = 0; c < classes; ++c) {
            target[c] = z[row + c] - largest - logSum;
        }
    }

    /** Mean over the copies. */
    double crossEntropy(int label) {
        double sum = 0;
        for (double[] log : logs) {
            sum -= log[label];
        }
        return sum / copies;
    }

    double penalty() {
        double sum = 0;
        for (int c = 0; c < classes; ++c) {
            sum += mean[c] * cost[c];
        }
        return sum;
    }

    /** {@code scale} times the gradient of loss and penalty together, to where the logits were. */
    void gradient(int label, double scale, float[][] target, int row) {
        for (int j = 0; j < copies; ++j) {
            double expected = 0;
            for (int c = 0; c < classes; ++c) {
                expected += Math.exp(logs[j][c]) * cost[c];
            }
            for (int c = 0; c < classes; ++c) {
                double probability = Math.exp(logs[j][c]);
                double slope = probability - (c == label ? 1 : 0)
                        + lambda * (probability - mean[c]) + probability * (cost[c] - expected);
                target[j][row + c] = Masks.coarse((float) (scale / copies * slope), CpuLosses.SMALLEST);
            }
        }
    }
}
