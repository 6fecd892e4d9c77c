package dev.bulwark.device;

/**
 * Linear forms in patches of images, on their way back through a network: what {@link LinearRelaxations} does with forms that
 * have a coefficient at every element, and with the same bounds of rounding. Products with a convolution's weights are
 * those of {@link Convolutions#applyTransposed}, for a convolution over patches.
 *
 * <p>An element outside the image takes no part, whatever it holds, and becomes 0 where coefficients are written.
 */
public interface PatchForms {

    /**
     * Forms that go back together.
     *
     * @param patches of their coefficients
     * @param owners  {@code int [count]}: the row of lines and boxes that a form belongs to
     * @param forms   {@code int [count]}: as {@link Patches} numbers them
     */
    record Batch(Patches patches, DeviceBuffer owners, DeviceBuffer forms, int count) {

        public Batch {
            owners.require("owners", count);
            forms.require("forms", count);
        }

        /** Their coefficients: {@code [count, patch]}. */
        public long elements() {
            return (long) count * patches.size();
        }

        /** The same forms in other patches. */
        public Batch in(Patches others) {
            return new Batch(others, owners, forms, count);
        }
    }

    /**
     * Puts pairs of a form and its negative, as {@link ReluRelaxations#openSides} lists them, into an order in which
     * they go back fast.
     *
     * @param sides of whole pairs
     */
    default void order(Patches patches, int sides, DeviceBuffer owners, DeviceBuffer forms) {
        // any will do
    }

    /** As {@link LinearRelaxations#enter}, of a convolution's outputs; patches are those of one window. */
    void enter(Convolution layer, Batch batch, DeviceBuffer target, DeviceBuffer constants);

    /** As {@link LinearRelaxations#enterUnits}; patches are {@link Patches#ofUnits}. */
    void enterUnits(Batch batch, DeviceBuffer target, DeviceBuffer constants);

    /**
     * As {@link LinearRelaxations#backwardActivation}, in place, on the lines of the owner's own.
     *
     * @param coefficients {@code [count, patch]}
     */
    void backwardActivation(DeviceBuffer coefficients, Batch batch, Relaxation relaxation, DeviceBuffer bias,
                            DeviceBuffer constants);

    /** As {@link LinearRelaxations#backwardBias}; coefficients outside the image become 0. */
    void backwardBias(DeviceBuffer coefficients, Batch batch, DeviceBuffer bias, DeviceBuffer productError,
                      DeviceBuffer constants);

    /** As {@link LinearRelaxations#concretize}. */
    void concretize(DeviceBuffer coefficients, Batch batch, DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer constants,
                    DeviceBuffer minima);

    /**
     * The same forms with a coefficient at every element.
     *
     * @param target {@code [count, image]}
     */
    void spread(DeviceBuffer coefficients, Batch batch, DeviceBuffer target);
}
