package dev.bulwark.report;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.Require;
import dev.bulwark.results.SoundnessCheck;
import java.util.Optional;

/**
 * What is known of one image at one epsilon: its bounds, what PGD achieved, or both.
 *
 * <p>An image that is certified and was not attacked stands: an attack on it could not succeed. One that the network gets
 * wrong does not stand, attacked or not.
 */
record Evidence(Optional<BoundsRow> bounds, Optional<AttackRow> attack) {

    Evidence {
        Require.that(bounds.isPresent() || attack.isPresent(), "an image needs bounds or an attack");
    }

    /** Whether the unperturbed image is classified as its label; the bounds' own forward pass has precedence. */
    boolean cleanCorrect() {
        return bounds.map(BoundsRow::cleanCorrect).orElseGet(() -> attack.orElseThrow().cleanCorrect());
    }

    /** By either criterion. */
    boolean certified() {
        return bounds.filter(row -> row.certified() || row.certifiedByBox()).isPresent();
    }

    /** Whether the rows say if the image stands: all but those that are right, not certified and not attacked. */
    boolean decided() {
        return attack.isPresent() || certified() || !cleanCorrect();
    }

    /** Whether the image is right, and certified or attacked without success; an attack's word goes before a certificate's. */
    boolean stands() {
        return cleanCorrect() && attack.map(AttackRow::survived).orElseGet(this::certified);
    }

    /** Whether the image would stand if PGD had climbed nothing but this loss, which it climbs first. */
    boolean standsAfter(AttackLoss first) {
        return cleanCorrect()
                && attack.map(row -> row.cleanCorrect() && !row.brokenBy(first)).orElseGet(this::certified);
    }

    /** Whether PGD tried: it leaves alone what the network gets wrong. */
    boolean attacked() {
        return attack.filter(AttackRow::cleanCorrect).isPresent();
    }

    /** Whether PGD tried although a certificate says that it can't succeed. */
    boolean crossChecked() {
        return certified() && attacked();
    }

    /** Whether the image is certified and the float network misclassifies it all the same: {@link SoundnessCheck} let it pass. */
    boolean claimsDiffer() {
        return certified() && !stands();
    }
}
