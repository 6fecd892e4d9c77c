/*
 * votes.cuh: the vote of one row of logits, whole or as it comes together from the threads of a block. The rule is
 * NoisyClassifier's: the largest logit has the vote, the lowest class at a tie of finite logits. No class has it where a
 * logit is NaN, where several are +infinity, and where all are -infinity.
 */
#pragma once

#include "common.cuh"

constexpr int UNSEEN = 0x7FFFFFFF;
constexpr int NOBODY = -1;

/** The best logit so far and its class; the class is UNSEEN before the first and NOBODY once nobody can have the vote. */
struct Best {
    float value;
    int index;
};

__device__ __forceinline__ Best before_any_logit() {
    return {-INFINITY, UNSEEN};
}

__device__ __forceinline__ Best as_best(float logit, int index) {
    return {logit, logit != logit ? NOBODY : index};
}

/** The better of the best of some classes and the best of others: no class may be among both. */
__device__ __forceinline__ Best better(Best a, Best b) {
    if (a.index == NOBODY || b.index == NOBODY || (a.value == INFINITY && b.value == INFINITY)) {
        return {0.f, NOBODY};
    }
    const bool second = b.value > a.value || (b.value == a.value && b.index < a.index);
    return second ? b : a;
}

/** The class that has the vote once all classes have been given, or NOBODY. */
__device__ __forceinline__ int vote_of(Best best) {
    return best.value > -INFINITY ? best.index : NOBODY;
}

__device__ __forceinline__ int vote_of(const float* __restrict__ logits, int classes) {
    Best best = before_any_logit();
    for (int c = 0; c < classes; ++c) {
        best = better(best, as_best(logits[c], c));
    }
    return vote_of(best);
}
