/*
 * philox.cuh: Philox4x32-10 (Salmon et al., SC 2011), bit for bit the numbers of dev.bulwark.device.Philox.
 *
 * Element e of sample s of image i takes word (e >> 4) & 3 of the block with counter (16 (e >> 6) + (e & 15), s, i,
 * stream): sixteen neighbouring lanes that compute a block each fill sixty-four neighbouring elements in four runs of
 * sixteen.
 */
#pragma once

#include "common.cuh"

/** Elements filled by the sixteen neighbouring counters of a group. */
constexpr int NOISE_GROUP = 64;
constexpr int NOISE_LANES = 16;

/** Which numbers to draw: the seed's two words, and what they are for. */
struct NoiseKey {
    unsigned low, high, stream;
};

/** The block at (counter, sample, image, stream). */
__device__ __forceinline__ uint4 philox(NoiseKey key, unsigned image, unsigned sample, unsigned counter) {
    unsigned c0 = counter, c1 = sample, c2 = image, c3 = key.stream;
    unsigned k0 = key.low, k1 = key.high;
#pragma unroll
    for (int round = 0; round < 10; ++round) {
        const unsigned high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
        const unsigned high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c2 = high0 ^ c3 ^ k1;
        c1 = low1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return {c0, c1, c2, c3};
}

/** Counters of a row: whole groups. */
__device__ __forceinline__ int noise_counters(int columns) {
    return (columns + NOISE_GROUP - 1) / NOISE_GROUP * NOISE_LANES;
}

/** The first of a counter's four elements; the others lie 16, 32 and 48 further. */
__device__ __forceinline__ int noise_element(int counter) {
    return counter / NOISE_LANES * NOISE_GROUP + counter % NOISE_LANES;
}
