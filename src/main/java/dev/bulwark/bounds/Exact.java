package dev.bulwark.bounds;

import dev.bulwark.data.Ball;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;

/**
 * {@link Crown}, then {@link BranchAndBound} for what that leaves open: every image whose label is the network's prediction ends
 * certified, or falsified by a point of its ball, unless a limit is reached before.
 *
 * <p>Margins of a certified image are lower bounds over its whole ball, but not the best ones: a search stops where a margin is
 * positive.
 */
public final class Exact implements Verifier {

    private final Plan plan;
    private final Crown crown;
    private final BranchAndBound branchAndBound;
    private final Limits limits;

    /**
     * Where a search ends without an answer.
     *
     * @param seconds for one image; infinite for no limit. What is decided depends on the machine
     * @param domains of one image; what is decided is reproducible
     */
    public record Limits(double seconds, long domains) {

        public static final long DEFAULT_DOMAINS = 1_000_000;
        public static final Limits DEFAULT = new Limits(Double.POSITIVE_INFINITY, DEFAULT_DOMAINS);

        public Limits {
            if (!(seconds > 0)) {
                throw new IllegalArgumentException("a search takes more than 0 seconds: " + seconds);
            }
            if (domains < 1) {
                throw new IllegalArgumentException("a search takes at least one domain: " + domains);
            }
        }
    }

    /** @param plan must outlive this object */
    public Exact(Plan plan, Limits limits) {
        this(plan, limits, BranchAndBound.Settings.DEFAULT);
    }

    Exact(Plan plan, Limits limits, BranchAndBound.Settings settings) {
        this.plan = plan;
        this.crown = new Crown(plan, 0);
        this.branchAndBound = new BranchAndBound(plan, settings);
        this.limits = Objects.requireNonNull(limits, "limits");
    }

    @Override
    public List<Bounds> verify(float[] images, int[] labels, List<Ball> balls) {
        List<Bounds> bounds = new ArrayList<>();
        List<Bounds> known = crown.verify(images, labels, balls);
        for (int n = 0; n < labels.length; ++n) {
            float[] image = Arrays.copyOfRange(images, n * plan.inputs(), (n + 1) * plan.inputs());
            bounds.add(decide(known.get(n), Region.around(image, balls.get(n))));
        }
        return bounds;
    }

    /** As {@link Crown#verify(Box, float[], int)}. */
    public Bounds verify(Box box, float[] image, int label) {
        return decide(crown.verify(box, image, label), box);
    }

    /** Decides one image of which bounds are known over its region. */
    Bounds decide(Bounds known, Region region) {
        if (known.certified() || plan.classes() < 2) {
            return known;
        }
        Specification specification = Specification.label(known.label(), plan.classes());
        BiPredicate<float[], Specification> network = network();
        if (region.holdsCentre() && !network.test(region.centre(), specification)) {
            return known.falsifiedBy(region.centre());
        }
        if (known.cleanPrediction() != known.label()) {
            return known.openBecause("float rounding alone gives the image itself another class, or none");
        }
        BranchAndBound.Result result = search(region, specification, network);
        if (result.verdict() instanceof Verdict.Falsified falsified) {
            return known.falsifiedBy(falsified.counterexample());
        }
        Bounds bounds = known.withMargins(result.lower());
        return result.verdict() instanceof Verdict.Undecided undecided ? bounds.openBecause(undecided.reason()) : bounds;
    }

    private BranchAndBound.Result search(Region region, Specification specification,
                                         BiPredicate<float[], Specification> network) {
        return branchAndBound.search(region, specification, late(), limits.domains,
                point -> !network.test(point, specification));
    }

    /** Says where a specification holds of the network that is claimed about. */
    private BiPredicate<float[], Specification> network() {
        return Claim.of(plan).at(plan.graph());
    }

    private BooleanSupplier late() {
        return lateIn(1);
    }

    /** Whether the time for some images, from now on, is up. */
    BooleanSupplier lateIn(int images) {
        long start = System.nanoTime();
        return () -> (System.nanoTime() - start) / 1e9 >= images * limits.seconds;
    }

    @Override
    public float[] lowerBounds(Region region, Specification specification) {
        float[] lower = crown.lowerBounds(region, specification);
        if (specification.provenBy(k -> lower[k])) {
            return lower;
        }
        float[] clauses = search(region, specification, network()).lower();
        for (int clause = 0, k = 0; clause < clauses.length; ++clause) {
            List<Specification.Inequality> anyOf = specification.clauses().get(clause).anyOf();
            if (anyOf.size() == 1) { // else it is a bound of the largest of several
                lower[k] = CrownPass.tighter(lower[k], clauses[clause]);
            }
            k += anyOf.size();
        }
        return lower;
    }

    @Override
    public Verdict verify(Region region, Specification specification) {
        BiPredicate<float[], Specification> network = network();
        if (region.holdsCentre() && !network.test(region.centre(), specification)) {
            return new Verdict.Falsified(region.centre());
        }
        return search(region, specification, network).verdict();
    }

    @Override
    public List<Verdict> verdicts(float[] images, int[] labels, Ball ball) {
        return verify(images, labels, ball).stream().map(bounds -> verdict(bounds, Claim.of(plan))).toList();
    }

    /** What a search came to. */
    static Verdict verdict(Bounds bounds, Claim claim) {
        return bounds.certified() ? new Verdict.Certified(claim)
                : bounds.counterexample().<Verdict>map(Verdict.Falsified::new)
                        .orElseGet(() -> new Verdict.Undecided(bounds.reason().orElse("there is nothing to search for")));
    }

    @Override
    public Plan plan() {
        return plan;
    }

    @Override
    public void close() {
        crown.close();
    }
}
