package jcuda.archsamples;

/** Stands in for JCuda in the samples that break the layout. */
public final class Handle {
}
