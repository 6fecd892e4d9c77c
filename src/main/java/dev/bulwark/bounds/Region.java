package dev.bulwark.bounds;

import dev.bulwark.data.Ball;
import java.util.Arrays;

/**
 * What may become of an input: the inputs that a specification must hold for. Sealed: a new kind adds a {@link Visitor}
 * method.
 */
public sealed interface Region permits Box, Region.BallRegion {

    /** Elements of an input. */
    int size();

    /** What lies in its middle, to nearest. */
    float[] centre();

    /** Whether the floats of {@link #centre} are a point of the region. */
    boolean holdsCentre();

    <R> R accept(Visitor<R> visitor);

    /** What to do at each kind of region. */
    interface Visitor<R> {
        R box(Box box);

        R ball(BallRegion ball);
    }

    /**
     * All inputs of a ball around an image.
     *
     * @throws IllegalArgumentException if an element is not in [0, 1], or not what the ball's centre says
     */
    static Region around(float[] image, Ball ball) {
        return new BallRegion(image, ball);
    }

    /**
     * As {@link #around(float[], Ball)}, in the l-infinity norm around the floats themselves; epsilon is the decimal that it
     * prints as.
     */
    static Region around(float[] image, double epsilon) {
        return new BallRegion(image, Ball.aroundFloats(epsilon));
    }

    /** See {@link #around(float[], Ball)}. */
    final class BallRegion implements Region {

        private final float[] image;
        private final Ball ball;

        private BallRegion(float[] image, Ball ball) {
            for (int i = 0; i < image.length; ++i) {
                if (!(image[i] >= 0 && image[i] <= 1)) {
                    throw new IllegalArgumentException("an image lies in [0, 1], but holds " + image[i] + " at element "
                            + i);
                }
            }
            if (ball.centre() == Ball.Centre.BYTE) {
                ball.least(image); // complains of an element that stands for no byte
            }
            this.image = image.clone();
            this.ball = ball;
        }

        @Override
        public int size() {
            return image.length;
        }

        @Override
        public float[] centre() {
            return image.clone();
        }

        @Override
        public boolean holdsCentre() {
            double elements = switch (ball.norm()) { // each of which is at most 1
                case INF -> 1;
                case TWO -> Math.ceil(Math.sqrt(image.length));
                case ONE -> image.length;
            };
            return ball.epsilon().lower() >= ball.centreError() * elements;
        }

        public Ball ball() {
            return ball;
        }

        /** Whether a point surely lies in the region. Of an l1 ball that is said of the centre alone. */
        boolean surelyHolds(float[] point) {
            if (!holdsCentre()) {
                return false;
            }
            float[] least = ball.least(image);
            float[] greatest = ball.greatest(image);
            for (int i = 0; i < image.length; ++i) {
                if (!(point[i] >= least[i] && point[i] <= greatest[i])) {
                    return false;
                }
            }
            return switch (ball.norm()) {
                case INF -> true;
                case TWO -> ball.euclideanDistance(image, point) <= ball.epsilon().lower();
                case ONE -> Arrays.equals(image, point);
            };
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.ball(this);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof BallRegion that && Arrays.equals(image, that.image) && ball.equals(that.ball);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(image) + ball.hashCode();
        }

        @Override
        public String toString() {
            return "all images within " + ball.epsilon() + " (" + ball.norm().words() + ") of one of " + image.length
                    + " elements";
        }
    }
}
