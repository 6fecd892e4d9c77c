package dev.bulwark.audit;

import java.math.BigDecimal;

/** The network at one point: in intervals first, and exactly where these don't tell. */
final class PointEvaluation {

    private final Network network;
    private final double[] point;

    PointEvaluation(Network network, double[] point) {
        this.network = network;
        this.point = point;
    }

    /** Whether the logit of a class is greater than all others. */
    boolean leads(int label) {
        Interval h = new Interval(point, point);
        for (int k = 0; k < network.layers().size(); ++k) {
            h = network.layers().get(k).bounds(k == 0 ? h : h.relu());
        }
        boolean surely = true;
        for (int c = 0; c < network.classes(); ++c) {
            if (c != label) {
                if (h.upper()[label] <= h.lower()[c]) {
                    return false;
                }
                surely &= h.lower()[label] > h.upper()[c];
            }
        }
        return surely || leadsExactly(label);
    }

    /** Floats, their sums and their products are decimals. */
    private boolean leadsExactly(int label) {
        BigDecimal[] h = new BigDecimal[point.length];
        for (int i = 0; i < h.length; ++i) {
            h[i] = new BigDecimal(point[i]);
        }
        for (int k = 0; k < network.layers().size(); ++k) {
            Layer layer = network.layers().get(k);
            BigDecimal[] z = new BigDecimal[layer.out()];
            for (int o = 0; o < z.length; ++o) {
                BigDecimal sum = new BigDecimal(layer.bias(o));
                double[] row = layer.row(o);
                for (int i = 0; i < row.length; ++i) {
                    if (row[i] != 0 && h[i].signum() != 0) {
                        sum = sum.add(new BigDecimal(row[i]).multiply(h[i]));
                    }
                }
                z[o] = k < network.hidden() ? sum.max(BigDecimal.ZERO) : sum;
            }
            h = z;
        }
        for (int c = 0; c < h.length; ++c) {
            if (c != label && h[label].compareTo(h[c]) <= 0) {
                return false;
            }
        }
        return true;
    }
}
