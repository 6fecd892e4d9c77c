package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Bounds batches of domains: each domain is a row of a batch, with its own boxes, cuts, slopes and multipliers. */
final class DomainBounds implements AutoCloseable {

    /** The sum of a clause's inequalities, among forms: it has no number of its own. */
    private static final int JOINT = -1;

    private final Backend backend;
    private final Plan plan;
    private final RootRegion region;
    private final DeviceMemory memory;
    private final CrownPass pass;
    private final AlphaOptimisation optimisation;
    private final int forms;
    /** Steps before the values that forms are of, and the value at which they begin. */
    private final int end;
    private final int start;
    /** Of each goal, the first of its forms, which follow one another. */
    private final int[] first;
    /** Goals, where they are clauses; else none. */
    private final List<Specification.Clause> clauses;
    /** Where forms are in the logits. */
    private final Optional<Logits> forward;

    /** What is wanted of forms besides their bounds, while a pass's results are still there. */
    interface Visitor {

        /** @param form coefficients in the last pass of the domain's form with the best bound */
        default void form(Domain domain, Branching.Coefficients form) {
            // Only bounds are asked for.
        }

        /**
         * Asked of clauses alone.
         *
         * @param point  {@code [D]}: where the form of a domain's clause is least in it
         * @param logits {@code [classes]} there, in float
         */
        default void corner(Domain domain, float[] point, float[] logits) {
            // As above.
        }
    }

    private DomainBounds(Plan plan, RootRegion region, Crown.Settings settings, int capacity, int[] first,
                         List<Specification.Clause> clauses, int end, Function<CrownPass, LogitForms> entries) {
        this.backend = plan.backend();
        this.plan = plan;
        this.region = region;
        this.first = first;
        this.clauses = clauses;
        this.end = end;
        try (DeviceMemory building = new DeviceMemory(backend)) {
            pass = new CrownPass(building, plan, capacity, Crown.forms(plan, capacity), settings);
            LogitForms begun = entries.apply(pass);
            start = begun.value();
            int most = clauses.stream().mapToInt(clause -> clause.anyOf().size()).max().orElse(1);
            forms = BackwardPass.together(plan, begun.value(), AlphaOptimisation.kept(plan, begun.value()),
                    (long) capacity * (most > 1 ? most + 1 : 1));
            optimisation = new AlphaOptimisation(building, plan, pass, begun, forms);
            forward = end == plan.steps().size() ? Optional.of(new Logits(building, plan, forms)) : Optional.empty();
            memory = building.handOver();
        }
    }

    /**
     * Goals are a specification's clauses.
     *
     * @param settings how boxes of units are bounded
     * @param capacity domains of a batch
     */
    static DomainBounds ofClauses(Plan plan, Specification specification, RootRegion region, Crown.Settings settings,
                                  int capacity) {
        int[] first = new int[specification.clauses().size()];
        for (int k = 1; k < first.length; ++k) {
            first[k] = first[k - 1] + specification.clauses().get(k - 1).anyOf().size();
        }
        return new DomainBounds(plan, region, settings, capacity, first, specification.clauses(), plan.steps().size(),
                pass -> new SpecificationForms(plan, specification));
    }

    /**
     * Goals are that elements of a value, or their negatives, are positive; other units' boxes are what is known of them.
     *
     * @param sides {@code [goals]}: elements, or their number more for negatives
     */
    static DomainBounds ofSides(Plan plan, int value, int[] sides, RootRegion region, int capacity) {
        return new DomainBounds(plan, region, new Crown.Settings(Crown.Units.IBP, false, 0), capacity, sides, List.of(), value,
                pass -> pass.unitForms(value));
    }

    /** The value at which forms begin. */
    int start() {
        return start;
    }

    /**
     * Bounds domains, which take what was found.
     *
     * @param batch  as many domains as there is room for, at most
     * @param steps  of slopes and multipliers, which end early when the time is up
     * @param effort takes the number of domains
     */
    void bound(List<Domain> batch, int steps, Effort effort, Visitor visitor) {
        effort.add(batch.size());
        relax(batch);
        List<Integer> owners = new ArrayList<>();
        List<Integer> inequalities = new ArrayList<>();
        for (int n = 0; n < batch.size(); ++n) {
            for (int i = 0; !batch.get(n).isEmpty() && i < batch.get(n).found().size(); ++i) {
                owners.add(n);
                inequalities.add(isJoint(batch.get(n), i) ? JOINT : first[batch.get(n).goal()] + i);
            }
        }
        List<List<Domain.Found>> found = new ArrayList<>();
        batch.forEach(domain -> found.add(new ArrayList<>()));
        FormRows all = new FormRows(owners.stream().mapToInt(n -> n).toArray(), inequalities.stream().mapToInt(k -> k).toArray());
        for (FormRows chunk : all.chunks(forms)) {
            try (DeviceMemory scratch = new DeviceMemory(backend)) {
                visit(batch, chunk, climb(scratch, batch, chunk, steps, effort, found), visitor);
            }
        }
        for (int n = 0; n < batch.size(); ++n) {
            if (!batch.get(n).isEmpty()) {
                batch.get(n).take(found.get(n));
            }
        }
    }

    /** Ends the optimisation of units' slopes when the time is up. */
    void endWhen(BooleanSupplier isLate) {
        pass.endWhen(isLate);
    }

    /** Bounds units alone. */
    void relax(List<Domain> batch) {
        relax(batch, (value, box) -> cut(batch, value, box));
    }

    /** As {@link #relax(List)}, with more that is known. */
    void relax(List<Domain> batch, CrownPass.Known known) {
        pass.relax(new int[batch.size()], region.of(batch.stream().map(Domain::inputs).toList()), known, end);
        if (end == plan.steps().size()) {
            pass.accountForLogits();
        }
    }

    /** Cuts boxes of a value by what domains know of them, and has the domains know the result. */
    void cut(List<Domain> batch, int value, DeviceBox box) {
        int size = plan.size(value);
        float[] lower = read(box.lower(), batch.size() * size);
        float[] upper = read(box.upper(), batch.size() * size);
        for (int n = 0; n < batch.size(); ++n) {
            Domain domain = batch.get(n);
            if (!domain.isEmpty()) {
                domain.know(domain.units().cut(value, lower, upper, n * size, size));
            }
            if (domain.isEmpty()) { // any box will do
                Arrays.fill(lower, n * size, (n + 1) * size, 0);
                Arrays.fill(upper, n * size, (n + 1) * size, 0);
            }
        }
        backend.write(lower, box.lower());
        backend.write(upper, box.upper());
    }

    private float[] read(DeviceBuffer source, int length) {
        float[] values = new float[length];
        backend.read(source, values);
        return values;
    }

    /** @return the forms' bounds */
    private float[] climb(DeviceMemory scratch, List<Domain> batch, FormRows chunk, int steps, Effort effort,
                       List<List<Domain.Found>> found) {
        List<Domain.Found> before = new ArrayList<>();
        for (int r = 0; r < chunk.count(); ++r) {
            before.add(before(batch.get(chunk.owners()[r]), chunk.forms()[r]));
        }
        CutMultipliers multipliers = new CutMultipliers(scratch, plan, batch.stream().map(Domain::cuts).toList(),
                before.stream().map(Domain.Found::multipliers).toList());
        optimisation.start(chunk, multipliers);
        double[][] weights = before.stream().map(Domain.Found::weights).toArray(double[][]::new);
        enterJoint(batch, chunk, weights);
        optimisation.setSlopes(before.stream().map(Domain.Found::slopes).toList(),
                (r, value, unit) -> batch.get(chunk.owners()[r]).units().isOpen(value, unit));
        float[] best = optimisation.minima();
        for (int r = 0; r < best.length; ++r) { // what holds in a domain holds in its parts
            best[r] = CrownPass.tighter(best[r], before.get(r).lower());
        }
        for (int t = 1; t <= steps && !allProven(batch, chunk, best) && !effort.isLate(); ++t) {
            optimisation.differentiate();
            optimisation.update(t);
            weigh(batch, chunk, weights, t);
            float[] bound = optimisation.minima();
            for (int r = 0; r < best.length; ++r) {
                best[r] = CrownPass.tighter(best[r], bound[r]);
            }
        }
        List<float[]> slopes = optimisation.slopesOf();
        float[][] b = multipliers.read(Arrays.stream(chunk.owners()).map(n -> batch.get(n).cuts().size()).toArray());
        for (int r = 0; r < best.length; ++r) {
            found.get(chunk.owners()[r]).add(new Domain.Found(best[r], slopes.get(r), b[r], weights[r]));
        }
        return best;
    }

    private void enterJoint(List<Domain> batch, FormRows chunk, double[][] weights) {
        for (int r = 0; r < chunk.count(); ++r) {
            if (chunk.forms()[r] == JOINT) {
                Specification.Clause clause = clauses.get(batch.get(chunk.owners()[r]).goal());
                JointForms.Form sum = JointForms.of(clause, weights[r]);
                optimisation.enter(r, sum.coefficients(), hidesALogit(clause, sum) ? Float.NaN : sum.constant());
            }
        }
    }

    /** Of float evaluations a logit may be NaN, of which no inequality holds: where a sum does not depend on it, it must not count. */
    private boolean hidesALogit(Specification.Clause clause, JointForms.Form sum) {
        return Claim.of(plan) == Claim.DEPLOYED && IntStream.range(0, plan.classes()).anyMatch(c -> sum.coefficients()[c] == 0
                && clause.anyOf().stream().anyMatch(inequality -> inequality.coefficients()[c] != 0));
    }

    /** Gives sums of inequalities other weights, after a step's gradients are known. */
    private void weigh(List<Domain> batch, FormRows chunk, double[][] weights, int t) {
        if (IntStream.of(chunk.forms()).allMatch(form -> form != JOINT)) {
            return;
        }
        float[] logits = optimisation.points();
        int classes = plan.classes();
        for (int r = 0; r < chunk.count(); ++r) {
            if (chunk.forms()[r] == JOINT) {
                weights[r] = JointForms.step(clauses.get(batch.get(chunk.owners()[r]).goal()), weights[r],
                        Arrays.copyOfRange(logits, r * classes, (r + 1) * classes), t);
            }
        }
        enterJoint(batch, chunk, weights);
    }

    private Domain.Found before(Domain domain, int form) {
        return domain.found().get(form == JOINT ? domain.found().size() - 1 : form - first[domain.goal()]);
    }

    /** Whether a domain's form with this number is the sum of the others. */
    private static boolean isJoint(Domain domain, int form) {
        return domain.found().get(form).weights().length > 0;
    }

    private static boolean allProven(List<Domain> batch, FormRows chunk, float[] best) {
        boolean[] proven = new boolean[batch.size()];
        for (int r = 0; r < best.length; ++r) {
            proven[chunk.owners()[r]] |= best[r] > 0;
        }
        for (int owner : chunk.owners()) {
            if (!proven[owner]) {
                return false;
            }
        }
        return true;
    }

    private void visit(List<Domain> batch, FormRows chunk, float[] bounds, Visitor visitor) {
        float[][] coefficients = new float[plan.values()][];
        forward.ifPresent(logits -> visitCorners(batch, chunk, logits, visitor));
        Map<Integer, Integer> best = new LinkedHashMap<>();
        for (int r = 0; r < chunk.count(); ++r) {
            best.merge(chunk.owners()[r], r, (a, b) -> CrownPass.tighter(bounds[a], bounds[b]) == bounds[a] ? a : b);
        }
        best.forEach((owner, row) -> visitor.form(batch.get(owner), (value, element) -> {
            if (coefficients[value] == null) {
                coefficients[value] = optimisation.coefficients(value);
            }
            return coefficients[value][row * plan.size(value) + element];
        }));
    }

    private void visitCorners(List<Domain> batch, FormRows chunk, Logits logits, Visitor visitor) {
        int inputs = plan.inputs();
        int classes = plan.classes();
        DeviceBuffer corners = optimisation.corners();
        float[] points = read(corners, chunk.count() * inputs);
        float[] there = read(logits.of(corners, chunk.count()), chunk.count() * classes);
        for (int r = 0; r < chunk.count(); ++r) {
            visitor.corner(batch.get(chunk.owners()[r]), Arrays.copyOfRange(points, r * inputs, (r + 1) * inputs),
                    Arrays.copyOfRange(there, r * classes, (r + 1) * classes));
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
