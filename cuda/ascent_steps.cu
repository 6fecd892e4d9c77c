/*
 * ascent_steps.cu: steps of attacks whose step sizes adapt row by row (APGD), and what they note of their losses.
 * Math      see each kernel and AscentSteps
 * Rounding  to nearest, in float
 * Shapes    x, gradients, boxes [rows,columns]; lengths, fractions, counts, losses [rows]
 * Launch    any 1-D grid; grid-stride loops over elements or rows. sparse_step, adapt_sparsity: a block of SUM_THREADS threads
 *           a row, strided over rows
 * Traffic   bound by memory: signed_step 28 bytes an element; sparse_step reads the gradient 31 times, from cache
 * Oracle    AscentStepsContract
 */
#include "sums.cuh"

static __device__ __forceinline__ float clamped(float x, float low, float high) {
    const float below = x < high ? x : high;
    return below > low ? below : low;
}

/** z = clamp(x + length sign(g)); x, previous = clamp(x + m (z - x) + (1 - m) (x - previous)), x. */
extern "C" __global__ void signed_momentum_step(float* __restrict__ x, float* __restrict__ previous,
        const float* __restrict__ gradients, const float* __restrict__ lengths, float momentum, const float* __restrict__ lower,
        const float* __restrict__ upper, int rows, int columns) {
    const long long size = (long long) rows * columns;
    const float inertia = 1.f - momentum;
    for (long long k = grid_first(); k < size; k += grid_stride()) {
        const float at = x[k], low = lower[k], high = upper[k];
        const float ahead = clamped(at + lengths[k / columns] * sign(gradients[k]), low, high);
        x[k] = clamped(at + momentum * (ahead - at) + inertia * (at - previous[k]), low, high);
        previous[k] = at;
    }
}
EXPORT_KERNEL(signed_momentum_step)

/** x, previous = x + m (ahead - x) + (1 - m) (x - previous), x. */
extern "C" __global__ void momentum_step(const float* __restrict__ ahead, float* __restrict__ x, float* __restrict__ previous,
                                         float momentum, long long length) {
    const float inertia = 1.f - momentum;
    for (long long k = grid_first(); k < length; k += grid_stride()) {
        const float at = x[k];
        x[k] = at + momentum * (ahead[k] - at) + inertia * (at - previous[k]);
        previous[k] = at;
    }
}
EXPORT_KERNEL(momentum_step)

static __device__ __forceinline__ int magnitude(float x) {
    return __float_as_int(x) & 0x7FFFFFFF;
}

/** How many of a row's magnitudes are not below a threshold, in all threads. */
static __device__ __forceinline__ int count_from(const float* row, int columns, int threshold) {
    double own = 0;
#pragma unroll 1
    for (int e = threadIdx.x; e < columns; e += SUM_THREADS) {
        own += magnitude(row[e]) >= threshold ? 1. : 0.;
    }
    return (int) block_sum(own);
}

/** x moves by length in l1 along the row's largest gradients. */
extern "C" __global__ void __launch_bounds__(SUM_THREADS) sparse_step(float* __restrict__ x,
        const float* __restrict__ gradients, const float* __restrict__ fractions, const float* __restrict__ lengths, int rows,
        int columns) {
    for (int n = blockIdx.x; n < rows; n += gridDim.x) {
        const float* gradient = gradients + (long long) n * columns;
        const int wanted = (int) ((1.f - fractions[n]) * columns);
        const int dropped = wanted < 0 ? 0 : wanted < columns - 1 ? wanted : columns - 1;
        int threshold = 0;
        for (int bit = 30; bit >= 0; --bit) { // the greatest number that `columns - dropped` magnitudes are not below
            const int candidate = threshold | 1 << bit;
            threshold = count_from(gradient, columns, candidate) >= columns - dropped ? candidate : threshold;
        }
        threshold = threshold < 1 ? 1 : threshold;
        const int taken = count_from(gradient, columns, threshold);
        const bool finite = count_from(gradient, columns, magnitude(INFINITY)) == 0;
        const float each = lengths[n] / (taken < 1 ? 1 : taken);
        for (int e = threadIdx.x; e < columns && finite; e += SUM_THREADS) {
            if (magnitude(gradient[e]) >= threshold) {
                x[(long long) n * columns + e] += gradient[e] > 0.f ? each : -each;
            }
        }
    }
}
EXPORT_KERNEL(sparse_step)

/** The numbers that APGD's steps in l1 balls adapt by. */
extern "C" __global__ void __launch_bounds__(SUM_THREADS) adapt_sparsity(const float* __restrict__ best,
        const float* __restrict__ centres, float* __restrict__ counts, float* __restrict__ fractions, float* __restrict__ lengths,
        float longest, int* __restrict__ restarts, int rows, int columns) {
    for (int n = blockIdx.x; n < rows; n += gridDim.x) {
        const long long start = (long long) n * columns;
        double own = 0;
#pragma unroll 1
        for (int e = threadIdx.x; e < columns; e += SUM_THREADS) {
            own += best[start + e] != centres[start + e] ? 1. : 0.;
        }
        const float moved = (float) block_sum(own);
        if (threadIdx.x == 0) {
            const bool sparser = moved / counts[n] < 0.95f;
            const float shorter = lengths[n] / 1.5f, least = 0.1f * longest;
            restarts[n] = sparser ? 1 : 0;
            lengths[n] = sparser ? longest : shorter > least ? shorter : least;
            fractions[n] = moved / columns / 1.5f;
            counts[n] = moved;
        }
    }
}
EXPORT_KERNEL(adapt_sparsity)

/** Which losses are the best so far, and how many have risen. */
extern "C" __global__ void compare_losses(const float* __restrict__ losses, float* __restrict__ previous,
        float* __restrict__ best, int* __restrict__ increases, int* __restrict__ improved, int rows) {
    for (long long n = grid_first(); n < rows; n += grid_stride()) {
        const float loss = losses[n];
        const bool better = loss > best[n];
        improved[n] = better ? 1 : 0;
        best[n] = better ? loss : best[n];
        increases[n] += loss > previous[n] ? 1 : 0;
        previous[n] = loss;
    }
}
EXPORT_KERNEL(compare_losses)

/** target = source in the chosen rows. */
extern "C" __global__ void copy_where(const int* __restrict__ chosen, const float* __restrict__ source, float* __restrict__ target,
                                      int rows, int columns) {
    const long long size = (long long) rows * columns;
    for (long long k = grid_first(); k < size; k += grid_stride()) {
        if (chosen[k / columns] != 0) {
            target[k] = source[k];
        }
    }
}
EXPORT_KERNEL(copy_where)
