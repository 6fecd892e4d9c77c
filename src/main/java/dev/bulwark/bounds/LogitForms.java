package dev.bulwark.bounds;

/** Linear forms in the logits, which a pass back begins with. */
interface LogitForms {

    /** The value at which their coefficients stand: the logits, or what an elided last layer reads. */
    int value();

    /** Enters the forms asked for into a pass's coefficients at {@link #value}, and its constants. */
    void enter(FormRows rows, BackwardPass pass);
}
