package dev.bulwark.device.cpu;

import dev.bulwark.device.Activations;
import dev.bulwark.device.Directed;

/**
 * A sigmoid or a hyperbolic tangent: convex below 0, concave above, and its own mirror image, {@code f(-z) = centre - f(z)}.
 * What {@link Activations} says of the library's functions makes {@link #up} and {@link #down} hold in real numbers; the
 * lines rest on nothing else, for any slope gives a line once its intercept fits.
 */
enum SmoothCurve implements Curve {

    SIGMOID(1, 0, 0.25, 40) {
        @Override
        double value(double z) {
            return 1 / (1 + StrictMath.exp(-z));
        }

        @Override
        double derivative(double z) {
            double e = StrictMath.exp(-Math.abs(z));
            return e / ((1 + e) * (1 + e));
        }

        /** With y the value there, y (1 - y) = slope. */
        @Override
        double steepestAt(double slope) {
            double y = (1 + Math.sqrt(1 - 4 * slope)) / 2;
            return StrictMath.log(y * y / slope);
        }

        @Override
        public float slope(float y) {
            return y * (1 - y);
        }
    },

    /** {@code tanh(z) = 2 sigmoid(2 z) - 1}. */
    TANH(0, -1, 1, 20) {
        @Override
        double value(double z) {
            return StrictMath.tanh(z);
        }

        @Override
        double derivative(double z) {
            return 4 * SIGMOID.derivative(2 * z);
        }

        @Override
        double steepestAt(double slope) {
            return SIGMOID.steepestAt(slope / 4) / 2;
        }

        @Override
        public float slope(float y) {
            return (1 - y) * (1 + y);
        }
    };

    private static final double MARGIN = Activations.MARGIN;
    /** Of Newton's method in {@link #throughLowerEnd}: it converges quadratically, but for ends next to 0. */
    private static final int ITERATIONS = 20;

    /** Both functions have 1 above them. */
    private final double centre;
    private final double least;
    private final double steepest;
    /** From here on the function is 1, as far as doubles tell. */
    private final double flat;

    SmoothCurve(double centre, double least, double steepest, double flat) {
        this.centre = centre;
        this.least = least;
        this.steepest = steepest;
        this.flat = flat;
    }

    abstract double value(double z);

    abstract double derivative(double z);

    /** Where, at or above 0, the derivative is {@code slope}, a number from 0 to the derivative at 0. */
    abstract double steepestAt(double slope);

    @Override
    public float at(float x) {
        return (float) value(x);
    }

    @Override
    public float least() {
        return (float) least;
    }

    @Override
    public float most() {
        return 1;
    }

    /** Not less than the value at z. */
    private double above(double z) {
        double value = value(z);
        return Math.min(1, value + (Math.abs(value) * MARGIN + Double.MIN_NORMAL));
    }

    @Override
    public float down(float x) {
        double value = value(x);
        return Directed.down(Math.max(least, value - (Math.abs(value) * MARGIN + Double.MIN_NORMAL)));
    }

    @Override
    public float up(float x) {
        return Directed.up(above(x));
    }

    /** The line below is the mirror image of the one above the mirrored interval. */
    @Override
    public void relax(float l, float u, Lines lines) {
        float above = slopeAbove(l, u);
        lines.above(above, Directed.up(interceptAbove(above, l, u)));
        float below = slopeAbove(-u, -l);
        lines.below(below, Directed.down(Math.nextDown(centre - interceptAbove(below, -u, -l))));
    }

    /** Of the line above; what is off here makes it looser and not wrong. */
    private float slopeAbove(double l, double u) {
        return (float) Math.max(0, Math.min(steepest, chordOrTangent(l, u)));
    }

    private double chordOrTangent(double l, double u) {
        if (l >= 0 || u == l) {
            return derivative(0.5 * l + 0.5 * u);
        }
        double chord = (value(u) - value(l)) / (u - l);
        return u <= 0 || derivative(u) >= chord ? chord : throughLowerEnd(l, Math.min(u, flat));
    }

    /**
     * The slope of the tangent that meets the function at l &lt; 0 and touches it above 0. Of all chords from l it is the steepest,
     * so that Newton's method, which goes from one to where the function has its slope, comes down to it.
     */
    private double throughLowerEnd(double l, double from) {
        double atLower = value(l);
        double slope = (value(from) - atLower) / (from - l);
        for (int k = 0; k < ITERATIONS; ++k) {
            double touching = steepestAt(Math.min(slope, steepest));
            double next = (value(touching) - atLower) / (touching - l);
            if (!(next > slope)) {
                break;
            }
            slope = next;
        }
        return slope;
    }

    /**
     * An upper bound of {@code f(z) - slope z} over [l, u]. Where f is convex so is this, and it is largest at an end, of
     * which 0 is one of the concave part. That is below any of its tangents: the one at z = m, where the derivative is the
     * slope as far as doubles tell, rises by next to nothing. From {@link #flat} on f is at most 1.
     */
    private double interceptAbove(float slope, float l, float u) {
        double most = Curve.interceptUp(above(l), slope, l);
        if (u <= 0) {
            return Math.max(most, Curve.interceptUp(above(u), slope, u));
        }
        double begin = Math.max(l, 0);
        double end = Math.min(u, flat);
        if (begin < end) {
            most = Math.max(most, overConcave(slope, begin, end));
        }
        if (u > flat) {
            most = Math.max(most, Math.nextUp(1 - slope * Math.max(l, flat))); // of a float and of another or a small integer
        }
        return most;
    }

    private double overConcave(float slope, double begin, double end) {
        double m = Math.max(begin, Math.min(end, steepestAt(slope)));
        double derivative = derivative(m);
        double rise = Math.max(0, Math.max((derivative * (1 + MARGIN) - slope) * (end - m),
                (slope - derivative * (1 - MARGIN)) * (m - begin)));
        double value = above(m);
        double line = slope * m;
        return value - line + rise + ((value + line + rise) * MARGIN + Double.MIN_NORMAL);
    }
}
