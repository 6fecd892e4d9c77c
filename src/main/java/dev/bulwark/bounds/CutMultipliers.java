package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Halfspaces;
import dev.bulwark.plan.Plan;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The half-spaces of a batch of domains on the device, and for each form a multiplier of each of its owner's: they climb with the
 * slopes (beta-CROWN, Wang et al. 2021).
 */
final class CutMultipliers {

    private final Backend backend;
    private final Plan plan;
    private final Map<Integer, Halfspaces> byValue = new HashMap<>();
    private final int count;
    private final int rows;
    private final DeviceBuffer multipliers;
    private final DeviceBuffer gradients;
    private final DeviceBuffer means;
    private final DeviceBuffer squares;

    /**
     * @param memory owns the buffers; the caller closes it
     * @param cuts   of each domain
     * @param found  of each form, multipliers of its owner's first half-spaces; others begin at 0
     */
    CutMultipliers(DeviceMemory memory, Plan plan, List<List<Cut>> cuts, List<float[]> found) {
        this.backend = plan.backend();
        this.plan = plan;
        this.rows = found.size();
        this.count = Math.max(1, cuts.stream().mapToInt(List::size).max().orElse(0));
        int domains = cuts.size();
        float[] thresholds = new float[domains * count];
        float[] signs = new float[domains * count];
        float[] scales = new float[domains * count];
        Map<Integer, int[]> units = new HashMap<>();
        for (int n = 0; n < domains; ++n) {
            for (int k = 0; k < cuts.get(n).size(); ++k) {
                Cut cut = cuts.get(n).get(k);
                int at = n * count + k;
                thresholds[at] = cut.threshold();
                signs[at] = cut.above() ? 1 : -1;
                scales[at] = cut.scale();
                units.computeIfAbsent(cut.value(), value -> filled(domains * count))[at] = cut.unit();
            }
        }
        DeviceBuffer deviceThresholds = memory.holding(thresholds);
        DeviceBuffer deviceSigns = memory.holding(signs);
        DeviceBuffer deviceScales = memory.holding(scales);
        units.forEach((value, of) -> byValue.put(value,
                new Halfspaces(memory.holding(of), deviceThresholds, deviceSigns, deviceScales, count)));
        float[] start = new float[rows * count];
        for (int r = 0; r < rows; ++r) {
            System.arraycopy(found.get(r), 0, start, r * count, found.get(r).length);
        }
        this.multipliers = memory.holding(start);
        this.gradients = memory.zeros((long) rows * count);
        this.means = memory.zeros((long) rows * count);
        this.squares = memory.zeros((long) rows * count);
    }

    private static int[] filled(int length) {
        int[] none = new int[length];
        Arrays.fill(none, -1);
        return none;
    }

    /** Adds the multipliers to forms that have come through the activation that reads value {@code from}. */
    void apply(int from, int forms, DeviceBuffer owners, RelaxedPlan.Lines lines, DeviceBuffer coefficients,
               DeviceBuffer constants) {
        if (byValue.containsKey(from)) {
            backend.multipliers().apply(byValue.get(from), multipliers, forms, owners, lines.bias(),
                    lines.relaxation().productError(), plan.size(from), coefficients, constants);
        }
    }

    /** Leaves the gradients of multipliers at value {@code from}, which forms' corners become {@code z} at. */
    void differentiate(int from, int forms, DeviceBuffer owners, DeviceBuffer z) {
        if (byValue.containsKey(from)) {
            backend.multipliers().differentiate(byValue.get(from), forms, owners, z, plan.size(from), gradients);
        }
    }

    /** One step of projected Adam. */
    void update(int forms, float mean, float square, float tiny, DeviceBuffer step, DeviceBuffer one) {
        long length = (long) forms * count;
        backend.optimisers().adam(multipliers, gradients, means, squares, length, mean, square, tiny, 0f, step, one);
        backend.elementwise().clamp(multipliers, length, 0f, Float.MAX_VALUE);
    }

    /** Row r's multipliers of its owner's {@code cuts} half-spaces. */
    float[][] read(int[] cuts) {
        float[] all = new float[rows * count];
        backend.read(multipliers, all);
        float[][] found = new float[rows][];
        for (int r = 0; r < rows; ++r) {
            found[r] = Arrays.copyOfRange(all, r * count, r * count + cuts[r]);
        }
        return found;
    }
}
