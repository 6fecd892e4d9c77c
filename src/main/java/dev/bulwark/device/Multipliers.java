package dev.bulwark.device;

/**
 * Lagrange multipliers of half-spaces in linear forms (beta-CROWN, Wang et al. 2021): where a unit z is at least t,
 * {@code a z + c >= (a - b) z + c + b t} for any b that is not negative, and likewise where it is at most t. Any float
 * coefficient on the right side of a is such a choice, so that no rounding of it need be paid for.
 */
public interface Multipliers {

    /**
     * Takes forms in a map's outputs z to forms that are nowhere above them within the half-spaces of their owners. With
     * {@code b = multipliers[r,k] scale}, the coefficient at half-space k's unit becomes {@code t = a - sign b} to nearest, and
     * {@code constants[r]} gains at most {@code (a - t) threshold}, and what differs between t and a in a map's account,
     * {@code (t - a) bias - (|t - a| + NEGLIGIBLE) productError}. Where a multiplier is 0, nothing changes; one that is negative
     * or NaN counts as 0.
     *
     * @param multipliers  {@code [rows,count]}
     * @param owners       {@code int [rows]}: each form's row of {@code halfspaces} and {@code productError}
     * @param bias         {@code [units]}
     * @param productError {@code [N,units]}, as of {@link Relaxation}
     * @param coefficients {@code [rows,units]}, in place
     * @param constants    {@code [rows]}, in place
     */
    void apply(Halfspaces halfspaces, DeviceBuffer multipliers, int rows, DeviceBuffer owners, DeviceBuffer bias,
               DeviceBuffer productError, int units, DeviceBuffer coefficients, DeviceBuffer constants);

    /**
     * {@code gradient[r,k] = sign scale (z[r,unit] - threshold)}: the bound's derivative with respect to the multiplier,
     * negated, where z is what the form's corner becomes on its lines. Elements without a unit stay as they are.
     *
     * @param z        {@code [rows,units]}
     * @param gradient {@code [rows,count]}
     */
    void differentiate(Halfspaces halfspaces, int rows, DeviceBuffer owners, DeviceBuffer z, int units,
                       DeviceBuffer gradient);
}
