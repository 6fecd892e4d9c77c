package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.List;

/**
 * Auto-PGD (Croce and Hein 2020): gradient steps with momentum, whose size each row halves where its loss stops rising. In l1 balls
 * (Croce and Hein 2021) steps are sparse, without momentum, and their sparsity follows that of the best point; the ball shrinks
 * from three times its radius to the radius.
 */
final class ApgdSearch implements AutoCloseable {

    private static final float MOMENTUM = 0.75f;
    /** The first step, in radii. */
    private static final float FIRST_STEP = 2;
    /** In l1: the first ball's radii, and shares of the iterations in them. */
    private static final float[] WIDTHS = {3, 2, 1};
    private static final double WIDE_SHARE = 0.3;
    private static final double SPARSE_INTERVAL = 0.04;
    /** Iterations between two looks at what was found, where no checkpoints are. */
    private static final int JUDGED = 10;

    private final Backend backend;
    private final Wave wave;
    private final InputGradient gradient;
    private final float radius;
    private final ApgdRows rows;
    private final Iteration iteration;
    private final DeviceBuffer counts;

    ApgdSearch(DeviceMemory memory, Plan network, SuiteSettings settings, Wave wave, InputGradient gradient, int capacity) {
        this.backend = network.backend();
        this.wave = wave;
        this.gradient = gradient;
        this.radius = (float) settings.ball().epsilon().nearest();
        this.rows = new ApgdRows(memory, network, wave, gradient, capacity);
        this.iteration = new Iteration(backend);
        this.counts = memory.allocate(capacity);
    }

    void run(Search.Apgd search) {
        if (wave.set() instanceof L1Set set) {
            runSparsely(search, set);
        } else {
            runAdaptively(search);
        }
    }

    private void runAdaptively(Search.Apgd search) {
        wave.startAtRandom(rows.x());
        rows.begin(search.climbed());
        StepSchedule schedule = new StepSchedule(search.iterations(), FIRST_STEP * radius, rows.bestLosses());
        backend.write(schedule.lengths(), rows.lengths());
        int interval = schedule.firstInterval();
        for (int done = 0; done < search.iterations() && wave.rows() > 0;) {
            int next = Math.min(interval, search.iterations() - done);
            advance(search, next, done == 0);
            done += next;
            if (done < search.iterations()) {
                rows.adapt(schedule, interval);
                interval = schedule.after(interval);
            }
            rows.judge();
            wave.leave(rows.states()).ifPresent(schedule::keep);
        }
    }

    /** Plain PGD: steps of one length, without momentum. */
    void run(Search.Pgd search) {
        wave.startAtRandom(rows.x());
        rows.begin(search.climbed());
        backend.fill(rows.lengths(), (float) search.stepSize());
        for (int done = 0; done < search.steps() && wave.rows() > 0;) {
            int next = Math.min(JUDGED, search.steps() - done);
            iteration.run(search, wave.rows(), next, () -> rows.step(search.climbed(), 1f, true));
            wave.passes().add((long) next * wave.rows(), (long) next * wave.rows());
            done += next;
            rows.judge();
            wave.leave(rows.states());
        }
    }

    /** The very first step has no momentum. */
    private void advance(Search.Apgd search, int steps, boolean first) {
        if (first) {
            rows.step(search.climbed(), 1f, true);
        }
        iteration.run(search.climbed(), wave.rows(), steps - (first ? 1 : 0), () -> rows.step(search.climbed(), MOMENTUM, true));
        wave.passes().add((long) steps * wave.rows(), (long) steps * wave.rows());
    }

    // ---- l1 ----------------------------------------------------------------------------------------------------------

    private void runSparsely(Search.Apgd search, L1Set set) {
        int wide = (int) Math.ceil(WIDE_SHARE * search.iterations());
        int left = search.iterations();
        for (int k = 0; k < WIDTHS.length && left > 0; ++k) {
            boolean last = k == WIDTHS.length - 1;
            int iterations = last ? left : Math.min(left, wide);
            left -= iterations;
            set.widen(WIDTHS[k]);
            wave.choose();
            if (k == 0) {
                wave.startAtRandom(rows.x());
            } else {
                backend.copy(rows.best(), (long) wave.rows() * gradient.inputs(), rows.x());
                set.project(rows.x(), wave.rows());
            }
            runSparsely(search, set, iterations, WIDTHS[k] * radius, last);
        }
    }

    private void runSparsely(Search.Apgd search, L1Set set, int iterations, float longest, boolean looking) {
        rows.begin(search.climbed());
        backend.fill(counts, 0f);
        adaptSparsity(set, rows.x(), longest);
        backend.fill(rows.lengths(), longest);
        int interval = Math.max(1, (int) (SPARSE_INTERVAL * iterations));
        for (int done = 0; done < iterations && wave.rows() > 0;) {
            int times = Math.max(1, Math.min(JUDGED / interval, (iterations - done) / interval));
            iteration.run(List.of(search.climbed(), longest, interval, looking), wave.rows(), times, () -> {
                for (int k = 0; k < interval; ++k) {
                    rows.step(search.climbed(), 1f, looking);
                }
                adaptSparsity(set, rows.best(), longest);
                rows.goBack();
            });
            wave.passes().add((long) times * interval * wave.rows(), (long) times * interval * wave.rows());
            done += times * interval;
            if (looking) {
                rows.judge();
                wave.leave(sparseStates(set));
            }
        }
    }

    private void adaptSparsity(L1Set set, DeviceBuffer points, float longest) {
        backend.ascentSteps().adaptSparsity(points, set.centres(), counts, set.fractions(), rows.lengths(), longest, rows.flags(),
                wave.rows(), gradient.inputs());
    }

    private List<Wave.State> sparseStates(L1Set set) {
        List<Wave.State> states = new ArrayList<>(rows.states());
        states.add(new Wave.State(counts, 1));
        states.add(new Wave.State(set.fractions(), 1));
        return states;
    }

    @Override
    public void close() {
        iteration.close();
    }
}
