package dev.bulwark.attack;

/**
 * What one attack took.
 *
 * @param name          of the attack, as {@code apgd-ce}; with {@link #AGAIN} where images were attacked once more
 * @param images        that stood before it
 * @param broken        of these
 * @param forward       passes of one image each
 * @param backward      likewise
 * @param zeroGradients images whose loss had no gradient at a starting point: their gradients may be masked
 * @param seconds       of work
 */
public record AttackEffort(String name, long images, long broken, long forward, long backward, long zeroGradients, double seconds) {

    /** Ends the name of an attack on images that rounding may have decided. */
    public static final String AGAIN = "-again";

    AttackEffort plus(AttackEffort more) {
        return new AttackEffort(name, images + more.images, broken + more.broken, forward + more.forward, backward + more.backward,
                zeroGradients + more.zeroGradients, seconds + more.seconds);
    }
}
