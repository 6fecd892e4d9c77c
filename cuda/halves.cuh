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
__device__ __forceinline__ float activation(float x) {
    return x <= 0.f ? 0.f : x;
}

__device__ __forceinline__ unsigned activations(float even, float odd) {
    return to_halves(activation(even), activation(odd));
}

/**
 * The same of the neighbouring outputs `column` and `column` + 1 where they are less than `width`, and else 0: such outputs
 * only fill up a width, their weights are zeros, and infinity times zero is NaN.
 */
__device__ __forceinline__ unsigned activations(float even, float odd, int column, int width) {
    return to_halves(column < width ? activation(even) : 0.f, column + 1 < width ? activation(odd) : 0.f);
}
