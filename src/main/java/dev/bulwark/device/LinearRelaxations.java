package dev.bulwark.device;

/**
 * Linear forms on their way back through a network (CROWN, Zhang et al. 2018). What bounds rest on errs downward, or by no
 * more than stated; the gradient of the lower slopes is rounded to nearest, since any slope gives a bound.
 *
 * <p>Of a map with O outputs, form {@code o < O} is output o, and form {@code O + o} its negative.
 */
public interface LinearRelaxations {

    /** What {@link #backwardAffine} adds to absolute values: more than any underflow, less than a float's last bit of 1. */
    double NEGLIGIBLE = 0x1p-50;

    /**
     * The relative error of a float sum no product of which goes through more than {@code roundings} roundings, with some to
     * spare (Higham 2002, section 3.1), rounded up. Of a sum of n products in any order, fused or not, that is n.
     */
    static double productError(int roundings) {
        double units = (roundings + 8) * 0x1p-24;
        if (units >= 0.5) {
            throw new IllegalArgumentException("no error is known of float sums of " + roundings + " products");
        }
        return units / (1 - units) * (1 + 0x1p-40);
    }

    /**
     * How many roundings a product goes through at most, on its own or as part of a sum, where {@link #backwardAffine} sums
     * {@code terms} of them.
     */
    default int roundings(int terms) {
        return terms;
    }

    /**
     * Enters outputs of a layer, exactly: {@code target[r,:]} are the coefficients of form {@code forms[r]} at the layer's
     * inputs, {@code constants[r]} is its constant.
     *
     * @param target {@code [rows,in]}
     */
    void enter(Affine layer, DeviceBuffer forms, int rows, DeviceBuffer target, DeviceBuffer constants);

    /** As {@link #enter}, of the identity map of {@code units} elements. */
    void enterUnits(int units, DeviceBuffer forms, int rows, DeviceBuffer target, DeviceBuffer constants);

    /**
     * {@code target = a W}, to nearest, with a bounded error: of element [r,i] at most
     * {@code productError(roundings(out)) * sum over j of (|a[r,j]| + NEGLIGIBLE) (|W[j,i]| + NEGLIGIBLE)}, or it is infinite or NaN.
     * The sum is over those j at which neither factor is 0: a product with 0 is exact.
     *
     * @param a      {@code [rows,out]}
     * @param target {@code [rows,in]}
     */
    void backwardAffine(DeviceBuffer a, int rows, Affine layer, DeviceBuffer target);

    /**
     * As above, of forms that have just come through a ReLU's lines alone: they have coefficient 0 at units that are off, those
     * of upper slope and intercept 0, and a device may leave them out. A form that has another coefficient there becomes NaN, or
     * what it becomes without leaving anything out.
     *
     * @param owners {@code int [rows]}: the row of {@code relu} that a form belongs to; what a form becomes depends on its owner's
     *               alone
     */
    default void backwardAffine(DeviceBuffer a, int rows, Affine layer, DeviceBuffer owners, Relaxation relu,
                                DeviceBuffer target) {
        backwardAffine(a, rows, layer, target);
    }

    /**
     * Takes linear forms in a layer's activations h back to forms in its pre-activations z, which bound them from below, and
     * those through the layer's bias and the product that follows. With a = coefficients[r,j], n = owners[r], and s the
     * lower slope where a is positive, the upper one where it is negative, {@code target[r,j] = a s}, rounded to t; and
     * {@code constants[r]} gains at most
     *
     * <pre>  sum over j of min(a, 0) upperIntercept + max(a, 0) lowerIntercept + t bias
     *                - |a s - t| magnitude - (|t| + NEGLIGIBLE) productError</pre>
     *
     * <p>What is multiplied by a = 0, t = 0 or a s - t = 0 takes no part, NaN or not; anything else that is NaN makes the
     * constant NaN or -infinity.
     *
     * <p>Then {@code a h + c >= target z + ...} holds in real numbers; and what {@link #backwardAffine} makes of target
     * is, with the new constant, a lower bound of the old form as well.
     *
     * @param coefficients {@code [rows,units]}
     * @param owners       {@code int [rows]}: the row of {@code relaxation} that a form belongs to
     * @param slopes       {@code [any,units]}: lower slopes; those outside [least, 1] count as the nearer end, NaN stays.
     *                     Not read where {@code relaxation} has no free slopes: its own are taken
     * @param slopeRows    {@code int [rows]}: a form's row of {@code slopes}
     * @param bias         {@code [units]}
     * @param target       {@code [rows,units]}; may be {@code coefficients}
     * @param constants    {@code [rows]}, in place
     */
    void backwardActivation(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation,
                            DeviceBuffer slopes, DeviceBuffer slopeRows, DeviceBuffer bias, DeviceBuffer target,
                            DeviceBuffer constants);

    /**
     * Takes forms in a map's outputs through its bias and the product that follows, as {@link #backwardActivation} does:
     * {@code constants[r]} gains at most {@code sum over j of a bias - (|a| + NEGLIGIBLE) productError}.
     *
     * @param coefficients {@code [rows,units]}
     * @param bias         {@code [units]}
     * @param productError {@code [N,units]}, as of {@link Relaxation}
     */
    void backwardBias(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer bias, DeviceBuffer productError,
                      int units, DeviceBuffer constants);

    /**
     * Where two ways of a form meet: {@code coefficients += other}, to nearest, and {@code constants[r]} loses at least what
     * that changes of the form in any box of the owner's magnitudes.
     *
     * @param coefficients {@code [rows,columns]}, in place; another buffer than {@code other}
     * @param magnitudes   {@code [N,columns]}: of what the coefficients stand at
     */
    void join(DeviceBuffer coefficients, DeviceBuffer other, int rows, DeviceBuffer owners, DeviceBuffer magnitudes,
            int columns, DeviceBuffer constants);

    /**
     * {@code minima[r]} = least value, rounded down, of {@code constants[r] + coefficients[r,:] x} over the box of
     * row {@code owners[r]}.
     *
     * @param coefficients {@code [rows,columns]}
     * @param owners       {@code int [rows]}
     * @param lower        {@code [N,columns]}, as is {@code upper}
     * @param minima       {@code [rows]}; may be {@code constants}
     */
    void concretize(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer lower, DeviceBuffer upper,
                    int columns, DeviceBuffer constants, DeviceBuffer minima);

    /** {@code corners[r,:]} = where in its box form r is least: arguments as of {@link #concretize}. */
    void corners(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer lower, DeviceBuffer upper,
                 int columns, DeviceBuffer corners);

    /**
     * Raises {@code minima[r]}, or what is NaN there, to a lower bound, rounded down, of
     * {@code constants[r] + coefficients[r,:] x} over ball {@code owners[r]}, where that is better. An element at the end of
     * its box that the form would leave for something smaller stays there: its coefficient is no part of the dual norm.
     *
     * @param coefficients {@code [rows,columns]}
     * @param owners       {@code int [rows]}
     * @param constants    {@code [rows]}
     * @param minima       {@code [rows]}, in place; not the constants
     */
    void concretize(DeviceBuffer coefficients, int rows, DeviceBuffer owners, InputBall ball, int columns,
                    DeviceBuffer constants, DeviceBuffer minima);

    /** {@code corners[r,:]} = where in its ball form r is least, to nearest: arguments as of {@link #concretize}. */
    void corners(DeviceBuffer coefficients, int rows, DeviceBuffer owners, InputBall ball, int columns,
            DeviceBuffer corners);

    /**
     * The lines with free slopes that {@link #backwardActivation} took, at a point: {@code z[r,j]} becomes {@code s z}, plus
     * the upper intercept where the coefficient a is negative. {@code gradient[r,j] = -max(a, 0) z} where the unit's sign is
     * open, else 0: the bound's derivative with respect to the lower slope, negated, where z is what the corners become on
     * these lines.
     *
     * @param coefficients {@code [rows,units]}, as they were before {@link #backwardActivation}
     * @param slopes       {@code [rows,units]}, in [least, 1]
     * @param z            {@code [rows,units]}, in place
     */
    void onFreeLines(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation, DeviceBuffer slopes,
                     DeviceBuffer z, DeviceBuffer gradient);

    /** As {@link #onFreeLines}, of a relaxation without free slopes: both lines are its own. */
    void onFixedLines(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation, DeviceBuffer z);
}
