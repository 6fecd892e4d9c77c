package dev.bulwark.device.cpu;

import static dev.bulwark.device.cpu.Spans.Operand.in;
import static dev.bulwark.device.cpu.Spans.Operand.inOut;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Optimisers;
import java.nio.FloatBuffer;

/** Parameter updates, one pass over the memory each. */
final class CpuOptimisers implements Optimisers {

    /** Gradients of less than 2^-57 are none: their squares would be denormal. */
    private static final float GRADIENT = 0x1p-34f;
    /** Means of less than 2^-100 are none: their steps would be denormal. */
    private static final float MEAN = 0x1p-77f;
    /** Squares of less than 2^-113 are none: they would decay to denormal ones. */
    private static final float SQUARE = 0x1p-90f;

    private final Spans spans;

    CpuOptimisers(Spans spans) {
        this.spans = spans;
    }

    @Override
    public void clipFactor(DeviceBuffer sumOfSquares, float maxNorm, DeviceBuffer factor) {
        double norm = Math.sqrt(CpuMemory.floats(sumOfSquares).get(0));
        CpuMemory.floatsToWrite(factor).put(0, norm > maxNorm ? (float) (maxNorm / norm) : 1f);
    }

    @Override
    public void adam(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer mean, DeviceBuffer square, long length,
                     float beta1, float beta2, float tiny, float weightDecay, DeviceBuffer step, DeviceBuffer factor) {
        FloatBuffer scalars = CpuMemory.floats(step);
        float rate = scalars.get(0) / scalars.get(1);
        float correction = (float) (1 / Math.sqrt(scalars.get(2)));
        float scale = CpuMemory.floats(factor).get(0);
        spans.apply(length, (s, count) -> {
            float[] p = s[0];
            float[] g = s[1];
            float[] m = s[2];
            float[] v = s[3];
            for (int i = 0; i < count; ++i) {
                float slope = Masks.coarse(g[i] * scale + weightDecay * p[i], GRADIENT);
                float m1 = Masks.coarse(beta1 * m[i] + (1 - beta1) * slope, MEAN);
                float v1 = Masks.coarse(beta2 * v[i] + (1 - beta2) * slope * slope, SQUARE);
                m[i] = m1;
                v[i] = v1;
                p[i] -= rate * m1 / ((float) Math.sqrt(v1) * correction + tiny);
            }
        }, inOut(parameters, length), in(gradient, length), inOut(mean, length), inOut(square, length));
    }

    @Override
    public void sgd(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer velocity, long length,
                    float momentum, float weightDecay, DeviceBuffer step, DeviceBuffer factor) {
        float rate = CpuMemory.floats(step).get(0);
        float scale = CpuMemory.floats(factor).get(0);
        spans.apply(length, (s, count) -> {
            float[] p = s[0];
            float[] g = s[1];
            float[] v = s[2];
            for (int i = 0; i < count; ++i) {
                float v1 = Masks.coarse(momentum * v[i] + g[i] * scale + weightDecay * p[i], MEAN);
                v[i] = v1;
                p[i] -= rate * v1;
            }
        }, inOut(parameters, length), in(gradient, length), inOut(velocity, length));
    }

    @Override
    public void average(DeviceBuffer parameters, long length, float share, DeviceBuffer average) {
        spans.apply(length, (s, count) -> {
            float[] p = s[0];
            float[] a = s[1];
            for (int i = 0; i < count; ++i) {
                a[i] += share * (p[i] - a[i]);
            }
        }, in(parameters, length), inOut(average, length));
    }
}
