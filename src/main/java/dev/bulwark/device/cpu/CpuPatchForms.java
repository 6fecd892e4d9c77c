package dev.bulwark.device.cpu;

import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.PatchForms;
import dev.bulwark.device.Patches;
import dev.bulwark.device.Relaxation;
import dev.bulwark.device.cpu.ConvolutionBlocks.Geometry;
import dev.bulwark.shapes.ImageShape;
import java.util.Arrays;
import java.util.List;

/**
 * Linear forms in patches, by the loops that take whole forms back. Forms with the same patch are neighbours, so that what they
 * meet there is loaded once for all of them.
 */
final class CpuPatchForms implements PatchForms {

    private final Rows rows;
    private final FormLoops loops;

    CpuPatchForms(Rows rows, FormLoops loops) {
        this.rows = rows;
        this.loops = loops;
    }

    /** By owners and places. */
    @Override
    public void order(Patches patches, int sides, DeviceBuffer owners, DeviceBuffer forms) {
        int[] owner = Rows.loadInts(owners, 0, sides, 1);
        int[] form = Rows.loadInts(forms, 0, sides, 1);
        long[] keys = new long[sides / 2];
        for (int pair = 0; pair < keys.length; ++pair) {
            long window = (long) owner[2 * pair] * patches.units().area() + PatchWindow.place(patches, form[2 * pair]);
            keys[pair] = window << 32 | form[2 * pair];
        }
        Arrays.sort(keys);
        for (int pair = 0; pair < keys.length; ++pair) {
            int unit = (int) keys[pair];
            Arrays.fill(owner, 2 * pair, 2 * pair + 2, (int) ((keys[pair] >> 32) / patches.units().area()));
            form[2 * pair] = unit;
            form[2 * pair + 1] = unit + patches.units().size();
        }
        CpuMemory.intsToWrite(owners).put(0, owner);
        CpuMemory.intsToWrite(forms).put(0, form);
    }

    @Override
    public void enter(Convolution layer, Batch batch, DeviceBuffer target, DeviceBuffer constants) {
        Geometry g = Geometry.of(layer);
        float[] weight = Rows.load(layer.weight(), 0, g.weights(), 1);
        float[] bias = Rows.load(layer.bias(), 0, g.output().channels(), 1);
        int outputs = g.output().size();
        int[] taps = taps(g, batch.patches().patch());
        int group = batch.patches().size() / g.groups();
        enter(batch, target, constants, (form, a, at) -> {
            int channel = form % outputs / g.output().area();
            float side = form < outputs ? 1 : -1;
            int first = at + channel / (g.output().channels() / g.groups()) * group;
            for (int k = 0; k < taps.length; ++k) {
                a[first + taps[k]] = side * weight[channel * taps.length + k];
            }
            return side * bias[channel];
        });
    }

    /** Places in a group's channels of a patch of what an output's taps read. */
    private static int[] taps(Geometry g, ImageShape patch) {
        int width = g.windows().width().kernel();
        int kernel = g.windows().elements();
        int[] taps = new int[g.taps()];
        Arrays.setAll(taps, k -> k / kernel * patch.area()
                + k % kernel / width * g.windows().height().dilation() * patch.width()
                + k % width * g.windows().width().dilation());
        return taps;
    }

    @Override
    public void enterUnits(Batch batch, DeviceBuffer target, DeviceBuffer constants) {
        int units = batch.patches().units().size();
        int area = batch.patches().units().area();
        enter(batch, target, constants, (form, a, at) -> {
            a[at + form % units / area] = form < units ? 1 : -1;
            return 0;
        });
    }

    /** Sets coefficients {@code a[at ..]} of a form, which are 0, and returns its constant. */
    private interface Entry {
        float enter(int form, float[] a, int at);
    }

    private void enter(Batch batch, DeviceBuffer target, DeviceBuffer constants, Entry entry) {
        target.require("target", batch.elements());
        constants.require("constants", batch.count());
        int size = batch.patches().size();
        int[] owner = owners(batch);
        int[] form = forms(batch);
        rows.run(batch.count(), (first, block) -> {
            PatchWindow window = new PatchWindow(batch, owner, form, List.of(), List.of());
            float[] a = new float[block * size];
            float[] c = new float[block];
            for (int r = 0; r < block; ++r) {
                c[r] = entry.enter(form[first + r], a, r * size);
                window.clear(first + r, a, r * size);
            }
            Rows.store(a, target, first, size);
            Rows.store(c, constants, first, 1);
        });
    }

    private static int[] owners(Batch batch) {
        return Rows.loadInts(batch.owners(), 0, batch.count(), 1);
    }

    private static int[] forms(Batch batch) {
        return Rows.loadInts(batch.forms(), 0, batch.count(), 1);
    }

    /** Changes form {@code a[at ..]}, which is 0 outside the image, given what matrices hold there; returns its constant. */
    private interface Change {
        float change(float[] a, int at, float[][] values, float constant);
    }

    /** Forms, and matrices that they meet: those with a row for each owner, and those shared. */
    private record Meeting(DeviceBuffer coefficients, Batch batch, DeviceBuffer constants, List<DeviceBuffer> owned,
                           List<DeviceBuffer> shared) {
    }

    /** @param write whether coefficients change, or may be other than 0 outside the image */
    private void change(Meeting forms, boolean write, DeviceBuffer results, Change change) {
        Batch batch = forms.batch;
        int size = batch.patches().size();
        forms.coefficients.require("coefficients", batch.elements());
        forms.constants.require("constants", batch.count());
        int[] owner = owners(batch);
        int[] form = forms(batch);
        rows.run(batch.count(), (first, block) -> {
            PatchWindow window = new PatchWindow(batch, owner, form, forms.owned, forms.shared);
            float[] a = Rows.load(forms.coefficients, first, block, size);
            float[] c = Rows.load(forms.constants, first, block, 1);
            for (int r = 0; r < block; ++r) {
                window.clear(first + r, a, r * size);
                c[r] = change.change(a, r * size, window.values(first + r), c[r]);
            }
            if (write) {
                Rows.store(a, forms.coefficients, first, size);
            }
            Rows.store(c, results, first, 1);
        });
    }

    @Override
    public void backwardActivation(DeviceBuffer coefficients, Batch batch, Relaxation relaxation, DeviceBuffer bias,
                                   DeviceBuffer constants) {
        if (relaxation.hasFreeSlopes()) {
            throughFreeLines(coefficients, batch, relaxation, bias, constants);
        } else {
            throughFixedLines(coefficients, batch, relaxation, bias, constants);
        }
    }

    private void throughFreeLines(DeviceBuffer coefficients, Batch batch, Relaxation relaxation, DeviceBuffer bias,
                                  DeviceBuffer constants) {
        int size = batch.patches().size();
        float least = relaxation.below().least();
        List<DeviceBuffer> lines = List.of(relaxation.upperSlope(), relaxation.upperIntercept(), relaxation.magnitude(),
                relaxation.productError(), relaxation.lowerSlope());
        change(new Meeting(coefficients, batch, constants, lines, List.of(bias)), true, constants, (a, at, met, constant) -> {
            float[] before = Arrays.copyOfRange(a, at, at + size);
            FormConstant sum = new FormConstant(0, 4 * size, constant);
            loops.throughFreeLines(a, at, new FormLoops.FreeLines(met, met[4], least, met[5]), 0, size, sum);
            float changed = sum.down();
            if (Float.isFinite(changed)) {
                return changed;
            }
            System.arraycopy(before, 0, a, at, size);
            return CpuLinearRelaxations.throughFreeLinesWithoutZeros(a, at, met, met[4], least, met[5], constant);
        });
    }

    private void throughFixedLines(DeviceBuffer coefficients, Batch batch, Relaxation relaxation, DeviceBuffer bias,
                                   DeviceBuffer constants) {
        List<DeviceBuffer> lines = List.of(relaxation.upperSlope(), relaxation.upperIntercept(), relaxation.lowerSlope(),
                relaxation.below().intercept().orElseThrow(), relaxation.magnitude(), relaxation.productError());
        change(new Meeting(coefficients, batch, constants, lines, List.of(bias)), true, constants, (a, at, met, constant) -> {
            FormConstant sum = new FormConstant(0, 4 * batch.patches().size(), constant);
            CpuLinearRelaxations.throughFixedLines(a, at, met, met[6], sum);
            return sum.down();
        });
    }

    @Override
    public void backwardBias(DeviceBuffer coefficients, Batch batch, DeviceBuffer bias, DeviceBuffer productError,
                             DeviceBuffer constants) {
        change(new Meeting(coefficients, batch, constants, List.of(productError), List.of(bias)), true, constants,
                (a, at, met, constant) -> {
                    FormConstant sum = new FormConstant(0, 2 * batch.patches().size(), constant);
                    CpuLinearRelaxations.throughBias(a, at, met[1], met[0], sum);
                    return sum.down();
                });
    }

    @Override
    public void concretize(DeviceBuffer coefficients, Batch batch, DeviceBuffer lower, DeviceBuffer upper,
                           DeviceBuffer constants, DeviceBuffer minima) {
        int size = batch.patches().size();
        minima.require("minima", batch.count());
        change(new Meeting(coefficients, batch, constants, List.of(lower, upper), List.of()), false, minima,
                (a, at, box, constant) -> {
                    FormConstant sum = new FormConstant(0, size, constant);
                    loops.minimum(a, at, box[0], box[1], 0, size, sum);
                    return sum.down();
                });
    }

    @Override
    public void spread(DeviceBuffer coefficients, Batch batch, DeviceBuffer target) {
        int size = batch.patches().size();
        int whole = batch.patches().image().size();
        coefficients.require("coefficients", batch.elements());
        target.require("target", (long) batch.count() * whole);
        int[] owner = owners(batch);
        int[] form = forms(batch);
        rows.run(batch.count(), (first, block) -> {
            PatchWindow window = new PatchWindow(batch, owner, form, List.of(), List.of());
            float[] a = Rows.load(coefficients, first, block, size);
            float[] all = new float[whole];
            for (int r = 0; r < block; ++r) {
                int from = r * size;
                Arrays.fill(all, 0);
                window.each(first + r, (patch, image, length) -> System.arraycopy(a, from + patch, all, image, length));
                Rows.store(all, target, first + r, whole);
            }
        });
    }
}
