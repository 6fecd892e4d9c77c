package dev.bulwark.bounds;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A part of a region over which one goal is to be proven: a clause of a specification, or that a unit keeps a sign. A goal has
 * forms, of which one must be positive all over the domain.
 */
final class Domain {

    private final int goal;
    private final Box inputs;
    private final List<Cut> cuts;
    /** What is known of units; empty where no point of the region lies in the domain. */
    private Optional<UnitBoxes> units;
    /** What a pass found for each of the goal's forms; a child begins with its parent's. */
    private List<Found> found;

    /**
     * Of one form.
     *
     * @param lower       its best lower bound; NaN where none is known
     * @param slopes      of the last pass; null for CROWN's own
     * @param multipliers of the domain's first cuts
     * @param weights     of the goal's other forms, which this one is the sum of; else none
     */
    record Found(float lower, float[] slopes, float[] multipliers, double[] weights) {

        static final Found NOTHING = new Found(Float.NaN, null, new float[0], new double[0]);
    }

    private Domain(int goal, Box inputs, List<Cut> cuts, UnitBoxes units, List<Found> found) {
        this.goal = goal;
        this.inputs = inputs;
        this.cuts = cuts;
        this.units = Optional.of(units);
        this.found = found;
    }

    /** All of a region. */
    static Domain root(int goal, int forms, Box inputs, UnitBoxes units) {
        List<Found> nothing = new ArrayList<>();
        for (int i = 0; i < forms; ++i) {
            nothing.add(Found.NOTHING);
        }
        if (forms > 1) {
            nothing.add(new Found(Float.NaN, null, new float[0], JointForms.even(forms)));
        }
        return new Domain(goal, inputs, List.of(), units, nothing);
    }

    /** The part of it within a half-space. */
    Domain within(Cut cut) {
        List<Cut> all = new ArrayList<>(cuts);
        all.add(cut);
        return new Domain(goal, inputs, List.copyOf(all), units.orElseThrow().within(cut), found);
    }

    /** The part of it whose inputs lie in a box. */
    Domain within(Box part) {
        return new Domain(goal, part, cuts, units.orElseThrow(), found);
    }

    int goal() {
        return goal;
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

    /** A lower bound of the largest of its forms everywhere in the domain; infinite where there is no point in it. */
    float lower() {
        float best = Float.NaN;
        for (Found of : found) {
            best = CrownPass.tighter(best, of.lower);
        }
        return isEmpty() ? Float.POSITIVE_INFINITY : best;
    }

    /** Whether the goal holds in all of it. */
    boolean isProven() {
        return lower() > 0;
    }
}
