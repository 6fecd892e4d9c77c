package dev.bulwark.training;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.List;

/**
 * The training loss in double, one neuron at a time with lower and upper bounds, and no gradient: the yardstick for
 * {@link LossGradient}, which works in float on centres and radii. Of a graph, only the structure counts here.
 */
final class ReferenceLoss {

    private static final double TAU = 0.5;

    private final Graph graph;
    private final float[] images;
    private final float[] centres;
    private final int[] labels;
    private final double epsilon;
    private final double kappa;
    private final double regulariser;
    private final boolean elided;
    private final int copies;
    private final double consistency;
    private final double entropy;

    ReferenceLoss(Graph graph, float[] images, int[] labels, double epsilon, double kappa, double regulariser,
                  boolean elided) {
        this(graph, images, images, labels, epsilon, kappa, regulariser, elided, 1, 0, 0);
    }

    /** Without regularisers, and with boxes around other centres than the images of the natural loss. */
    ReferenceLoss(Graph graph, float[] images, float[] centres, int[] labels, double epsilon, double kappa, boolean elided) {
        this(graph, images, centres, labels, epsilon, kappa, 0, elided, 1, 0, 0);
    }

    private ReferenceLoss(Graph graph, float[] images, float[] centres, int[] labels, double epsilon, double kappa, double regulariser,
                          boolean elided, int copies, double consistency, double entropy) {
        this.graph = graph;
        this.images = images;
        this.centres = centres;
        this.labels = labels;
        this.epsilon = epsilon;
        this.kappa = kappa;
        this.regulariser = regulariser;
        this.elided = elided;
        this.copies = copies;
        this.consistency = consistency;
        this.entropy = entropy;
    }

    /** The natural loss of {@code [copies,labels.length,inputs]} images with the penalty of Jeong and Shin 2020. */
    static ReferenceLoss ofCopies(Graph graph, float[] images, int[] labels, int copies, double consistency,
            double entropy) {
        return new ReferenceLoss(graph, images, images, labels, 0, 1, 0, false, copies, consistency, entropy);
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
                double[] x = image(images, i * labels.length + n);
                double[] logits = output(boxes(parameters, new double[][] {x, x}))[0];
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

    private double worstCase(double[] parameters) {
        double sum = 0;
        for (int n = 0; n < labels.length; ++n) {
            sum += crossEntropy(worstLogits(parameters, boxes(parameters, inputBox(n)), labels[n]), labels[n]);
        }
        return sum / labels.length;
    }

    private double[] worstLogits(double[] parameters, List<double[][]> boxes, int label) {
        if (!elided) {
            double[][] logits = output(boxes);
            double[] worst = logits[1].clone();
            worst[label] = logits[0][label];
            return worst;
        }
        Graph.Node last = graph.nodes().get(graph.nodes().size() - 1);
        double[][] box = boxes.get(last.inputs().get(0));
        int in = ((Op.Dense) last.op()).in();
        int classes = graph.classes();
        int start = parameters.length - (in + 1) * classes;
        double[] worst = new double[classes];
        for (int c = 0; c < classes; ++c) {
            worst[c] = parameters[start + in * classes + c] - parameters[start + in * classes + label];
            for (int i = 0; i < in; ++i) {
                double w = parameters[start + c * in + i] - parameters[start + label * in + i];
                worst[c] += w * (w > 0 ? box[1][i] : box[0][i]);
            }
        }
        return worst;
    }

    /** Shi et al. 2021, section 4.3, averaged over what ReLUs read. */
    private double regularisers(double[] parameters) {
        List<List<double[][]>> all = new ArrayList<>();
        double inputRadius = 0;
        for (int n = 0; n < labels.length; ++n) {
            double[][] input = inputBox(n);
            for (int i = 0; i < input[0].length; ++i) {
                inputRadius += (input[1][i] - input[0][i]) / 2 / (labels.length * input[0].length);
            }
            all.add(boxes(parameters, input));
        }
        double total = 0;
        int count = 0;
        for (Graph.Node node : graph.nodes()) {
            if (node.op() instanceof Op.Relu) {
                List<double[][]> before = all.stream().map(boxes -> boxes.get(node.inputs().get(0))).toList();
                total += (tight(before, inputRadius) + balance(before)) / TAU;
                ++count;
            }
        }
        return total / count;
    }

    private static double tight(List<double[][]> boxes, double inputRadius) {
        double sum = 0;
        int count = 0;
        for (double[][] box : boxes) {
            for (int i = 0; i < box[0].length; ++i, ++count) {
                sum += (box[1][i] - box[0][i]) / 2;
            }
        }
        return Math.max(0, TAU - inputRadius / (sum / count));
    }

    private static double balance(List<double[][]> boxes) {
        double mean = 0;
        int count = boxes.size() * boxes.get(0)[0].length;
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
        // A side without elements has no balance term.
        return above > 0 && below > 0 ? unevenness(above, below) + unevenness(squareAbove, squareBelow) : 0;
    }

    private static double unevenness(double a, double b) {
        return Math.max(0, TAU - Math.min(a / b, b / a));
    }

    private double[] image(float[] of, int n) {
        double[] x = new double[graph.input().size()];
        for (int i = 0; i < x.length; ++i) {
            x[i] = of[n * x.length + i];
        }
        return x;
    }

    private double[][] inputBox(int n) {
        double[] lower = image(centres, n);
        double[] upper = image(centres, n);
        for (int i = 0; i < lower.length; ++i) {
            lower[i] = Math.max(0, lower[i] - epsilon);
            upper[i] = Math.min(1, upper[i] + epsilon);
        }
        return new double[][] {lower, upper};
    }

    // ---- bounds ----------------------------------------------------------------------------------------------------

    private static double[][] output(List<double[][]> boxes) {
        return boxes.get(boxes.size() - 1);
    }

    /** Lower and upper bounds of all of the graph's values. */
    private List<double[][]> boxes(double[] parameters, double[][] input) {
        List<double[][]> boxes = new ArrayList<>();
        boxes.add(input);
        int at = 0;
        for (Graph.Node node : graph.nodes()) {
            double[][] x = boxes.get(node.inputs().get(0));
            if (node.op() instanceof Op.Dense op) {
                boxes.add(dense(op, parameters, at, x));
                at += (op.in() + 1) * op.out();
            } else if (node.op() instanceof Op.Conv2d op) {
                boxes.add(convolution(op, graph.shape(node.inputs().get(0)).image(), parameters, at, x));
                at += op.weight().size() + op.channels();
            } else if (node.op() instanceof Op.Relu) {
                boxes.add(new double[][] {relu(x[0]), relu(x[1])});
            } else if (node.op() instanceof Op.Add) {
                double[][] y = boxes.get(node.inputs().get(1));
                boxes.add(new double[][] {sum(x[0], y[0]), sum(x[1], y[1])});
            } else {
                boxes.add(x);
            }
        }
        return boxes;
    }

    private static double[][] dense(Op.Dense op, double[] parameters, int at, double[][] x) {
        double[][] y = new double[2][op.out()];
        for (int o = 0; o < op.out(); ++o) {
            y[0][o] = parameters[at + op.in() * op.out() + o];
            y[1][o] = y[0][o];
            for (int i = 0; i < op.in(); ++i) {
                add(parameters[at + o * op.in() + i], x, i, y, o);
            }
        }
        return y;
    }

    private static double[][] convolution(Op.Conv2d op, ImageShape image, double[] parameters, int at, double[][] x) {
        ImageShape out = op.windows().over(image, op.channels());
        Windows.Axis down = op.windows().height();
        Windows.Axis along = op.windows().width();
        int seen = image.channels() / op.groups();
        double[][] y = new double[2][out.size()];
        for (int o = 0; o < out.channels(); ++o) {
            int group = o / (out.channels() / op.groups());
            for (int p = 0; p < out.area(); ++p) {
                int unit = o * out.area() + p;
                y[0][unit] = parameters[at + op.weight().size() + o];
                y[1][unit] = y[0][unit];
                for (int c = 0; c < seen; ++c) {
                    for (int r = 0; r < down.kernel(); ++r) {
                        for (int s = 0; s < along.kernel(); ++s) {
                            int row = p / out.width() * down.stride() + r * down.dilation() - down.before();
                            int column = p % out.width() * along.stride() + s * along.dilation() - along.before();
                            if (row >= 0 && row < image.height() && column >= 0 && column < image.width()) {
                                add(parameters[at + ((o * seen + c) * down.kernel() + r) * along.kernel() + s], x,
                                        ((group * seen + c) * image.height() + row) * image.width() + column, y, unit);
                            }
                        }
                    }
                }
            }
        }
        return y;
    }

    private static void add(double w, double[][] x, int i, double[][] y, int o) {
        y[0][o] += w * (w > 0 ? x[0][i] : x[1][i]);
        y[1][o] += w * (w > 0 ? x[1][i] : x[0][i]);
    }

    private static double[] relu(double[] x) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; ++i) {
            y[i] = Math.max(x[i], 0);
        }
        return y;
    }

    private static double[] sum(double[] x, double[] y) {
        double[] sum = x.clone();
        for (int i = 0; i < x.length; ++i) {
            sum[i] += y[i];
        }
        return sum;
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
}
