package dev.bulwark.device;

import dev.bulwark.device.IntervalLayer.Spread;
import java.util.Optional;

/**
 * The operations of a training step, each as much as a device can do in one go: what {@link ComposedTrainingOperations} does
 * with a backend's separate operations, a GPU does in a few kernels, between two of which its latency counts.
 *
 * <p>Rounded to nearest: they steer training and certify nothing. An operation reads what the operations before it in the
 * same step have left, and nothing of an earlier step; all of them may be recorded.
 */
public interface TrainingOperations {

    /**
     * The regularisers of {@link TrainingIntervals#regulariser} at one hidden layer; each step adds them once.
     *
     * @param inputRadius mean radius of the input box, one element
     * @param tau         their tolerance
     * @param weight      one element
     * @param loss        one element
     * @param state       {@link #STATE} elements for what the way forward leaves to the way back; its start is aligned to 8
     *                    bytes
     */
    record Penalty(DeviceBuffer inputRadius, float tau, DeviceBuffer weight, DeviceBuffer loss, DeviceBuffer state) {

        public static final int STATE = 16;

        public Penalty {
            state.require("state", STATE);
        }
    }

    /**
     * A hidden layer's ReLU.
     *
     * @param before  boxes before it; clean rows are not kept there
     * @param after   points and boxes behind it
     * @param penalty empty without boxes, or where they are not regularised
     */
    record Hidden(BoxRows before, BoxRows after, Optional<Penalty> penalty) {
    }

    /**
     * {@code mean = weight times the sum of all radii}, rounded once before the product.
     *
     * @param weight one element: 1 over the number of radii
     * @param sum    one element of scratch
     * @param mean   one element
     */
    record MeanRadius(DeviceBuffer weight, DeviceBuffer sum, DeviceBuffer mean) {
    }

    /**
     * A term of the loss.
     *
     * @param weight      one element
     * @param predictions {@code int [rows]}: the index of each row's largest logit, as {@link Votes#argMax}
     * @param sum         one element: the unweighted sum over the rows
     */
    record LossTerm(DeviceBuffer weight, DeviceBuffer predictions, DeviceBuffer sum) {
    }

    /**
     * @param worst {@code [rows,classes]}
     * @param rows  {@code [rows]}
     */
    record LossScratch(DeviceBuffer worst, DeviceBuffer rows) {
    }

    /** What {@link Optimisers#adam} calls so. */
    record Adam(float beta1, float beta2, float tiny, float weightDecay) {
    }

    /**
     * What Adam works on: its step's numbers and its moments.
     *
     * @param step   {@code [learningRate, 1 - beta1^t, 1 - beta2^t]}
     * @param factor one element, multiplied into the gradient first
     */
    record AdamState(DeviceBuffer mean, DeviceBuffer square, DeviceBuffer step, DeviceBuffer factor) {
    }

    /** An exponential average of the parameters, as {@link Optimisers#average} takes it. */
    record Average(DeviceBuffer parameters, float share) {
    }

    /**
     * Boxes as of {@link TrainingIntervals#boxAround}, in centres and radii of {@code boxes}, whose clean rows are not
     * touched.
     *
     * @param images {@code [boxes,columns]}
     * @param mean   their mean radius, where it is wanted
     */
    void boxAround(DeviceBuffer images, DeviceBuffer epsilon, BoxRows boxes, Optional<MeanRadius> mean);

    /** {@code y = W x + b} for points, {@code S x} for radii: the last layer. */
    void forward(IntervalLayer layer, BoxRows x, BoxRows y);

    /**
     * The same and a ReLU; the penalty, where there is one, has been added to its loss after the step's way back at the
     * latest.
     */
    void forward(IntervalLayer layer, BoxRows x, Hidden hidden);

    /**
     * Overwrites the gradients of W and b.
     *
     * @param x        what the layer was given on the way forward
     * @param gradient with respect to what it made of that
     */
    void parameterGradient(IntervalLayer layer, BoxRows x, BoxRows gradient);

    /**
     * From the gradient of a layer's outputs to that of its inputs: {@code W} for points, {@code S} for radii.
     *
     * @param gradient with respect to what the layer made
     * @param below    with respect to what it was given
     */
    void inputGradient(IntervalLayer layer, BoxRows gradient, BoxRows below);

    /**
     * Both of a layer above another one, and on through the ReLU between them with its penalty.
     *
     * @param below         what gave the layer its inputs by {@link #forward(IntervalLayer, BoxRows, Hidden)}: they are
     *                      {@code below.after}
     * @param gradientBelow with respect to what {@code below} was before its ReLU
     */
    void backward(IntervalLayer layer, Hidden below, BoxRows gradient, BoxRows gradientBelow);

    /**
     * Cross-entropy of the clean rows' logits ({@link Losses#crossEntropy}), and of the worst case in the boxes
     * ({@link Losses#worstCaseLogits}, or {@link Losses#elidedLogits}); the gradient of both, each with its weight over
     * the rows. A term that is empty leaves its rows as they are.
     *
     * @param logits   {@code [.,classes]}
     * @param labels   {@code int}, of the clean rows and of the boxes alike
     * @param gradient with respect to {@code logits}; another buffer
     */
    void losses(BoxRows logits, DeviceBuffer labels, Spread spread, Optional<LossTerm> natural, Optional<LossTerm> worst,
                LossScratch scratch, BoxRows gradient);

    /** {@code squares = sum of gradient^2} and {@code factor = min(1, norm / sqrt(squares))}; one element each. */
    void clip(DeviceBuffer gradient, long length, float norm, DeviceBuffer squares, DeviceBuffer factor);

    /** {@link Optimisers#adam}, and {@link Optimisers#average} of what comes out. */
    void adam(DeviceBuffer parameters, DeviceBuffer gradient, long length, Adam rates, AdamState state,
              Optional<Average> average);
}
