package dev.bulwark.device.cpu;

import dev.bulwark.device.Directed;

/** A leaky ReLU. It is convex, so that a line that is not below it at both ends of an interval is nowhere below it. */
record LeakyReluCurve(float slope) implements Curve {

    @Override
    public float at(float x) {
        return x > 0 ? x : slope * x;
    }

    @Override
    public float slope(float y) {
        return y > 0 ? 1 : slope;
    }

    @Override
    public float down(float x) {
        return x > 0 ? x : Directed.down((double) slope * x);
    }

    @Override
    public float up(float x) {
        return x > 0 ? x : Directed.up((double) slope * x);
    }

    @Override
    public float least() {
        return Float.NaN;
    }

    @Override
    public float most() {
        return Float.NaN;
    }

    @Override
    public void relax(float l, float u, Lines lines) {
        if (u <= 0 || l >= 0) {
            float own = u <= 0 ? slope : 1;
            lines.above(own, 0);
            lines.below(own, 0);
            return;
        }
        double atLower = (double) slope * l; // exact
        float chord = Math.max(slope, Math.min(1, (float) ((u - atLower) / ((double) u - l))));
        lines.above(chord, Directed.up(Math.max(Math.nextUp(atLower - (double) chord * l),
                Math.nextUp(u - (double) chord * u))));
        lines.below(u > -l ? 1 : slope, 0);
    }
}
