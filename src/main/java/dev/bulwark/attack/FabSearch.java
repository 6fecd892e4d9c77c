package dev.bulwark.attack;

import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BoundarySteps.Distance;
import dev.bulwark.device.BoundarySteps.Settings;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Plan;
import java.util.Arrays;
import java.util.List;

/**
 * Targeted FAB (Croce and Hein 2020): steps onto the boundary to the target's class as the network's linear approximation has it,
 * biased toward the image; an adversarial point is drawn back, so that the nearest one comes nearer. It counts if, projected onto
 * the ball, it still is one.
 */
final class FabSearch implements AutoCloseable {

    /** Iterations between two looks at what was found. */
    private static final int JUDGED = 10;

    private final Backend backend;
    private final Wave wave;
    private final InputGradient gradient;
    private final Settings settings;
    private final DeviceBuffer x;
    private final DeviceBuffer nearest;
    private final DeviceBuffer distances;
    private final DeviceBuffer candidates;
    private final Iteration iteration;

    FabSearch(DeviceMemory memory, Plan network, SuiteSettings suite, Wave wave, InputGradient gradient, int capacity) {
        this.backend = network.backend();
        this.wave = wave;
        this.gradient = gradient;
        this.settings = Settings.published(distance(suite.ball().norm()));
        long size = (long) capacity * network.inputs();
        this.x = memory.allocate(size);
        this.nearest = memory.allocate(size);
        this.candidates = memory.allocate(size);
        this.distances = memory.allocate(capacity);
        this.iteration = new Iteration(backend);
    }

    private static Distance distance(Norm norm) {
        return switch (norm) {
            case INF -> Distance.LINF;
            case TWO -> Distance.L2;
            case ONE -> Distance.L1;
        };
    }

    void run(Search.Fab search) {
        begin();
        for (int done = 0; done < search.iterations() && wave.rows() > 0;) {
            int next = Math.min(JUDGED, search.iterations() - done);
            iteration.run(search.method(), wave.rows(), next, this::step);
            wave.passes().add(2L * next * wave.rows(), (long) next * wave.rows());
            done += next;
            judge();
            wave.leave(List.of(new Wave.State(x, gradient.inputs()), new Wave.State(nearest, gradient.inputs()),
                    new Wave.State(distances, 1)));
        }
    }

    /** At the images themselves, or where a target had its first trial already, at random points. */
    private void begin() {
        long elements = (long) wave.rows() * gradient.inputs();
        int[] again = wave.ofRows(trial -> trial.restart() > 0 ? 1 : 0);
        backend.copy(wave.set().centres(), elements, x);
        if (Arrays.stream(again).anyMatch(row -> row == 1)) {
            wave.startAtRandom(candidates);
            DeviceBuffer chosen = distances.slice(0, wave.rows()); // not in use yet
            backend.write(again, chosen);
            backend.ascentSteps().copyWhere(chosen, candidates, x, wave.rows(), gradient.inputs());
        }
        backend.copy(wave.set().centres(), elements, nearest);
        backend.fill(distances, Float.POSITIVE_INFINITY);
    }

    private void step() {
        int rows = wave.rows();
        gradient.forward(x, rows);
        DeviceBuffer normals = gradient.backward(AttackLoss.TARGETED_MARGIN, wave.labels(), wave.targets(), rows);
        backend.boundarySteps().step(x, wave.set().centres(), normals, gradient.losses(), settings, rows, gradient.inputs());
        DeviceBuffer predictions = wave.predict(gradient.forward(x, rows));
        backend.boundarySteps().keepNearest(x, wave.set().centres(), predictions, wave.labels(), settings, nearest, distances, rows,
                gradient.inputs());
    }

    private void judge() {
        float[] away = new float[wave.rows()];
        backend.read(distances, away);
        backend.copy(nearest, (long) wave.rows() * gradient.inputs(), candidates);
        wave.set().project(candidates, wave.rows());
        wave.judge(candidates, row -> away[row] < Float.POSITIVE_INFINITY);
    }

    @Override
    public void close() {
        iteration.close();
    }
}
