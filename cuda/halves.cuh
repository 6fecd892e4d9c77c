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

/**
 * max(x, 0), but NaN stays NaN: an overflow must not become a vote. Where `real` is false, 0: such outputs only fill up a
 * width, their weights are zeros, and infinity times zero is NaN.
 */
__device__ __forceinline__ float activation(float x, bool real) {
    return x <= 0.f || !real ? 0.f : x;
}

/** What the ReLU lets through of the neighbouring outputs `column` and `column` + 1, as far as they are less than `width`. */
__device__ __forceinline__ unsigned activations(float even, float odd, int column, int width) {
    return to_halves(activation(even, column < width), activation(odd, column + 1 < width));
}
