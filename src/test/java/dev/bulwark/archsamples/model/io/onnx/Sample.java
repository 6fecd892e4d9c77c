package dev.bulwark.archsamples.model.io.onnx;

/** A kind of model file, for its neighbour alone to see. */
public final class Sample {
}
