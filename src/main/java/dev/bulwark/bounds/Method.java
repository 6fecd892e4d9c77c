package dev.bulwark.bounds;

import dev.bulwark.plan.Plan;
import java.util.Locale;

/** The ways to bound a network's logits over a box. */
public enum Method {
    /** Interval bound propagation (Gowal et al. 2019). */
    IBP,
    /** Backward linear relaxation (Zhang et al. 2018). */
    CROWN,
    /** CROWN with optimised slopes (Xu et al. 2020). */
    ALPHA_CROWN;

    /** This method on a network, with its defaults. */
    public Verifier verifier(Plan plan) {
        return verifier(plan, Crown.DEFAULT_STEPS);
    }

    /**
     * This method on a network.
     *
     * @param steps of {@link #ALPHA_CROWN}'s slopes; the others have none
     */
    public Verifier verifier(Plan plan, int steps) {
        return switch (this) {
            case IBP -> new Ibp(plan);
            case CROWN -> new Crown(plan, 0);
            case ALPHA_CROWN -> new Crown(plan, steps);
        };
    }

    /** As on the command line and in rows: {@code alpha-crown}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
