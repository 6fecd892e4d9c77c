package dev.bulwark.device.cpu;

import static dev.bulwark.device.cpu.Spans.Operand.in;
import static dev.bulwark.device.cpu.Spans.Operand.inOut;
import static dev.bulwark.device.cpu.Spans.Operand.out;

import dev.bulwark.device.Activation;
import dev.bulwark.device.Activations;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Relaxation;

/** Activations by {@link Curve}, element after element. */
final class CpuActivations implements Activations {

    private final Spans spans;

    CpuActivations(Spans spans) {
        this.spans = spans;
    }

    @Override
    public void apply(Activation f, DeviceBuffer x, long length, DeviceBuffer y) {
        Curve curve = Curve.of(f);
        spans.apply(length, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                s[1][i] = curve.at(s[0][i]);
            }
        }, in(x, length), out(y, length));
    }

    @Override
    public void gradient(Activation f, DeviceBuffer y, long length, DeviceBuffer gradient) {
        Curve curve = Curve.of(f);
        spans.apply(length, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                s[1][i] *= curve.slope(s[0][i]);
            }
        }, in(y, length), inOut(gradient, length));
    }

    @Override
    public void enclose(Activation f, DeviceBuffer lower, DeviceBuffer upper, long length, DeviceBuffer outLower,
                        DeviceBuffer outUpper) {
        Curve curve = Curve.of(f);
        spans.apply(length, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                boolean known = isKnown(s[0][i], s[1][i]);
                s[2][i] = known ? curve.down(s[0][i]) : curve.least();
                s[3][i] = known ? curve.up(s[1][i]) : curve.most();
            }
        }, in(lower, length), in(upper, length), out(outLower, length), out(outUpper, length));
    }

    private static boolean isKnown(float lower, float upper) {
        return Float.isFinite(lower) && Float.isFinite(upper);
    }

    @Override
    public void relax(Activation f, DeviceBuffer lower, DeviceBuffer upper, int images, Relaxation relaxation) {
        long elements = (long) images * relaxation.units();
        Curve curve = Curve.of(f);
        // Where slopes are free, lines below go through 0 and there is nowhere to put that.
        DeviceBuffer intercept = relaxation.below().intercept().orElse(relaxation.magnitude());
        spans.apply(elements, (s, count) -> {
            Curve.Lines lines = new Curve.Lines();
            for (int i = 0; i < count; ++i) {
                if (isKnown(s[0][i], s[1][i])) {
                    curve.relax(s[0][i], s[1][i], lines);
                } else {
                    lines.constants(curve.least(), curve.most());
                }
                s[2][i] = lines.upperSlope;
                s[3][i] = lines.upperIntercept;
                s[4][i] = lines.lowerSlope;
                s[5][i] = lines.lowerIntercept;
                s[6][i] = Math.max(Math.abs(s[0][i]), Math.abs(s[1][i]));
            }
        }, in(lower, elements), in(upper, elements), out(relaxation.upperSlope(), elements),
                out(relaxation.upperIntercept(), elements), out(relaxation.lowerSlope(), elements), out(intercept, elements),
                out(relaxation.magnitude(), elements));
    }
}
