package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Directed;
import dev.bulwark.device.Relaxation;
import dev.bulwark.device.ReluRelaxations;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/** Lines that bound ReLUs, in double, where products of floats are exact. */
final class CpuReluRelaxations implements ReluRelaxations {

    private final Spans spans;

    CpuReluRelaxations(Spans spans) {
        this.spans = spans;
    }

    @Override
    public void relax(DeviceBuffer lower, DeviceBuffer upper, int images, Relaxation relaxation) {
        long elements = (long) images * relaxation.units();
        spans.apply(elements, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                float l = s[0][i];
                float u = s[1][i];
                UpperLine line = UpperLine.over(l, u);
                s[2][i] = line.slope();
                s[3][i] = line.intercept();
                s[4][i] = Float.isNaN(line.slope()) ? Float.NaN : u > -l ? 1 : 0;
                s[5][i] = Math.max(Math.abs(l), Math.abs(u));
            }
        }, Spans.Operand.in(lower, elements), Spans.Operand.in(upper, elements),
                Spans.Operand.out(relaxation.upperSlope(), elements), Spans.Operand.out(relaxation.upperIntercept(), elements),
                Spans.Operand.out(relaxation.lowerSlope(), elements), Spans.Operand.out(relaxation.magnitude(), elements));
    }

    /**
     * A line that is nowhere on an interval below the ReLU, in real numbers.
     *
     * <p>Where the sign is known the line is the ReLU itself. Elsewhere any slope in [0, 1] will do, so it may be rounded; the
     * intercept is then chosen for it: as the ReLU is convex, a line that is not below it at both ends is nowhere below it.
     *
     * @param slope     in [0, 1], or NaN where the interval is unknown
     * @param intercept positive exactly where the sign is known to be open
     */
    private record UpperLine(float slope, float intercept) {

        private static final UpperLine OFF = new UpperLine(0, 0);
        private static final UpperLine ON = new UpperLine(1, 0);
        private static final UpperLine UNKNOWN = new UpperLine(Float.NaN, Float.NaN);

        static UpperLine over(float lower, float upper) {
            if (upper <= 0) {
                return OFF;
            }
            if (lower >= 0) {
                return ON;
            }
            if (!Float.isFinite(lower) || !Float.isFinite(upper)) {
                return UNKNOWN;
            }
            float slope = (float) (upper / ((double) upper - lower));
            double atLower = -(double) slope * lower; // a product of two floats is exact in double
            double atUpper = Math.nextUp(upper - (double) slope * upper);
            return new UpperLine(slope, Directed.up(Math.max(atLower, atUpper)));
        }
    }

    @Override
    public void magnitudes(DeviceBuffer lower, DeviceBuffer upper, long length, DeviceBuffer target) {
        spans.apply(length, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                s[2][i] = Math.max(Math.abs(s[0][i]), Math.abs(s[1][i])); // NaN stays
            }
        }, Spans.Operand.in(lower, length), Spans.Operand.in(upper, length), Spans.Operand.out(target, length));
    }

    @Override
    public void openSides(float first, float last, DeviceBuffer lower, DeviceBuffer upper, int images, int units,
                          DeviceBuffer owners, DeviceBuffer forms, DeviceBuffer count) {
        float[] low = Rows.load(lower, 0, images, units);
        float[] high = Rows.load(upper, 0, images, units);
        IntBuffer owner = CpuMemory.intsToWrite(owners.require("owners", 2L * low.length));
        IntBuffer form = CpuMemory.intsToWrite(forms.require("forms", 2L * low.length));
        int sides = 0;
        for (int k = 0; k < low.length; ++k) {
            if (!(high[k] <= first || low[k] >= last || low[k] >= first && high[k] <= last)) {
                for (int side = 0; side < 2; ++side, ++sides) {
                    owner.put(sides, k / units);
                    form.put(sides, k % units + side * units);
                }
            }
        }
        CpuMemory.intsToWrite(count).put(0, sides);
    }

    @Override
    public void tighten(DeviceBuffer minima, int sides, DeviceBuffer owners, DeviceBuffer forms, int units,
                        DeviceBuffer lower, DeviceBuffer upper) {
        float[] found = Rows.load(minima, 0, sides, 1);
        int[] owner = Rows.loadInts(owners, 0, sides, 1);
        int[] form = Rows.loadInts(forms, 0, sides, 1);
        FloatBuffer low = CpuMemory.floatsToWrite(lower);
        FloatBuffer high = CpuMemory.floatsToWrite(upper);
        for (int r = 0; r < sides; r += 2) {
            int k = owner[r] * units + form[r];
            float l = tighter(low.get(k), found[r]);
            float u = -tighter(-high.get(k), found[r + 1]);
            boolean known = !Float.isNaN(l) && !Float.isNaN(u);
            low.put(k, known ? l : Float.NaN);
            high.put(k, known ? u : Float.NaN);
        }
    }

    /** The better of two lower bounds; NaN, and what lies beyond the largest float, is none. */
    private static float tighter(float known, float found) {
        float usable = Math.abs(found) < Float.MAX_VALUE ? found : Float.NaN;
        return usable > known || Float.isNaN(known) ? usable : known;
    }
}
