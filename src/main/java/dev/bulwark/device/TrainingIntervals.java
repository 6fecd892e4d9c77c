package dev.bulwark.device;

/** Boxes as centre and radius, rounded to nearest: they steer training and certify nothing. */
public interface TrainingIntervals {

    /** Centre and radius of the box {@code [max(x - epsilon, 0), min(x + epsilon, 1)]}; epsilon has one element. */
    void boxAround(DeviceBuffer x, long length, DeviceBuffer epsilon, DeviceBuffer centre, DeviceBuffer radius);

    /** Centre and radius of the box after a ReLU; outputs may be the inputs. */
    void relu(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer outCentre, DeviceBuffer outRadius);

    /**
     * Gradient of {@link #relu} in place: from gradients with respect to its outputs to gradients with respect
     * to its inputs. {@code centre} and {@code radius} are the inputs it was given.
     */
    void reluGradient(DeviceBuffer centre, DeviceBuffer radius, long length,
                      DeviceBuffer gradientCentre, DeviceBuffer gradientRadius);

    /**
     * The regularisers of Shi et al. 2021 ("Fast certified robust training with short warmup", section 4.3) at one
     * pre-activation box: bounds should not widen from the input on, and active and inactive units should balance.
     *
     * <p>With means over all elements, {@code tight = relu(tau - inputRadius / mean(radius))}; with the sums and the
     * variances of the centres above and below zero, {@code balance = relu(tau - min(a, 1/a)) + relu(tau - min(v, 1/v))}.
     * Adds {@code weight/tau (tight + balance)} to {@code loss[0]} and its gradients to the two gradients. A side without
     * elements has no balance term.
     *
     * @param inputRadius mean radius of the input box, one element
     * @param weight      one element
     */
    void regulariser(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer inputRadius, float tau,
                     DeviceBuffer weight, DeviceBuffer gradientCentre, DeviceBuffer gradientRadius, DeviceBuffer loss);
}
