package dev.bulwark.bounds;

import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Bounds hidden units better than one set of lines can: the region is split for each side of each open unit, at units of earlier
 * layers, some rounds long and always where the bound is worst. All that follows is then relaxed more tightly.
 */
final class UnitSearch {

    /** Domains that one value's sides may be split into, and slopes that these may keep: large networks have fewer rounds. */
    private static final long MOST_DOMAINS = 1 << 15;
    private static final long MOST_SLOPES = 1L << 28;

    private final Plan plan;
    private final RootRegion region;
    private final BranchAndBound.Settings settings;
    private final int most;
    /** Domains that are bounded together, which is what the region has room for. */
    private final int batch;
    private final Effort effort;

    /** @param most rounds, where there is room for them */
    UnitSearch(Plan plan, RootRegion region, BranchAndBound.Settings settings, int most, int batch, Effort effort) {
        this.plan = plan;
        this.region = region;
        this.settings = settings;
        this.most = most;
        this.batch = batch;
        this.effort = effort;
    }

    /** What is known of units, with better bounds of a value's. */
    UnitBoxes tighten(int value, UnitBoxes known) {
        int[] sides = known.openSides(value);
        int rounds = rounds(sides.length);
        if (rounds == 0) {
            return known;
        }
        try (DomainBounds bounds = DomainBounds.ofSides(plan, value, sides, region, batch)) {
            List<Side> all = new ArrayList<>();
            List<Domain> roots = new ArrayList<>();
            for (int goal = 0; goal < sides.length; ++goal) {
                all.add(new Side());
                roots.add(Domain.root(goal, 1, region.box(), known));
            }
            Map<Domain, Branching.Candidate> ways = new HashMap<>();
            settle(bounds, roots, settings.steps(), all, ways);
            for (int round = 0; round < rounds && !effort.isHalfSpent(); ++round) {
                List<Domain> children = new ArrayList<>();
                for (Side side : all) {
                    Domain worst = side.leaves.peek();
                    if (worst != null && !worst.isProven() && ways.containsKey(worst)) {
                        children.addAll(ways.remove(side.leaves.poll()).split(worst));
                    }
                }
                settle(bounds, children, settings.steps(), all, ways);
            }
            return known.with(value, sides, all.stream().map(Side::lower).toList());
        }
    }

    private int rounds(long sides) {
        long units = plan.steps().stream().filter(step -> step instanceof Step.Relu || step instanceof Step.Activation)
                .mapToInt(step -> plan.size(step.to())).sum();
        return sides == 0 ? 0 : (int) Math.min(most,
                Math.min(MOST_DOMAINS / sides, MOST_SLOPES / (sides * Math.max(1, units))));
    }

    /** The parts of a region for one side; a bound of it is that of the worst. */
    private static final class Side {
        private final PriorityQueue<Domain> leaves = new PriorityQueue<>(Comparator.comparing(Side::known));

        /** What is unknown is worst. */
        private static float known(Domain leaf) {
            return Float.isNaN(leaf.lower()) ? Float.NEGATIVE_INFINITY : leaf.lower();
        }

        float lower() {
            return leaves.stream().map(Side::known).min(Comparator.naturalOrder()).orElse(Float.NaN);
        }
    }

    private void settle(DomainBounds bounds, List<Domain> domains, int steps, List<Side> sides,
                        Map<Domain, Branching.Candidate> ways) {
        DomainBounds.Visitor visitor = new DomainBounds.Visitor() {
            @Override
            public void form(Domain domain, Branching.Coefficients form) {
                Branching.units(plan, bounds.start(), domain, form).stream().findFirst().ifPresent(way -> ways.put(domain, way));
            }
        };
        for (int from = 0; from < domains.size(); from += batch) {
            List<Domain> part = domains.subList(from, Math.min(from + batch, domains.size()));
            if (!effort.isHalfSpent()) { // else they know what their parents do
                bounds.bound(part, steps, effort, visitor);
            }
            part.forEach(domain -> sides.get(domain.goal()).leaves.add(domain));
        }
    }
}
