package dev.bulwark.results;

/**
 * What a network says of an image as it is.
 *
 * @param index   of the image
 * @param label   its class
 * @param predict the network's class for it; {@link AttackRow#NO_PREDICTION} if its logits hold a NaN
 */
public record CleanPrediction(int index, int label, int predict) {
}
