package dev.bulwark.attack;

import dev.bulwark.data.Ball;

/**
 * The floats of a ball, element by element: the box an attack stays in. It rounds inward, the certificates' box outward, so
 * every attacked image lies in the certified box.
 *
 * @param lower {@code [N,D]} smallest such floats
 * @param upper {@code [N,D]} largest such floats
 */
record InwardBox(float[] lower, float[] upper) {

    /** @param images {@code [N,D]}, in [0, 1] */
    static InwardBox around(float[] images, Ball ball) {
        return new InwardBox(ball.least(images), ball.greatest(images));
    }
}
