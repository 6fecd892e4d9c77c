/*
 * noise.cuh: what one Philox block adds to a row of an image.
 */
#pragma once

#include "normal_transform.cuh"
#include "philox.cuh"

/**
 * Hands put(e, x[e] + sigma z[e]) each of the counter's elements e < columns, the sum rounded once. Where the row ends
 * before the second pair of normals, for all sixteen lanes alike, that pair is not computed.
 */
template <class Put>
__device__ __forceinline__ void noisy_elements(const float* __restrict__ x, int columns, float sigma, NoiseKey key,
                                               unsigned image, unsigned sample, int counter, Put put) {
    const uint4 words = philox(key, image, sample, counter);
    const int first = noise_element(counter);
#pragma unroll
    for (int pair = 0; pair < 2; ++pair) {
        const int e = first + 2 * pair * NOISE_LANES;
        if (e < columns) {
            const float2 z = pair == 0 ? normal_pair(words.x, words.y) : normal_pair(words.z, words.w);
            put(e, __fmaf_rn(sigma, z.x, x[e]));
            if (e + NOISE_LANES < columns) {
                put(e + NOISE_LANES, __fmaf_rn(sigma, z.y, x[e + NOISE_LANES]));
            }
        }
    }
}
