package dev.bulwark.bounds;

import dev.bulwark.plan.Plan;
import java.util.Locale;

/** The ways to bound a network's logits over a box. */
public enum Method {
    /** Interval bound propagation (Gowal et al. 2019). */
    IBP,
    /** Units by interval bound propagation, then margins back through linear relaxations (Zhang et al. 2020). */
    CROWN_IBP,
    /** Backward linear relaxation (Zhang et al. 2018), of units too. */
    CROWN,
    /**
     * DeepPoly (Singh et al. 2019): units and margins go back to the inputs, and the line below an open ReLU is y = 0 or y = x,
     * whichever leaves the smaller area, y = 0 of equal ones. {@link #CROWN} chooses by the same rule, so that of networks of
     * ReLUs both find the same bounds, cut with {@link #IBP}'s as well as in the textbook's form, which is the published method.
     * Sigmoid and Tanh have CROWN's lines, where the paper takes slopes of an end's tangent.
     */
    DEEPPOLY,
    /** CROWN with optimised slopes, of units' bounds too (Xu et al. 2021). */
    ALPHA_CROWN,
    /** CROWN, then branch and bound (beta-CROWN, Wang et al. 2021) until an image is decided. */
    EXACT,
    /** {@link Cascade}: each image by the first of the above that decides it. */
    CASCADE;

    /** This method on a network, with its defaults. */
    public Verifier verifier(Plan plan) {
        return verifier(plan, Crown.DEFAULT_STEPS);
    }

    /**
     * This method on a network.
     *
     * @param steps of {@link #ALPHA_CROWN}'s slopes, units' and then margins', also as a stage of {@link #CASCADE}; the others have none
     */
    public Verifier verifier(Plan plan, int steps) {
        return verifier(plan, steps, false);
    }

    /**
     * As {@link #verifier(Plan, int)}.
     *
     * @param textbook as {@link Crown.Settings#textbook}; {@link #IBP}, {@link #EXACT} and {@link #CASCADE} have one form only
     */
    public Verifier verifier(Plan plan, int steps, boolean textbook) {
        return switch (this) {
            case IBP -> new Ibp(plan);
            case CROWN_IBP -> new Crown(plan, new Crown.Settings(Crown.Units.IBP, textbook, 0));
            case CROWN, DEEPPOLY -> new Crown(plan, new Crown.Settings(Crown.Units.CROWN, textbook, 0));
            case ALPHA_CROWN -> new Crown(plan, new Crown.Settings(Crown.Units.CROWN, textbook, steps, steps));
            case EXACT -> new Exact(plan, Exact.Limits.DEFAULT);
            case CASCADE -> new Cascade(plan, steps, Exact.Limits.DEFAULT);
        };
    }

    /** As on the command line and in rows: {@code alpha-crown}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
