package dev.bulwark.device.cpu;

import dev.bulwark.device.Directed;

/** A clip. Of the ends at most one is infinite where that matters; all arithmetic is of floats in double. */
record ClipCurve(float low, float high) implements Curve {

    @Override
    public float at(float x) {
        return Math.max(low, Math.min(high, x));
    }

    @Override
    public float slope(float y) {
        return y > low && y < high ? 1 : 0;
    }

    @Override
    public float down(float x) {
        return at(x);
    }

    @Override
    public float up(float x) {
        return at(x);
    }

    @Override
    public float least() {
        return Float.isInfinite(low) || Float.isInfinite(high) ? Float.NaN : low;
    }

    @Override
    public float most() {
        return Float.isInfinite(low) || Float.isInfinite(high) ? Float.NaN : high;
    }

    /** The line below is the mirror image of the one above -f(-z), which is the clip to [-high, -low]. */
    @Override
    public void relax(float l, float u, Lines lines) {
        if (u <= low || l >= high) {
            float value = u <= low ? low : high;
            lines.constants(value, value);
        } else if (l >= low && u <= high) {
            lines.above(1, 0);
            lines.below(1, 0);
        } else {
            above(-high, -low, -u, -l, lines);
            lines.below(lines.upperSlope, -lines.upperIntercept);
            above(low, high, l, u, lines);
        }
    }

    /**
     * The line above the clip to [low, high]. Any slope in [0, 1] will do; the function less such a line is convex up to high and
     * falls from there on, so that it is largest at l, at high or at u.
     */
    private static void above(float low, float high, float l, float u, Lines lines) {
        double slope;
        if (u <= high) {
            slope = ((double) u - low) / ((double) u - l);
        } else {
            double fromBend = (high - (double) Math.max(l, low)) / ((double) high - l);
            slope = (double) u - high < (double) high - l ? fromBend : 0;
        }
        float chosen = Math.max(0, Math.min(1, (float) slope));
        double intercept = Math.max(Curve.interceptUp(Math.max(low, Math.min(high, l)), chosen, l),
                Curve.interceptUp(Math.max(low, Math.min(high, u)), chosen, u));
        if (l < high && high < u) {
            intercept = Math.max(intercept, Curve.interceptUp(high, chosen, high));
        }
        lines.above(chosen, Directed.up(intercept));
    }
}
