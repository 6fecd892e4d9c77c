package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Projected gradient descent (Madry et al. 2018): from random points of the ball around an image, steps up a loss, projected back
 * onto the ball and [0, 1], until the network's float arg-max is not the label. In the l-infinity norm steps are signed, in l2 they
 * follow the gradient itself.
 *
 * <p>Success is looked for after every step: the arg-max of a forward pass that the next step needs anyway, so a path
 * that crosses the boundary and comes back still counts. That pass may be in less than float; at the end of a restart
 * float has the last word on what was found: it must give the image another class, and where it gives none, as where a
 * logit is NaN, that is no success. Broken images leave the batch at the next restart. With several losses, the
 * next one's restarts begin where the last one's are through, at the images that still stand.
 *
 * <p>An image's starting points depend on (seed, image index, restart) alone. Its path depends on the batch only as far
 * as the device's matrix products round differently for different shapes.
 */
public final class Pgd implements Attacker {

    private final Backend backend;
    private final Plan network;
    private final PgdSettings settings;
    private Optional<Prepared> prepared = Optional.empty();
    private AttackEffort effort = new AttackEffort("pgd", 0, 0, 0, 0, 0, 0);

    /** What stays from call to call: buffers for a number of images, packed weights, recorded steps. */
    private record Prepared(int capacity, DeviceMemory memory, PgdBatch batch) {
    }

    /** @param network must outlive this object */
    public Pgd(Plan network, PgdSettings settings) {
        this.backend = network.backend();
        this.network = network;
        this.settings = settings;
    }

    @Override
    public List<AttackOutcome> attack(float[] images, int[] labels, int[] imageIndices) {
        BatchImages.require(network, images, labels, imageIndices);
        int inputs = network.inputs();
        int together = Math.max(1, Math.min(network.imagesPerCall(), labels.length));
        List<AttackOutcome> outcomes = new ArrayList<>();
        for (int from = 0; from < labels.length; from += together) {
            int to = Math.min(from + together, labels.length);
            outcomes.addAll(attack(batch(together), Arrays.copyOfRange(images, from * inputs, to * inputs),
                    Arrays.copyOfRange(labels, from, to), Arrays.copyOfRange(imageIndices, from, to)));
        }
        return outcomes;
    }

    private List<AttackOutcome> attack(PgdBatch batch, float[] images, int[] labels, int[] imageIndices) {
        long begun = System.nanoTime();
        long steps = batch.stepsOfImages();
        long restarts = batch.restartsOfImages();
        List<AttackOutcome> outcomes = batch.attack(images, labels, imageIndices);
        long right = outcomes.stream().filter(outcome -> outcome.cleanPrediction() == outcome.label()).count();
        long broken = outcomes.stream().filter(outcome -> outcome.method().isPresent()).count();
        long taken = batch.stepsOfImages() - steps;
        // Every restart looks at its starting points, and asks the float network at the end.
        effort = effort.plus(new AttackEffort("pgd", right, broken, taken + 2 * (batch.restartsOfImages() - restarts), taken, 0,
                (System.nanoTime() - begun) / 1e9));
        return outcomes;
    }

    @Override
    public List<AttackEffort> takeEffort() {
        List<AttackEffort> taken = List.of(effort);
        effort = new AttackEffort("pgd", 0, 0, 0, 0, 0, 0);
        return taken;
    }

    /** The device's side, with room for {@code capacity} images. */
    private PgdBatch batch(int capacity) {
        if (prepared.isEmpty() || prepared.get().capacity < capacity) {
            close();
            try (DeviceMemory building = new DeviceMemory(backend)) {
                PgdBatch batch = new PgdBatch(building, network, settings, capacity);
                prepared = Optional.of(new Prepared(capacity, building.handOver(), batch));
            }
        }
        return prepared.get().batch;
    }

    /** Gives back what the device holds. */
    @Override
    public void close() {
        Optional<Prepared> held = prepared;
        prepared = Optional.empty();
        held.ifPresent(this::release);
    }

    private void release(Prepared held) {
        try (DeviceMemory buffers = held.memory) {
            held.batch.close();
        }
    }
}
