package dev.bulwark.bounds;

import dev.bulwark.device.Activation;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Where a domain may be split in two, the more promising first. */
final class Branching {

    /**
     * Of forms that are positive at a unit, next to those that are negative: their slopes are as good as the worst point allows, so
     * that splits gain little.
     */
    private static final double LEANING = 0.01;

    /** Of the largest coefficient: what an input counts whose own is smaller, for relaxed units hide what depends on it. */
    private static final double FLOOR = 0.05;

    private Branching() {
    }

    /**
     * A way to split.
     *
     * @param score about how much the bound may gain
     */
    record Candidate(int value, int unit, float threshold, float scale, double score) {

        List<Domain> split(Domain domain) {
            if (value == 0) {
                float[] middle = domain.inputs().upper();
                float[] start = domain.inputs().lower();
                middle[unit] = threshold;
                start[unit] = threshold;
                return List.of(domain.within(new Box(domain.inputs().lower(), middle)),
                        domain.within(new Box(start, domain.inputs().upper())));
            }
            return List.of(domain.within(new Cut(value, unit, threshold, false, scale)),
                    domain.within(new Cut(value, unit, threshold, true, scale)));
        }
    }

    /** A form's coefficients at a value. */
    interface Coefficients {
        float at(int value, int element);
    }

    /** Inputs that have more than one float, in the middle. */
    static List<Candidate> inputs(Domain domain, Coefficients form) {
        List<Candidate> candidates = new ArrayList<>();
        Box box = domain.inputs();
        float most = Float.MIN_NORMAL;
        for (int i = 0; i < box.size(); ++i) {
            most = Math.max(most, Math.abs(form.at(0, i)));
        }
        for (int i = 0; i < box.size(); ++i) {
            float middle = (float) (0.5 * ((double) box.lower(i) + box.upper(i)));
            if (box.lower(i) < middle && middle < box.upper(i)) {
                candidates.add(new Candidate(0, i, middle, 0,
                        (Math.abs(form.at(0, i)) + FLOOR * most) * ((double) box.upper(i) - box.lower(i))));
            }
        }
        return sorted(candidates);
    }

    /**
     * Units before activations, at a bend, or in the middle where there is none.
     *
     * @param start the value at which forms begin
     */
    static List<Candidate> units(Plan plan, int start, Domain domain, Coefficients form) {
        List<Candidate> candidates = new ArrayList<>();
        for (Step step : plan.steps().subList(0, start)) {
            if (step instanceof Step.Relu || step instanceof Step.Activation) {
                int value = step.reads()[0];
                for (int j = 0; domain.units().knows(value) && j < plan.size(value); ++j) {
                    float l = domain.units().lower(value, j);
                    float u = domain.units().upper(value, j);
                    float at = threshold(step, l, u);
                    float a = form.at(step.to(), j);
                    if (l < at && at < u && a != 0) {
                        double gap = ((double) at - l) * ((double) u - at) / ((double) u - l);
                        candidates.add(new Candidate(value, j, at, Math.abs(a), gap * (a < 0 ? -a : LEANING * a)));
                    }
                }
            }
        }
        return sorted(candidates);
    }

    private static float threshold(Step step, float lower, float upper) {
        if (step instanceof Step.Relu) {
            return 0;
        }
        Activation function = ((Step.Activation) step).function();
        if (Float.isNaN(function.firstBend())) {
            return lower < 0 && 0 < upper ? 0 : (float) (0.5 * ((double) lower + upper));
        }
        return lower < function.firstBend() && function.firstBend() < upper ? function.firstBend() : function.lastBend();
    }

    private static List<Candidate> sorted(List<Candidate> candidates) {
        candidates.sort(Comparator.comparingDouble(Candidate::score).reversed());
        return candidates;
    }
}
