package dev.bulwark.bounds;

import dev.bulwark.data.Ball;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** A network and a way to bound its logits over l-infinity boxes; may keep memory on the device from call to call. */
public interface Verifier extends AutoCloseable {

    /**
     * Bounds over the ball around each image.
     *
     * @param images {@code [N,D]}, in [0, 1]
     * @param labels {@code [N]}
     * @param balls  one for each image, of one norm and one kind of centre, with any radii
     */
    List<Bounds> verify(float[] images, int[] labels, List<Ball> balls);

    /** As above, in balls of one radius. */
    default List<Bounds> verify(float[] images, int[] labels, Ball ball) {
        return verify(images, labels, Collections.nCopies(labels.length, ball));
    }

    /** As above, around the floats themselves; {@code epsilon} is the decimal that it prints as. */
    default List<Bounds> verify(float[] images, int[] labels, double epsilon) {
        return verify(images, labels, Ball.aroundFloats(epsilon));
    }

    /** The network. */
    Plan plan();

    /**
     * Lower bounds of the left sides of a specification's inequalities over a region, in their order; NaN where none is
     * known.
     *
     * @throws IllegalArgumentException if the region or the specification is not the network's
     */
    float[] lowerBounds(Region region, Specification specification);

    /**
     * Whether a specification holds all over a region, of the network that the plan's {@link Claim} speaks of. Certified by
     * bounds alone; falsified where it fails at the region's centre, which exact arithmetic says, or a plain float pass.
     */
    default Verdict verify(Region region, Specification specification) {
        float[] lower = lowerBounds(region, specification);
        return verdict(specification.provenBy(k -> lower[k]), region, specification);
    }

    /**
     * As {@link #verify(Region, Specification)} for the ball around each image and its label, many at a time.
     *
     * @param images {@code [N,D]}, in [0, 1]
     * @param labels {@code [N]}
     */
    default List<Verdict> verdicts(float[] images, int[] labels, Ball ball) {
        List<Bounds> bounds = verify(images, labels, ball);
        int size = plan().inputs();
        List<Verdict> verdicts = new ArrayList<>();
        for (int n = 0; n < labels.length; ++n) {
            Region region = Region.around(Arrays.copyOfRange(images, n * size, (n + 1) * size), ball);
            verdicts.add(verdict(bounds.get(n).certified(), region, Specification.label(labels[n], plan().classes())));
        }
        return verdicts;
    }

    /** @throws IllegalArgumentException if there are not as many balls as labels */
    static void requireABallEach(int[] labels, List<Ball> balls) {
        if (balls.size() != labels.length) {
            throw new IllegalArgumentException("there are " + balls.size() + " balls for " + labels.length + " images");
        }
    }

    private Verdict verdict(boolean proven, Region region, Specification specification) {
        if (proven) {
            return new Verdict.Certified(Claim.of(plan()));
        }
        if (!region.holdsCentre()) {
            return new Verdict.Undecided("bounds don't prove it, and no float lies at the centre");
        }
        return Claim.of(plan()).at(plan().graph()).test(region.centre(), specification)
                ? new Verdict.Undecided("bounds don't prove it, and the centre itself is no counterexample")
                : new Verdict.Falsified(region.centre());
    }

    /** Gives back what was kept; the verifier may be used again. */
    @Override
    default void close() {
        // Nothing was.
    }
}
