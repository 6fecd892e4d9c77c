package dev.bulwark.audit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Linear forms on their way back through a network, to their least values over a domain: the package's argument, step by
 * step. After a pass the coefficients that it met are kept, for whoever wants to choose better.
 */
final class Backward {

    /** What a pass is free to choose: any choice gives a bound. */
    interface Choice {

        /** The rule for all. */
        Choice ADAPTIVE = new Choice() {
        };

        /**
         * Lower slopes of form r's ReLUs in a hidden layer, in [0, 1] each.
         *
         * @param adaptive 1 where the interval has more above 0 than below, else 0
         */
        default double[] slopes(int r, int layer, double[] adaptive) {
            return adaptive;
        }

        /** Form r's multiplier of the domain's half-space number k, not negative. */
        default double multiplier(int r, int k) {
            return 0;
        }
    }

    private final Domain domain;
    /** By hidden layer: what a ReLU's interval makes of it. */
    private final List<Lines> lines = new ArrayList<>();
    /** By layer: at least |W| |h|, and at least what underflow costs a form. */
    private final List<double[]> sizes = new ArrayList<>();
    private final double[] underflow;
    /** By layer k: the forms' coefficients at what it reads. */
    private final double[][][] coefficients;

    /**
     * Of a layer's ReLUs: the adaptive slopes, and the least slopes u / (u - l) of lines above, rounded up; NaN where
     * settled.
     */
    private record Lines(double[] adaptive, double[] upper) {

        static Lines of(Interval z) {
            double[] adaptive = new double[z.size()];
            double[] upper = new double[z.size()];
            for (int j = 0; j < upper.length; ++j) {
                double l = z.lower()[j];
                double u = z.upper()[j];
                adaptive[j] = u > -l ? 1 : 0;
                upper[j] = l >= 0 || u <= 0 ? Double.NaN : Math.nextUp(u / Math.nextDown(u - l));
            }
            return new Lines(adaptive, upper);
        }
    }

    Backward(Domain domain) {
        this.domain = domain;
        int layers = domain.layers().size();
        this.underflow = new double[layers];
        this.coefficients = new double[layers + 1][][];
        for (int k = 0; k < domain.hidden(); ++k) {
            lines.add(Lines.of(domain.units(k)));
        }
        for (int k = 0; k < layers && k <= domain.hidden(); ++k) {
            double[] most = domain.reads(k).magnitudes();
            sizes.add(domain.layers().get(k).magnitudes(most));
            underflow[k] = Rounding.above(most.length, Arrays.stream(most).sum()) * domain.layers().get(k).out()
                    * Double.MIN_VALUE;
        }
    }

    /** Coefficients of the last pass at what layer k reads. */
    double[][] coefficients(int k) {
        return coefficients[k];
    }

    /**
     * Lower bounds of the forms {@code a h + c} over the domain; NaN or -infinity where nothing is known.
     *
     * @param a {@code [rows, size]}, which a pass writes to
     * @param c {@code [rows]}
     * @param k h is what layer k reads
     */
    double[] least(double[][] a, double[] c, int k, Choice choice) {
        double[] constants = c.clone();
        double[][] forms = a;
        for (int layer = k - 1; layer >= 0; --layer) {
            coefficients[layer + 1] = forms;
            double[][] throughRelus = new double[forms.length][];
            int at = layer;
            double[][] above = forms;
            IntStream.range(0, forms.length).parallel().forEach(r -> {
                throughRelus[r] = above[r].clone();
                constants[r] = relus(r, at, throughRelus[r], constants[r], choice);
                constants[r] = cuts(r, at, throughRelus[r], constants[r], choice);
                constants[r] = bias(at, throughRelus[r], constants[r]);
            });
            forms = domain.layers().get(layer).back(throughRelus);
        }
        coefficients[0] = forms;
        double[] least = new double[forms.length];
        for (int r = 0; r < least.length; ++r) {
            least[r] = atInputs(forms[r], constants[r]);
        }
        return least;
    }

    /**
     * {@code a relu(z)} is not below {@code t z + d}, which replaces it. For a positive a and z of open sign, t = a s:
     * rounded or not, it lies between 0 and a. For a negative one, {@code relu(z) <= s (z - l)} for any s from u / (u - l)
     * on, so that t may be any number up to {@code a u / (u - l)}, and d = -t l.
     */
    private double relus(int r, int layer, double[] a, double constant, Choice choice) {
        Lines of = lines.get(layer);
        double[] slopes = choice.slopes(r, layer, of.adaptive);
        double[] low = domain.units(layer).lower();
        double[] high = domain.units(layer).upper();
        double c = constant;
        for (int j = 0; j < a.length; ++j) {
            if (high[j] <= 0) {
                a[j] = 0;
            } else if (!(low[j] >= 0) && a[j] > 0) {
                a[j] *= Math.max(0, Math.min(1, slopes[j]));
            } else if (!(low[j] >= 0) && a[j] < 0) {
                double t = Math.nextDown(a[j] * of.upper[j]);
                a[j] = t;
                c = Rounding.addDown(c, Rounding.timesDown(-t, low[j]));
            }
        }
        return c;
    }

    /**
     * Where {@code z >= b}, {@code a z} is not below {@code (a - m) z + m b} for any m that is not negative; where {@code z
     * <= b}, not below {@code (a + m) z - m b}. The coefficient t that comes out is rounded, which only says that the
     * multiplier was {@code |a - t|}.
     */
    private double cuts(int r, int layer, double[] a, double constant, Choice choice) {
        double c = constant;
        for (int k = 0; k < domain.cuts().size(); ++k) {
            Domain.Cut cut = domain.cuts().get(k);
            double multiplier = cut.layer() == layer ? choice.multiplier(r, k) : 0;
            int at = multiplier > 0 ? Arrays.binarySearch(domain.kept(layer), cut.unit()) : -1;
            if (at >= 0) {
                double t = cut.above() ? a[at] - multiplier : a[at] + multiplier;
                double least = Math.max(0, Math.nextDown(cut.above() ? a[at] - t : t - a[at]));
                double most = Math.nextUp(cut.above() ? a[at] - t : t - a[at]);
                double b = cut.above() ? cut.threshold() : -cut.threshold();
                c = Rounding.addDown(c, Rounding.timesDown(b > 0 ? least : most, b));
                a[at] = t;
            }
        }
        return c;
    }

    /** {@code t z = (t W) h + t b}: less what the products {@code t W}, computed next, and this sum are off by. */
    private double bias(int layer, double[] t, double constant) {
        Layer of = domain.layers().get(layer);
        double[] size = sizes.get(layer);
        double sum = 0;
        double magnitude = 0;
        for (int o = 0; o < t.length; ++o) {
            if (t[o] != 0) {
                sum += t[o] * of.bias(o);
                magnitude += Math.abs(t[o]) * (size[o] + Math.abs(of.bias(o)));
            }
        }
        double lost = Math.nextUp(Rounding.slack(t.length, magnitude) + underflow[layer]);
        return Rounding.addDown(Rounding.addDown(constant, sum), -lost);
    }

    private double atInputs(double[] a, double constant) {
        Interval box = domain.inputs();
        double sum = 0;
        double size = 0;
        for (int i = 0; i < a.length; ++i) {
            if (a[i] != 0) {
                double term = a[i] * (a[i] > 0 ? box.lower()[i] : box.upper()[i]);
                sum += term;
                size += Math.abs(term);
            }
        }
        double least = Rounding.addDown(Rounding.addDown(constant, sum), -Rounding.slack(a.length, size));
        return domain.ball().isBox() ? least : better(least, domain.ball().least(a, constant));
    }

    /** The greater of two lower bounds; NaN is none. */
    static double better(double a, double b) {
        return b > a || Double.isNaN(a) ? b : a;
    }
}
