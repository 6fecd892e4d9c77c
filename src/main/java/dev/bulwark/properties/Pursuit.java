package dev.bulwark.properties;

import dev.bulwark.model.io.vnnlib.Property;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Looks for a counterexample in a box while branch and bound goes on: at the points that it names, and now and then elsewhere. */
final class Pursuit {

    /** Of the time. */
    private static final double SHARE = 0.1;

    private final Property.Query query;
    private final CounterexampleSearch search;
    private final BooleanSupplier late;
    private final long start = System.nanoTime();
    private long spent;
    private int round;
    /** The first that was found: nothing that is tried afterwards takes its place. */
    private Optional<Witness> witness = Optional.empty();

    /**
     * @param round the search's first
     * @param late  whether the time is up
     */
    Pursuit(Property.Query query, CounterexampleSearch search, int round, BooleanSupplier late) {
        this.query = query;
        this.search = search;
        this.round = round;
        this.late = late;
    }

    Optional<Witness> witness() {
        return witness;
    }

    /** Whether a point is a counterexample. */
    boolean breaks(float[] point) {
        Optional<Witness> found = search.at(query, point);
        witness = witness.or(() -> found);
        return found.isPresent();
    }

    /** Whether branch and bound may stop; searches for a share of the time before it answers. */
    boolean stops() {
        long now = System.nanoTime();
        if (witness.isEmpty() && spent < SHARE * (now - start)) {
            witness = search.search(query, round++);
            spent += System.nanoTime() - now;
        }
        return witness.isPresent() || late.getAsBoolean();
    }
}
