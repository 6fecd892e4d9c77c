package dev.bulwark.runs;

import dev.bulwark.bounds.Bounds;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Exact;
import dev.bulwark.bounds.Method;
import dev.bulwark.bounds.RealNetwork;
import dev.bulwark.bounds.Verifier;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CleanPrediction;
import dev.bulwark.results.RowFile;
import dev.bulwark.settings.Setting;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Deterministic bounds over many images. */
public final class Verify {

    /**
     * Images of a slower method that are bounded together: they take seconds even so, and rows should come in on the way.
     */
    private static final int SLOW_BATCH = 128;
    /** Images whose searches may take minutes each: a row comes in as each ends. */
    private static final int SEARCHED_BATCH = 1;
    /** Images that go through a cascade's cheap stages together: as many rows wait for a search that takes long, at most. */
    private static final int CASCADED_BATCH = 512;

    /** What a record of rows says of the balls' centres, so that rows about other balls are not continued. */
    public static final String CENTRE = "centre";
    private static final String BYTES = "byte / 255, exactly";
    private static final String FLOATS = "float";

    private Verify() {
    }

    /** How records name a cascade's attacks, in balls of a norm. */
    public static String cascadeAttack(Norm norm) {
        return ShortAttack.describe(norm) + "; " + LongAttack.NAME;
    }

    /** What a record says under {@link #CENTRE} of balls around these images. */
    public static String centre(Dataset data) {
        return data.centre() == Ball.Centre.BYTE ? BYTES : FLOATS;
    }

    /** {@code steps}, if slopes can take as many. @throws ExperimentException otherwise */
    public static int steps(int steps) {
        if (steps < 0) {
            throw new ExperimentException(Setting.STEPS, " must not be negative: " + steps);
        }
        return steps;
    }

    /**
     * How to bound.
     *
     * @param steps    of {@link Method#ALPHA_CROWN}'s slopes, also in a cascade; the other methods have none
     * @param textbook as {@link Method#verifier(Plan, int, boolean)}
     * @param limits   of {@link Method#EXACT} for each image, also in a cascade
     * @param budget   seconds that a cascade's searches may take in all, on one device; what is open then stays undecided
     * @param claim    which network bounds speak of
     */
    public record Bounding(Method method, int steps, boolean textbook, Exact.Limits limits, double budget, Claim claim) {

        /** Without a budget. */
        public Bounding(Method method, int steps, boolean textbook, Exact.Limits limits, Claim claim) {
            this(method, steps, textbook, limits, Double.POSITIVE_INFINITY, claim);
        }


        /** With default limits, of the real-number network. */
        public Bounding(Method method, int steps, boolean textbook) {
            this(method, steps, textbook, Exact.Limits.DEFAULT, Claim.REAL);
        }

        Plan plan(Backend backend, Subject subject) {
            return Plan.load(backend, subject.network(), claim.arithmetic());
        }

        Verifier verifier(Plan plan) {
            return switch (method) {
                case EXACT -> new Exact(plan, limits);
                case CASCADE -> cascade(plan);
                default -> method.verifier(plan, steps, textbook);
            };
        }

        private Cascade cascade(Plan plan) {
            return new Cascade(plan, steps, limits);
        }
    }

    /** As below, over l-infinity balls. */
    public static void run(Fleet fleet, Subject subject, Epsilon epsilon, Method method, int steps,
                           RowFile<BoundsRow> rows, Monitor monitor) throws IOException {
        run(fleet, subject, epsilon, Norm.INF, new Bounding(method, steps, false), rows, monitor);
    }

    /** As below, without totals. */
    public static void run(Fleet fleet, Subject subject, Epsilon epsilon, Norm norm, Bounding bounding,
                           RowFile<BoundsRow> rows, Monitor monitor) throws IOException {
        run(fleet, subject, epsilon, norm, bounding, rows, new StageTotals(), monitor);
    }

    /**
     * Bounds every image without a row over the ball of radius {@code epsilon} in a norm, cut to [0, 1].
     *
     * @param totals takes what a cascade's stages do
     */
    public static void run(Fleet fleet, Subject subject, Epsilon epsilon, Norm norm, Bounding bounding,
                           RowFile<BoundsRow> rows, StageTotals totals, Monitor monitor) throws IOException {
        Method method = bounding.method;
        Ball ball = subject.data().ball(epsilon).in(norm);
        RealNetwork real = new RealNetwork(subject.network());
        for (BoundsRow row : rows.earlier()) {
            if (row.speaksOf() != bounding.claim) {
                throw new ExperimentException("can't resume: the row for index " + row.index() + " was bounded under the claim "
                        + row.speaksOf() + ", not " + bounding.claim + ": write to another file, or start over");
            }
            if (row.epsilon() != epsilon.nearest() || row.method() != method || row.ballNorm() != norm) {
                throw new ExperimentException("can't resume: the row for index " + row.index() + " is another run's, by " + row.method()
                        + " at epsilon " + row.epsilon() + " (" + row.ballNorm().words() + "), not by " + method + " at "
                        + epsilon.nearest() + " (" + norm.words() + ")");
            }
        }
        Batches batches = new Batches("verify at epsilon " + epsilon, subject.indices(), rows::contains,
                batch(fleet, method));
        Batches.Share<Cascade.Decided> share = method == Method.CASCADE ? cascade(subject, ball, bounding, rows, totals)
                : (backend, source) -> {
                    try (Plan plan = bounding.plan(backend, subject); Verifier verifier = bounding.verifier(plan)) {
                        source.forEach(batch -> timed(batch.length, () -> verifier.verify(subject.pixels(batch), subject.labels(batch),
                                ball)));
                    }
                };
        try {
            batches.run(fleet, monitor, share, (index, decided) -> {
                BoundsRow row = row(index, epsilon.nearest(), method, decided).in(norm).of(bounding.claim);
                if (method == Method.EXACT || method == Method.CASCADE) {
                    row = row.decided(decided.by(), decided.bounds().counterexample(), decided.bounds().reason());
                }
                rows.append(row.differs() && bounding.claim == Claim.REAL ? row.with(real.stands(subject.data().pixels(index), row.label())
                        ? AttackRow.RealNetwork.STANDS : AttackRow.RealNetwork.BREAKS) : row);
                totals.decided(row);
                totals.save();
            });
        } finally {
            totals.saveNow();
        }
    }

    /** As a verifier found them, with their share of its time. */
    private static List<Cascade.Decided> timed(int images, Supplier<List<Bounds>> verifier) {
        long start = System.nanoTime();
        List<Bounds> bounds = verifier.get();
        double seconds = (System.nanoTime() - start) / 1e9 / images;
        return bounds.stream().map(found -> new Cascade.Decided(found, Optional.empty(), seconds)).toList();
    }

    /** What every row of bounds has. */
    static BoundsRow row(int index, double epsilon, Method method, Cascade.Decided decided) {
        Bounds b = decided.bounds();
        return BoundsRow.of(new CleanPrediction(index, b.label(), b.cleanPrediction()), epsilon, method,
                BoundsRow.Bounds.of(b.lower(), b.upper(), b.marginLower())).timed(decided.seconds());
    }

    /**
     * Cheap stages on all images of a batch, then searches, image by image, each of which hands in the rows before it when it begins
     * and its own when it ends.
     */
    private static Batches.Share<Cascade.Decided> cascade(Subject subject, Ball ball, Bounding bounding, RowFile<BoundsRow> rows,
                                                          StageTotals totals) {
        Set<Integer> done = rows.earlier().stream().map(BoundsRow::index).collect(Collectors.toSet());
        return (backend, source) -> {
            try (Plan plan = bounding.plan(backend, subject); Cascade cascade = bounding.cascade(plan);
                 ShortAttack attack = new ShortAttack(plan, ball);
                 LongAttack last = new LongAttack(plan, ball, subject.data().shape())) {
                source.forEach((int[] batch, Batches.Parts<Cascade.Decided> parts) -> {
                    float[] pixels = subject.pixels(batch);
                    int[] labels = subject.labels(batch);
                    Cascade.Round round = cascade.begin(pixels, labels, Collections.nCopies(batch.length, ball),
                            attack.on(pixels, labels, batch));
                    for (Cascade.Took took : round.took()) {
                        totals.took(took.stage(), Arrays.stream(took.positions()).filter(n -> !done.contains(batch[n])).count(),
                                took.seconds());
                    }
                    List<Cascade.Decided> ready = new ArrayList<>();
                    for (int n = 0; n < batch.length; ++n) {
                        Cascade.Decided image = round.images().get(n);
                        if (image.by().isEmpty() && !done.contains(batch[n])) {
                            parts.handIn(List.copyOf(ready));
                            ready.clear();
                            float[] own = subject.data().pixels(batch[n]);
                            image = search(cascade, image, own, ball, bounding, totals,
                                    isShort(round, bounding) ? last.on(own, labels[n], batch[n]) : Cascade.Search.NONE);
                        }
                        ready.add(image);
                    }
                    parts.handIn(ready);
                });
            }
        };
    }

    /** Whether a long attack takes no longer than a search may, as far as the short one tells; it always does without a limit. */
    private static boolean isShort(Cascade.Round round, Bounding bounding) {
        return round.took().stream().filter(took -> took.stage() == Cascade.Stage.ATTACK).allMatch(
                took -> LongAttack.SHORT_ATTACKS * took.seconds() / took.positions().length <= bounding.limits.seconds());
    }

    private static Cascade.Decided search(Cascade cascade, Cascade.Decided open, float[] pixels, Ball ball, Bounding bounding,
                                          StageTotals totals, Cascade.Search last) {
        if (totals.seconds(Cascade.Stage.EXACT) >= bounding.budget) {
            return Cascade.leave(open, "the time for searches is spent");
        }
        Cascade.Decided searched = cascade.finish(open, pixels, ball);
        totals.took(Cascade.Stage.EXACT, 1, searched.seconds() - open.seconds());
        if (searched.by().isPresent() || searched.bounds().cleanPrediction() != searched.bounds().label()) {
            return searched;
        }
        Cascade.Decided attacked = cascade.attack(searched, pixels, ball, last);
        totals.took(Cascade.Stage.ATTACK, 0, attacked.seconds() - searched.seconds());
        return attacked;
    }

    /** Images whose largest epsilon is searched for together: as below, but a cascade is asked for all it can say at once. */
    static int searchBatch(Fleet fleet, Method method) {
        return batch(fleet, method == Method.CASCADE ? Method.EXACT : method);
    }

    /** Images of a batch. */
    static int batch(Fleet fleet, Method method) {
        return switch (method) {
            case IBP -> fleet.first().imagesPerCall();
            case CROWN_IBP, CROWN, DEEPPOLY, ALPHA_CROWN -> SLOW_BATCH;
            case EXACT -> SEARCHED_BATCH;
            case CASCADE -> Math.min(CASCADED_BATCH, fleet.first().imagesPerCall());
        };
    }
}
