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
