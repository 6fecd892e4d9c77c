/*
 * outward_sums.cuh: sums that round in one direction at every addition, and what a form's constant is charged for rounding.
 */
#pragma once

#include "sums.cuh"

/** The sum over the warp's lanes, rounded down at each addition; the same bits in each lane. */
static __device__ __forceinline__ float warp_sum_down(float x) {
    __syncwarp(); // lanes may come from loops of different lengths
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        x = __fadd_rd(x, __shfl_xor_sync(ALL_LANES, x, distance));
    }
    return x;
}

/** Adds the sum over the warp's lanes to *total, rounded down at each addition. */
static __device__ __forceinline__ void warp_add_down(float* total, float x) {
    x = warp_sum_down(x);
    if (threadIdx.x % WARP == 0) {
        *total = __fadd_rd(*total, x);
    }
}

/** The sum over the warp's lanes, rounded up at each addition; the same bits in each lane. */
static __device__ __forceinline__ double warp_sum_up(double x) {
    __syncwarp();
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        x = __dadd_ru(x, __shfl_xor_sync(ALL_LANES, x, distance));
    }
    return x;
}

/** A lower bound less the error of a coefficient that is off by so much, at values up to magnitude; 0 costs nothing. */
static __device__ __forceinline__ float less_error(float sum, float off, float magnitude) {
    return off != 0.f ? __fmaf_rd(-off, magnitude, sum) : sum; // magnitude may be infinite
}

/** As less_error, where a coefficient was rounded from a sum that lies in [least, most], as does the nearest float. */
static __device__ __forceinline__ float less_rounding(float sum, float least, float most, float magnitude) {
    return less_error(sum, __fsub_ru(most, least), magnitude);
}
