package dev.bulwark.attack;

/** Which attack found an adversarial image. */
public enum AttackMethod {

    /** Projected gradient descent (Madry et al. 2018). */
    PGD,

    /** Auto-PGD (Croce and Hein 2020), up the cross-entropy or the difference of logits ratio. */
    APGD,

    /** Auto-PGD toward one class after another, up the targeted difference of logits ratio. */
    APGD_T,

    /** The fast adaptive boundary attack (Croce and Hein 2020), toward one class after another. */
    FAB_T,

    /** Random search over squares, which asks for logits alone (Andriushchenko et al. 2020). */
    SQUARE,

    /** No search: a point that was found on another network or in another arithmetic. */
    TRANSFER
}
