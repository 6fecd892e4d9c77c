/*
 * outward_sums.cuh: sums that round in one direction at every addition.
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
