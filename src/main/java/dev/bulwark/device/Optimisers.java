package dev.bulwark.device;

/** Steps of parameters along their gradients. */
public interface Optimisers {

    /** {@code factor[0] = min(1, maxNorm / sqrt(sumOfSquares[0]))}. */
    void clipFactor(DeviceBuffer sumOfSquares, float maxNorm, DeviceBuffer factor);

    /**
     * One step of Adam (Kingma and Ba 2015) with L2 weight decay added to the gradient.
     *
     * @param step     {@code [learningRate, 1 - beta1^t, 1 - beta2^t]}
     * @param factor   one element, multiplied into the gradient first
     */
    void adam(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer mean, DeviceBuffer square, long length,
              float beta1, float beta2, float tiny, float weightDecay, DeviceBuffer step, DeviceBuffer factor);

    /**
     * One step of SGD with momentum and L2 weight decay: {@code v = momentum v + g; p -= learningRate v}.
     *
     * @param step   {@code [learningRate]}
     * @param factor one element, multiplied into the gradient first
     */
    void sgd(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer velocity, long length,
             float momentum, float weightDecay, DeviceBuffer step, DeviceBuffer factor);

    /** {@code average += share (parameters - average)}: one step of an exponential average, in fp32 on every backend. */
    void average(DeviceBuffer parameters, long length, float share, DeviceBuffer average);
}
