package dev.bulwark.archsamples.model.io.onnx;

/** A kind of model file, which only its neighbour may use. */
public final class Sample {
}
