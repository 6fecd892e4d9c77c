package dev.bulwark.device;

/**
 * Maximum pooling: values, gradients, boxes, and linear forms on their way back through it. Conventions are
 * {@link Backend}'s: a batch is {@code [rows, elements of an image]}, outputs are overwritten, and no output is an input.
 * Every window has an element of the image.
 */
public interface MaxPooling {

    /** The largest element of each window; NaN where one is. y {@code [rows,output]}. */
    void apply(DeviceBuffer x, int rows, Pooling pooling, DeviceBuffer y);

    /**
     * Which element each window's {@link #apply} took: the first of the largest, or the first NaN.
     *
     * @param chosen {@code int [rows,output]}: takes numbers of an image's elements
     */
    void choose(DeviceBuffer x, int rows, Pooling pooling, DeviceBuffer chosen);

    /** {@code target[i]} = sum of {@code a[k]} over the windows k that chose element i, to nearest: the gradient. */
    void applyTransposed(DeviceBuffer a, DeviceBuffer chosen, int rows, Pooling pooling, DeviceBuffer target);

    /**
     * The box of what comes out over a box of x, with no rounding. A window with an unknown interval is unknown: below it
     * would be known by the others, but an interval is known at both ends or at neither.
     */
    void enclose(DeviceBuffer lower, DeviceBuffer upper, int rows, Pooling pooling, DeviceBuffer outLower,
                 DeviceBuffer outUpper);

    /** Takes lines that fit the box of x, and how large its elements are. */
    void relax(DeviceBuffer lower, DeviceBuffer upper, int images, MaxPoolRelaxation relaxation);

    /**
     * Marks the elements whose intervals decide how good the lines are: those that may be the largest of a window in which
     * another one may be too. Their mark is NaN, that of the others 1.
     *
     * @param relaxation as {@link #relax} left it for the same box
     * @param marks      {@code [images,input]}
     */
    void contested(DeviceBuffer lower, DeviceBuffer upper, int images, MaxPoolRelaxation relaxation, DeviceBuffer marks);

    /**
     * Takes linear forms in what comes out back to forms in x that bound them from below. A coefficient a of window k goes
     * to the element that stands for it where a is positive or the line above has slope 1; else {@code constants[r]} gains
     * {@code a upperIntercept}. Coefficients that meet at an element are added to nearest, and {@code constants[r]}
     * loses at least what that changes of the form. What is multiplied by 0 takes no part; what is unknown otherwise makes
     * the constant NaN or -infinity.
     *
     * @param coefficients {@code [rows,output]}
     * @param owners       {@code int [rows]}: the row of {@code relaxation} that a form belongs to
     * @param target       {@code [rows,input]}
     * @param constants    {@code [rows]}, in place
     */
    void backward(DeviceBuffer coefficients, int rows, DeviceBuffer owners, MaxPoolRelaxation relaxation,
                  DeviceBuffer target, DeviceBuffer constants);

    /**
     * The lines that {@link #backward} took, at points: {@code y[r,k]} is the element that stands for window k, or the
     * intercept where the coefficient is negative and the line above has slope 0.
     *
     * @param coefficients {@code [rows,output]}
     * @param x            {@code [rows,input]}
     * @param y            {@code [rows,output]}
     */
    void onLines(DeviceBuffer coefficients, int rows, DeviceBuffer owners, MaxPoolRelaxation relaxation, DeviceBuffer x,
                 DeviceBuffer y);
}
