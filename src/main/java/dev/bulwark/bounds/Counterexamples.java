package dev.bulwark.bounds;

import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * A branch and bound's search for a counterexample: among the corners at which forms are least, and down from the most promising of
 * them and from random points, where the region is a box.
 */
final class Counterexamples {

    /** Points that go down together; how often they do before anything is bounded, and in how many steps. */
    private static final int TOGETHER = 64;
    private static final int ROUNDS = 4;
    private static final int LONG = 100;
    /** Corners of a batch that go further down, how far, and of how many batches, once a search is long. */
    private static final int MOST_CORNERS = 16;
    private static final int SHORT = 20;
    private static final int PERIOD = 4;
    /** Points are a guess: any will do, but the same ones each time. */
    private static final NoiseKey KEY = new NoiseKey(0, NoiseKey.Stream.ATTACK);

    private final Specification specification;
    private final RootRegion root;
    private final Predicate<float[]> breaks;
    private final BooleanSupplier late;
    private final Optional<Descent> descent;
    /** Of the last batch, the corners that come closest, by their {@link Descent#value}, the closest last. */
    private final TreeMap<Double, Descent.Start> closest = new TreeMap<>(Comparator.reverseOrder());
    private Optional<float[]> found = Optional.empty();
    private int batches;
    private int drawn;

    /**
     * @param memory owns what it needs; the caller closes it
     * @param batch  points that the device has room for
     * @param breaks whether a point of the region is a counterexample; asked where floats say so
     * @param late   whether the time is up
     */
    Counterexamples(DeviceMemory memory, Plan plan, Specification specification, RootRegion root, int batch,
                    Predicate<float[]> breaks, BooleanSupplier late) {
        this.specification = specification;
        this.root = root;
        this.breaks = breaks;
        this.late = late;
        this.descent = root.isBox()
                ? Optional.of(memory.owning(new Descent(memory, plan, specification, root.box(), Math.min(TOGETHER, batch))))
                : Optional.empty();
    }

    Optional<float[]> found() {
        return found;
    }

    /**
     * A corner of a domain.
     *
     * @param clause that the domain is to prove
     * @param logits at the point, in float
     */
    void corner(int clause, float[] point, float[] logits) {
        double value = Descent.value(specification.clauses().get(clause), logits);
        if (value <= 0) {
            take(point);
        }
        descent.ifPresent(of -> {
            closest.put(value, new Descent.Start(point, clause));
            if (closest.size() > Math.min(MOST_CORNERS, of.capacity())) {
                closest.pollFirstEntry();
            }
        });
    }

    private void take(float[] point) {
        if (found.isEmpty()) {
            found = root.inside(point).filter(breaks);
        }
    }

    /** Before any bound: from the middle of the region and from random points of it, towards each clause's failure. */
    void tryPoints() {
        descent.ifPresent(of -> {
            int clauses = specification.clauses().size();
            for (int round = 0, next = 0; (round < ROUNDS || next < clauses) && found.isEmpty() && !late.getAsBoolean(); ++round) {
                List<Descent.Start> starts = new ArrayList<>();
                for (; starts.size() < of.capacity(); ++next) {
                    starts.add(new Descent.Start(next < clauses ? middle() : random(), next % clauses));
                }
                of.from(starts, LONG, late).forEach(this::take);
            }
        });
    }

    /** After a batch: from the corners that came closest and, to fill the descent's batch, from random points. */
    void tryCorners() {
        ++batches;
        if (descent.isPresent() && !late.getAsBoolean() && !closest.isEmpty() && found.isEmpty() && (batches < 2 * PERIOD || batches % PERIOD == 0)) {
            List<Descent.Start> starts = new ArrayList<>(closest.values());
            for (int k = 0; starts.size() < descent.get().capacity(); ++k) {
                starts.add(new Descent.Start(random(), starts.get(k % closest.size()).clause()));
            }
            descent.get().from(starts, SHORT, late).forEach(this::take);
        }
        closest.clear();
    }

    private float[] middle() {
        float[] point = new float[root.box().size()];
        for (int i = 0; i < point.length; ++i) {
            point[i] = at(i, 0.5);
        }
        return point;
    }

    private float[] random() {
        float[] point = new float[root.box().size()];
        for (int i = 0; i < point.length; ++i) {
            point[i] = at(i, Philox.uniform(KEY, 0, drawn, i));
        }
        ++drawn;
        return point;
    }

    /** @param share of the side of the box */
    private float at(int input, double share) {
        double lower = root.box().lower(input);
        return (float) (lower + share * (root.box().upper(input) - lower));
    }
}
