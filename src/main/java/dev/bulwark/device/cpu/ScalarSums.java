package dev.bulwark.device.cpu;

/** Loops that the JIT vectorises. */
final class ScalarSums implements IntervalSums {

    /** Outputs whose sums for all rows stay in the first-level cache. */
    private static final int OUTPUTS = 128;
    private static final int COLUMNS = OutwardIntervals.COLUMNS;

    @Override
    public int outputs() {
        return OUTPUTS;
    }

    @Override
    public void add(double[] tile, Band band, OutwardIntervals.Inputs inputs, double[][] centre, double[][] radius) {
        // The columns being multiplied, each an array of its own: C2 vectorises over those three times as well.
        double[][] columns = new double[COLUMNS][OUTPUTS];
        double[][] absolute = new double[COLUMNS][OUTPUTS];
        for (int i = band.firstColumn() / COLUMNS * COLUMNS; i < band.firstColumn() + band.columns(); i += COLUMNS) {
            for (int k = 0; k < COLUMNS; ++k) {
                System.arraycopy(tile, (i + k) * OUTPUTS, columns[k], 0, OUTPUTS);
                takeAbsolute(columns[k], absolute[k]);
            }
            for (int n = 0; n < centre.length; ++n) {
                addProducts(columns, inputs.centre(), n * inputs.stride() + i, centre[n]);
                addProducts(absolute, inputs.radius(), n * inputs.stride() + i, radius[n]);
            }
        }
    }

    private static void takeAbsolute(double[] from, double[] to) {
        for (int j = 0; j < OUTPUTS; ++j) {
            to[j] = Math.abs(from[j]);
        }
    }

    private static void addProducts(double[][] columns, double[] x, int at, double[] sum) {
        addProducts(columns[0], x[at], columns[1], x[at + 1], columns[2], x[at + 2], columns[3], x[at + 3], sum);
    }

    private static void addProducts(double[] w0, double x0, double[] w1, double x1, double[] w2, double x2,
                                    double[] w3, double x3, double[] sum) {
        for (int j = 0; j < OUTPUTS; ++j) {
            sum[j] = Math.fma(w0[j], x0, Math.fma(w1[j], x1, Math.fma(w2[j], x2, Math.fma(w3[j], x3, sum[j]))));
        }
    }
}
