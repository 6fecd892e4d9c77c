/*
 * partial_sums.cuh: how a product whose k was cut into parts is put together again.
 */
#pragma once

#include "common.cuh"

/** The sum of element i over all parts, in their order; sums [parts,length]. */
__device__ __forceinline__ float sum_of_parts(const float* sums, int parts, long long length, long long i) {
    float sum = sums[i];
    for (int p = 1; p < parts; ++p) {
        sum += sums[p * length + i];
    }
    return sum;
}
