package dev.bulwark.bounds;

import dev.bulwark.data.Ball;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Gives each image to the cheapest method that decides it: {@link Ibp}, a short search for a counterexample, CROWN-IBP, CROWN,
 * alpha-CROWN, then {@link Exact}, each on what those before it leave open, and a {@linkplain #attack longer search} where the
 * caller has one. An image has the best bounds that any stage found.
 *
 * <p>IBP comes before the search: it costs two passes through the network, a search some dozens, and none on an image that is
 * certified can succeed. What a search finds counts only where the point surely lies in the ball and the network that the
 * {@link Claim} speaks of does not give it the label: by exact arithmetic, or by a plain float32 pass. So does an image that
 * this network gets wrong as it is.
 */
public final class Cascade implements Verifier {

    private final Plan plan;
    private final List<Bounder> bounders;
    private final Exact exact;
    private final BiPredicate<float[], Specification> network;

    /** What may decide an image, in the order in which they are tried. */
    public enum Stage {
        IBP,
        /** A point that was searched for, or the image itself. */
        ATTACK,
        CROWN_IBP,
        CROWN,
        ALPHA_CROWN,
        EXACT;

        /** As in rows and records: {@code alpha-crown}. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** A short search for points of balls at which the float network does not give the label. */
    public interface Search {

        /** Finds nothing. */
        Search NONE = positions -> Collections.nCopies(positions.length, Optional.empty());

        /**
         * What is found for some images of a batch, in their order.
         *
         * @param positions of the images in the batch
         */
        List<Optional<float[]>> points(int[] positions);
    }

    /**
     * What is known of one image.
     *
     * @param by      the stage that decided it; empty where it is open
     * @param seconds that it took: its share of each stage's time for the images that were open, and its own in the last
     */
    public record Decided(Bounds bounds, Optional<Stage> by, double seconds) {
    }

    /**
     * What a stage took.
     *
     * @param positions of its images in the batch
     */
    public record Took(Stage stage, int[] positions, double seconds) {
    }

    /**
     * What all stages but the last make of a batch.
     *
     * @param images in their order
     * @param took   by the stages that had something to do
     */
    public record Round(List<Decided> images, List<Took> took) {

        public Round {
            images = List.copyOf(images);
            took = List.copyOf(took);
        }
    }

    private record Bounder(Stage stage, Verifier verifier) {
    }

    /**
     * @param plan   must outlive this object
     * @param steps  of alpha-CROWN's slopes
     * @param limits of the last stage, for each image
     */
    public Cascade(Plan plan, int steps, Exact.Limits limits) {
        this(plan, steps, new Exact(plan, limits));
    }

    Cascade(Plan plan, int steps, Exact exact) {
        this.plan = plan;
        this.exact = exact;
        this.network = Claim.of(plan).at(plan.graph());
        this.bounders = List.of(new Bounder(Stage.IBP, Method.IBP.verifier(plan)),
                new Bounder(Stage.CROWN_IBP, Method.CROWN_IBP.verifier(plan)), new Bounder(Stage.CROWN, Method.CROWN.verifier(plan)),
                new Bounder(Stage.ALPHA_CROWN, Method.ALPHA_CROWN.verifier(plan, steps)));
    }

    /** All stages but the last. @param search the second stage, beyond the images themselves */
    public Round begin(float[] images, int[] labels, List<Ball> balls, Search search) {
        Verifier.requireABallEach(labels, balls);
        Batch batch = new Batch(images, labels, balls);
        for (Bounder bounder : bounders) {
            if (bounder.verifier instanceof Crown crown) {
                crown.endWhen(exact.lateIn(batch.open()));
            }
            batch.bound(bounder);
            if (bounder.stage != Stage.IBP) {
                bounder.verifier.close(); // each has a batch's lines and slopes
            }
            if (bounder.stage == Stage.IBP) {
                batch.attack(search);
            }
        }
        return batch.round();
    }

    /** The last stage. @param open what {@link #begin} found of the image, and did not decide */
    public Decided finish(Decided open, float[] image, Ball ball) {
        long start = System.nanoTime();
        Bounds bounds = exact.decide(open.bounds, Region.around(image, ball));
        return new Decided(bounds, bounds.decided() ? Optional.of(Stage.EXACT) : Optional.empty(), open.seconds + since(start));
    }

    /** Searches once more for a counterexample of an image that {@link #finish} leaves open. */
    public Decided attack(Decided open, float[] image, Ball ball, Search search) {
        long start = System.nanoTime();
        Bounds bounds = search.points(new int[1]).get(0).map(point -> tried(open.bounds, image, ball, point)).orElse(open.bounds);
        return new Decided(bounds, bounds.decided() ? Optional.of(Stage.ATTACK) : Optional.empty(), open.seconds + since(start));
    }

    private Bounds tried(Bounds known, float[] image, Ball ball, float[] point) {
        boolean inside = ((Region.BallRegion) Region.around(image, ball)).surelyHolds(point);
        boolean breaks = inside && !network.test(point, Specification.label(known.label(), plan.classes()));
        return breaks ? known.falsifiedBy(point) : known;
    }

    /** Leaves an image open, for a reason that its row says. */
    public static Decided leave(Decided open, String reason) {
        return new Decided(open.bounds.openBecause(reason), Optional.empty(), open.seconds);
    }

    private static double since(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    /** Images that go from stage to stage together. */
    private final class Batch {

        private final float[] images;
        private final int[] labels;
        private final List<Ball> balls;
        private final List<Took> took = new ArrayList<>();
        private final Bounds[] bounds;
        private final Stage[] by;
        private final double[] seconds;

        Batch(float[] images, int[] labels, List<Ball> balls) {
            this.images = images;
            this.labels = labels;
            this.balls = balls;
            this.bounds = new Bounds[labels.length];
            this.by = new Stage[labels.length];
            this.seconds = new double[labels.length];
        }

        /** Images that no stage has decided. */
        int open() {
            return (int) Arrays.stream(by).filter(Objects::isNull).count();
        }

        void bound(Bounder bounder) {
            stage(bounder.stage, open -> {
                float[] pixels = new float[open.length * plan.inputs()];
                for (int k = 0; k < open.length; ++k) {
                    System.arraycopy(images, open[k] * plan.inputs(), pixels, k * plan.inputs(), plan.inputs());
                }
                List<Bounds> found = bounder.verifier.verify(pixels, IntStream.of(open).map(n -> labels[n]).toArray(),
                        IntStream.of(open).mapToObj(balls::get).toList());
                for (int k = 0; k < open.length; ++k) {
                    Bounds known = bounds[open[k]];
                    bounds[open[k]] = known == null ? found.get(k) : known.tightenedBy(found.get(k));
                }
            });
        }

        void attack(Search search) {
            stage(Stage.ATTACK, open -> {
                int[] right = IntStream.of(open).filter(n -> bounds[n].cleanPrediction() == labels[n]).toArray();
                List<Optional<float[]>> points = right.length == 0 ? List.of() : search.points(right);
                for (int k = 0; k < right.length; ++k) {
                    int n = right[k];
                    points.get(k).ifPresent(point -> tryPoint(n, point));
                }
                IntStream.of(open).filter(n -> bounds[n].cleanPrediction() != labels[n]).forEach(n -> tryPoint(n, image(n)));
            });
        }

        private void tryPoint(int n, float[] point) {
            bounds[n] = tried(bounds[n], image(n), balls.get(n), point);
        }

        private float[] image(int n) {
            return Arrays.copyOfRange(images, n * plan.inputs(), (n + 1) * plan.inputs());
        }

        private void stage(Stage stage, Consumer<int[]> work) {
            int[] open = IntStream.range(0, labels.length).filter(n -> by[n] == null).toArray();
            if (open.length == 0) {
                return;
            }
            long start = System.nanoTime();
            work.accept(open);
            double all = since(start);
            took.add(new Took(stage, open, all));
            for (int n : open) {
                seconds[n] += all / open.length;
                by[n] = bounds[n].decided() ? stage : null;
            }
        }

        Round round() {
            return new Round(IntStream.range(0, labels.length)
                    .mapToObj(n -> new Decided(bounds[n], Optional.ofNullable(by[n]), seconds[n])).toList(), took);
        }
    }

    /** Without a search but for the images themselves: the last stage looks for counterexamples, too. */
    @Override
    public List<Bounds> verify(float[] images, int[] labels, List<Ball> balls) {
        List<Decided> round = begin(images, labels, balls, Search.NONE).images;
        return IntStream.range(0, labels.length).mapToObj(n -> round.get(n).by.isPresent() ? round.get(n).bounds
                : finish(round.get(n), Arrays.copyOfRange(images, n * plan.inputs(), (n + 1) * plan.inputs()), balls.get(n)).bounds)
                .toList();
    }

    /** As {@link Crown#verify(Box, float[], int)}. */
    public Bounds verify(Box box, float[] image, int label) {
        Optional<Bounds> known = Optional.empty();
        for (Bounder bounder : bounders) {
            if (known.filter(Bounds::certified).isEmpty()) {
                Bounds found = bounder.verifier instanceof Ibp ibp ? ibp.verify(box, image, label)
                        : ((Crown) bounder.verifier).verify(box, image, label);
                known = Optional.of(known.map(of -> of.tightenedBy(found)).orElse(found));
            }
        }
        return exact.decide(known.orElseThrow(), box);
    }

    @Override
    public List<Verdict> verdicts(float[] images, int[] labels, Ball ball) {
        return verify(images, labels, ball).stream().map(bounds -> Exact.verdict(bounds, Claim.of(plan))).toList();
    }

    @Override
    public float[] lowerBounds(Region region, Specification specification) {
        float[] best = new float[specification.inequalities().size()];
        Arrays.fill(best, Float.NaN);
        List<Verifier> all = new ArrayList<>(bounders.stream().map(Bounder::verifier).toList());
        all.add(exact);
        for (Verifier verifier : all) {
            if (!specification.provenBy(k -> best[k])) {
                float[] found = verifier.lowerBounds(region, specification);
                for (int k = 0; k < best.length; ++k) {
                    best[k] = CrownPass.tighter(best[k], found[k]);
                }
            }
        }
        return best;
    }

    @Override
    public Verdict verify(Region region, Specification specification) {
        for (Bounder bounder : bounders) {
            Verdict verdict = bounder.verifier.verify(region, specification);
            if (!(verdict instanceof Verdict.Undecided)) {
                return verdict;
            }
        }
        return exact.verify(region, specification);
    }

    @Override
    public Plan plan() {
        return plan;
    }

    @Override
    public void close() {
        bounders.forEach(bounder -> bounder.verifier.close());
        exact.close();
    }
}
