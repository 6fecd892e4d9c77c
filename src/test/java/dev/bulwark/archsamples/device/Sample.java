package dev.bulwark.archsamples.device;

/** Depends on networks, which are above it, and holds what belongs to the two backends. */
public final class Sample {
    dev.bulwark.archsamples.model.Sample above;
    org.bytedeco.dnnl.engine engine;
    jdk.incubator.vector.FloatVector lanes;
    jcuda.archsamples.Handle handle;
}
