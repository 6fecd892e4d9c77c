package dev.bulwark.bounds;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A part of a region over which one clause of a specification is to be proven. */
final class Domain {

    private final int clause;
    private final Box inputs;
    private final List<Cut> cuts;
    /** What is known of units; empty where no point of the region lies in the domain. */
    private Optional<UnitBoxes> units;
    /** What a pass found for each of the clause's inequalities; a child begins with its parent's. */
    private List<Found> found;

    /**
     * Of one inequality.
     *
     * @param lower       the best lower bound of its left side; NaN where none is known
     * @param slopes      of the last pass; null for CROWN's own
     * @param multipliers of the domain's first cuts
     */
    record Found(float lower, float[] slopes, float[] multipliers) {

        static final Found NOTHING = new Found(Float.NaN, null, new float[0]);
    }

    private Domain(int clause, Box inputs, List<Cut> cuts, UnitBoxes units, List<Found> found) {
        this.clause = clause;
        this.inputs = inputs;
        this.cuts = cuts;
        this.units = Optional.of(units);
        this.found = found;
    }

    /** All of a region. */
    static Domain root(int clause, int inequalities, Box inputs, UnitBoxes units) {
        List<Found> nothing = new ArrayList<>();
        for (int i = 0; i < inequalities; ++i) {
            nothing.add(Found.NOTHING);
        }
        return new Domain(clause, inputs, List.of(), units, nothing);
    }

    /** The part of it within a half-space. */
    Domain within(Cut cut) {
        List<Cut> all = new ArrayList<>(cuts);
        all.add(cut);
        return new Domain(clause, inputs, List.copyOf(all), units.orElseThrow().within(cut), found);
    }

    /** The part of it whose inputs lie in a box. */
    Domain within(Box part) {
        return new Domain(clause, part, cuts, units.orElseThrow(), found);
    }

    int clause() {
        return clause;
    }

    Box inputs() {
        return inputs;
    }

    List<Cut> cuts() {
        return cuts;
    }

    UnitBoxes units() {
        return units.orElseThrow();
    }

    boolean isEmpty() {
        return units.isEmpty();
    }

    List<Found> found() {
        return found;
    }

    /** @param tighter boxes of units; null where there is no such point */
    void know(UnitBoxes tighter) {
        units = units.isEmpty() ? units : Optional.ofNullable(tighter);
    }

    void take(List<Found> news) {
        found = List.copyOf(news);
    }

    /** A lower bound of how far the clause holds everywhere in the domain; infinite where there is no point in it. */
    float lower() {
        float best = Float.NaN;
        for (Found of : found) {
            best = CrownPass.tighter(best, of.lower);
        }
        return isEmpty() ? Float.POSITIVE_INFINITY : best;
    }

    /** Whether the clause holds in all of it. */
    boolean isProven() {
        return lower() > 0;
    }
}
