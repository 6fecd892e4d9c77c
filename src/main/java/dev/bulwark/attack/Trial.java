package dev.bulwark.attack;

import java.util.ArrayList;
import java.util.List;

/**
 * One run of a search on one image. Of several that succeed on an image the first in their order counts, whichever of them ran
 * together.
 *
 * @param position of the image in its batch
 * @param target   the class that the search leads to; {@link #NONE} where it leads away from the label
 * @param start    a coordinate of whatever is random; different for every trial on an image
 * @param restart  how many trials on the image, toward the target, come before
 */
record Trial(int position, int target, int start, int restart) {

    static final int NONE = -1;
    /** Starts of a search, beyond any number of restarts and targets. */
    private static final int STARTS = 1 << 20;

    /**
     * A search's trials on images of a batch: one target after the other, and for each one restart after the other.
     *
     * @param again whether the images had such trials before: these get other random numbers
     */
    static List<Trial> all(Search search, BatchImages batch, int[] positions, boolean again) {
        List<Trial> trials = new ArrayList<>();
        int targets = search.targeted() ? Math.min(search.targets(), batch.classes() - 1) : 1;
        for (int t = 0; t < targets; ++t) {
            for (int r = 0; r < search.restarts(); ++r) {
                int start = search.number() * STARTS + (again ? STARTS / 2 : 0) + t * search.restarts() + r;
                for (int position : positions) {
                    trials.add(new Trial(position, search.targeted() ? batch.rival(position, t) : NONE, start, r));
                }
            }
        }
        return trials;
    }
}
