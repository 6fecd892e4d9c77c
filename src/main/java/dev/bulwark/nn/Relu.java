package dev.bulwark.nn;

import dev.bulwark.shapes.Shape;

/** {@code max(x, 0)}, element by element. */
public record Relu() implements Layer {

    @Override
    public Shape outputShape(Shape input) {
        return input;
    }

    @Override
    public <R> R accept(Visitor<R> visitor) {
        return visitor.relu(this);
    }
}
