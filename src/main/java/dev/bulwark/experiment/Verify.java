package dev.bulwark.experiment;

import dev.bulwark.bounds.Bounds;
import dev.bulwark.bounds.Method;
import dev.bulwark.bounds.Verifier;
import dev.bulwark.nn.DeviceNetwork;
import dev.bulwark.report.BoundsRow;
import dev.bulwark.report.RowFile;
import java.io.IOException;

/** Deterministic bounds over many images. */
public final class Verify {

    /** Images of a slower method that are bounded together: they take seconds even so, and rows should come in on the way. */
    private static final int SLOW_BATCH = 128;

    private Verify() {
    }

    /** {@code epsilon}, if it is a radius. @throws ExperimentException otherwise */
    public static double radius(double epsilon) {
        if (!(epsilon >= 0 && Double.isFinite(epsilon))) {
            throw new ExperimentException("--epsilon must be finite and not negative: " + epsilon);
        }
        return epsilon;
    }

    /** {@code steps}, if slopes can take as many. @throws ExperimentException otherwise */
    public static int steps(int steps) {
        if (steps < 0) {
            throw new ExperimentException("--steps must not be negative: " + steps);
        }
        return steps;
    }

    /**
     * Bounds every image without a row over the L-infinity box of half-width {@code epsilon}, cut to [0, 1].
     *
     * @param steps of {@link Method#ALPHA_CROWN}'s slopes; the other methods have none
     */
    public static void run(Fleet fleet, Subject subject, double epsilon, Method method, int steps,
                           RowFile<BoundsRow> rows, Monitor monitor) throws IOException {
        BoundsRow.Method written = BoundsRow.Method.valueOf(method.name());
        Batches batches = new Batches("verify at epsilon " + epsilon, subject.indices(), rows::contains,
                method == Method.IBP ? fleet.first().imagesPerCall() : SLOW_BATCH);
        batches.<Bounds>run(fleet, monitor, (backend, source) -> {
            try (DeviceNetwork network = DeviceNetwork.load(backend, subject.network());
                 Verifier verifier = method.verifier(backend, network, steps)) {
                source.forEach(batch -> verifier.verify(subject.pixels(batch), subject.labels(batch), radius(epsilon)));
            }
        }, (index, b) -> rows.append(BoundsRow.of(index, b.label(), epsilon, written, b.cleanPrediction(),
                b.lower(), b.upper(), b.marginLower())));
    }
}
