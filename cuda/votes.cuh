/*
 * votes.cuh: the vote of one row of logits.
 */
#pragma once

#include "common.cuh"

/** Index of the largest logit, the lowest at a tie; -1 where one is NaN. */
__device__ __forceinline__ int vote_of(const float* __restrict__ logits, int classes) {
    int best = 0;
    for (int c = 0; c < classes; ++c) {
        if (logits[c] != logits[c]) {
            return -1;
        }
        best = logits[c] > logits[best] ? c : best;
    }
    return best;
}

constexpr int UNSEEN = 0x7FFFFFFF;
constexpr int NOBODY = -1;

/** The best logit so far and its class; the class is UNSEEN before the first and NOBODY once a NaN was met. */
struct Best {
    float value;
    int index;
};

/** The larger logit, of the lower class at a tie. */
__device__ __forceinline__ Best better(Best a, Best b) {
    if (a.index == NOBODY || b.index == NOBODY) {
        return {0.f, NOBODY};
    }
    const bool second = b.value > a.value || (b.value == a.value && b.index < a.index);
    return second ? b : a;
}

__device__ __forceinline__ Best as_best(float logit, int index) {
    return {logit, logit != logit ? NOBODY : index};
}
