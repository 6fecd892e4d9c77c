package dev.bulwark.device.cpu;

import static dev.bulwark.device.cpu.Spans.Operand.in;
import static dev.bulwark.device.cpu.Spans.Operand.inOut;
import static dev.bulwark.device.cpu.Spans.Operand.out;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.TrainingIntervals;
import java.nio.FloatBuffer;

/** Boxes as centre and radius, rounded to nearest: what training needs, and no certificate may use. */
final class CpuTrainingIntervals implements TrainingIntervals {

    private final Spans spans;

    CpuTrainingIntervals(Spans spans) {
        this.spans = spans;
    }

    @Override
    public void boxAround(DeviceBuffer x, long length, DeviceBuffer epsilon, DeviceBuffer centre, DeviceBuffer radius) {
        float e = CpuMemory.floats(epsilon).get(0);
        spans.apply(length, (s, count) -> boxAround(s[0], e, s[1], s[2], count),
                in(x, length), out(centre, length), out(radius, length));
    }

    private static void boxAround(float[] x, float epsilon, float[] centre, float[] radius, int count) {
        for (int i = 0; i < count; ++i) {
            float lower = Math.max(x[i] - epsilon, 0f);
            float upper = Math.min(x[i] + epsilon, 1f);
            centre[i] = 0.5f * (upper + lower);
            radius[i] = 0.5f * (upper - lower);
        }
    }

    @Override
    public void relu(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer outCentre, DeviceBuffer outRadius) {
        spans.apply(length, (s, count) -> relu(s[0], s[1], s[2], s[3], count),
                in(centre, length), in(radius, length), out(outCentre, length), out(outRadius, length));
    }

    private static void relu(float[] c, float[] r, float[] outC, float[] outR, int count) {
        for (int i = 0; i < count; ++i) {
            float lower = Math.max(c[i] - r[i], 0f);
            float upper = Math.max(c[i] + r[i], 0f);
            outC[i] = 0.5f * (upper + lower);
            outR[i] = 0.5f * (upper - lower);
        }
    }

    @Override
    public void reluGradient(DeviceBuffer centre, DeviceBuffer radius, long length,
                             DeviceBuffer gradientCentre, DeviceBuffer gradientRadius) {
        spans.apply(length, (s, count) -> reluGradient(s[0], s[1], s[2], s[3], count),
                in(centre, length), in(radius, length), inOut(gradientCentre, length), inOut(gradientRadius, length));
    }

    private static void reluGradient(float[] c, float[] r, float[] gradientC, float[] gradientR, int count) {
        for (int i = 0; i < count; ++i) {
            float lower = 0.5f * (gradientC[i] - gradientR[i]) * Masks.positive(c[i] - r[i]);
            float upper = 0.5f * (gradientC[i] + gradientR[i]) * Masks.positive(c[i] + r[i]);
            gradientC[i] = upper + lower;
            gradientR[i] = upper - lower;
        }
    }

    @Override
    public void regulariser(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer inputRadius, float tau,
                            DeviceBuffer weight, DeviceBuffer gradientCentre, DeviceBuffer gradientRadius,
                            DeviceBuffer loss) {
        double scale = CpuMemory.floats(weight).get(0) / (double) tau;
        double tight = tightness(radius, length, CpuMemory.floats(inputRadius).get(0), tau, scale, gradientRadius);
        double balance = balance(centre, length, tau, scale, gradientCentre);
        FloatBuffer total = CpuMemory.floatsToWrite(loss);
        total.put(0, (float) (total.get(0) + scale * (tight + balance)));
    }

    private double tightness(DeviceBuffer radius, long length, double inputRadius, double tau, double scale,
                             DeviceBuffer gradientRadius) {
        double mean = spans.reduce(length, (s, count) -> CpuReductions.sum(s[0], count), in(radius, length)) / length;
        double tight = tau - inputRadius / mean;
        if (!(tight > 0)) {
            return 0;
        }
        float slope = (float) (scale * inputRadius / (mean * mean * length));
        spans.apply(length, (s, count) -> addConstant(s[0], slope, count), inOut(gradientRadius, length));
        return tight;
    }

    /** Sums over the centres of one sign: of c, of c - mean, of (c - mean)^2. */
    private record Side(double sum, double deviation, double square) {
    }

    private double balance(DeviceBuffer centre, long length, double tau, double scale, DeviceBuffer gradientCentre) {
        double mean = spans.reduce(length, (s, count) -> CpuReductions.sum(s[0], count), in(centre, length)) / length;
        double[] sums = spans.reduce(6, length, (s, count, to) -> sides(s[0], mean, count, to), in(centre, length));
        Side above = new Side(sums[0], sums[1], sums[2]);
        Side below = new Side(sums[3], sums[4], sums[5]);
        if (!(above.sum > 0 && below.sum < 0 && above.square > 0 && below.square > 0)) {
            return 0;
        }
        Ratio means = Ratio.of(above.sum, -below.sum, tau, scale);
        Ratio variances = Ratio.of(above.square, below.square, tau, scale);
        if (means.loss == 0 && variances.loss == 0) {
            return 0;
        }
        double shift = -2 * (variances.slopeA * above.deviation + variances.slopeB * below.deviation) / length;
        spans.apply(length, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                float at = s[0][i];
                double slopeAbove = means.slopeA + 2 * variances.slopeA * (at - mean);
                double slopeBelow = -means.slopeB + 2 * variances.slopeB * (at - mean);
                s[1][i] += (float) (shift + Masks.positive(at) * slopeAbove + Masks.positive(-at) * slopeBelow);
            }
        }, in(centre, length), inOut(gradientCentre, length));
        return means.loss + variances.loss;
    }

    /** {@code relu(tau - min(a/b, b/a))} and its scaled derivatives with respect to a and b. */
    private record Ratio(double loss, double slopeA, double slopeB) {
        static Ratio of(double a, double b, double tau, double scale) {
            double loss = tau - Math.min(a / b, b / a);
            if (!(loss > 0)) {
                return new Ratio(0, 0, 0);
            }
            return a < b
                    ? new Ratio(loss, -scale / b, scale * a / (b * b))
                    : new Ratio(loss, scale * b / (a * a), -scale / a);
        }
    }

    /**
     * The parts of both sides' {@link Side} that these centres make up, above first. The signs are a coin's throws, which no
     * processor foresees: multiplied by masks, each side reads all centres.
     */
    private static void sides(float[] centres, double mean, int count, double[] sums) {
        double above = 0;
        double aboveDeviation = 0;
        double aboveSquare = 0;
        double below = 0;
        double belowDeviation = 0;
        double belowSquare = 0;
        for (int i = 0; i < count; ++i) {
            double deviation = centres[i] - mean;
            double up = Masks.positive(centres[i]) * deviation;
            double down = Masks.positive(-centres[i]) * deviation;
            above += Math.max(centres[i], 0f);
            aboveDeviation += up;
            aboveSquare += up * deviation;
            below += Math.min(centres[i], 0f);
            belowDeviation += down;
            belowSquare += down * deviation;
        }
        sums[0] = above;
        sums[1] = aboveDeviation;
        sums[2] = aboveSquare;
        sums[3] = below;
        sums[4] = belowDeviation;
        sums[5] = belowSquare;
    }

    private static void addConstant(float[] x, float constant, int count) {
        for (int i = 0; i < count; ++i) {
            x[i] += constant;
        }
    }
}
