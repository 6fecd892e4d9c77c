/*
 * halves.cuh: from sums in fp32 to activations in fp16.
 */
#pragma once

#include "common.cuh"

/** Two numbers rounded to fp16, the first in the lower half. */
__device__ __forceinline__ unsigned to_halves(float low, float high) {
    const __half2 pair = __floats2half2_rn(low, high);
    unsigned bits;
    memcpy(&bits, &pair, sizeof bits);
    return bits;
}

/** max(x, 0), but NaN stays NaN: an overflow must not become a vote. */
__device__ __forceinline__ float keep_positive(float x) {
    return x <= 0.f ? 0.f : x;
}
