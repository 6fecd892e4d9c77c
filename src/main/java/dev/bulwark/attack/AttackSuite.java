package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Attacks one after the other, each on what still stands, as AutoAttack has them (Croce and Hein 2020).
 *
 * <p>An attack's trials on all images and targets run together, as many as the device takes at a time; where one succeeds, its
 * image's others are not begun, and those under way leave. Points are sought in whatever arithmetic is fastest; one counts where a
 * float forward pass gives it another class, and it must lie in the ball exactly. Logits that are not numbers are no success. An
 * image that stands although its float margin came near to 0 is attacked once more, in float and from other random numbers:
 * neither rounding nor chance decides it.
 *
 * <p>What is random about an image depends on (seed, image index, attack, target, restart) alone, and of several trials that
 * succeed the first in that order counts. So answers depend on the batch only as far as the device's matrix products round
 * differently for different shapes.
 */
public final class AttackSuite implements Attacker {

    /**
     * Margins below this multiple of the largest logit's magnitude are close to 0. A bf16 product is off by 2^-9 of its factors, and a
     * network's logits by some multiple of that.
     */
    private static final float CLOSE = 0x1p-5f;

    private final Backend backend;
    private final Plan network;
    private final SuiteSettings settings;
    private final Map<String, AttackEffort> efforts = new LinkedHashMap<>();
    private Optional<Prepared> prepared = Optional.empty();
    private Optional<Prepared> preparedAgain = Optional.empty();

    /** A search's first run is in the fastest arithmetic, its second one in float. */
    private enum Go {
        FIRST, SECOND
    }

    /** What stays from call to call: buffers for a number of trials, and recorded iterations. */
    private record Prepared(int capacity, DeviceMemory memory, InputGradient gradient, Wave wave, ApgdSearch apgd, FabSearch fab,
                            SquareSearch square) implements AutoCloseable {

        static Prepared of(DeviceMemory memory, Plan network, SuiteSettings settings, int capacity, Go go) {
            InputGradient gradient = go == Go.SECOND ? InputGradient.inFloat(memory, network, capacity)
                    : new InputGradient(memory, network, capacity);
            try {
                Wave wave = new Wave(memory, network, settings, gradient, capacity);
                return new Prepared(capacity, memory, gradient, wave,
                        new ApgdSearch(memory, network, settings, wave, gradient, capacity),
                        new FabSearch(memory, network, settings, wave, gradient, capacity),
                        new SquareSearch(memory, network, settings, wave, gradient, capacity));
            } catch (RuntimeException e) {
                try (gradient) {
                    throw e;
                }
            }
        }

        @Override
        public void close() {
            try (memory; gradient; apgd; fab; square) {
                // Closed in reverse order.
            }
        }

        void run(Search search) {
            if (search instanceof Search.Pgd each) {
                apgd.run(each);
            } else if (search instanceof Search.Apgd each) {
                apgd.run(each);
            } else if (search instanceof Search.Fab each) {
                fab.run(each);
            } else {
                square.run((Search.Square) search);
            }
        }
    }

    /** @param network must outlive this object */
    public AttackSuite(Plan network, SuiteSettings settings) {
        if (settings.image().size() != network.inputs()) {
            throw new IllegalArgumentException("image is " + settings.image() + ", but the network has " + network.inputs()
                    + " inputs");
        }
        if (network.classes() < 2) {
            throw new IllegalArgumentException("a network of one class can't be attacked");
        }
        this.backend = network.backend();
        this.network = network;
        this.settings = settings;
    }

    @Override
    public List<AttackOutcome> attack(float[] images, int[] labels, int[] imageIndices) {
        BatchImages.require(network, images, labels, imageIndices);
        if (labels.length == 0) {
            return List.of();
        }
        BatchImages batch = asTheyAre(images, labels, imageIndices);
        Map<Integer, Float> closest = new HashMap<>();
        for (Search search : settings.searches()) {
            run(search, Go.FIRST, batch, batch.targets().standing(), closest);
        }
        for (Search search : settings.searches()) {
            int[] close = Arrays.stream(batch.targets().standing()).filter(position -> closest.getOrDefault(position, 1f) < CLOSE)
                    .toArray();
            if (close.length > 0) {
                run(search, Go.SECOND, batch, close, new HashMap<>());
            }
        }
        return batch.targets().outcomes();
    }

    /** What the float network makes of the images. */
    private BatchImages asTheyAre(float[] images, int[] labels, int[] imageIndices) {
        int inputs = network.inputs();
        int classes = network.classes();
        int together = Math.min(network.imagesPerCall(), labels.length);
        float[] logits = new float[labels.length * classes];
        int[] predictions = new int[labels.length];
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            Logits forward = new Logits(memory, network, together);
            var x = memory.allocate((long) together * inputs);
            var votes = memory.allocate(together);
            for (int from = 0; from < labels.length; from += together) {
                int rows = Math.min(together, labels.length - from);
                backend.write(Arrays.copyOfRange(images, from * inputs, (from + rows) * inputs), x);
                var z = forward.of(x, rows);
                backend.votes().argMax(z, rows, classes, votes);
                float[] values = new float[rows * classes];
                backend.read(z, values);
                System.arraycopy(values, 0, logits, from * classes, values.length);
                int[] found = new int[rows];
                backend.read(votes, found);
                System.arraycopy(found, 0, predictions, from, rows);
            }
        }
        return new BatchImages(images, labels, imageIndices, logits, new Targets(settings.ball(), images, labels, predictions));
    }

    /** @param closest takes, by position, the least margin that was seen */
    private void run(Search search, Go go, BatchImages batch, int[] positions, Map<Integer, Float> closest) {
        long begun = System.nanoTime();
        int standing = batch.targets().standing().length;
        List<Trial> left = Trial.all(search, batch, positions, go == Go.SECOND);
        long forward = 0;
        long backward = 0;
        long zeroGradients = 0;
        while (!left.isEmpty()) {
            int wanted = Math.max(left.size(), batch.labels().length);
            Prepared on = prepared(Math.max(1, Math.min(network.imagesPerCall(), wanted)), go);
            Wave wave = on.wave;
            int waves = (left.size() + on.capacity - 1) / on.capacity;
            List<Trial> together = left.subList(0, (left.size() + waves - 1) / waves); // no small wave at the end
            long forwardBefore = wave.passes().forward();
            long backwardBefore = wave.passes().backward();
            wave.begin(together, batch);
            on.run(search);
            wave.finish(search);
            wave.closest().forEach((position, margin) -> closest.merge(position, margin, Math::min));
            forward += wave.passes().forward() - forwardBefore;
            backward += wave.passes().backward() - backwardBefore;
            zeroGradients += wave.withoutGradient().size();
            left = left.subList(together.size(), left.size()).stream().filter(trial -> batch.targets().stands(trial.position()))
                    .toList();
        }
        String name = go == Go.SECOND ? search.name() + AttackEffort.AGAIN : search.name();
        AttackEffort effort = new AttackEffort(name, positions.length, standing - batch.targets().standing().length, forward,
                backward, zeroGradients, (System.nanoTime() - begun) / 1e9);
        efforts.merge(name, effort, AttackEffort::plus);
    }

    /** The device's side, with room for {@code capacity} trials. */
    private Prepared prepared(int capacity, Go go) {
        Optional<Prepared> held = go == Go.SECOND ? preparedAgain : prepared;
        if (held.isPresent() && held.get().capacity >= capacity) {
            return held.get();
        }
        hold(go, Optional.empty());
        held.ifPresent(Prepared::close);
        try (DeviceMemory building = new DeviceMemory(backend)) {
            Prepared made = Prepared.of(building, network, settings, capacity, go);
            Prepared kept = new Prepared(capacity, building.handOver(), made.gradient, made.wave, made.apgd, made.fab, made.square);
            hold(go, Optional.of(kept));
            return kept;
        }
    }

    private void hold(Go go, Optional<Prepared> held) {
        if (go == Go.SECOND) {
            preparedAgain = held;
        } else {
            prepared = held;
        }
    }

    @Override
    public List<AttackEffort> takeEffort() {
        List<AttackEffort> taken = new ArrayList<>(efforts.values());
        efforts.clear();
        return taken;
    }

    /** Gives back what the device holds. */
    @Override
    public void close() {
        for (Go go : Go.values()) {
            Optional<Prepared> held = go == Go.SECOND ? preparedAgain : prepared;
            hold(go, Optional.empty());
            held.ifPresent(Prepared::close);
        }
    }
}
