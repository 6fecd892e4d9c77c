/*
 * intervals.cuh: which intervals are known, and what stands for those that are not.
 */
#pragma once

#include "common.cuh"

constexpr float LARGEST = 0x1.fffffep127f;

/** Whether a bound is a number: neither NaN nor beyond the largest float. */
static __device__ __forceinline__ bool is_finite(float bound) {
    return fabsf(bound) <= LARGEST;
}

/** Whether both bounds are numbers. */
static __device__ __forceinline__ bool is_known(float lower, float upper) {
    return is_finite(lower) && is_finite(upper);
}

/** What stands for both bounds of an interval that is unknown. */
static __device__ __forceinline__ float unknown() {
    return __int_as_float(0x7fffffff);
}
