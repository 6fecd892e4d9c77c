package dev.bulwark.api;

import dev.bulwark.attack.Attacker;
import dev.bulwark.bounds.Method;
import dev.bulwark.bounds.Region;
import dev.bulwark.bounds.Specification;
import dev.bulwark.bounds.Verdict;
import dev.bulwark.bounds.Verifier;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import dev.bulwark.smoothing.Certificate;
import dev.bulwark.smoothing.Certification;
import dev.bulwark.smoothing.SmoothedClassifier;
import dev.bulwark.smoothing.StoppingRule;
import dev.bulwark.stats.Sampling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A network on a device, and the three kinds of claim about it: randomized smoothing certifies the <em>smoothed</em>
 * classifier within an l2 radius, with probability at least 1 - alpha; bounds certify the network itself, for certain; an
 * attack finds or doesn't find, and guarantees nothing.
 *
 * <p>Each for one image, or for a list in one call, which keeps the device busier. What the device needs for the last
 * kind of call is kept for the next one with the same settings.
 */
public final class Classifier implements AutoCloseable {

    private final Device device;
    private final Backend backend;
    private final Plan plan;
    private final Kept<SmoothedClassifier> smoothed = new Kept<>();
    private final Kept<Attacker> attacks = new Kept<>();
    private final Kept<Verifier> verifiers = new Kept<>();
    private boolean closed;

    Classifier(Device device, Backend backend, Graph network) {
        this.device = device;
        this.backend = backend;
        this.plan = Plan.load(backend, network);
    }

    /** The network. */
    public Graph graph() {
        return plan.graph();
    }

    /** Shape of one input; images are {@code float[]} of its size. */
    public Shape inputShape() {
        return graph().input();
    }

    /** Number of classes. */
    public int classes() {
        return plan.classes();
    }

    // ---- the network as it is --------------------------------------------------------------------------------------------

    /** The network's class for an image, in float: the lowest at a tie. Empty where it gives none: a logit is NaN. */
    public OptionalInt predict(float[] image) {
        return predict(List.of(image)).get(0);
    }

    /** See {@link #predict(float[])}. */
    public List<OptionalInt> predict(List<float[]> images) {
        float[] inputs = together(images);
        if (images.isEmpty()) {
            return List.of();
        }
        List<OptionalInt> classes = new ArrayList<>();
        int batch = Math.min(plan.imagesPerCall(), images.size());
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            Logits logits = new Logits(memory, plan, batch);
            DeviceBuffer x = memory.allocate((long) batch * plan.inputs());
            DeviceBuffer largest = memory.allocate(batch);
            for (int from = 0; from < images.size(); from += batch) {
                int rows = Math.min(batch, images.size() - from);
                backend.write(Arrays.copyOfRange(inputs, from * plan.inputs(), (from + rows) * plan.inputs()), x);
                backend.votes().argMax(logits.of(x, rows), rows, plan.classes(), largest);
                int[] read = new int[rows];
                backend.read(largest, read);
                Arrays.stream(read).mapToObj(c -> c < 0 ? OptionalInt.empty() : OptionalInt.of(c)).forEach(classes::add);
            }
        }
        return classes;
    }

    // ---- randomized smoothing --------------------------------------------------------------------------------------------

    /** As {@link #certify(float[], double, SmoothingSettings)}, with {@link SmoothingSettings#DEFAULT}. */
    public Certificate certify(float[] image, double sigma) {
        return certify(image, sigma, SmoothingSettings.DEFAULT);
    }

    /**
     * A radius within which the smoothed classifier's answer is constant, or abstention (CERTIFY of Cohen et al. 2019).
     *
     * @param sigma standard deviation of the noise, in input units
     */
    public Certificate certify(float[] image, double sigma, SmoothingSettings settings) {
        return certify(List.of(image), sigma, settings).get(0);
    }

    /** As {@link #certify(float[], double, SmoothingSettings)}, image by image. */
    public List<Certificate> certify(List<float[]> images, double sigma, SmoothingSettings settings) {
        return count(images, sigma, settings).stream().map(Certification::certificate).toList();
    }

    /** The certificates with the votes that they follow from. */
    public List<Certification> count(List<float[]> images, double sigma, SmoothingSettings settings) {
        float[] inputs = together(images);
        if (images.isEmpty()) {
            return List.of();
        }
        SmoothedClassifier classifier = smoothed.of(List.of(sigma, settings.seed()),
                () -> new SmoothedClassifier(plan, sigma, settings.seed()));
        int[] indices = indices(settings.firstIndex(), images.size());
        SmoothingSettings.Copies copies = settings.copies();
        return copies.sampling() == Sampling.FIXED
                ? classifier.certify(inputs, indices, copies.selection(), copies.samples(), settings.alpha())
                : classifier.certify(inputs, indices, copies.selection(),
                        new StoppingRule(copies.radii(), copies.samples(), sigma, settings.alpha()));
    }

    // ---- bounds ----------------------------------------------------------------------------------------------------------

    /**
     * Whether the network gives {@code label} everywhere within {@code epsilon} of an image and in [0, 1].
     *
     * @param epsilon l-infinity distance in input units: the decimal that it prints as
     */
    public Verdict verify(float[] image, int label, double epsilon, Method method) {
        return verify(List.of(image), new int[] {label}, Ball.aroundFloats(epsilon), method).get(0);
    }

    /** As {@link #verify(float[], int, double, Method)}, image by image. */
    public List<Verdict> verify(List<float[]> images, int[] labels, double epsilon, Method method) {
        return verify(images, labels, Ball.aroundFloats(epsilon), method);
    }

    /** As {@link #verify(List, int[], double, Method)}, in a ball that also says what the images' numbers stand for. */
    public List<Verdict> verify(List<float[]> images, int[] labels, Ball ball, Method method) {
        requireLabels(images, labels);
        float[] inputs = together(images);
        return images.isEmpty() ? List.of() : verifier(method).verdicts(inputs, labels, ball);
    }

    /**
     * Whether {@code specification} holds all over {@code region}, of the real-number network with these weights.
     *
     * @throws IllegalArgumentException if the region or the specification is not the network's
     */
    public Verdict verify(Region region, Specification specification, Method method) {
        return verifier(method).verify(region, specification);
    }

    private Verifier verifier(Method method) {
        requireOpen();
        return verifiers.of(List.of(method), () -> method.verifier(plan));
    }

    // ---- attacks ---------------------------------------------------------------------------------------------------------

    /** As {@link #attack(float[], int, double, AttackSettings)}, with {@link AttackSettings#DEFAULT}. */
    public AttackResult attack(float[] image, int label, double epsilon) {
        return attack(image, label, epsilon, AttackSettings.DEFAULT);
    }

    /**
     * Looks for an image within {@code epsilon} and in [0, 1] that the network gives another class than {@code label}.
     *
     * @param epsilon l-infinity distance in input units: the decimal that it prints as
     */
    public AttackResult attack(float[] image, int label, double epsilon, AttackSettings settings) {
        return attack(List.of(image), new int[] {label}, Ball.aroundFloats(epsilon), settings).get(0);
    }

    /**
     * As {@link #attack(float[], int, double, AttackSettings)}, within {@code epsilon} of another norm.
     *
     * @throws IllegalArgumentException for PGD in l1, where it has no steps
     */
    public AttackResult attack(float[] image, int label, double epsilon, Norm norm, AttackSettings settings) {
        return attack(List.of(image), new int[] {label}, Ball.aroundFloats(epsilon).in(norm), settings).get(0);
    }

    /** As {@link #attack(float[], int, double, AttackSettings)}, image by image. */
    public List<AttackResult> attack(List<float[]> images, int[] labels, double epsilon, AttackSettings settings) {
        return attack(images, labels, Ball.aroundFloats(epsilon), settings);
    }

    /** As {@link #attack(List, int[], double, AttackSettings)}, in a ball that says what the images' numbers stand for. */
    public List<AttackResult> attack(List<float[]> images, int[] labels, Ball ball, AttackSettings settings) {
        requireLabels(images, labels);
        float[] inputs = together(images);
        Attacker.Settings attack = settings.within(ball, imageShape());
        if (images.isEmpty()) {
            return List.of();
        }
        return attacks.of(List.of(attack), () -> attack.on(plan))
                .attack(inputs, labels, indices(settings.firstIndex(), labels.length)).stream()
                .map(outcome -> AttackResult.of(outcome, ball.norm())).toList();
    }

    // ----------------------------------------------------------------------------------------------------------------------

    /** The images one after the other, {@code [N,D]}. */
    private float[] together(List<float[]> images) {
        requireOpen();
        int size = plan.inputs();
        float[] inputs = new float[Math.multiplyExact(images.size(), size)];
        for (int n = 0; n < images.size(); ++n) {
            float[] image = images.get(n);
            if (image.length != size) {
                throw new IllegalArgumentException("image " + n + " has " + image.length + " elements, the network takes "
                        + size + ", " + inputShape());
            }
            System.arraycopy(image, 0, inputs, n * size, size);
        }
        plan.requireInputs(inputs, images.size(), 0, 1);
        return inputs;
    }

    private void requireLabels(List<float[]> images, int[] labels) {
        if (labels.length != images.size()) {
            throw new IllegalArgumentException("there are " + labels.length + " labels for " + images.size() + " images");
        }
        plan.requireLabels(labels);
    }

    /** A vector lies in a single row. */
    private ImageShape imageShape() {
        return inputShape().isImage() ? inputShape().image() : new ImageShape(1, 1, inputShape().size());
    }

    private static int[] indices(int first, int count) {
        return IntStream.range(0, count).map(k -> Math.addExact(first, k)).toArray();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the network was closed, or its device");
        }
    }

    /** As {@code network of [784] to [10] on AMD EPYC ...}. */
    @Override
    public String toString() {
        return "network of " + inputShape() + " to " + graph().output() + " on " + backend.info().name();
    }

    /** Gives back the device's memory; a second time does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            device.forget(this);
            try (Plan last = plan; Kept<?> first = smoothed; Kept<?> second = attacks; Kept<?> third = verifiers) {
                // Closed in reverse order.
            }
        }
    }

    /** The last one that was made, kept for the next call with the same settings. */
    private static final class Kept<T extends AutoCloseable> implements AutoCloseable {

        private List<?> settings = List.of();
        private final List<T> held = new ArrayList<>(1);

        T of(List<?> asked, Supplier<T> make) {
            if (held.isEmpty() || !settings.equals(asked)) {
                close();
                held.add(make.get());
                settings = asked;
            }
            return held.get(0);
        }

        @Override
        public void close() {
            List<T> last = List.copyOf(held);
            held.clear();
            for (T one : last) {
                try {
                    one.close();
                } catch (RuntimeException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }
}
