package dev.bulwark.bounds;

import dev.bulwark.device.DeviceMemory;
import dev.bulwark.plan.DeviceBox;
import dev.bulwark.plan.Plan;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Branch and bound: a region is split into domains until bounds prove a specification in each of them, or a point breaks it.
 * Where few inputs may change, these are split; else units before activations are, whose half-spaces enter the bounds by
 * multipliers that are optimised with the slopes (beta-CROWN, Wang et al. 2021). Which unit to split is tried out for a few
 * that promise most (Bunel et al. 2020; De Palma et al. 2021).
 */
public final class BranchAndBound {

    /** Of the memory that this process may take, what open domains may. */
    private static final double SHARE_OF_MEMORY = 0.25;

    private final Plan plan;
    private final Settings settings;
    private final long memory;

    /**
     * How to search.
     *
     * @param rootSteps  of the slopes of units' and clauses' forms over the whole region
     * @param steps      of the slopes and multipliers of a domain
     * @param unitRounds in which each side of a hidden unit is split, to bound it better
     * @param mostRounds of these, of a search that goes on: twice as many each time
     * @param candidates ways to split a domain that are tried out
     * @param fewInputs  inputs are split rather than units where no more than these may change
     * @param batch      domains that are bounded together
     */
    public record Settings(int rootSteps, int steps, int unitRounds, int mostRounds, int candidates, int fewInputs, int batch) {

        public static final Settings DEFAULT = new Settings(Crown.DEFAULT_STEPS, 10, 16, 256, 3, 20, 128);
    }

    /**
     * What the search comes to.
     *
     * @param lower   of each clause, a lower bound of the largest of its inequalities' left sides: over the region where it
     *                was searched to the end
     * @param domains that were bounded
     */
    public record Result(Verdict verdict, float[] lower, long domains) {
    }

    public BranchAndBound(Plan plan) {
        this(plan, Settings.DEFAULT);
    }

    public BranchAndBound(Plan plan, Settings settings) {
        this(plan, settings, (long) (SHARE_OF_MEMORY * Runtime.getRuntime().maxMemory()));
    }

    /** @param memory bytes that open domains may take */
    BranchAndBound(Plan plan, Settings settings, long memory) {
        this.plan = plan;
        this.settings = settings;
        this.memory = memory;
    }

    /**
     * Searches a region.
     *
     * @param late    whether to stop; asked in between
     * @param most    domains to bound, at most, but for the rest of a batch
     * @param breaks  whether a point of the region is a counterexample; asked where floats say so
     * @throws IllegalArgumentException if the region or the specification is not the network's
     */
    public Result search(Region region, Specification specification, BooleanSupplier late, long most,
                         Predicate<float[]> breaks) {
        try (DeviceMemory memory = new DeviceMemory(plan.backend())) {
            int batch = Math.max(2, Math.min(settings.batch, plan.imagesPerCall()));
            RootRegion root = new RootRegion(memory, plan, region, batch);
            boolean few = root.isBox() && root.free() <= settings.fewInputs;
            Effort effort = new Effort(late, most);
            return (few ? new ByInputs(memory, root, specification, effort, breaks, batch)
                    : new ByUnits(memory, root, specification, effort, breaks, batch)).run();
        }
    }

    /** One search. */
    private abstract class Search implements DomainBounds.Visitor {

        final RootRegion root;
        final Specification specification;
        final int batch;
        final Effort effort;
        final DomainBounds bounds;
        private final float[] lower;
        private final Deque<Domain> open = new ArrayDeque<>();
        /** Of the batch's domains, where each may be split. */
        final Map<Domain, List<Branching.Candidate>> candidates = new HashMap<>();
        private final Counterexamples counterexamples;
        /** Those that bounds leave open and nothing can be split in. */
        private final List<Domain> stuck = new ArrayList<>();

        /** @param units how their boxes are bounded in each domain */
        Search(DeviceMemory memory, RootRegion root, Specification specification, Effort effort, Predicate<float[]> breaks,
               int batch, Crown.Units units) {
            this.root = root;
            this.specification = specification;
            this.batch = batch;
            this.effort = effort;
            this.bounds = memory.owning(DomainBounds.ofClauses(plan, specification, root,
                    new Crown.Settings(units, false, 0), batch));
            this.counterexamples = new Counterexamples(memory, plan, specification, root, batch, breaks,
                    effort::isLate);
            this.lower = new float[specification.clauses().size()];
            Arrays.fill(lower, Float.POSITIVE_INFINITY);
        }

        Result run() {
            List<Domain> roots = new ArrayList<>();
            counterexamples.tryPoints();
            if (counterexamples.found().isPresent()) {
                Arrays.fill(lower, Float.NEGATIVE_INFINITY); // nothing was bounded
                return result(new Verdict.Falsified(counterexamples.found().get()));
            }
            UnitBoxes units = rootUnits();
            for (int clause = 0; clause < lower.length; ++clause) {
                roots.add(Domain.root(clause, specification.clauses().get(clause).anyOf().size(), root.box(), units));
            }
            for (int from = 0; from < roots.size(); from += batch) {
                settle(roots.subList(from, Math.min(from + batch, roots.size())), settings.rootSteps);
            }
            while (!open.isEmpty() && counterexamples.found().isEmpty()) {
                if (effort.isLate()) {
                    return result(new Verdict.Undecided("the time is up, with " + open.size() + " domains open"));
                }
                if (effort.isSpent()) {
                    return result(new Verdict.Undecided(
                            "the limit of " + effort.most() + " domains is reached, with " + open.size() + " open"));
                }
                if (open.size() > room()) {
                    return result(new Verdict.Undecided("the memory for open domains is full, with " + open.size() + " of them"));
                }
                List<Domain> parents = new ArrayList<>();
                while (!open.isEmpty() && parents.size() < batch / 2) {
                    Domain parent = open.pop();
                    (candidates.getOrDefault(parent, List.of()).isEmpty() ? stuck : parents).add(parent);
                }
                if (stuck.size() >= batch) { // what can't be certified any more is worth no long search for a counterexample
                    parents.forEach(open::push);
                    break;
                }
                List<Domain> children = parents.isEmpty() ? List.of() : split(parents);
                settle(children, settings.steps);
                learn().ifPresent(this::restart);
            }
            if (counterexamples.found().isPresent()) {
                return result(new Verdict.Falsified(counterexamples.found().get()));
            }
            return result(stuck.isEmpty() ? new Verdict.Certified(Claim.of(plan)) : new Verdict.Undecided(
                    "bounds leave " + stuck.size() + " domains open in which nothing is left to split"));
        }

        /** Open domains that there is memory for: each has slopes of its forms, and boxes of its units. */
        private long room() {
            long units = IntStream.range(1, plan.values()).mapToLong(plan::size).sum();
            long forms = specification.clauses().stream().mapToInt(clause -> clause.anyOf().size()).max().orElseThrow();
            return memory / (Float.BYTES * ((forms + 3) * units + 2L * plan.inputs()));
        }

        /** What is known of units in the whole region, to begin with. */
        abstract UnitBoxes rootUnits();

        /** The children of some domains, all of which can be split. */
        abstract List<Domain> split(List<Domain> parents);

        /** Better bounds of units in the whole region, where the search has become long enough to pay for them. */
        Optional<UnitBoxes> learn() {
            return Optional.empty();
        }

        /** Goes on with units' bounds that hold in every domain. */
        private void restart(UnitBoxes better) {
            List<Domain> all = new ArrayList<>(open);
            open.clear();
            all.forEach(domain -> domain.know(domain.units().within(better)));
            for (int from = all.size(); from > 0; from -= batch) { // what was split last stays on top
                List<Domain> part = all.subList(Math.max(0, from - batch), from);
                if (effort.isLate()) {
                    part.forEach(open::push);
                } else {
                    settle(part, settings.steps);
                }
            }
        }

        private void settle(List<Domain> batchOf, int steps) {
            if (batchOf.isEmpty()) {
                return;
            }
            bounds.bound(batchOf, steps, effort, this);
            counterexamples.tryCorners();
            List<Domain> left = new ArrayList<>();
            for (Domain domain : batchOf) {
                if (domain.isProven()) {
                    lower[domain.goal()] = Math.min(lower[domain.goal()], domain.lower());
                    candidates.remove(domain);
                } else {
                    left.add(domain);
                }
            }
            // The one that looks most like a counterexample is split first.
            left.sort((a, b) -> Float.compare(known(b.lower()), known(a.lower())));
            left.forEach(open::push);
        }

        private static float known(float bound) {
            return Float.isNaN(bound) ? Float.NEGATIVE_INFINITY : bound;
        }

        private Result result(Verdict verdict) {
            open.addAll(stuck);
            for (Domain domain : open) {
                lower[domain.goal()] = Math.min(lower[domain.goal()], known(domain.lower()));
            }
            return new Result(verdict, lower, effort.domains());
        }

        @Override
        public void corner(Domain domain, float[] point, float[] logits) {
            counterexamples.corner(domain.goal(), point, logits);
        }
    }

    /** Domains are boxes of inputs; in each, units are bounded anew. */
    private final class ByInputs extends Search {

        ByInputs(DeviceMemory memory, RootRegion root, Specification specification, Effort effort, Predicate<float[]> breaks,
                 int batch) {
            super(memory, root, specification, effort, breaks, batch, Crown.Units.CROWN);
        }

        @Override
        UnitBoxes rootUnits() {
            return UnitBoxes.unknown(plan);
        }

        @Override
        List<Domain> split(List<Domain> parents) {
            List<Domain> children = new ArrayList<>();
            for (Domain parent : parents) {
                children.addAll(candidates.remove(parent).get(0).split(parent));
            }
            return children;
        }

        @Override
        public void form(Domain domain, Branching.Coefficients form) {
            candidates.put(domain, Branching.inputs(domain, form));
        }
    }

    /** Domains are all inputs, with half-spaces of units. */
    private final class ByUnits extends Search {

        /** Of units, in the whole region. */
        private UnitBoxes known;
        /** What {@link #known} comes from: rounds, the domains that the last of them took, and how many there were by then. */
        private int rounds;
        private long searched;
        private long learned;

        ByUnits(DeviceMemory memory, RootRegion root, Specification specification, Effort effort, Predicate<float[]> breaks,
                int batch) {
            super(memory, root, specification, effort, breaks, batch, Crown.Units.IBP);
        }

        @Override
        UnitBoxes rootUnits() {
            known = search(UnitBoxes.unknown(plan), settings.unitRounds);
            searched = effort.domains();
            learned = searched;
            rounds = settings.unitRounds;
            return known;
        }

        /** Twice the rounds, where all splitting since has taken as many domains as the last ones. */
        @Override
        Optional<UnitBoxes> learn() {
            long since = effort.domains() - learned;
            if (rounds == 0 || rounds >= settings.mostRounds || since < searched || effort.isHalfSpent()) {
                return Optional.empty();
            }
            rounds *= 2;
            long before = effort.domains();
            known = search(known, rounds);
            learned = effort.domains();
            searched = learned - before;
            return Optional.of(known);
        }

        private UnitBoxes search(UnitBoxes before, int rounds) {
            try (DomainBounds whole = DomainBounds.ofClauses(plan, specification, root,
                    new Crown.Settings(Crown.Units.CROWN, false, 0, settings.rootSteps), 1)) {
                whole.endWhen(effort::isLate);
                List<Domain> domain = List.of(Domain.root(0, 0, root.box(), before));
                whole.relax(domain, new CrownPass.Known() {
                    @Override
                    public void cut(int value, DeviceBox box) {
                        whole.cut(domain, value, box);
                    }

                    @Override
                    public void finish(int value, DeviceBox box) {
                        whole.cut(domain, value, box);
                        if (settings.unitRounds > 0 && !effort.isHalfSpent()) {
                            domain.get(0).know(new UnitSearch(plan, root, settings, rounds, batch, effort)
                                    .tighten(value, domain.get(0).units()));
                            whole.cut(domain, value, box);
                        }
                    }
                });
                return domain.get(0).units();
            }
        }

        @Override
        public void form(Domain domain, Branching.Coefficients form) {
            if (!domain.isProven()) {
                List<Branching.Candidate> ways = Branching.units(plan, bounds.start(), domain, form);
                if (ways.isEmpty() && root.isBox()) { // multipliers alone have not come far enough
                    ways = Branching.inputs(domain, form);
                }
                candidates.put(domain, ways.stream().limit(settings.candidates).toList());
            }
        }

        /** By the candidate whose worse child is best. */
        @Override
        List<Domain> split(List<Domain> parents) {
            List<List<Domain>> tries = new ArrayList<>();
            List<Integer> owners = new ArrayList<>();
            for (int n = 0; n < parents.size(); ++n) {
                for (Branching.Candidate way : candidates.remove(parents.get(n))) {
                    tries.add(way.split(parents.get(n)));
                    owners.add(n);
                }
            }
            List<Domain> all = tries.stream().flatMap(List::stream).toList();
            for (int from = 0; from < all.size(); from += batch) {
                bounds.bound(all.subList(from, Math.min(from + batch, all.size())), 0, effort, NOTHING);
            }
            List<List<Domain>> best = new ArrayList<>();
            for (int t = 0; t < tries.size(); ++t) {
                if (owners.get(t) == best.size()) {
                    best.add(tries.get(t));
                } else if (worse(tries.get(t)) > worse(best.get(owners.get(t)))) {
                    best.set(owners.get(t), tries.get(t));
                }
            }
            return best.stream().flatMap(List::stream).toList();
        }

        private double worse(List<Domain> children) {
            return children.stream().mapToDouble(Domain::lower).min().orElseThrow();
        }
    }

    private static final DomainBounds.Visitor NOTHING = new DomainBounds.Visitor() {
    };
}
