package dev.bulwark.bounds;

/**
 * Is told the slopes of lines below that prove a bound, as often as one of a form gets better: the last ones told are those of
 * the bound that is kept.
 */
interface SlopeRecorder {

    /**
     * @param value  what forms are of: a value whose elements, then their negatives, are bounded; or the logits, of margins
     * @param owner  the image of the batch
     * @param form   its number among that value's
     * @param bound  what the slopes prove, given the boxes of units that the pass had
     * @param slopes of all units with free slopes before the form, activation after activation
     */
    void better(int value, int owner, int form, float bound, float[] slopes);
}
