/*
 * sums.cuh: sums over a warp and over a block, in an order that depends on nothing but the block's size.
 */
#pragma once

#include "common.cuh"

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffu;
/** Threads of every block that takes sums. */
constexpr int SUM_THREADS = 256;

/** The sum over the warp's lanes, the same bits in each: a butterfly adds the same two numbers on either side. */
template <class T> __device__ __forceinline__ T warp_sum(T x) {
    __syncwarp(); // lanes may come from loops of different lengths
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        x += __shfl_xor_sync(ALL_LANES, x, distance);
    }
    return x;
}

/** The sum over the SUM_THREADS threads of the block, in all of them. */
__device__ __forceinline__ double block_sum(double x) {
    __shared__ double sums[SUM_THREADS / WARP];
    x = warp_sum(x);
    __syncthreads(); // the sums of the call before this one have been read
    if (threadIdx.x % WARP == 0) {
        sums[threadIdx.x / WARP] = x;
    }
    __syncthreads();
    double total = 0;
    for (int warp = 0; warp < SUM_THREADS / WARP; ++warp) {
        total += sums[warp];
    }
    return total;
}
