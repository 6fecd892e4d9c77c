/*
 * sums.cuh: sums and maxima over a warp and over a block, in an order that depends on nothing but the block's size.
 */
#pragma once

#include "common.cuh"

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffu;
/** Threads of every block that takes sums. */
constexpr int SUM_THREADS = 256;

/** Blocks whose partial sums there is room for, and a thread in the block that adds them up. */
constexpr int MOST_PARTIALS = 256;
static_assert(MOST_PARTIALS <= SUM_THREADS, "a thread for each partial sum");

/** The sum over the warp's lanes, the same bits in each: a butterfly adds the same two numbers on either side. */
template <class T> __device__ __forceinline__ T warp_sum(T x) {
    __syncwarp(); // lanes may come from loops of different lengths
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        x += __shfl_xor_sync(ALL_LANES, x, distance);
    }
    return x;
}

/** The largest of the lanes' values, in all of them; NaN if any is. */
__device__ __forceinline__ float warp_maximum(float x) {
    __syncwarp(); // lanes may come from loops of different lengths
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        const float other = __shfl_xor_sync(ALL_LANES, x, distance);
        x = x > other || x != x ? x : other;
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

/**
 * Whether this block is the last of `blocks` to come here; it may then read what the others wrote before they came, and
 * does so in an order of its own, so that it makes no difference which block is last. *ticket is 0 before the launch and
 * after it. All threads of a block call this together.
 */
__device__ __forceinline__ bool last_block(unsigned* ticket, unsigned blocks) {
    __shared__ bool last;
    __threadfence(); // this thread's results, before its block is counted
    __syncthreads();
    if (threadIdx.x == 0) {
        last = atomicAdd(ticket, 1u) == blocks - 1;
        if (last) {
            *ticket = 0;
        }
    }
    __syncthreads();
    if (last) {
        __threadfence(); // the others' results, after they were counted
    }
    return last;
}

/** The sum of what every block left, the same bits in every thread of the block that asks. */
__device__ __forceinline__ double sum_of_partials(const double* partials) {
    return block_sum(threadIdx.x < gridDim.x ? partials[threadIdx.x] : 0);
}
