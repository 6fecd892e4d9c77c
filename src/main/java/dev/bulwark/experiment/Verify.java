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

    private Verify() {
    }

    /** {@code epsilon}, if it is a radius. @throws ExperimentException otherwise */
    public static double radius(double epsilon) {
        if (!(epsilon >= 0 && Double.isFinite(epsilon))) {
            throw new ExperimentException("--epsilon must be finite and not negative: " + epsilon);
        }
        return epsilon;
    }

    /** Bounds every image without a row over the L-infinity box of half-width {@code epsilon}, cut to [0, 1]. */
    public static void run(Fleet fleet, Subject subject, double epsilon, Method method, RowFile<BoundsRow> rows,
                           Monitor monitor) throws IOException {
        BoundsRow.Method written = BoundsRow.Method.valueOf(method.name());
        Batches batches = new Batches("verify at epsilon " + epsilon, subject.indices(), rows::contains,
                fleet.first().imagesPerCall());
        batches.<Bounds>run(fleet, monitor, (backend, source) -> {
            try (DeviceNetwork network = DeviceNetwork.load(backend, subject.network());
                 Verifier verifier = method.verifier(backend, network)) {
                source.forEach(batch -> verifier.verify(subject.pixels(batch), subject.labels(batch), radius(epsilon)));
            }
        }, (index, b) -> rows.append(BoundsRow.of(index, b.label(), epsilon, written, b.cleanPrediction(),
                b.lower(), b.upper(), b.marginLower())));
    }
}
