package dev.bulwark.runs;

import dev.bulwark.bounds.Bounds;
import dev.bulwark.bounds.Method;
import dev.bulwark.bounds.RealNetwork;
import dev.bulwark.bounds.Verifier;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CleanPrediction;
import dev.bulwark.results.RowFile;
import dev.bulwark.settings.Setting;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * For each image the largest epsilon at which it is certified, by bisection: first the upper end is tried, then the middle between
 * the largest certified epsilon so far (0 at first) and the smallest that was not.
 *
 * <p>Bounds need not get looser as epsilon grows, so that nothing is claimed of an epsilon in between or beyond: a row says that the
 * image is certified at an epsilon that was itself tried. At every smaller one it is too, for a smaller ball lies in the larger.
 *
 * @param most       the upper end of the search
 * @param bisections after that: epsilon is found to {@code most / 2^bisections}
 */
public record LargestEpsilon(Epsilon most, Norm norm, int bisections) {

    /** Enough for a curve: in l-infinity a 4096th. */
    public static final int DEFAULT_BISECTIONS = 12;
    private static final int MOST_BISECTIONS = 40;

    public LargestEpsilon {
        if (bisections < 1 || bisections > MOST_BISECTIONS) {
            throw new ExperimentException(Setting.BISECTIONS, " must lie between 1 and " + MOST_BISECTIONS + ": " + bisections);
        }
    }

    /** The upper end where none is named: in l-infinity all of [0, 1], in l2 and l1 more than most networks are certified at. */
    public static Epsilon defaultMost(Norm norm) {
        return Epsilon.of(switch (norm) {
            case INF -> 1;
            case TWO -> 8;
            case ONE -> 64;
        });
    }

    /** What is known of an image: bounds at an epsilon, as a row prints it. */
    private record Tried(Bounds bounds, double epsilon) {
    }

    /** Searches for every image without a row. */
    public void run(Fleet fleet, Subject subject, Verify.Bounding bounding, RowFile<BoundsRow> rows, Monitor monitor)
            throws IOException {
        Method method = bounding.method();
        Ball widest = subject.data().ball(most).in(norm);
        RealNetwork real = new RealNetwork(subject.network());
        Batches batches = new Batches("search for the largest epsilon", subject.indices(), rows::contains,
                Verify.batch(fleet, method));
        batches.<Tried>run(fleet, monitor, (backend, source) -> {
            try (Plan plan = Plan.load(backend, subject.network()); Verifier verifier = bounding.verifier(plan)) {
                source.forEach(batch -> search(verifier, subject.pixels(batch), subject.labels(batch), widest));
            }
        }, (index, tried) -> {
            Bounds b = tried.bounds;
            BoundsRow row = BoundsRow.of(new CleanPrediction(index, b.label(), b.cleanPrediction()), tried.epsilon, method,
                    BoundsRow.Bounds.of(b.lower(), b.upper(), b.marginLower())).in(norm).largest();
            rows.append(row.differs() ? row.with(real.stands(subject.data().pixels(index), b.label())
                    ? AttackRow.RealNetwork.STANDS : AttackRow.RealNetwork.BREAKS) : row);
        });
    }

    /** All images of a batch at a time; those that the network gets wrong, or that are certified at once, are done at once. */
    private List<Tried> search(Verifier verifier, float[] images, int[] labels, Ball widest) {
        Tried[] best = new Tried[labels.length];
        List<Bounds> first = verifier.verify(images, labels, widest);
        for (int n = 0; n < labels.length; ++n) {
            best[n] = new Tried(first.get(n), most.printedBelow());
        }
        int[] open = IntStream.range(0, labels.length)
                .filter(n -> !first.get(n).certified() && first.get(n).cleanPrediction() == labels[n]).toArray();
        double[] low = new double[open.length];
        double[] high = new double[open.length];
        Arrays.fill(high, most.printedBelow());
        float[] pixels = chosen(images, images.length / Math.max(1, labels.length), open);
        int[] wanted = Arrays.stream(open).map(n -> labels[n]).toArray();
        for (int k = 0; k < bisections && open.length > 0; ++k) {
            List<Ball> balls = new ArrayList<>();
            for (int n = 0; n < open.length; ++n) {
                balls.add(new Ball(Epsilon.of(middle(low[n], high[n])), widest.centre(), norm));
            }
            List<Bounds> bounds = verifier.verify(pixels, wanted, balls);
            for (int n = 0; n < open.length; ++n) {
                double tried = middle(low[n], high[n]);
                if (bounds.get(n).certified()) {
                    low[n] = tried;
                } else {
                    high[n] = tried;
                }
                if (bounds.get(n).certified() || low[n] == 0) {
                    best[open[n]] = new Tried(bounds.get(n), tried);
                }
            }
        }
        return List.of(best);
    }

    private static double middle(double low, double high) {
        return low + (high - low) / 2;
    }

    private static float[] chosen(float[] images, int size, int[] rows) {
        float[] chosen = new float[rows.length * size];
        for (int k = 0; k < rows.length; ++k) {
            System.arraycopy(images, rows[k] * size, chosen, k * size, size);
        }
        return chosen;
    }
}
