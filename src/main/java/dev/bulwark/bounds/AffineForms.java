package dev.bulwark.bounds;

import dev.bulwark.device.DeviceBuffer;

/**
 * What may be asked about a layer's outputs, as affine forms in its inputs h: each stands for {@code a h + c} with real
 * numbers a and c, of which a float near it, or below it, is kept. Forms exist only for the rows asked for.
 */
interface AffineForms {

    /** Number of the layer's inputs. */
    int inputs();

    /**
     * Enters the forms asked for.
     *
     * @param magnitudes {@code [N,inputs]}: nowhere in the box of image n is |h| larger than in row n; NaN if unknown
     * @param indices    scratch for {@code int [rows]}
     * @param target     takes the kept coefficients, {@code [rows,inputs]}
     * @return {@code [rows]}: the constants, less what the kept coefficients may be off by; NaN where that is unknown
     */
    float[] enter(FormRows rows, float[] magnitudes, DeviceBuffer indices, DeviceBuffer target);
}
