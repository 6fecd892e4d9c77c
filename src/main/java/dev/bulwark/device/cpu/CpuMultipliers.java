package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Halfspaces;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.device.Multipliers;
import java.nio.FloatBuffer;

/** Multipliers, row by row; constants are summed in double, as {@link FormConstant} says. */
final class CpuMultipliers implements Multipliers {

    /** What a constant gains at a half-space: by its threshold, by the bias and by the product's error. */
    private static final int TERMS = 3;

    private final Rows rows;

    CpuMultipliers(Rows rows) {
        this.rows = rows;
    }

    @Override
    public void apply(Halfspaces halfspaces, DeviceBuffer multipliers, int count, DeviceBuffer owners, DeviceBuffer bias,
                      DeviceBuffer productError, int units, DeviceBuffer coefficients, DeviceBuffer constants) {
        coefficients.require("coefficients", (long) count * units);
        multipliers.require("multipliers", (long) count * halfspaces.count());
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        FloatBuffer a = CpuMemory.floatsToWrite(coefficients);
        FloatBuffer c = CpuMemory.floatsToWrite(constants);
        FloatBuffer biases = CpuMemory.floats(bias);
        FloatBuffer errors = CpuMemory.floats(productError);
        rows.run(count, (first, block) -> {
            Cuts cuts = new Cuts(halfspaces);
            for (int r = first; r < first + block; ++r) {
                cuts.load(owner[r]);
                float[] multiplier = Rows.load(multipliers, r, 1, halfspaces.count());
                FormConstant sum = new FormConstant(r, TERMS * multiplier.length, c.get(r));
                boolean changed = false;
                for (int k = 0; k < multiplier.length; ++k) {
                    if (cuts.units[k] >= 0 && multiplier[k] > 0) {
                        int unit = cuts.units[k];
                        float before = a.get(r * units + unit);
                        float after = before - cuts.signs[k] * (multiplier[k] * cuts.scales[k]);
                        if (after != before) {
                            a.put(r * units + unit, after);
                            double change = (double) after - before;
                            sum.add(-change * cuts.thresholds[k]);
                            sum.add(change * biases.get(unit));
                            sum.add(-(Math.abs(change) + LinearRelaxations.NEGLIGIBLE) * errors.get(owner[r] * units + unit));
                            changed = true;
                        }
                    }
                }
                if (changed) {
                    c.put(r, sum.down());
                }
            }
        });
    }

    @Override
    public void differentiate(Halfspaces halfspaces, int count, DeviceBuffer owners, DeviceBuffer z, int units,
                              DeviceBuffer gradient) {
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        FloatBuffer points = CpuMemory.floats(z.require("z", (long) count * units));
        FloatBuffer target = CpuMemory.floatsToWrite(gradient.require("gradient", (long) count * halfspaces.count()));
        rows.run(count, (first, block) -> {
            Cuts cuts = new Cuts(halfspaces);
            for (int r = first; r < first + block; ++r) {
                cuts.load(owner[r]);
                for (int k = 0; k < cuts.units.length; ++k) {
                    if (cuts.units[k] >= 0) {
                        target.put(r * cuts.units.length + k, cuts.signs[k] * cuts.scales[k]
                                * (points.get(r * units + cuts.units[k]) - cuts.thresholds[k]));
                    }
                }
            }
        });
    }

    /** One row's half-spaces. */
    private static final class Cuts {
        private final Halfspaces all;
        private int[] units;
        private float[] thresholds;
        private float[] signs;
        private float[] scales;

        Cuts(Halfspaces all) {
            this.all = all;
        }

        void load(int row) {
            units = Rows.loadInts(all.units(), row, 1, all.count());
            thresholds = Rows.load(all.thresholds(), row, 1, all.count());
            signs = Rows.load(all.signs(), row, 1, all.count());
            scales = Rows.load(all.scales(), row, 1, all.count());
        }
    }
}
