package dev.bulwark.device.cpu;

/** The sums in double that an outward affine layer consists of, for a tile of its outputs and some rows of boxes. */
interface IntervalSums {

    /** Outputs of a tile. */
    int outputs();

    /**
     * Adds {@code sum of w c} to the rows' centres and {@code sum of |w| r} to their radii, over the columns of {@code band},
     * and zeros or more columns beside it, in any order.
     *
     * @param tile   {@code [in,outputs]}: weights, in padded to a multiple of {@link OutwardIntervals#COLUMNS}
     * @param inputs the rows' boxes
     * @param centre {@code [rows][outputs]}
     * @param radius likewise
     */
    void add(double[] tile, Band band, OutwardIntervals.Inputs inputs, double[][] centre, double[][] radius);
}
