package dev.bulwark.device.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/** Explicit vectors: the sums of four rows stay in registers while a tile streams by. */
final class VectorSums implements IntervalSums {

    private static final VectorSpecies<Double> LANES = DoubleVector.SPECIES_PREFERRED;
    private static final int STEP = LANES.length();
    /** Two vectors of the widest kind: four rows read a tile of some 1,000 inputs from the second-level cache. */
    private static final int OUTPUTS = 16;
    private static final int ROWS = 4;

    /** @throws UnsupportedOperationException where vectors have one lane */
    VectorSums() {
        if (STEP < 2 || OUTPUTS % STEP != 0) {
            throw new UnsupportedOperationException("vectors of " + STEP + " lanes bring nothing");
        }
    }

    @Override
    public int outputs() {
        return OUTPUTS;
    }

    @Override
    public void add(double[] tile, Band band, OutwardIntervals.Inputs inputs, double[][] centre, double[][] radius) {
        int first = band.firstColumn();
        int end = first + band.columns();
        int stride = inputs.stride();
        for (int j = 0; j < OUTPUTS; j += STEP) {
            int n = 0;
            for (; n + ROWS <= centre.length; n += ROWS) {
                four(tile, first, end, j, inputs.centre(), inputs.radius(), n * stride, stride, centre, radius, n);
            }
            for (; n < centre.length; ++n) {
                one(tile, first, end, j, inputs.centre(), inputs.radius(), n * stride, centre[n], radius[n]);
            }
        }
    }

    private static void four(double[] tile, int first, int end, int j, double[] c, double[] r, int at, int stride,
                             double[][] centre, double[][] radius, int n) {
        DoubleVector c0 = DoubleVector.fromArray(LANES, centre[n], j);
        DoubleVector c1 = DoubleVector.fromArray(LANES, centre[n + 1], j);
        DoubleVector c2 = DoubleVector.fromArray(LANES, centre[n + 2], j);
        DoubleVector c3 = DoubleVector.fromArray(LANES, centre[n + 3], j);
        DoubleVector r0 = DoubleVector.fromArray(LANES, radius[n], j);
        DoubleVector r1 = DoubleVector.fromArray(LANES, radius[n + 1], j);
        DoubleVector r2 = DoubleVector.fromArray(LANES, radius[n + 2], j);
        DoubleVector r3 = DoubleVector.fromArray(LANES, radius[n + 3], j);
        for (int i = first; i < end; ++i) {
            DoubleVector w = DoubleVector.fromArray(LANES, tile, i * OUTPUTS + j);
            DoubleVector a = w.abs();
            int k = at + i;
            c0 = w.fma(DoubleVector.broadcast(LANES, c[k]), c0);
            r0 = a.fma(DoubleVector.broadcast(LANES, r[k]), r0);
            c1 = w.fma(DoubleVector.broadcast(LANES, c[k + stride]), c1);
            r1 = a.fma(DoubleVector.broadcast(LANES, r[k + stride]), r1);
            c2 = w.fma(DoubleVector.broadcast(LANES, c[k + 2 * stride]), c2);
            r2 = a.fma(DoubleVector.broadcast(LANES, r[k + 2 * stride]), r2);
            c3 = w.fma(DoubleVector.broadcast(LANES, c[k + 3 * stride]), c3);
            r3 = a.fma(DoubleVector.broadcast(LANES, r[k + 3 * stride]), r3);
        }
        c0.intoArray(centre[n], j);
        c1.intoArray(centre[n + 1], j);
        c2.intoArray(centre[n + 2], j);
        c3.intoArray(centre[n + 3], j);
        r0.intoArray(radius[n], j);
        r1.intoArray(radius[n + 1], j);
        r2.intoArray(radius[n + 2], j);
        r3.intoArray(radius[n + 3], j);
    }

    /** Each row's sums in the order of {@link #four}'s: bounds must not depend on a row's company. */
    private static void one(double[] tile, int first, int end, int j, double[] c, double[] r, int at,
                            double[] centre, double[] radius) {
        DoubleVector c0 = DoubleVector.fromArray(LANES, centre, j);
        DoubleVector r0 = DoubleVector.fromArray(LANES, radius, j);
        for (int i = first; i < end; ++i) {
            DoubleVector w = DoubleVector.fromArray(LANES, tile, i * OUTPUTS + j);
            c0 = w.fma(DoubleVector.broadcast(LANES, c[at + i]), c0);
            r0 = w.abs().fma(DoubleVector.broadcast(LANES, r[at + i]), r0);
        }
        c0.intoArray(centre, j);
        r0.intoArray(radius, j);
    }
}
