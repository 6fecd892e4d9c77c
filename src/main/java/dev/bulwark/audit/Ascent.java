package dev.bulwark.audit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Finds hints: slopes and multipliers of margins' forms over a domain climb by projected Adam towards better bounds (Xu et
 * al. 2021, Wang et al. 2021). Nothing here needs to be right for a proof to be: a checker computes its bounds anew.
 *
 * <p>With a form's least value taken at x, and z what x becomes on the lines that a pass took, the bound changes with a
 * slope as {@code max(a, 0) z}, a being the coefficient at the ReLU, and with the multiplier of {@code z >= b} as {@code b
 * - z}.
 */
final class Ascent implements Backward.Choice {

    private static final double FIRST_STEP = 0.25;
    private static final double DECAY = 0.9;
    private static final double MEAN = 0.9;
    private static final double SQUARE = 0.999;
    private static final double LARGEST = 255;

    private final Domain domain;
    private final Start start;
    private final int rows;
    private final Backward pass;
    /** {@code [rows]} of all slopes, layer by layer, then all multipliers; and by each the best so far. */
    private final double[][] values;
    private final double[][] best;
    private final double[][] means;
    private final double[][] squares;
    private final double[] bounds;
    private final int slopes;

    /** Takes forms, a number of rows, from where they begin to their least values. */
    interface Start {
        double[] least(Backward pass, Backward.Choice choice);
    }

    Ascent(Domain domain, Margins margins, int... classes) {
        this(domain, classes.length, (pass, choice) -> margins.backward(pass, domain, classes, choice));
    }

    Ascent(Domain domain, int rows, Start start) {
        this.domain = domain;
        this.start = start;
        this.rows = rows;
        this.pass = new Backward(domain);
        this.slopes = IntStream.range(0, domain.hidden()).map(k -> domain.kept(k).length).sum();
        int length = slopes + domain.cuts().size();
        this.values = new double[rows][length];
        this.best = new double[rows][];
        this.means = new double[rows][length];
        this.squares = new double[rows][length];
        this.bounds = new double[rows];
        Arrays.fill(bounds, Double.NaN);
        for (double[] row : values) {
            int at = 0;
            for (int k = 0; k < domain.hidden(); ++k) {
                Interval z = domain.units(k);
                for (int j = 0; j < z.size(); ++j) {
                    row[at++] = z.upper()[j] > -z.lower()[j] ? 1 : 0;
                }
            }
        }
    }

    /** Begins with what was found for a domain that this is a part of. */
    void beginWith(Proof.Leaf leaf, int[][] open) {
        for (double[] row : values) {
            int at = 0;
            int first = 0;
            for (int k = 0; k < domain.hidden(); ++k) {
                int[] kept = domain.kept(k);
                for (int j = 0; j < kept.length; ++j, ++at) {
                    int place = leaf.slopes().length == 0 ? -1 : Arrays.binarySearch(open[k], kept[j]);
                    if (place >= 0 && domain.units(k).lower()[j] < 0) {
                        row[at] = Byte.toUnsignedInt(leaf.slopes()[first + place]) / LARGEST;
                    }
                }
                first += open[k].length;
            }
            System.arraycopy(leaf.multipliers(), 0, row, slopes, leaf.multipliers().length);
        }
    }

    @Override
    public double[] slopes(int r, int layer, double[] adaptive) {
        int from = IntStream.range(0, layer).map(k -> domain.kept(k).length).sum();
        return Arrays.copyOfRange(values[r], from, from + adaptive.length);
    }

    @Override
    public double multiplier(int r, int k) {
        return values[r][slopes + k];
    }

    /** Climbs until all bounds are above {@code enough}, for {@code steps} at most. @return the best bounds */
    double[] climb(int steps, double enough) {
        evaluate();
        for (int t = 1; t <= steps && !domain.isEmpty() && !Arrays.stream(bounds).allMatch(bound -> bound > enough); ++t) {
            int step = t;
            IntStream.range(0, rows).parallel().forEach(r -> update(r, step));
            evaluate();
        }
        return bounds;
    }

    private void evaluate() {
        double[] least = start.least(pass, this);
        for (int r = 0; r < least.length; ++r) {
            if (best[r] == null || Backward.better(bounds[r], least[r]) != bounds[r]) {
                bounds[r] = Backward.better(bounds[r], least[r]);
                best[r] = values[r].clone();
            }
        }
    }

    private void update(int r, int t) {
        double[] gradient = gradient(r);
        double rate = FIRST_STEP * Math.pow(DECAY, t - 1);
        for (int i = 0; i < gradient.length; ++i) {
            means[r][i] = MEAN * means[r][i] + (1 - MEAN) * gradient[i];
            squares[r][i] = SQUARE * squares[r][i] + (1 - SQUARE) * gradient[i] * gradient[i];
            double move = rate * means[r][i] / (1 - Math.pow(MEAN, t))
                    / (Math.sqrt(squares[r][i] / (1 - Math.pow(SQUARE, t))) + 1e-12);
            values[r][i] = i < slopes ? Math.max(0, Math.min(1, values[r][i] + move))
                    : Math.max(0, values[r][i] + move * scale(r, domain.cuts().get(i - slopes)));
        }
    }

    /** What a multiplier is measured in. */
    private double scale(int r, Domain.Cut cut) {
        int at = cut.layer() < 0 ? -1 : Arrays.binarySearch(domain.kept(cut.layer()), cut.unit());
        return at < 0 ? 0 : Math.abs(pass.coefficients(cut.layer() + 1)[r][at]) + 1e-3;
    }

    private double[] gradient(int r) {
        double[] gradient = new double[values[r].length];
        double[] h = domain.ball().lowest(pass.coefficients(0)[r], domain.inputs());
        int first = 0;
        for (int k = 0; k < domain.hidden(); ++k) {
            double[] z = domain.layers().get(k).near(h);
            for (int q = 0; q < domain.cuts().size(); ++q) {
                Domain.Cut cut = domain.cuts().get(q);
                int at = cut.layer() == k ? Arrays.binarySearch(domain.kept(k), cut.unit()) : -1;
                gradient[slopes + q] = at < 0 ? gradient[slopes + q] : cut.above() ? cut.threshold() - z[at]
                        : z[at] - cut.threshold();
            }
            double[] a = pass.coefficients(k + 1)[r];
            Interval of = domain.units(k);
            h = z;
            for (int j = 0; j < z.length; ++j) {
                double l = of.lower()[j];
                double u = of.upper()[j];
                if (u <= 0) {
                    h[j] = 0;
                } else if (!(l >= 0)) {
                    gradient[first + j] = Math.max(a[j], 0) * z[j];
                    h[j] = a[j] < 0 ? u / (u - l) * (z[j] - l) : values[r][first + j] * z[j];
                }
            }
            first += z.length;
        }
        return gradient;
    }

    /** How much a bound loses to each unit's lines, about: where splitting may pay. Of the last pass. */
    List<double[]> losses(int r) {
        List<double[]> losses = new ArrayList<>();
        for (int k = 0; k < domain.hidden(); ++k) {
            Interval z = domain.units(k);
            double[] a = pass.coefficients(k + 1)[r];
            double[] loss = new double[z.size()];
            for (int j = 0; j < loss.length; ++j) {
                double l = z.lower()[j];
                double u = z.upper()[j];
                loss[j] = l < 0 && u > 0 ? -l * u / (u - l) * (a[j] < 0 ? -a[j] : 0.5 * a[j]) : 0;
            }
            losses.add(loss);
        }
        return losses;
    }

    /** Coefficients of the last pass at the inputs. */
    double[] atInputs(int r) {
        return pass.coefficients(0)[r];
    }

    /** The best slopes, rounded to bytes, of the units of {@code open}, and the best multipliers. */
    Proof.Leaf leaf(int r, int[][] open) {
        byte[] rounded = new byte[Arrays.stream(open).mapToInt(of -> of.length).sum()];
        int place = 0;
        int first = 0;
        for (int k = 0; k < open.length; ++k) {
            int[] kept = domain.kept(k);
            for (int unit : open[k]) {
                int at = Arrays.binarySearch(kept, unit);
                rounded[place++] = at < 0 ? 0 : (byte) Math.round(best[r][first + at] * LARGEST);
            }
            first += kept.length;
        }
        return new Proof.Leaf(rounded, Arrays.copyOfRange(best[r], slopes, best[r].length));
    }
}
