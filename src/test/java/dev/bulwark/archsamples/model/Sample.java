package dev.bulwark.archsamples.model;

/** Depends on bounds, which is above it, does its own statistics, and reads model files of one kind itself. */
public final class Sample {
    dev.bulwark.archsamples.bounds.Sample above;
    dev.bulwark.archsamples.model.io.onnx.Sample onnx;
    ai.onnx.proto.OnnxMl.ModelProto model;
    com.google.protobuf.ByteString bytes;
    org.apache.commons.math3.distribution.BetaDistribution beta;
}
