package dev.bulwark.training;

/**
 * Which rows of a batch a step computes. Clean images and the centres of their boxes share the weights, so they lie in one
 * matrix of {@code 2 count} rows, clean above centres, and go through one product; either half can be left out.
 *
 * @param count       images in the batch
 * @param copies      noisy copies of each in the clean rows, copy above copy; several only where there are no boxes
 * @param clean       whether the natural loss needs the images themselves
 * @param box         whether the worst-case loss or the regularisers need their boxes
 * @param regularised whether the boxes are regularised
 */
record StepRows(int count, int copies, boolean clean, boolean box, boolean regularised) {

    StepRows {
        if (!clean && !box) {
            throw new IllegalArgumentException("a step needs clean rows or boxes");
        }
        if (regularised && !box) {
            throw new IllegalArgumentException("only boxes can be regularised");
        }
        if (box && copies != 1) {
            throw new IllegalArgumentException("boxes go with one copy of each image, not with " + copies);
        }
    }

    /** Clean rows, where there are any. */
    int points() {
        return Math.multiplyExact(count, copies);
    }

    /** Rows of the shared product. */
    int total() {
        return Math.addExact(clean ? points() : 0, box ? count : 0);
    }
}
