/*
 * interval_penalty.cuh: the regularisers of Shi et al. 2021, section 4.3, as TrainingIntervals states them.
 *
 * One pass over a box's centres and radii leaves sums, of which the last block makes all that gradients need. Sums of
 * squares about the mean come from sums of squares: centres are floats and sums are double, so that what cancels are bits
 * that no float had.
 */
#pragma once

#include "sums.cuh"

/** Sums over elements: of radii and centres, and of the centres above and below zero, their squares and their number. */
struct Moments {
    double radius, centre, above, below, square_above, square_below, count_above, count_below;

    __device__ __forceinline__ void add(float c, float r) {
        const double x = c;
        radius += r;
        centre += x;
        if (x > 0) {
            above += x;
            square_above += x * x;
            count_above += 1;
        } else if (x < 0) {
            below += x;
            square_below += x * x;
            count_below += 1;
        }
    }
};

static __device__ __forceinline__ Moments block_sum(const Moments& m) {
    return {block_sum(m.radius), block_sum(m.centre), block_sum(m.above), block_sum(m.below),
            block_sum(m.square_above), block_sum(m.square_below), block_sum(m.count_above), block_sum(m.count_below)};
}

/** relu(tau - min(a/b, b/a)) and its scaled derivatives with respect to a and b. */
struct Ratio {
    double loss, slope_a, slope_b;
};

static __device__ Ratio ratio(double a, double b, double tau, double scale) {
    const double loss = tau - (a < b ? a / b : b / a);
    if (!(loss > 0)) {
        return {0, 0, 0};
    }
    return a < b ? Ratio{loss, -scale / b, scale * a / (b * b)} : Ratio{loss, scale * b / (a * a), -scale / a};
}

/**
 * What the gradients are made of: added to every radius's; to every centre's; and by the side of zero that a centre
 * lies on, unless they are balanced already or all on one side.
 */
struct Slopes {
    double loss, mean, shift, above, below, spread_above, spread_below;
    float radius;
    int balanced;

    __device__ __forceinline__ void add_to(float c, float& gradient_centre, float& gradient_radius) const {
        gradient_radius += radius;
        if (!balanced) {
            const double x = c, deviation = x - mean;
            const double by_side = x > 0 ? above + spread_above * deviation : x < 0 ? below + spread_below * deviation : 0;
            gradient_centre += (float) (shift + by_side);
        }
    }
};

/** As many bytes as TrainingOperations.Penalty has room for. */
static_assert(sizeof(Slopes) == 64, "the host allocates 16 floats");

static __device__ Slopes slopes_of(const Moments& m, long long n, double input_radius, double tau, double scale) {
    Slopes result{};
    const double mean_radius = m.radius / n, tight = tau - input_radius / mean_radius;
    if (tight > 0) {
        result.loss = tight;
        result.radius = (float) (scale * input_radius / (mean_radius * mean_radius * n));
    }
    const double mean = m.centre / n;
    const double deviation_above = m.above - m.count_above * mean, deviation_below = m.below - m.count_below * mean;
    const double spread_above = m.square_above - mean * (m.above + deviation_above);
    const double spread_below = m.square_below - mean * (m.below + deviation_below);
    result.balanced = !(m.above > 0 && m.below < 0 && spread_above > 0 && spread_below > 0);
    if (result.balanced) {
        return result;
    }
    const Ratio means = ratio(m.above, -m.below, tau, scale);
    const Ratio variances = ratio(spread_above, spread_below, tau, scale);
    result.balanced = means.loss == 0 && variances.loss == 0;
    result.loss += means.loss + variances.loss;
    result.mean = mean;
    result.shift = -2 * (variances.slope_a * deviation_above + variances.slope_b * deviation_below) / n;
    result.above = means.slope_a;
    result.below = -means.slope_b;
    result.spread_above = 2 * variances.slope_a;
    result.spread_below = 2 * variances.slope_b;
    return result;
}

/**
 * From what this thread has added up of n elements to the slopes, which the last block leaves in *slopes, and the loss,
 * which it adds to loss[0]. All threads of blocks of SUM_THREADS call this, at most MOST_PARTIALS blocks.
 *
 * @param partials [MOST_PARTIALS], scratch
 */
static __device__ __forceinline__ void leave_slopes(Moments moments, long long n, const float* input_radius, float tau,
                                                    const float* weight, float* loss, Slopes* slopes, Moments* partials,
                                                    unsigned* ticket) {
    moments = block_sum(moments);
    if (threadIdx.x == 0) {
        partials[blockIdx.x] = moments;
    }
    if (last_block(ticket, gridDim.x)) {
        moments = block_sum(threadIdx.x < gridDim.x ? partials[threadIdx.x] : Moments{});
        if (threadIdx.x == 0) {
            const double scale = weight[0] / (double) tau;
            const Slopes found = slopes_of(moments, n, input_radius[0], tau, scale);
            *slopes = found;
            loss[0] = (float) (loss[0] + scale * found.loss);
        }
    }
}
