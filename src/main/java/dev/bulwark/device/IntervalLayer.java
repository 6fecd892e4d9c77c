package dev.bulwark.device;

/**
 * An affine layer in training on points and boxes: centres go through {@code W c + b}, radii through {@code S r}, where S
 * holds the magnitudes of the coefficients whose spread is wanted (Gowal et al. 2019, equation 6). Backwards, W gets
 * {@code dCentre^T centre} from centres and clean rows in one product, and {@code sign(W) (dRadius^T radius)} from radii.
 *
 * @param affine             W and b
 * @param gradient           where their gradients go
 * @param spread             whose coefficients' magnitudes S holds
 * @param magnitudes         {@code [spread.rows(out),in]}: S, for backends that want it in memory
 * @param magnitudesGradient the same for its gradient
 */
public record IntervalLayer(Affine affine, Affine gradient, Spread spread, DeviceBuffer magnitudes,
                            DeviceBuffer magnitudesGradient) {

    /** Whose coefficients' magnitudes S holds. */
    public enum Spread {
        /** Of every output: {@code S = |W|}, {@code [O,I]}. */
        OUTPUTS,
        /** Of every difference of two outputs: {@code [O*O,I]}, as of {@link Losses#pairwiseDifferences}; it is elided. */
        DIFFERENCES;

        /** Rows of S. */
        public int rows(int out) {
            return this == OUTPUTS ? out : Math.multiplyExact(out, out);
        }
    }

    public IntervalLayer {
        long length = (long) spread.rows(affine.out()) * affine.in();
        magnitudes.require("magnitudes", length);
        magnitudesGradient.require("magnitudesGradient", length);
    }

    public static IntervalLayer allocate(DeviceMemory memory, Affine affine, Affine gradient, Spread spread) {
        long length = (long) spread.rows(affine.out()) * affine.in();
        return new IntervalLayer(affine, gradient, spread, memory.allocate(length), memory.allocate(length));
    }

    public int in() {
        return affine.in();
    }

    public int out() {
        return affine.out();
    }

    /** Rows of S. */
    public int spreadRows() {
        return spread.rows(affine.out());
    }

    public boolean elided() {
        return spread == Spread.DIFFERENCES;
    }
}
