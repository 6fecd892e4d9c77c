package dev.bulwark.runs;

import dev.bulwark.bounds.Bounds;
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

/** Deterministic bounds over many images. */
public final class Verify {

    /**
     * Images of a slower method that are bounded together: they take seconds even so, and rows should come in on the way.
     */
    private static final int SLOW_BATCH = 128;
    /** Images whose searches may take minutes each: a row comes in as each ends. */
    private static final int SEARCHED_BATCH = 1;

    /** What a record of rows says of the balls' centres, so that rows about other balls are not continued. */
    public static final String CENTRE = "centre";
    private static final String BYTES = "byte / 255, exactly";
    private static final String FLOATS = "float";

    private Verify() {
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
     * @param steps    of {@link Method#ALPHA_CROWN}'s slopes; the other methods have none
     * @param textbook as {@link Method#verifier(Plan, int, boolean)}
     * @param limits   of {@link Method#EXACT} for each image
     * @param claim    which network bounds speak of
     */
    public record Bounding(Method method, int steps, boolean textbook, Exact.Limits limits, Claim claim) {

        /** With default limits, of the real-number network. */
        public Bounding(Method method, int steps, boolean textbook) {
            this(method, steps, textbook, Exact.Limits.DEFAULT, Claim.REAL);
        }

        Plan plan(Backend backend, Subject subject) {
            return Plan.load(backend, subject.network(), claim.arithmetic());
        }

        Verifier verifier(Plan plan) {
            return method == Method.EXACT ? new Exact(plan, limits) : method.verifier(plan, steps, textbook);
        }
    }

    /** As below, over l-infinity balls. */
    public static void run(Fleet fleet, Subject subject, Epsilon epsilon, Method method, int steps,
                           RowFile<BoundsRow> rows, Monitor monitor) throws IOException {
        run(fleet, subject, epsilon, Norm.INF, new Bounding(method, steps, false), rows, monitor);
    }

    /** Bounds every image without a row over the ball of radius {@code epsilon} in a norm, cut to [0, 1]. */
    public static void run(Fleet fleet, Subject subject, Epsilon epsilon, Norm norm, Bounding bounding,
                           RowFile<BoundsRow> rows, Monitor monitor) throws IOException {
        Method method = bounding.method;
        Ball ball = subject.data().ball(epsilon).in(norm);
        RealNetwork real = new RealNetwork(subject.network());
        for (BoundsRow row : rows.earlier()) {
            if (row.speaksOf() != bounding.claim) {
                throw new ExperimentException("can't resume: the row for index " + row.index() + " was bounded under the claim "
                        + row.speaksOf() + ", not " + bounding.claim + ": name another --out, or --overwrite");
            }
            if (row.epsilon() != epsilon.nearest() || row.method() != method || row.ballNorm() != norm) {
                throw new ExperimentException("can't resume: the row for index " + row.index() + " is another run's, by " + row.method()
                        + " at epsilon " + row.epsilon() + " (" + row.ballNorm().words() + "), not by " + method + " at "
                        + epsilon.nearest() + " (" + norm.words() + ")");
            }
        }
        Batches batches = new Batches("verify at epsilon " + epsilon, subject.indices(), rows::contains,
                batch(fleet, method));
        batches.<Bounds>run(fleet, monitor, (backend, source) -> {
            try (Plan plan = bounding.plan(backend, subject); Verifier verifier = bounding.verifier(plan)) {
                source.forEach(batch -> verifier.verify(subject.pixels(batch), subject.labels(batch), ball));
            }
        }, (index, b) -> {
            BoundsRow row = BoundsRow.of(new CleanPrediction(index, b.label(), b.cleanPrediction()), epsilon.nearest(), method,
                    BoundsRow.Bounds.of(b.lower(), b.upper(), b.marginLower())).in(norm).of(bounding.claim);
            row = method == Method.EXACT ? row.decided(b.counterexample()) : row;
            rows.append(row.differs() && bounding.claim == Claim.REAL ? row.with(real.stands(subject.data().pixels(index), b.label())
                    ? AttackRow.RealNetwork.STANDS : AttackRow.RealNetwork.BREAKS) : row);
        });
    }

    /** Images of a batch. */
    static int batch(Fleet fleet, Method method) {
        return switch (method) {
            case IBP -> fleet.first().imagesPerCall();
            case CROWN_IBP, CROWN, DEEPPOLY, ALPHA_CROWN -> SLOW_BATCH;
            case EXACT -> SEARCHED_BATCH;
        };
    }
}
