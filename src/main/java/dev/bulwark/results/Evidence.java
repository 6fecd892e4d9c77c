package dev.bulwark.results;

import dev.bulwark.attack.AttackLoss;
import java.util.Optional;

/**
 * What is known of one image at one epsilon: its bounds, what PGD achieved, or both.
 *
 * <p>An image that is certified and was not attacked stands: an attack on it could not succeed. One that the network gets
 * wrong does not stand, attacked or not.
 */
public record Evidence(Optional<BoundsRow> bounds, Optional<AttackRow> attack) {

    public Evidence {
        Require.that(bounds.isPresent() || attack.isPresent(), "an image needs bounds or an attack");
    }

    public int index() {
        return bounds.map(BoundsRow::index).orElseGet(() -> attack.orElseThrow().index());
    }

    /** Whether the unperturbed image is classified as its label; the bounds' own forward pass has precedence. */
    public boolean cleanCorrect() {
        return bounds.map(BoundsRow::cleanCorrect).orElseGet(() -> attack.orElseThrow().cleanCorrect());
    }

    /** By either criterion. */
    public boolean certified() {
        return bounds.filter(row -> row.certified() || row.certifiedByBox()).isPresent();
    }

    /** Whether the rows say if the image stands: all but those that are right, not certified and not attacked. */
    public boolean decided() {
        return attack.isPresent() || certified() || !cleanCorrect();
    }

    /**
     * Whether the image is right, and certified or attacked without success; an attack's word goes before a certificate's.
     */
    public boolean stands() {
        return cleanCorrect() && attack.map(AttackRow::survived).orElseGet(this::certified);
    }

    /** Whether the image would stand if PGD had climbed nothing but this loss, which it climbs first. */
    public boolean standsAfter(AttackLoss first) {
        return cleanCorrect()
                && attack.map(row -> row.cleanCorrect() && !row.brokenBy(first)).orElseGet(this::certified);
    }

    /** Whether PGD tried: it leaves alone what the network gets wrong. */
    public boolean attacked() {
        return attack.filter(AttackRow::cleanCorrect).isPresent();
    }

    /** Whether PGD tried although a certificate says that it can't succeed. */
    public boolean crossChecked() {
        return certified() && attacked();
    }

    /**
     * Whether the image is certified and the float network misclassifies it all the same: {@link SoundnessCheck} let it
     * pass.
     */
    public boolean claimsDiffer() {
        return certified() && !stands();
    }
}
