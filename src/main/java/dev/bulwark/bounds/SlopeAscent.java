package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Optimisers;

/**
 * Alpha-CROWN's slopes (Xu et al. 2021, "Fast and complete", section 3.1): each margin's lower bound climbs, by projected
 * Adam, in the lower slopes of all hidden units, which every margin has for itself.
 *
 * <p><b>Gradient.</b> With slopes alpha, a pass back ends in a form A_0 x + c whose least value f is taken at a corner x*
 * of the box. As the pass is linear in each slope alone, f changes with alpha[k,j] as it does with the coefficient at z[k,j]
 * times max(A[k,j], 0), A[k,j] being the coefficient at the unit's output. And f changes with the coefficient at z[k,j] as
 * fast as z[k,j] is large where x* is pushed forward on the very lines that the pass took: df/dalpha[k,j] =
 * max(A[k,j], 0) z*[k,j]. (At a kink of f, any of its gradients will do.)
 *
 * <p>Gradients and slopes are rounded to nearest, for any slope in [0, 1] gives a bound; every step's bound is sound by
 * itself, and the best of them is kept.
 */
final class SlopeAscent implements BackwardPass.Slopes {

    private static final float FIRST_STEP = 0.25f;
    private static final double DECAY = 0.9;
    private static final float MEAN = 0.9f;
    private static final float SQUARE = 0.999f;
    private static final float TINY = 1e-12f;

    private final Backend backend;
    private final CrownPass pass;
    private final int capacity;
    private final DeviceBuffer own;
    /** Of all hidden layers, one behind the other, for one launch to update: {@code [rows,units]} each. */
    private final DeviceBuffer slopes;
    private final DeviceBuffer gradients;
    private final DeviceBuffer means;
    private final DeviceBuffer squares;
    private final DeviceBuffer step;
    private final DeviceBuffer one;
    private final DeviceBuffer scratch;
    private final DeviceBuffer points;
    private final DeviceBuffer nextPoints;
    private int rows;

    /**
     * @param memory   owns the buffers; the caller closes it
     * @param capacity margins that climb together, at most as many as forms that go back together
     */
    SlopeAscent(Backend backend, DeviceMemory memory, CrownPass pass, int capacity) {
        this.backend = backend;
        this.pass = pass;
        this.capacity = capacity;
        int[] identity = new int[capacity];
        for (int r = 0; r < capacity; ++r) {
            identity[r] = r;
        }
        this.own = memory.holding(identity);
        long units = pass.layers().stream().mapToLong(layer -> layer.affine().out()).sum();
        long widest = pass.layers().stream().mapToLong(layer -> Math.max(layer.affine().in(), layer.affine().out())).max()
                .orElseThrow();
        this.slopes = memory.allocate(capacity * units);
        this.gradients = memory.allocate(capacity * units);
        this.means = memory.allocate(capacity * units);
        this.squares = memory.allocate(capacity * units);
        this.step = memory.allocate(3);
        this.one = memory.holding(1f);
        this.scratch = memory.allocate(capacity * widest);
        this.points = memory.allocate(capacity * widest);
        this.nextPoints = memory.allocate(capacity * widest);
    }

    /** Lower bounds of the margins asked for, after {@code steps} or when all are positive. */
    float[] margins(FormRows asked, int steps) {
        float[] best = new float[asked.count()];
        for (int from = 0; from < best.length; from += capacity) {
            FormRows chunk = asked.slice(from, Math.min(from + capacity, best.length));
            float[] part = climb(chunk, steps);
            System.arraycopy(part, 0, best, from, part.length);
        }
        return best;
    }

    private float[] climb(FormRows chunk, int steps) {
        BackwardPass.Started forms = start(chunk);
        float[] best = forms.minima(pass.inputs(), this);
        for (int t = 1; t <= steps && !allPositive(best); ++t) {
            differentiate();
            update(t);
            float[] bound = forms.minima(pass.inputs(), this);
            for (int r = 0; r < rows; ++r) {
                best[r] = CrownPass.tighter(best[r], bound[r]);
            }
        }
        return best;
    }

    /** Forms with CROWN's own slopes, each with a copy for itself. */
    BackwardPass.Started start(FormRows chunk) {
        rows = chunk.count();
        BackwardPass.Started forms = pass.startMargins(chunk);
        for (int k = 0; k < pass.layers().size(); ++k) {
            backend.indexing().gather(pass.layers().get(k).relaxation().lowerSlope(), pass.backward().owners(), rows,
                    units(k), of(k));
        }
        backend.fill(means, 0f);
        backend.fill(squares, 0f);
        return forms;
    }

    private static boolean allPositive(float[] bounds) {
        for (float bound : bounds) {
            if (!(bound > 0)) {
                return false;
            }
        }
        return true;
    }

    /** Pushes the corners of the last pass forward on its lines, and leaves every slope's gradient on the way. */
    void differentiate() {
        BackwardPass back = pass.backward();
        DeviceBuffer from = points;
        DeviceBuffer to = nextPoints;
        int inputs = pass.layers().get(0).affine().in();
        backend.linearRelaxations().corners(back.coefficients(0), rows, back.owners(), pass.inputs().lower(),
                pass.inputs().upper(), inputs, from);
        for (int k = 0; k < pass.layers().size(); ++k) {
            RelaxedLayer layer = pass.layers().get(k);
            backend.linear().affine(from, rows, layer.affine(), false, to);
            backend.linearRelaxations().relaxedRelu(back.coefficients(k + 1), rows, back.owners(), layer.relaxation(),
                    of(k), to, gradients(k));
            DeviceBuffer next = from;
            from = to;
            to = next;
        }
    }

    private void update(int t) {
        float rate = (float) (FIRST_STEP * Math.pow(DECAY, t - 1));
        backend.write(new float[] {rate, (float) (1 - Math.pow(MEAN, t)), (float) (1 - Math.pow(SQUARE, t))}, step);
        long length = slice(slopes, pass.layers().size() - 1).offset() - slopes.offset()
                + (long) rows * units(pass.layers().size() - 1);
        backend.optimisers().adam(slopes, gradients, means, squares, length, MEAN, SQUARE, TINY, 0f, step, one);
        backend.elementwise().clamp(slopes, length, 0f, 1f);
    }

    private int units(int layer) {
        return pass.layers().get(layer).affine().out();
    }

    /** The rows in use, of all layers' {@code buffer} that of one. */
    private DeviceBuffer slice(DeviceBuffer buffer, int layer) {
        long before = pass.layers().subList(0, layer).stream().mapToLong(l -> (long) rows * l.affine().out()).sum();
        return buffer.slice(before, (long) rows * units(layer));
    }

    /** Of the negated bound, as {@link Optimisers#adam} goes downhill: {@code [rows,units]}. */
    DeviceBuffer gradients(int layer) {
        return slice(gradients, layer);
    }

    @Override
    public DeviceBuffer of(int layer) {
        return slice(slopes, layer);
    }

    @Override
    public DeviceBuffer rows() {
        return own;
    }

    /** The coefficients before the ReLU are what the gradient needs. */
    @Override
    public DeviceBuffer target(DeviceBuffer coefficients) {
        return scratch;
    }
}
