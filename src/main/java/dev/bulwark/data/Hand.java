package dev.bulwark.data;

import java.util.ArrayList;
import java.util.List;

/**
 * One writer on one occasion: bends a skeleton, slants, turns and stretches it, and fits it to the page.
 *
 * <p>Only operations that are rounded correctly everywhere (+, -, *, /, sqrt) are used, so that every machine writes the
 * same digits.
 */
final class Hand {

    /** Curve points between two of a skeleton's. */
    private static final int STEPS = 6;

    /** Between a careful writer's wobble and a hasty one's, in heights of the box. */
    private static final double LEAST_JITTER = 0.015;
    private static final double MOST_JITTER = 0.068;
    private static final double BEND = 0.22;
    private static final double HALF_TURN = 0.055;
    private static final double SLANT = 0.2;
    private static final double MEAN_SLANT = 0.12;
    private static final double STRETCH = 0.13;
    private static final double SHIFT = 0.6;

    private final Draws draws;

    Hand(Draws draws) {
        this.draws = draws;
    }

    /**
     * @param side pixels of the page, each way
     * @param box  pixels of the longer side of what is written, about
     * @return strokes as polylines x, y, x, y, ... in pixels
     */
    List<double[]> write(Skeleton skeleton, double side, double box) {
        double jitter = draws.uniform(LEAST_JITTER, MOST_JITTER);
        List<double[]> strokes = new ArrayList<>();
        for (double[] stroke : skeleton.strokes()) {
            strokes.add(curve(jittered(stroke, jitter)));
        }
        bend(strokes);
        slantAndTurn(strokes);
        fit(strokes, side, box);
        return strokes;
    }

    /** Moves every point a little; a corner stays one point. */
    private double[] jittered(double[] points, double jitter) {
        double[] moved = new double[points.length];
        for (int k = 0; k < points.length; k += 2) {
            boolean corner = k > 0 && points[k] == points[k - 2] && points[k + 1] == points[k - 1];
            moved[k] = corner ? moved[k - 2] : points[k] + draws.normal(jitter);
            moved[k + 1] = corner ? moved[k - 1] : points[k + 1] + draws.normal(jitter);
        }
        return moved;
    }

    /** A Catmull-Rom spline through the points; a repeated point ends one curve and starts the next. */
    private static double[] curve(double[] points) {
        int count = points.length / 2;
        List<double[]> pieces = new ArrayList<>();
        for (int k = 0; k + 1 < count; ++k) {
            if (points[2 * k] != points[2 * k + 2] || points[2 * k + 1] != points[2 * k + 3]) {
                pieces.add(span(points, Math.max(k - 1, 0), k, k + 1, Math.min(k + 2, count - 1)));
            }
        }
        double[] polyline = new double[2 * (pieces.size() * STEPS + 1)];
        for (int p = 0; p < pieces.size(); ++p) {
            System.arraycopy(pieces.get(p), 0, polyline, 2 * p * STEPS, 2 * STEPS);
        }
        System.arraycopy(points, points.length - 2, polyline, polyline.length - 2, 2);
        return polyline;
    }

    /** From point {@code b} up to, but without, point {@code c}. */
    private static double[] span(double[] points, int a, int b, int c, int d) {
        double[] piece = new double[2 * STEPS];
        for (int step = 0; step < STEPS; ++step) {
            double t = (double) step / STEPS;
            for (int axis = 0; axis < 2; ++axis) {
                double before = points[2 * a + axis];
                double from = points[2 * b + axis];
                double to = points[2 * c + axis];
                double after = points[2 * d + axis];
                piece[2 * step + axis] = from + t / 2 * (to - before
                        + t * (2 * before - 5 * from + 4 * to - after
                        + t * (3 * (from - to) + after - before)));
            }
        }
        return piece;
    }

    /** A quadratic warp of the whole digit, so that what touches still touches. */
    private void bend(List<double[]> strokes) {
        double[] x = {draws.normal(BEND), draws.normal(BEND), draws.normal(BEND)};
        double[] y = {draws.normal(BEND), draws.normal(BEND), draws.normal(BEND)};
        for (double[] stroke : strokes) {
            for (int k = 0; k < stroke.length; k += 2) {
                double u = stroke[k] - 0.5;
                double v = stroke[k + 1] - 0.5;
                stroke[k] += x[0] * u * u + x[1] * u * v + x[2] * v * v;
                stroke[k + 1] += y[0] * u * u + y[1] * u * v + y[2] * v * v;
            }
        }
    }

    private void slantAndTurn(List<double[]> strokes) {
        double slant = MEAN_SLANT + draws.normal(SLANT);
        double stretch = 1 + draws.uniform(-1.5 * STRETCH, 1.5 * STRETCH);
        double h = draws.normal(HALF_TURN);
        double cosine = (1 - h * h) / (1 + h * h);
        double sine = 2 * h / (1 + h * h);
        for (double[] stroke : strokes) {
            for (int k = 0; k < stroke.length; k += 2) {
                double v = stroke[k + 1] - 0.5;
                double u = stretch * (stroke[k] - 0.5) - slant * v;
                stroke[k] = cosine * u - sine * v;
                stroke[k + 1] = sine * u + cosine * v;
            }
        }
    }

    /** Scales the longer side to about {@code box} and puts the middle near the page's. */
    private void fit(List<double[]> strokes, double side, double box) {
        double[] low = {Double.MAX_VALUE, Double.MAX_VALUE};
        double[] high = {-Double.MAX_VALUE, -Double.MAX_VALUE};
        for (double[] stroke : strokes) {
            for (int k = 0; k < stroke.length; ++k) {
                low[k & 1] = Math.min(low[k & 1], stroke[k]);
                high[k & 1] = Math.max(high[k & 1], stroke[k]);
            }
        }
        double scale = box * draws.uniform(0.88, 1.04) / Math.max(high[0] - low[0], high[1] - low[1]);
        double[] middle = {side / 2 + draws.normal(SHIFT), side / 2 + draws.normal(SHIFT)};
        for (double[] stroke : strokes) {
            for (int k = 0; k < stroke.length; ++k) {
                int axis = k & 1;
                stroke[k] = middle[axis] + scale * (stroke[k] - (low[axis] + high[axis]) / 2);
            }
        }
    }
}
