package dev.bulwark.device.cpu;

import static dev.bulwark.device.cpu.Spans.Operand.in;
import static dev.bulwark.device.cpu.Spans.Operand.inOut;
import static dev.bulwark.device.cpu.Spans.Operand.out;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Elementwise;

/** Operations element by element: plain loops over heap arrays, which the JIT vectorises. */
final class CpuElementwise implements Elementwise {

    private final Spans spans;

    CpuElementwise(Spans spans) {
        this.spans = spans;
    }

    @Override
    public void relu(DeviceBuffer x, long length) {
        spans.apply(length, (s, count) -> {
            float[] values = s[0];
            for (int i = 0; i < count; ++i) {
                values[i] = Math.max(values[i], 0f);
            }
        }, inOut(x, length));
    }

    @Override
    public void relu(DeviceBuffer x, long length, DeviceBuffer y) {
        spans.apply(length, (s, count) -> {
            float[] from = s[0];
            float[] to = s[1];
            for (int i = 0; i < count; ++i) {
                to[i] = Math.max(from[i], 0f);
            }
        }, in(x, length), out(y, length));
    }

    @Override
    public void reluGradient(DeviceBuffer y, long length, DeviceBuffer gradient) {
        spans.apply(length, (s, count) -> {
            float[] output = s[0];
            float[] g = s[1];
            for (int i = 0; i < count; ++i) {
                g[i] *= Masks.positive(output[i]);
            }
        }, in(y, length), inOut(gradient, length));
    }

    @Override
    public void absolute(DeviceBuffer x, long length, DeviceBuffer target) {
        spans.apply(length, (s, count) -> {
            float[] from = s[0];
            float[] to = s[1];
            for (int i = 0; i < count; ++i) {
                to[i] = Math.abs(from[i]);
            }
        }, in(x, length), out(target, length));
    }

    @Override
    public void add(DeviceBuffer x, DeviceBuffer y, long length, DeviceBuffer target) {
        spans.apply(length, (s, count) -> {
            float[] a = s[0];
            float[] b = s[1];
            float[] to = s[2];
            for (int i = 0; i < count; ++i) {
                to[i] = a[i] + b[i];
            }
        }, in(x, length), in(y, length), out(target, length));
    }

    @Override
    public void addSigned(DeviceBuffer x, DeviceBuffer signs, long length, DeviceBuffer target) {
        spans.apply(length, (s, count) -> {
            float[] value = s[0];
            float[] sign = s[1];
            float[] to = s[2];
            for (int i = 0; i < count; ++i) {
                to[i] += value[i] * Masks.sign(sign[i]);
            }
        }, in(x, length), in(signs, length), inOut(target, length));
    }

    @Override
    public void clamp(DeviceBuffer x, long length, float low, float high) {
        spans.apply(length, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                s[0][i] = Math.max(low, Math.min(high, s[0][i]));
            }
        }, inOut(x, length));
    }

    @Override
    public void signedStep(DeviceBuffer x, DeviceBuffer gradient, long length, float step,
                           DeviceBuffer lower, DeviceBuffer upper) {
        spans.apply(length, (s, count) -> {
            float[] values = s[0];
            float[] g = s[1];
            float[] low = s[2];
            float[] high = s[3];
            for (int i = 0; i < count; ++i) {
                g[i] = step * Masks.sign(g[i]);
            }
            for (int i = 0; i < count; ++i) {
                if (Float.isNaN(g[i])) { // in a loop of its own, for it is not vectorised
                    g[i] = 0f;
                }
            }
            for (int i = 0; i < count; ++i) {
                values[i] = Math.max(low[i], Math.min(high[i], values[i] + g[i]));
            }
        }, inOut(x, length), in(gradient, length), in(lower, length), in(upper, length));
    }
}
