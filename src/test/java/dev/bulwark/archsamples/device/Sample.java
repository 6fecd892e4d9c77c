package dev.bulwark.archsamples.device;

/** Looks up at networks, and holds what belongs to the two backends. */
public final class Sample {
    dev.bulwark.archsamples.model.Sample above;
    org.bytedeco.dnnl.engine engine;
    jdk.incubator.vector.FloatVector lanes;
    jcuda.archsamples.Handle handle;
}
