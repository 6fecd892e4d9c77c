package dev.bulwark.attack;

/**
 * The floats x' in [0, 1] with {@code |x' - x| <= epsilon} exactly, element by element: the box an attack stays in. It
 * rounds inward, the certificates' box outward, so every attacked image lies in the certified box.
 *
 * @param lower {@code [N,D]} smallest such floats
 * @param upper {@code [N,D]} largest such floats
 */
record InwardBox(float[] lower, float[] upper) {

    /** @param images {@code [N,D]}, in [0, 1] */
    static InwardBox around(float[] images, double epsilon) {
        float[] lower = new float[images.length];
        float[] upper = new float[images.length];
        for (int k = 0; k < images.length; ++k) {
            float x = images[k];
            float low = (float) (x - epsilon);
            while (exceeds(x, low, epsilon)) {
                low = Math.nextUp(low);
            }
            float high = (float) (x + epsilon);
            while (exceeds(high, x, epsilon)) {
                high = Math.nextDown(high);
            }
            lower[k] = Math.max(low, 0);
            upper[k] = Math.min(high, 1);
        }
        return new InwardBox(lower, upper);
    }

    /** Whether {@code a - b > epsilon} in real numbers: a two-sum recovers what the double difference lost. */
    static boolean exceeds(float a, float b, double epsilon) {
        double difference = (double) a - b;
        double back = difference - a;
        double lost = (a - (difference - back)) - (b + back);
        return difference > epsilon || difference == epsilon && lost > 0;
    }
}
