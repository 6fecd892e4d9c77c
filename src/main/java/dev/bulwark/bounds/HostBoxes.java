package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Plan;
import java.util.HashMap;
import java.util.Map;

/**
 * Boxes of what activations read, as a pass finds them, kept on the host for a second pass that goes on from them: what one pass
 * makes of a value shares its memory with what it makes of others.
 */
final class HostBoxes implements CrownPass.Known {

    private final Backend backend;
    private final Plan plan;
    private final int images;
    /** By values: lower ends, then upper ends, {@code [N,size]} each. */
    private final Map<Integer, float[][]> ends = new HashMap<>();

    HostBoxes(Plan plan, int images) {
        this.backend = plan.backend();
        this.plan = plan;
        this.images = images;
    }

    private float[] read(int value, DeviceBuffer source) {
        float[] values = new float[images * plan.size(value)];
        backend.read(source, values);
        return values;
    }

    @Override
    public void cut(int value, DeviceBox box) {
        float[][] before = ends.get(value);
        if (before == null) {
            return; // this is the first pass, or one that would find the same again
        }
        float[] lower = read(value, box.lower());
        float[] upper = read(value, box.upper());
        for (int k = 0; k < lower.length; ++k) {
            lower[k] = CrownPass.tighter(before[0][k], lower[k]);
            upper[k] = -CrownPass.tighter(-before[1][k], -upper[k]);
            if (Float.isNaN(lower[k]) || Float.isNaN(upper[k])) { // known at one end only
                lower[k] = Float.NaN;
                upper[k] = Float.NaN;
            }
        }
        backend.write(lower, box.lower());
        backend.write(upper, box.upper());
    }

    @Override
    public void finish(int value, DeviceBox box) {
        ends.put(value, new float[][] {read(value, box.lower()), read(value, box.upper())});
    }
}
