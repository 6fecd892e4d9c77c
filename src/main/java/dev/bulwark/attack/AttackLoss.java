package dev.bulwark.attack;

/** What an attack climbs. */
public enum AttackLoss {

    /**
     * The cross-entropy that networks are trained with (Madry et al. 2018). Where the label's logit leads by more than some
     * 90, every other class's probability underflows and the gradient is zero: there an attack stands still, and a network
     * with such logits looks more robust than it is.
     */
    CROSS_ENTROPY,

    /**
     * The best other logit less the label's (Carlini and Wagner 2017). Its gradient knows nothing of the logits' scale, but
     * follows one rival at a time.
     */
    MARGIN,

    /**
     * The difference of logits ratio (Croce and Hein 2020): the margin over the difference of the largest and the third largest
     * logit, so that its value doesn't depend on the logits' scale either.
     */
    DLR,

    /** The margin of one class, the target, over the label. */
    TARGETED_MARGIN,

    /** The difference of logits ratio toward a target. */
    TARGETED_DLR;

    /** Whether each row leads to a class of its own. */
    public boolean targeted() {
        return this == TARGETED_MARGIN || this == TARGETED_DLR;
    }
}
