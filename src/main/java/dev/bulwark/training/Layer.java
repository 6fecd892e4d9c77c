package dev.bulwark.training;

import dev.bulwark.device.BoxRows;
import dev.bulwark.device.TrainingOperations.Hidden;

/**
 * A linear operator in training on points and boxes: points and centres go through {@code W x + b}, radii through
 * {@code |W| r} (Gowal et al. 2019, equation 6). Backwards, W gets its gradient from points and centres, and
 * {@code sign(W)} times that of |W| from radii.
 */
interface Layer {

    void forward(BoxRows x, BoxRows y);

    /** The same and the ReLU behind it; the penalty is the way back's. */
    void forward(BoxRows x, Hidden hidden);

    /**
     * Overwrites the gradients of W and b.
     *
     * @param x        what the layer was given on the way forward
     * @param gradient with respect to what it made of that
     */
    void parameterGradient(BoxRows x, BoxRows gradient);

    /** From the gradient of what the layer made to that of what it was given. */
    void inputGradient(BoxRows gradient, BoxRows below);
}
