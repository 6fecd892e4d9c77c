package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.SquareProposals.Draws;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.ImageShape;
import java.util.List;

/**
 * The Square attack (Andriushchenko et al. 2020): random changes of one window at a time, each kept where it raises the margin. It
 * needs no gradients, so that masked ones don't stop it.
 */
final class SquareSearch implements AutoCloseable {

    /** Queries between two looks at what was found. */
    private static final int JUDGED = 50;

    private final Backend backend;
    private final Wave wave;
    private final InputGradient gradient;
    private final SuiteSettings suite;
    private final ImageShape image;
    private final DeviceBuffer x;
    private final DeviceBuffer best;
    private final DeviceBuffer bestMargins;
    private final DeviceBuffer previousMargins;
    private final DeviceBuffer increases;
    private final DeviceBuffer improved;
    private final DeviceBuffer query;
    private final DeviceBuffer pattern;
    private final Draws draws;
    private final Iteration iteration;

    SquareSearch(DeviceMemory memory, Plan network, SuiteSettings suite, Wave wave, InputGradient gradient, int capacity) {
        this.backend = network.backend();
        this.wave = wave;
        this.gradient = gradient;
        this.suite = suite;
        this.image = suite.image();
        long size = (long) capacity * network.inputs();
        this.x = memory.allocate(size);
        this.best = memory.allocate(size);
        this.bestMargins = memory.allocate(capacity);
        this.previousMargins = memory.allocate(capacity);
        this.increases = memory.allocate(capacity);
        this.improved = memory.allocate(capacity);
        this.query = memory.allocate(1);
        this.pattern = memory.allocate(image.area());
        this.draws = new Draws(wave.indices(), wave.starts(), query, suite.squareKey());
        this.iteration = new Iteration(backend);
    }

    private boolean boxes() {
        return wave.set() instanceof BoxSet;
    }

    private boolean euclidean() {
        return wave.set() instanceof EuclideanSet;
    }

    void run(Search.Square search) {
        begin();
        for (int done = 0; done < search.queries() && wave.rows() > 0;) {
            int side = SquarePattern.side(done, image, !boxes());
            int next = Math.min(Math.min(JUDGED, search.queries() - done), SquarePattern.nextChange(done) - done);
            if (!boxes()) {
                backend.write(SquarePattern.bumps(side, euclidean()), pattern);
            }
            iteration.run(side, wave.rows(), next, () -> ask(side));
            wave.passes().add((long) next * wave.rows(), 0);
            done += next;
            judge();
        }
        if (wave.rows() > 0) {
            wave.judge(best, row -> true); // how close it came
        }
    }

    private void begin() {
        int rows = wave.rows();
        backend.write(startingPoints(), best);
        wave.set().project(best, rows);
        gradient.forward(best, rows);
        backend.copy(gradient.margins(wave.labels(), rows), rows, bestMargins);
        backend.copy(bestMargins, rows, previousMargins);
        backend.zeroInts(increases);
        backend.write(new int[1], query);
        wave.passes().add(rows, 0);
        judge();
    }

    /** l-infinity: stripes, of a pixel's width, of the ends of the box; else windows side by side. */
    private float[] startingPoints() {
        int inputs = gradient.inputs();
        float[] points = new float[wave.rows() * inputs];
        backend.read(wave.set().centres(), points);
        if (wave.set() instanceof BoxSet box) {
            float[] lower = new float[points.length];
            float[] upper = new float[points.length];
            backend.read(box.lower(), lower);
            backend.read(box.upper(), upper);
            for (int k = 0; k < points.length; ++k) {
                int row = k / inputs;
                int stripe = k % inputs / image.area() * image.width() + k % image.width();
                points[k] = SquarePattern.positive(suite.squareKey(), wave.indexOf(row), wave.trial(row).start(), stripe) ? upper[k]
                        : lower[k];
            }
            return points;
        }
        double radius = suite.ball().epsilon().nearest();
        for (int row = 0; row < wave.rows(); ++row) {
            float[] way = SquarePattern.tiles(suite.squareKey(), wave.indexOf(row), wave.trial(row).start(), image, euclidean());
            double squares = 0;
            for (float each : way) {
                squares += (double) each * each;
            }
            double scale = euclidean() && squares > 0 ? radius / Math.sqrt(squares) : 1;
            for (int e = 0; e < inputs; ++e) {
                points[row * inputs + e] += (float) (scale * way[e]);
            }
        }
        return points;
    }

    /** One query; recorded. */
    private void ask(int side) {
        int rows = wave.rows();
        if (wave.set() instanceof BoxSet box) {
            backend.squareProposals().squares(best, box.lower(), box.upper(), draws, rows, image, side, x);
        } else {
            DeviceBuffer radii = wave.set() instanceof EuclideanSet ball ? ball.radii() : ((L1Set) wave.set()).radii();
            backend.squareProposals().patterns(euclidean(), best, wave.set().centres(), pattern, radii, draws, rows, image, side, x);
            wave.set().project(x, rows);
        }
        gradient.forward(x, rows);
        DeviceBuffer margins = gradient.margins(wave.labels(), rows);
        backend.ascentSteps().compare(margins, previousMargins, bestMargins, increases, improved, rows);
        backend.ascentSteps().copyWhere(improved, x, best, rows, gradient.inputs());
        backend.indexing().copyRows(query, 1);
    }

    private void judge() {
        float[] margins = new float[wave.rows()];
        backend.read(bestMargins, margins);
        wave.judge(best, row -> margins[row] >= 0);
        wave.leave(List.of(new Wave.State(best, gradient.inputs()), new Wave.State(bestMargins, 1),
                new Wave.State(previousMargins, 1), new Wave.State(increases, 1)));
    }

    @Override
    public void close() {
        iteration.close();
    }
}
