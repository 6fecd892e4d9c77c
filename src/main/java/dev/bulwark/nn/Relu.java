package dev.bulwark.nn;

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
