package dev.bulwark.audit;

import java.util.Arrays;

/**
 * Margins {@code logit[label] - logit[c]} of one image as forms in what the last layer reads, and their bounds over domains.
 */
final class Margins {

    private final Network network;
    private final int label;

    Margins(Network network, int label) {
        this.network = network;
        this.label = label;
    }

    /**
     * Lower bounds by intervals alone.
     *
     * @return {@code [classes]}; 0 at the label
     */
    double[] byIntervals(Domain domain) {
        Interval h = domain.reads(network.hidden());
        double[] least = new double[network.classes()];
        for (int c = 0; c < least.length; ++c) {
            double[] a = new double[h.size()];
            double constant = enter(domain, c, a);
            double sum = 0;
            double size = 0;
            for (int i = 0; i < a.length; ++i) {
                double term = a[i] == 0 ? 0 : a[i] * (a[i] > 0 ? h.lower()[i] : h.upper()[i]);
                sum += term;
                size += Math.abs(term);
            }
            least[c] = c == label ? 0 : Rounding.addDown(Rounding.addDown(constant, sum), -Rounding.slack(a.length, size));
        }
        return least;
    }

    /** Lower bounds of some margins by forms that go back to the inputs; infinite where the domain is empty. */
    double[] backward(Backward pass, Domain domain, int[] classes, Backward.Choice choice) {
        double[] least = new double[classes.length];
        if (domain.isEmpty()) {
            Arrays.fill(least, Double.POSITIVE_INFINITY);
            return least;
        }
        double[][] a = new double[classes.length][domain.reads(network.hidden()).size()];
        double[] constants = new double[a.length];
        for (int r = 0; r < a.length; ++r) {
            constants[r] = enter(domain, classes[r], a[r]);
        }
        return pass.least(a, constants, network.hidden(), choice);
    }

    /** Puts W[label] - W[c], rounded, and returns b[label] - b[c], less what the rounding may cost. */
    private double enter(Domain domain, int c, double[] a) {
        Layer last = domain.layers().get(network.hidden());
        double[] minuend = last.row(label);
        double[] subtrahend = last.row(c);
        double[] most = domain.reads(network.hidden()).magnitudes();
        double size = 0;
        for (int i = 0; i < a.length; ++i) {
            a[i] = minuend[i] - subtrahend[i];
            size += a[i] == 0 ? 0 : Math.abs(a[i]) * most[i];
        }
        return Rounding.addDown(Rounding.addDown(last.bias(label), -last.bias(c)), -Rounding.slack(a.length, size));
    }
}
