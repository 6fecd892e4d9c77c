package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Tries one given point for each image: what an attack found on another network, or in another arithmetic (Papernot et al. 2016). No
 * gradient of this network is asked, so what masks gradients hides nothing from it. Points outside their balls are left alone.
 */
public final class Transfer implements Attacker {

    /** How records name it. */
    public static final String NAME = "transfer";

    private final Backend backend;
    private final Plan network;
    private final Settings settings;
    private AttackEffort effort = nothing();

    /**
     * What is tried.
     *
     * @param ball   what a point must lie in, exactly, to count
     * @param points {@code [D]}, by the index of the image in its data set
     */
    public record Settings(Ball ball, IntFunction<float[]> points) implements Attacker.Settings {

        @Override
        public Transfer on(Plan network) {
            return new Transfer(network, this);
        }
    }

    private Transfer(Plan network, Settings settings) {
        this.backend = network.backend();
        this.network = network;
        this.settings = settings;
    }

    private static AttackEffort nothing() {
        return new AttackEffort(NAME, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public List<AttackOutcome> attack(float[] images, int[] labels, int[] imageIndices) {
        BatchImages.require(network, images, labels, imageIndices);
        if (labels.length == 0) {
            return List.of();
        }
        long begun = System.nanoTime();
        Targets targets = new Targets(settings.ball(), images, labels, predictions(images, labels.length));
        int inputs = network.inputs();
        float[][] points = new float[labels.length][];
        for (int n : targets.standing()) {
            points[n] = settings.points.apply(imageIndices[n]);
            if (points[n].length != inputs) {
                throw new IllegalArgumentException("the point for image " + imageIndices[n] + " has " + points[n].length
                        + " elements, the network takes " + inputs);
            }
        }
        int[] tried = IntStream.of(targets.standing()).filter(n -> settings.ball.holds(targets.image(n), points[n])).toArray();
        float[] together = new float[tried.length * inputs];
        for (int k = 0; k < tried.length; ++k) {
            System.arraycopy(points[tried[k]], 0, together, k * inputs, inputs);
        }
        int[] found = predictions(together, tried.length);
        int broken = 0;
        for (int k = 0; k < tried.length; ++k) {
            if (targets.breaks(tried[k], found[k])) {
                targets.setBroken(tried[k], found[k], AttackMethod.TRANSFER, Optional.empty(), points[tried[k]]);
                ++broken;
            }
        }
        effort = effort.plus(new AttackEffort(NAME, tried.length, broken, tried.length, 0, 0, (System.nanoTime() - begun) / 1e9));
        return targets.outcomes();
    }

    /** The float network's classes for {@code rows} points. */
    private int[] predictions(float[] points, int rows) {
        int[] classes = new int[rows];
        int capacity = Math.max(1, Math.min(network.imagesPerCall(), rows));
        int inputs = network.inputs();
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            Logits forward = new Logits(memory, network, capacity);
            var x = memory.allocate((long) capacity * inputs);
            var votes = memory.allocate(capacity);
            for (int from = 0; from < rows; from += capacity) {
                int some = Math.min(capacity, rows - from);
                backend.write(Arrays.copyOfRange(points, from * inputs, (from + some) * inputs), x);
                backend.votes().argMax(forward.of(x, some), some, network.classes(), votes);
                int[] read = new int[some];
                backend.read(votes, read);
                System.arraycopy(read, 0, classes, from, some);
            }
        }
        return classes;
    }

    @Override
    public List<AttackEffort> takeEffort() {
        List<AttackEffort> taken = List.of(effort);
        effort = nothing();
        return taken;
    }

    @Override
    public void close() {
        // Nothing is held between calls.
    }
}
