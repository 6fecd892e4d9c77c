package dev.bulwark.runs;

import dev.bulwark.bounds.Bounds;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Method;
import dev.bulwark.bounds.RealNetwork;
import dev.bulwark.bounds.Verifier;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.settings.Setting;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * For each image the largest epsilon at which it is certified. First the upper end is tried, then its 16th, and so on, until two
 * epsilons are known of which one is twice the other, the smaller certified and the larger not. Between them it is bisected, so that
 * the resolution is relative to what is found, of fragile networks too.
 *
 * <p>Bounds need not get looser as epsilon grows, so that nothing is claimed of an epsilon in between or beyond: a row says that the
 * image is certified at an epsilon that was itself tried. At every smaller one it is too, for a smaller ball lies in the larger.
 *
 * @param most       the upper end of the search
 * @param bisections of the last interval: epsilon is found to a share of {@code 2^-bisections} of itself
 */
public record LargestEpsilon(Epsilon most, Norm norm, int bisections) {

    /** Enough for a curve: a 256th. */
    public static final int DEFAULT_BISECTIONS = 8;
    private static final int MOST_BISECTIONS = 40;
    /** Powers of two below the upper end: the first that is tried, and the last, below a float's resolution of a pixel. */
    private static final int FIRST_POWER = 4;
    private static final int LAST_POWER = 32;

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

    /** @param seconds that the image's search took: its share of its batch's time */
    private record Found(Tried tried, double seconds) {
    }

    /** Searches for every image without a row. */
    public void run(Fleet fleet, Subject subject, Verify.Bounding bounding, RowFile<BoundsRow> rows, Monitor monitor)
            throws IOException {
        Method method = bounding.method();
        Ball widest = subject.data().ball(most).in(norm);
        RealNetwork real = new RealNetwork(subject.network());
        Batches batches = new Batches("search for the largest epsilon", subject.indices(), rows::contains,
                Verify.searchBatch(fleet, method));
        batches.<Found>run(fleet, monitor, (backend, source) -> {
            try (Plan plan = bounding.plan(backend, subject); Verifier verifier = bounding.verifier(plan)) {
                source.forEach(batch -> search(verifier, subject.pixels(batch), subject.labels(batch), widest));
            }
        }, (index, found) -> {
            BoundsRow row = Verify.row(index, found.tried.epsilon, method,
                    new Cascade.Decided(found.tried.bounds, Optional.empty(), found.seconds)).in(norm).of(bounding.claim()).largest();
            rows.append(row.differs() && bounding.claim() == Claim.REAL ? row.with(real.stands(subject.data().pixels(index), row.label())
                    ? AttackRow.RealNetwork.STANDS : AttackRow.RealNetwork.BREAKS) : row);
        });
    }

    /** What is known of one image. */
    private final class Search {

        private Tried best;
        private boolean done;
        /** The largest certified epsilon so far, 0 at first, and the smallest that was not. */
        private double low;
        private double high = most.printedBelow();
        /** How often the upper end was halved for {@link #low} and for {@link #high}, as long as it was only halved. */
        private int lowPower = Integer.MAX_VALUE;
        private int highPower;
        private int bisected;

        Search(Bounds atMost, int label) {
            best = new Tried(atMost, high);
            done = atMost.certified() || atMost.cleanPrediction() != label;
        }

        /** Galloping through powers of two, then halving their interval, then the interval between neighbours. */
        private int nextPower() {
            return low == 0 ? Math.max(FIRST_POWER, 2 * highPower) : (lowPower + highPower) / 2;
        }

        private boolean neighbours() {
            return low > 0 && lowPower == highPower + 1;
        }

        double next() {
            return neighbours() ? low + (high - low) / 2 : Math.scalb(most.printedBelow(), -nextPower());
        }

        void tried(Bounds bounds) {
            double epsilon = next();
            boolean certified = bounds.certified();
            if (neighbours()) {
                ++bisected;
            } else if (certified) {
                lowPower = nextPower();
            } else {
                highPower = nextPower();
            }
            if (certified) {
                low = epsilon;
            } else {
                high = epsilon;
            }
            if (certified || low == 0) {
                best = new Tried(bounds, epsilon);
            }
            done = bisected == bisections || low == 0 && highPower >= LAST_POWER;
        }
    }

    /** All images of a batch at a time; those that the network gets wrong, or that are certified at once, are done at once. */
    private List<Found> search(Verifier verifier, float[] images, int[] labels, Ball widest) {
        long start = System.nanoTime();
        List<Bounds> first = verifier.verify(images, labels, widest);
        List<Search> all = IntStream.range(0, labels.length).mapToObj(n -> new Search(first.get(n), labels[n])).toList();
        for (int[] open = open(all); open.length > 0; open = open(all)) {
            List<Ball> balls = Arrays.stream(open).mapToObj(n -> new Ball(Epsilon.of(all.get(n).next()), widest.centre(), norm)).toList();
            List<Bounds> bounds = verifier.verify(chosen(images, images.length / labels.length, open),
                    Arrays.stream(open).map(n -> labels[n]).toArray(), balls);
            for (int k = 0; k < open.length; ++k) {
                all.get(open[k]).tried(bounds.get(k));
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9 / labels.length;
        return all.stream().map(search -> new Found(search.best, seconds)).toList();
    }

    private static int[] open(List<Search> all) {
        return IntStream.range(0, all.size()).filter(n -> !all.get(n).done).toArray();
    }

    private static float[] chosen(float[] images, int size, int[] rows) {
        float[] chosen = new float[rows.length * size];
        for (int k = 0; k < rows.length; ++k) {
            System.arraycopy(images, rows[k] * size, chosen, k * size, size);
        }
        return chosen;
    }
}
