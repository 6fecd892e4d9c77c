package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Bounds batches of domains: each domain is a row of a batch, with its own boxes, cuts, slopes and multipliers. */
final class DomainBounds implements AutoCloseable {

    private final Backend backend;
    private final Plan plan;
    private final Specification specification;
    private final RootRegion region;
    private final DeviceMemory memory;
    private final int capacity;
    private final CrownPass pass;
    private final AlphaOptimisation optimisation;
    private final int forms;
    private final Logits forward;
    /** Of each clause, its first inequality. */
    private final int[] first;

    /** What is wanted of forms besides their bounds, while a pass's results are still there. */
    interface Visitor {

        /** @param form coefficients of the last pass */
        void form(Domain domain, Branching.Coefficients form);

        /**
         * @param point  {@code [D]}: where the form of a domain's clause is least in it
         * @param logits {@code [classes]} there, in float
         */
        void corner(Domain domain, float[] point, float[] logits);
    }

    /**
     * @param settings how boxes of units are bounded
     * @param capacity domains of a batch
     */
    DomainBounds(Plan plan, Specification specification, RootRegion region, Crown.Settings settings, int capacity) {
        this.backend = plan.backend();
        this.plan = plan;
        this.specification = specification;
        this.region = region;
        this.capacity = capacity;
        this.first = new int[specification.clauses().size()];
        for (int k = 1; k < first.length; ++k) {
            first[k] = first[k - 1] + specification.clauses().get(k - 1).anyOf().size();
        }
        int most = specification.clauses().stream().mapToInt(clause -> clause.anyOf().size()).max().orElseThrow();
        int last = plan.values() - 1;
        this.forms = BackwardPass.together(plan, last, AlphaOptimisation.kept(plan, last), (long) capacity * most);
        SpecificationForms entries = new SpecificationForms(plan, specification);
        try (DeviceMemory building = new DeviceMemory(backend)) {
            pass = new CrownPass(building, plan, capacity, Crown.forms(plan, capacity), settings);
            optimisation = new AlphaOptimisation(building, plan, pass, entries, forms);
            forward = new Logits(building, plan, forms);
            memory = building.handOver();
        }
    }

    int capacity() {
        return capacity;
    }

    /**
     * Bounds domains, which take what was found.
     *
     * @param batch up to {@link #capacity} domains
     * @param steps of slopes and multipliers
     */
    void bound(List<Domain> batch, int steps, Visitor visitor) {
        relax(batch);
        List<Integer> owners = new ArrayList<>();
        List<Integer> inequalities = new ArrayList<>();
        for (int n = 0; n < batch.size(); ++n) {
            for (int i = 0; !batch.get(n).isEmpty() && i < batch.get(n).found().size(); ++i) {
                owners.add(n);
                inequalities.add(first[batch.get(n).clause()] + i);
            }
        }
        List<List<Domain.Found>> found = new ArrayList<>();
        batch.forEach(domain -> found.add(new ArrayList<>()));
        FormRows all = new FormRows(owners.stream().mapToInt(n -> n).toArray(), inequalities.stream().mapToInt(k -> k).toArray());
        for (FormRows chunk : all.chunks(forms)) {
            try (DeviceMemory scratch = new DeviceMemory(backend)) {
                climb(scratch, batch, chunk, steps, found);
                visit(batch, chunk, visitor);
            }
        }
        for (int n = 0; n < batch.size(); ++n) {
            if (!batch.get(n).isEmpty()) {
                batch.get(n).take(found.get(n));
            }
        }
    }

    /** Bounds units alone. */
    void relax(List<Domain> batch) {
        pass.relax(new int[batch.size()], region.of(batch.stream().map(Domain::inputs).toList()), (value, box) -> {
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
        });
        pass.accountForLogits();
    }

    private float[] read(DeviceBuffer source, int length) {
        float[] values = new float[length];
        backend.read(source, values);
        return values;
    }

    private void climb(DeviceMemory scratch, List<Domain> batch, FormRows chunk, int steps,
                       List<List<Domain.Found>> found) {
        List<Domain.Found> before = new ArrayList<>();
        for (int r = 0; r < chunk.count(); ++r) {
            before.add(before(batch.get(chunk.owners()[r]), chunk.forms()[r]));
        }
        CutMultipliers multipliers = new CutMultipliers(scratch, plan, batch.stream().map(Domain::cuts).toList(),
                before.stream().map(Domain.Found::multipliers).toList());
        optimisation.start(chunk, multipliers);
        optimisation.setSlopes(before.stream().map(Domain.Found::slopes).toList(), (r, value, unit) -> batch.get(chunk.owners()[r]).units().isOpen(value, unit));
        float[] best = optimisation.minima();
        for (int r = 0; r < best.length; ++r) { // what holds in a domain holds in its parts
            best[r] = CrownPass.tighter(best[r], before.get(r).lower());
        }
        for (int t = 1; t <= steps && !allProven(batch, chunk, best); ++t) {
            optimisation.differentiate();
            optimisation.update(t);
            float[] bound = optimisation.minima();
            for (int r = 0; r < best.length; ++r) {
                best[r] = CrownPass.tighter(best[r], bound[r]);
            }
        }
        List<float[]> slopes = optimisation.slopesOf();
        float[][] b = multipliers.read(Arrays.stream(chunk.owners()).map(n -> batch.get(n).cuts().size()).toArray());
        for (int r = 0; r < best.length; ++r) {
            found.get(chunk.owners()[r]).add(new Domain.Found(best[r], slopes.get(r), b[r]));
        }
    }

    private Domain.Found before(Domain domain, int inequality) {
        return domain.found().get(inequality - first[domain.clause()]);
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

    private void visit(List<Domain> batch, FormRows chunk, Visitor visitor) {
        float[][] coefficients = new float[plan.values()][];
        int inputs = plan.inputs();
        DeviceBuffer corners = optimisation.corners();
        float[] points = read(corners, chunk.count() * inputs);
        float[] logits = read(forward.of(corners, chunk.count()), chunk.count() * plan.classes());
        for (int r = 0; r < chunk.count(); ++r) {
            Domain domain = batch.get(chunk.owners()[r]);
            int row = r;
            visitor.corner(domain, Arrays.copyOfRange(points, r * inputs, (r + 1) * inputs),
                    Arrays.copyOfRange(logits, r * plan.classes(), (r + 1) * plan.classes()));
            visitor.form(domain, (value, element) -> {
                if (coefficients[value] == null) {
                    coefficients[value] = optimisation.coefficients(value);
                }
                return coefficients[value][row * plan.size(value) + element];
            });
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
