package dev.bulwark.audit;

import java.util.Arrays;
import java.util.List;

/** Ends of hidden units' intervals that a proof has slopes for: bounded once more, with these. */
final class Sides implements Domain.Tightener {

    private final int[][] open;
    private final List<Proof.Side> sides;

    /** @param open as {@link Proof#open} */
    Sides(int[][] open, List<Proof.Side> sides) {
        this.open = open;
        this.sides = sides;
    }

    @Override
    public Interval tighten(Domain so, Layer layer, Interval found) {
        List<Proof.Side> here = sides.stream().filter(side -> side.layer() == so.hidden()).toList();
        if (here.isEmpty()) {
            return found;
        }
        double[][] a = new double[here.size()][];
        double[] c = new double[a.length];
        for (int r = 0; r < a.length; ++r) {
            Proof.Side side = here.get(r);
            if (side.unit() < 0 || side.unit() >= layer.out()) {
                throw new AuditException("the proof bounds unit " + side.unit() + " of layer " + side.layer()
                        + ", which is not there");
            }
            a[r] = form(layer, side.unit(), side.upper());
            c[r] = side.upper() ? -layer.bias(side.unit()) : layer.bias(side.unit());
        }
        double[] least = new Backward(so).least(a, c, so.hidden(), new Backward.Choice() {
            @Override
            public double[] slopes(int r, int k, double[] adaptive) {
                return Trees.chosen(open, so.kept(k), k, here.get(r).slopes(), adaptive);
            }
        });
        double[] low = found.lower().clone();
        double[] high = found.upper().clone();
        for (int r = 0; r < a.length; ++r) {
            int j = here.get(r).unit();
            if (here.get(r).upper()) {
                high[j] = -least[r] < high[j] ? -least[r] : high[j];
            } else {
                low[j] = least[r] > low[j] ? least[r] : low[j];
            }
        }
        return new Interval(low, high);
    }

    /** A unit's row, or its negative, whose least value is that of its upper end. */
    static double[] form(Layer layer, int unit, boolean upper) {
        double[] row = layer.row(unit);
        return upper ? Arrays.stream(row).map(w -> -w).toArray() : row;
    }
}
