package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.PatchForms.Batch;
import dev.bulwark.device.Patches;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * One patch of an image after another, and what some matrices hold there: loaded when another one than the last is asked for,
 * zeros outside the image. For one task.
 */
final class PatchWindow {

    private final Patches patches;
    private final int channels;
    private final int height;
    private final int width;
    private final int[] owners;
    private final int[] forms;
    private final FloatBuffer[] matrices;
    /** How many of the matrices, the first of them, have a row for each owner. */
    private final int owned;
    private final float[][] values;
    private int owner = -1;
    private int place = -1;
    /** Of the image, where the patch begins. */
    private int top;
    private int left;
    /** Of the patch, what lies inside the image. */
    private int firstRow;
    private int endRow;
    private int firstColumn;
    private int endColumn;

    /**
     * @param owned  {@code [N,image]} each, a row for each owner
     * @param shared {@code [image]} each
     */
    PatchWindow(Batch batch, int[] owners, int[] forms, List<DeviceBuffer> owned, List<DeviceBuffer> shared) {
        this.patches = batch.patches();
        this.channels = patches.image().channels();
        this.height = patches.rows().size();
        this.width = patches.columns().size();
        this.owners = owners;
        this.forms = forms;
        this.matrices = Stream.concat(owned.stream(), shared.stream()).map(CpuMemory::floats).toArray(FloatBuffer[]::new);
        this.owned = owned.size();
        this.values = new float[this.matrices.length][patches.size()];
    }

    /** The place of a form's unit, whatever its channel. */
    static int place(Patches patches, int form) {
        return form % patches.units().area(); // the sizes of forms' two halves are multiples of it
    }

    /** Moves to the patch of form {@code row}. */
    private boolean move(int row) {
        int at = place(patches, forms[row]);
        if (owners[row] == owner && at == place) {
            return false;
        }
        owner = owners[row];
        place = at;
        top = at / patches.units().width() * patches.rows().step() + patches.rows().offset();
        left = at % patches.units().width() * patches.columns().step() + patches.columns().offset();
        firstRow = Math.max(0, Math.min(height, -top));
        endRow = Math.max(firstRow, Math.min(height, patches.image().height() - top));
        firstColumn = Math.max(0, Math.min(width, -left));
        endColumn = Math.max(firstColumn, Math.min(width, patches.image().width() - left));
        return true;
    }

    /** What the matrices hold in the patch of form {@code row}: of those shared last. */
    float[][] values(int row) {
        if (move(row)) {
            boolean inside = isInside();
            for (int m = 0; m < matrices.length; ++m) {
                if (!inside) {
                    Arrays.fill(values[m], 0);
                }
                load(matrices[m], m < owned ? owner * patches.image().size() : 0, values[m]);
            }
        }
        return values;
    }

    private void load(FloatBuffer matrix, int from, float[] to) {
        each((patch, image, length) -> matrix.get(from + image, to, patch, length));
    }

    private boolean isInside() {
        return firstRow == 0 && firstColumn == 0 && endRow == height && endColumn == width;
    }

    /** Elements that are neighbours: the first one's place in the patch and in the image. */
    interface Run {
        void at(int patch, int image, int length);
    }

    /** Goes through the elements inside the image of the patch moved to last. */
    private void each(Run run) {
        int length = endColumn - firstColumn;
        if (length == 0) {
            return;
        }
        for (int c = 0; c < channels; ++c) {
            for (int y = firstRow; y < endRow; ++y) {
                run.at((c * height + y) * width + firstColumn,
                        (c * patches.image().height() + top + y) * patches.image().width() + left + firstColumn, length);
            }
        }
    }

    /** Goes through the elements inside the image of the patch of form {@code row}. */
    void each(int row, Run run) {
        move(row);
        each(run);
    }

    /** Makes coefficients {@code a[at ..]} of form {@code row} 0 outside the image. */
    void clear(int row, float[] a, int at) {
        values(row);
        if (isInside()) {
            return;
        }
        for (int c = 0; c < channels; ++c) {
            for (int y = 0; y < height; ++y) {
                int from = at + (c * height + y) * width;
                boolean some = y >= firstRow && y < endRow;
                Arrays.fill(a, from, from + (some ? firstColumn : width), 0);
                if (some) {
                    Arrays.fill(a, from + endColumn, from + width, 0);
                }
            }
        }
    }
}
