package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.Losses;
import java.util.Optional;

/** Cross-entropy, the worst-case logits it is taken of, and the margin; matrices {@code [rows,classes]}. */
final class CpuLosses implements Losses {

    /** Gradients of less than 2^-67 are none: carried back through a few layers they would be denormal. */
    static final float SMALLEST = 0x1p-44f;

    private final Rows rows;

    CpuLosses(Rows rows) {
        this.rows = rows;
    }

    @Override
    public void crossEntropy(DeviceBuffer logits, DeviceBuffer labels, int count, int classes, DeviceBuffer weight,
                             DeviceBuffer gradient, DeviceBuffer losses) {
        float scale = CpuMemory.floats(weight).get(0) / count;
        rows.run(count, (first, block) -> {
            float[] z = Rows.load(logits, first, block, classes);
            int[] y = Rows.loadInts(labels, first, block, 1);
            float[] loss = new float[block];
            for (int n = 0; n < block; ++n) {
                loss[n] = softmaxGradient(z, n * classes, classes, y[n], scale);
            }
            Rows.store(z, gradient, first, classes);
            Rows.store(loss, losses, first, 1);
        });
    }

    /** Turns a row of logits into its scaled gradient; returns the loss. */
    private static float softmaxGradient(float[] z, int row, int classes, int label, float scale) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int c = 0; c < classes; ++c) {
            largest = Math.max(largest, z[row + c]);
        }
        double sum = 0;
        for (int c = 0; c < classes; ++c) {
            sum += Math.exp(z[row + c] - largest);
        }
        double loss = Math.log(sum) + largest - z[row + label];
        for (int c = 0; c < classes; ++c) {
            double probability = Math.exp(z[row + c] - largest) / sum;
            z[row + c] = Masks.coarse((float) (scale * (probability - (c == label ? 1 : 0))), SMALLEST);
        }
        return (float) loss;
    }

    @Override
    public void consistencyLoss(DeviceBuffer logits, DeviceBuffer labels, int copies, int count, int classes,
                                float lambda, float eta, DeviceBuffer weight,
                                DeviceBuffer gradient, DeviceBuffer losses, DeviceBuffer penalties) {
        float scale = CpuMemory.floats(weight).get(0) / count;
        rows.run(count, (first, block) -> {
            float[][] z = new float[copies][];
            for (int i = 0; i < copies; ++i) {
                z[i] = Rows.load(logits, i * count + first, block, classes);
            }
            int[] y = Rows.loadInts(labels, first, block, 1);
            float[] loss = new float[block];
            float[] penalty = new float[block];
            var image = new Consistency(copies, classes, lambda, eta);
            for (int n = 0; n < block; ++n) {
                image.see(z, n * classes);
                loss[n] = (float) image.crossEntropy(y[n]);
                penalty[n] = (float) image.penalty();
                image.gradient(y[n], scale, z, n * classes);
            }
            for (int i = 0; i < copies; ++i) {
                Rows.store(z[i], gradient, i * count + first, classes);
            }
            Rows.store(loss, losses, first, 1);
            Rows.store(penalty, penalties, first, 1);
        });
    }

    @Override
    public void dlr(DeviceBuffer logits, DeviceBuffer labels, int count, int classes, DeviceBuffer gradient, DeviceBuffer losses) {
        ratios(logits, labels, Optional.empty(), count, classes, gradient, losses);
    }

    @Override
    public void targetedDlr(DeviceBuffer logits, DeviceBuffer labels, DeviceBuffer targets, int count, int classes,
                            DeviceBuffer gradient, DeviceBuffer losses) {
        ratios(logits, labels, Optional.of(targets), count, classes, gradient, losses);
    }

    private void ratios(DeviceBuffer logits, DeviceBuffer labels, Optional<DeviceBuffer> targets, int count, int classes,
                        DeviceBuffer gradient, DeviceBuffer losses) {
        rows.run(count, (first, block) -> {
            LogitRatio ratio = new LogitRatio(Rows.load(logits, first, block, classes), classes);
            int[] y = Rows.loadInts(labels, first, block, 1);
            Optional<int[]> toward = targets.map(each -> Rows.loadInts(each, first, block, 1));
            float[] loss = new float[block];
            for (int n = 0; n < block; ++n) {
                loss[n] = toward.isPresent() ? ratio.targeted(n, y[n], toward.get()[n]) : ratio.untargeted(n, y[n]);
            }
            Rows.store(ratio.gradients(), gradient, first, classes);
            Rows.store(loss, losses, first, 1);
        });
    }

    @Override
    public void targetedMargin(DeviceBuffer logits, DeviceBuffer labels, DeviceBuffer targets, int count, int classes,
                               DeviceBuffer gradient, DeviceBuffer losses) {
        rows.run(count, (first, block) -> {
            LogitRatio ratio = new LogitRatio(Rows.load(logits, first, block, classes), classes);
            int[] y = Rows.loadInts(labels, first, block, 1);
            int[] toward = Rows.loadInts(targets, first, block, 1);
            float[] loss = new float[block];
            for (int n = 0; n < block; ++n) {
                loss[n] = ratio.difference(n, y[n], toward[n]);
            }
            Rows.store(ratio.gradients(), gradient, first, classes);
            Rows.store(loss, losses, first, 1);
        });
    }

    @Override
    public void margins(DeviceBuffer logits, DeviceBuffer labels, int count, int classes, DeviceBuffer losses) {
        rows.run(count, (first, block) -> {
            float[] z = Rows.load(logits, first, block, classes);
            int[] y = Rows.loadInts(labels, first, block, 1);
            float[] loss = new float[block];
            for (int n = 0; n < block; ++n) {
                float best = classes > 1 ? Float.NEGATIVE_INFINITY : Float.NaN;
                for (int c = 0; c < classes; ++c) {
                    best = Float.isNaN(z[n * classes + c]) ? Float.NaN : c == y[n] ? best : Math.max(best, z[n * classes + c]);
                }
                loss[n] = best - z[n * classes + y[n]];
            }
            Rows.store(loss, losses, first, 1);
        });
    }

    @Override
    public void marginGradient(DeviceBuffer logits, DeviceBuffer labels, int count, int classes, DeviceBuffer gradient) {
        rows.run(count, (first, block) -> {
            float[] z = Rows.load(logits, first, block, classes);
            int[] y = Rows.loadInts(labels, first, block, 1);
            float[] g = new float[z.length];
            for (int n = 0; n < block; ++n) {
                int best = bestOther(z, n * classes, classes, y[n]);
                if (best >= 0) {
                    g[n * classes + best] = 1f;
                    g[n * classes + y[n]] = -1f;
                }
            }
            Rows.store(g, gradient, first, classes);
        });
    }

    /** The class with the largest logit but the label, the lowest at a tie; -1 without one, or where a logit is NaN. */
    private static int bestOther(float[] z, int row, int classes, int label) {
        int best = -1;
        for (int c = 0; c < classes; ++c) {
            if (Float.isNaN(z[row + c])) {
                return -1;
            }
            if (c != label && (best < 0 || z[row + c] > z[row + best])) {
                best = c;
            }
        }
        return best;
    }

    @Override
    public void worstCaseLogits(DeviceBuffer centre, DeviceBuffer radius, DeviceBuffer labels, int count, int classes,
                                DeviceBuffer worst) {
        rows.run(count, (first, block) -> {
            float[] c = Rows.load(centre, first, block, classes);
            float[] r = Rows.load(radius, first, block, classes);
            int[] y = Rows.loadInts(labels, first, block, 1);
            for (int k = 0; k < c.length; ++k) {
                c[k] += k % classes == y[k / classes] ? -r[k] : r[k];
            }
            Rows.store(c, worst, first, classes);
        });
    }

    @Override
    public void worstCaseLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int count, int classes,
                                        DeviceBuffer gradientCentre, DeviceBuffer gradientRadius) {
        rows.run(count, (first, block) -> {
            float[] g = Rows.load(gradientWorst, first, block, classes);
            int[] y = Rows.loadInts(labels, first, block, 1);
            Rows.store(g, gradientCentre, first, classes);
            for (int n = 0; n < block; ++n) {
                g[n * classes + y[n]] = -g[n * classes + y[n]];
            }
            Rows.store(g, gradientRadius, first, classes);
        });
    }

    @Override
    public void pairwiseDifferences(DeviceBuffer weight, int classes, int in, DeviceBuffer target) {
        float[] w = Rows.load(weight, 0, classes, in);
        rows.run(HostArrays.length("pairs of classes", classes, classes), (first, block) -> {
            float[] difference = new float[block * in];
            for (int pair = first; pair < first + block; ++pair) {
                int y = pair / classes * in;
                int c = pair % classes * in;
                for (int i = 0; i < in; ++i) {
                    difference[(pair - first) * in + i] = Math.abs(w[c + i] - w[y + i]);
                }
            }
            Rows.store(difference, target, first, in);
        });
    }

    @Override
    public void pairwiseDifferencesGradient(DeviceBuffer weight, DeviceBuffer gradientTarget, int classes, int in,
                                            DeviceBuffer gradientWeight) {
        float[] w = Rows.load(weight, 0, classes, in);
        int pairs = HostArrays.length("pairs of classes", classes, classes);
        float[] g = Rows.load(gradientTarget, 0, pairs, in);
        float[] result = Rows.load(gradientWeight, 0, classes, in);
        for (int pair = 0; pair < pairs; ++pair) {
            int y = pair / classes * in;
            int c = pair % classes * in;
            for (int i = 0; i < in; ++i) {
                float signed = Math.signum(w[c + i] - w[y + i]) * g[pair * in + i];
                result[c + i] += signed;
                result[y + i] -= signed;
            }
        }
        Rows.store(result, gradientWeight, 0, in);
    }

    @Override
    public void elidedLogits(DeviceBuffer centreLogits, DeviceBuffer spread, DeviceBuffer labels, int count, int classes,
                             DeviceBuffer worst) {
        int pairs = HostArrays.length("pairs of classes", classes, classes);
        rows.run(count, (first, block) -> {
            float[] z = Rows.load(centreLogits, first, block, classes);
            float[] s = Rows.load(spread, first, block, pairs);
            int[] y = Rows.loadInts(labels, first, block, 1);
            for (int n = 0; n < block; ++n) {
                float ofLabel = z[n * classes + y[n]];
                for (int c = 0; c < classes; ++c) {
                    z[n * classes + c] += s[(n * classes + y[n]) * classes + c] - ofLabel;
                }
                z[n * classes + y[n]] = 0f;
            }
            Rows.store(z, worst, first, classes);
        });
    }

    @Override
    public void elidedLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int count, int classes,
                                     DeviceBuffer gradientCentre, DeviceBuffer gradientSpread) {
        int pairs = HostArrays.length("pairs of classes", classes, classes);
        rows.run(count, (first, block) -> {
            float[] g = Rows.load(gradientWorst, first, block, classes);
            float[] s = new float[HostArrays.length("rows by pairs of classes", block, pairs)];
            int[] y = Rows.loadInts(labels, first, block, 1);
            for (int n = 0; n < block; ++n) {
                float others = 0f;
                for (int c = 0; c < classes; ++c) {
                    if (c != y[n]) {
                        others += g[n * classes + c];
                        s[(n * classes + y[n]) * classes + c] = g[n * classes + c];
                    }
                }
                g[n * classes + y[n]] = -others;
            }
            Rows.store(g, gradientCentre, first, classes);
            Rows.store(s, gradientSpread, first, pairs);
        });
    }
}
