package dev.bulwark.training;

/**
 * The training loss in double, one neuron at a time with lower and upper bounds, and no gradient: the yardstick for
 * {@link LossGradient}, which works in float on centres and radii.
 */
final class ReferenceLoss {

    private static final double TAU = 0.5;

    private final int[] widths;
    private final float[] images;
    private final int[] labels;
    private final double epsilon;
    private final double kappa;
    private final double regulariser;
    private final boolean elided;
    private final int copies;
    private final double consistency;
    private final double entropy;

    ReferenceLoss(int[] widths, float[] images, int[] labels, double epsilon, double kappa, double regulariser,
                  boolean elided) {
        this(widths, images, labels, epsilon, kappa, regulariser, elided, 1, 0, 0);
    }

    private ReferenceLoss(int[] widths, float[] images, int[] labels, double epsilon, double kappa, double regulariser,
                          boolean elided, int copies, double consistency, double entropy) {
        this.widths = widths;
        this.images = images;
        this.labels = labels;
        this.epsilon = epsilon;
        this.kappa = kappa;
        this.regulariser = regulariser;
        this.elided = elided;
        this.copies = copies;
        this.consistency = consistency;
        this.entropy = entropy;
    }

    /** The natural loss of {@code [copies,labels.length,widths[0]]} images with the penalty of Jeong and Shin 2020. */
    static ReferenceLoss ofCopies(int[] widths, float[] images, int[] labels, int copies, double consistency,
                                  double entropy) {
        return new ReferenceLoss(widths, images, labels, 0, 1, 0, false, copies, consistency, entropy);
    }

    double at(double[] parameters) {
        return kappa * natural(parameters) + (1 - kappa) * worstCase(parameters)
                + (regulariser > 0 ? regulariser * regularisers(parameters) : 0);
    }

    /** The central difference's estimate of the derivative with respect to parameter k. */
    double derivative(double[] parameters, int k) {
        double step = 1e-6;
        double[] moved = parameters.clone();
        moved[k] = parameters[k] + step;
        double above = at(moved);
        moved[k] = parameters[k] - step;
        return (above - at(moved)) / (2 * step);
    }

    private double natural(double[] parameters) {
        double sum = 0;
        for (int n = 0; n < labels.length; ++n) {
            double[][] softmax = new double[copies][];
            for (int i = 0; i < copies; ++i) {
                double[] logits = logits(parameters, image(i * labels.length + n));
                sum += crossEntropy(logits, labels[n]) / copies;
                softmax[i] = softmax(logits);
            }
            sum += disagreement(softmax);
        }
        return sum / labels.length;
    }

    /** lambda mean KL(F || F_i) + eta H(F), F the mean of the copies' softmax F_i. */
    private double disagreement(double[][] softmax) {
        double sum = 0;
        for (int c = 0; c < softmax[0].length; ++c) {
            double mean = 0;
            for (double[] copy : softmax) {
                mean += copy[c] / copies;
            }
            for (double[] copy : softmax) {
                sum += consistency / copies * mean * Math.log(mean / copy[c]);
            }
            sum -= entropy * mean * Math.log(mean);
        }
        return sum;
    }

    private double[] logits(double[] parameters, double[] x) {
        for (int layer = 0; layer < layers(); ++layer) {
            x = affine(parameters, layer, x, x)[0];
            if (layer + 1 < layers()) {
                x = relu(x);
            }
        }
        return x;
    }

    private double worstCase(double[] parameters) {
        double sum = 0;
        for (int n = 0; n < labels.length; ++n) {
            double[][] box = inputBox(n);
            for (int layer = 0; layer + 1 < layers(); ++layer) {
                box = affine(parameters, layer, box[0], box[1]);
                box = new double[][] {relu(box[0]), relu(box[1])};
            }
            sum += crossEntropy(worstLogits(parameters, box, labels[n]), labels[n]);
        }
        return sum / labels.length;
    }

    private double[] worstLogits(double[] parameters, double[][] box, int label) {
        int last = layers() - 1;
        int classes = widths[last + 1];
        if (!elided) {
            double[][] logits = affine(parameters, last, box[0], box[1]);
            double[] worst = logits[1];
            worst[label] = logits[0][label];
            return worst;
        }
        double[] worst = new double[classes];
        for (int c = 0; c < classes; ++c) {
            worst[c] = bias(parameters, last, c) - bias(parameters, last, label);
            for (int i = 0; i < widths[last]; ++i) {
                double w = weight(parameters, last, c, i) - weight(parameters, last, label, i);
                worst[c] += w * (w > 0 ? box[1][i] : box[0][i]);
            }
        }
        return worst;
    }

    /** Shi et al. 2021, section 4.3, averaged over the hidden layers. */
    private double regularisers(double[] parameters) {
        double[][][] boxes = new double[labels.length][][];
        double inputRadius = 0;
        for (int n = 0; n < labels.length; ++n) {
            boxes[n] = inputBox(n);
            for (int i = 0; i < widths[0]; ++i) {
                inputRadius += (boxes[n][1][i] - boxes[n][0][i]) / 2 / (labels.length * widths[0]);
            }
        }
        double total = 0;
        for (int layer = 0; layer + 1 < layers(); ++layer) {
            for (int n = 0; n < labels.length; ++n) {
                boxes[n] = affine(parameters, layer, boxes[n][0], boxes[n][1]);
            }
            total += (tight(boxes, inputRadius) + balance(boxes)) / TAU;
            for (int n = 0; n < labels.length; ++n) {
                boxes[n] = new double[][] {relu(boxes[n][0]), relu(boxes[n][1])};
            }
        }
        return total / (layers() - 1);
    }

    private static double tight(double[][][] boxes, double inputRadius) {
        double sum = 0;
        int count = 0;
        for (double[][] box : boxes) {
            for (int i = 0; i < box[0].length; ++i, ++count) {
                sum += (box[1][i] - box[0][i]) / 2;
            }
        }
        return Math.max(0, TAU - inputRadius / (sum / count));
    }

    private static double balance(double[][][] boxes) {
        double mean = 0;
        int count = boxes.length * boxes[0][0].length;
        for (double[][] box : boxes) {
            for (int i = 0; i < box[0].length; ++i) {
                mean += (box[0][i] + box[1][i]) / 2 / count;
            }
        }
        double above = 0;
        double below = 0;
        double squareAbove = 0;
        double squareBelow = 0;
        for (double[][] box : boxes) {
            for (int i = 0; i < box[0].length; ++i) {
                double centre = (box[0][i] + box[1][i]) / 2;
                above += Math.max(centre, 0);
                below += Math.max(-centre, 0);
                squareAbove += centre > 0 ? (centre - mean) * (centre - mean) : 0;
                squareBelow += centre < 0 ? (centre - mean) * (centre - mean) : 0;
            }
        }
        return unevenness(above, below) + unevenness(squareAbove, squareBelow);
    }

    private static double unevenness(double a, double b) {
        return Math.max(0, TAU - Math.min(a / b, b / a));
    }

    private double[] image(int n) {
        double[] x = new double[widths[0]];
        for (int i = 0; i < x.length; ++i) {
            x[i] = images[n * x.length + i];
        }
        return x;
    }

    private double[][] inputBox(int n) {
        double[] lower = image(n);
        double[] upper = image(n);
        for (int i = 0; i < lower.length; ++i) {
            lower[i] = Math.max(0, lower[i] - epsilon);
            upper[i] = Math.min(1, upper[i] + epsilon);
        }
        return new double[][] {lower, upper};
    }

    private double[][] affine(double[] parameters, int layer, double[] lower, double[] upper) {
        double[][] out = new double[2][widths[layer + 1]];
        for (int o = 0; o < out[0].length; ++o) {
            out[0][o] = bias(parameters, layer, o);
            out[1][o] = out[0][o];
            for (int i = 0; i < widths[layer]; ++i) {
                double w = weight(parameters, layer, o, i);
                out[0][o] += w * (w > 0 ? lower[i] : upper[i]);
                out[1][o] += w * (w > 0 ? upper[i] : lower[i]);
            }
        }
        return out;
    }

    private static double[] relu(double[] x) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; ++i) {
            y[i] = Math.max(x[i], 0);
        }
        return y;
    }

    private static double crossEntropy(double[] logits, int label) {
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - logits[label]);
        }
        return Math.log(sum);
    }

    private static double[] softmax(double[] logits) {
        double[] result = new double[logits.length];
        for (int c = 0; c < result.length; ++c) {
            result[c] = Math.exp(-crossEntropy(logits, c));
        }
        return result;
    }

    private int layers() {
        return widths.length - 1;
    }

    private double weight(double[] parameters, int layer, int o, int i) {
        return parameters[start(layer) + o * widths[layer] + i];
    }

    private double bias(double[] parameters, int layer, int o) {
        return parameters[start(layer) + widths[layer] * widths[layer + 1] + o];
    }

    private int start(int layer) {
        int at = 0;
        for (int k = 0; k < layer; ++k) {
            at += (widths[k] + 1) * widths[k + 1];
        }
        return at;
    }
}
