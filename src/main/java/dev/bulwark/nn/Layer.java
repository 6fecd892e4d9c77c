package dev.bulwark.nn;

import dev.bulwark.shapes.Shape;

/**
 * One step of a feed-forward network. Sealed: a new kind adds a {@link Visitor} method, and everything that walks
 * networks stops compiling until it says what the new kind means there.
 */
public sealed interface Layer permits Dense, Relu {

    /** Shape of the output for an input of shape {@code input}. @throws IllegalArgumentException if it doesn't fit */
    Shape outputShape(Shape input);

    <R> R accept(Visitor<R> visitor);

    /** What to do at each kind of layer. */
    interface Visitor<R> {
        R dense(Dense layer);

        R relu(Relu layer);
    }
}
