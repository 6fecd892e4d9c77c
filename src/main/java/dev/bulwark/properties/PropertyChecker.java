package dev.bulwark.properties;

import dev.bulwark.bounds.BranchAndBound;
import dev.bulwark.bounds.Box;
import dev.bulwark.bounds.Method;
import dev.bulwark.bounds.Specification;
import dev.bulwark.bounds.Verdict;
import dev.bulwark.bounds.Verifier;
import dev.bulwark.model.io.vnnlib.Property;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Decides a property by what is cheap, first: a short search for a counterexample, then bounds, method after method, then a
 * longer search where these leave a box open.
 */
public final class PropertyChecker {

    /** Whatever one of these proves, a later one would: the cheapest decides. */
    private static final List<Method> METHODS = List.of(Method.IBP, Method.CROWN_IBP, Method.CROWN);
    private static final int FIRST_ROUNDS = 2;
    private static final int MORE_ROUNDS = 30;

    private final Plan plan;
    private final Property property;
    private final BooleanSupplier late;

    /**
     * @param plan must outlive this object
     * @param late whether the time is up; asked between steps
     * @throws IllegalArgumentException if the property is not about such a network
     */
    public PropertyChecker(Plan plan, Property property, BooleanSupplier late) {
        if (property.inputs() != plan.inputs() || property.outputs() != plan.classes()) {
            throw new IllegalArgumentException("the property speaks of " + property.inputs() + " inputs and " + property.outputs()
                    + " outputs, the network has " + plan.inputs() + " and " + plan.classes());
        }
        this.plan = plan;
        this.property = property;
        this.late = late;
    }

    /** @param seed of the search's starting points */
    public Decision decide(long seed) {
        return decide(seed, Long.MAX_VALUE);
    }

    /**
     * As {@link #decide(long)}.
     *
     * @param domains that branch and bound may take for a box
     */
    public Decision decide(long seed, long domains) {
        return decide(seed, MORE_ROUNDS, domains);
    }

    /**
     * As {@link #decide(long)}.
     *
     * @param rounds  of starting points for what bounds leave open
     * @param domains that branch and bound may take for a box
     */
    Decision decide(long seed, int rounds, long domains) {
        try (CounterexampleSearch search = new CounterexampleSearch(plan, seed)) {
            Optional<Decision> found = search(search, property.queries(), 0, FIRST_ROUNDS);
            if (found.isPresent()) {
                return found.get();
            }
            List<Property.Query> open = new ArrayList<>();
            List<String> reasons = new ArrayList<>();
            for (Property.Query query : property.queries()) {
                if (late.getAsBoolean()) {
                    return new Decision.Timeout();
                }
                Decision decision = decide(query, search, domains);
                if (decision instanceof Decision.Sat || decision instanceof Decision.Timeout) {
                    return decision;
                }
                if (decision instanceof Decision.Unknown unknown) {
                    open.add(query);
                    reasons.add(unknown.reason());
                }
            }
            if (open.isEmpty()) {
                return new Decision.Unsat();
            }
            return search(search, open, FIRST_ROUNDS, rounds).orElseGet(() -> new Decision.Unknown(
                    open.size() + " of " + property.queries().size() + " boxes are open, and no counterexample was found: "
                            + reasons.get(0)));
        }
    }

    /** A counterexample, or that the time was up while it was looked for. */
    private Optional<Decision> search(CounterexampleSearch search, List<Property.Query> queries, int from, int rounds) {
        for (int round = from; round < from + rounds; ++round) {
            for (Property.Query query : queries) {
                Optional<Witness> witness = search.search(query, round);
                if (witness.isPresent()) {
                    return Optional.of(new Decision.Sat(witness.get()));
                }
                if (late.getAsBoolean()) {
                    return Optional.of(new Decision.Timeout());
                }
            }
        }
        return Optional.empty();
    }

    /** One box: by bounds of all of it, then by branch and bound with searches in between. */
    private Decision decide(Property.Query query, CounterexampleSearch search, long domains) {
        Optional<Specification> safe = SafeOutputs.of(property.outputs(), query.unsafe());
        if (safe.isEmpty()) {
            return new Decision.Unknown("its constraints can't be said in floats");
        }
        Box box = new DecimalBox(query.lower(), query.upper()).around();
        if (isSafe(box, safe.get())) {
            return new Decision.Unsat();
        }
        Pursuit pursuit = new Pursuit(query, search, FIRST_ROUNDS, late);
        Verdict verdict = new BranchAndBound(plan).search(box, safe.get(), pursuit::stops, domains, pursuit::breaks)
                .verdict();
        if (pursuit.witness().isPresent()) {
            return new Decision.Sat(pursuit.witness().get());
        }
        if (verdict instanceof Verdict.Certified) {
            return new Decision.Unsat();
        }
        return late.getAsBoolean() ? new Decision.Timeout() : new Decision.Unknown(((Verdict.Undecided) verdict).reason());
    }

    /** Whether bounds of all of a box prove that no input of it has unsafe outputs. */
    private boolean isSafe(Box box, Specification safe) {
        float[] best = new float[safe.inequalities().size()];
        Arrays.fill(best, Float.NaN);
        for (Method method : METHODS) {
            if (late.getAsBoolean()) {
                return false;
            }
            try (Verifier verifier = method.verifier(plan)) {
                float[] lower = verifier.lowerBounds(box, safe);
                for (int k = 0; k < best.length; ++k) {
                    best[k] = lower[k] > best[k] || Float.isNaN(best[k]) ? lower[k] : best[k];
                }
            }
            if (safe.provenBy(k -> best[k])) {
                return true;
            }
        }
        return false;
    }
}
