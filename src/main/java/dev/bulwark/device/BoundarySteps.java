package dev.bulwark.device;

/** Steps of FAB (Croce and Hein 2020, "Minimally distorted adversarial examples with a fast adaptive boundary attack"). */
public interface BoundarySteps {

    /** What distances are measured by, and the least of what displacements are taken. */
    enum Distance {
        LINF, L2, L1
    }

    /**
     * FAB's numbers.
     *
     * @param overshoot eta: the factor of a displacement, which takes the point across the boundary
     * @param pull      alpha_max: the largest weight of the centre's side
     * @param back      beta: how far from the centre an adversarial point is drawn to, of its way
     */
    record Settings(Distance distance, float overshoot, float pull, float back) {

        /** The paper's, which hold in every norm. */
        public static Settings published(Distance distance) {
            return new Settings(distance, 1.05f, 0.1f, 0.9f);
        }
    }

    /**
     * A step toward the boundary that {@code values[n] + normals[n,:] . (y - x[n,:]) = 0} approximates, biased toward the centre.
     * With d1 and d2 the least displacements, in the distance, of x and of the centre c that stay in [0, 1] and lead onto that
     * plane, or as far toward it as [0, 1] allows, and a1 and a2 their lengths (1e-8 at least), x becomes
     * {@code clamp((1 - a) (x + eta d1) + a (c + eta d2), 0, 1)} with {@code a = min(a1 / (a1 + a2), alpha_max)}, in place. Where
     * normals are all 0, or one of them or the value is not finite, nothing moves. In l1, elements of the same normal share what
     * they move by in proportion to their room.
     *
     * @param x      {@code [rows,columns]} in [0, 1], as are centres; normals {@code [rows,columns]}
     * @param values {@code [rows]}
     */
    void step(DeviceBuffer x, DeviceBuffer centres, DeviceBuffer normals, DeviceBuffer values, Settings settings, int rows,
              int columns);

    /**
     * Where {@code predictions[n]} is a class (0 or above) and not the label: if x is nearer to its centre than
     * {@code distances[n]}, {@code nearest[n,:] = x[n,:]} and {@code distances[n]} is its distance; then, in any case, x becomes
     * {@code c + beta (x - c)}, in place.
     *
     * @param predictions {@code int [rows]}, as are labels
     * @param distances   {@code [rows]}; infinite where nothing was kept yet
     */
    void keepNearest(DeviceBuffer x, DeviceBuffer centres, DeviceBuffer predictions, DeviceBuffer labels, Settings settings,
                     DeviceBuffer nearest, DeviceBuffer distances, int rows, int columns);
}
