/*
 * discrete_noise.cuh: samples of an image of bytes with normal noise rounded to whole bytes, bit for bit those of
 * dev.bulwark.device.RoundedGaussian, where the law, its tables and the proof are.
 */
#pragma once

#include "philox.cuh"

/** Top bits of a word that choose a cell, and the bits that are left. */
constexpr int CELL_BITS = 14;
constexpr int REST_BITS = 32 - CELL_BITS;
constexpr int REST = (1 << REST_BITS) - 1;
constexpr int CELLS = 1 << CELL_BITS;
/** A cell that leaves its words to the search. */
constexpr int SEARCH = (int) 0x80000000u;
constexpr int UNDECIDED = (int) 0x80000000u;
/** Words of a threshold behind its first. */
constexpr int MORE_WORDS = 4;
constexpr unsigned MORE_BITS = 0x80000000u;
constexpr int MOST_BYTE = 255;

/** Tables of the law: cells, the thresholds' first words, the four next words of each. */
struct DiscreteLaw {
    const int* tables;
    int thresholds;

    __device__ __forceinline__ unsigned first(int k) const { return (unsigned) tables[CELLS + k]; }

    __device__ __forceinline__ unsigned more(int k, int word) const {
        return (unsigned) tables[CELLS + thresholds + MORE_WORDS * k + word];
    }

    /** Noise of the lowest kind is -reach. */
    __device__ __forceinline__ int reach() const { return thresholds / 2; }
};

/** Orders the further bits of a draw and a threshold: negative, 0 or positive. */
__device__ __forceinline__ int compare_more(const DiscreteLaw& law, uint4 bits, int threshold) {
    const unsigned words[MORE_WORDS] = {bits.x, bits.y, bits.z, bits.w};
#pragma unroll
    for (int i = 0; i < MORE_WORDS; ++i) {
        const unsigned other = law.more(threshold, i);
        if (words[i] != other) {
            return words[i] < other ? -1 : 1;
        }
    }
    return 0;
}

/** Noise by a search among all thresholds, with further bits where the word is a threshold's own; rare. */
static __device__ __attribute__((noinline)) int search_noise(DiscreteLaw law, unsigned word, NoiseKey key,
                                                            unsigned image, unsigned sample, int element) {
    int low = 0, high = law.thresholds;
    while (low < high) {
        const int middle = (low + high) >> 1;
        if (law.first(middle) < word) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < law.thresholds && law.first(low) == word) {
        const uint4 bits = philox({key.low, key.high, key.stream | MORE_BITS}, image, sample, (unsigned) element);
        for (; low < law.thresholds && law.first(low) == word; ++low) {
            const int order = compare_more(law, bits, low);
            if (order == 0) {
                return UNDECIDED;
            }
            if (order < 0) {
                break;
            }
        }
    }
    return low - law.reach();
}

/** A sample's pixel: clip(b + noise, -C, 255 + C) / 255, rounded once; NaN for noise that is undecided. */
__device__ __forceinline__ float discrete_pixel(float pixel, int noise, int reach) {
    const int clip = reach - MOST_BYTE;
    const int value = (int) __fadd_rn(__fmul_rn(pixel, (float) MOST_BYTE), 0.5f) + (noise == UNDECIDED ? 0 : noise);
    const float scaled = __fdiv_rn((float) max(-clip, min(MOST_BYTE + clip, value)), (float) MOST_BYTE);
    return noise == UNDECIDED ? __int_as_float(0x7FC00000) : scaled;
}

/** Hands put(e, sample of x[e]) each of the counter's elements e < columns. */
template <class Put>
__device__ __forceinline__ void noisy_elements(const float* __restrict__ x, int columns, DiscreteLaw law, NoiseKey key,
                                               unsigned image, unsigned sample, int counter, Put put) {
    const uint4 block = philox(key, image, sample, counter);
    const unsigned words[4] = {block.x, block.y, block.z, block.w};
#pragma unroll
    for (int run = 0; run < 4; ++run) {
        const int e = noise_element(counter) + run * NOISE_LANES;
        if (e < columns) {
            const int cell = law.tables[words[run] >> REST_BITS];
            const int rest = (int) words[run] & REST, turn = cell & REST;
            int noise = (cell >> REST_BITS) + (rest > turn ? 1 : 0);
            if (cell == SEARCH || rest == turn) {
                noise = search_noise(law, words[run], key, image, sample, e);
            }
            put(e, discrete_pixel(x[e], noise, law.reach()));
        }
    }
}
