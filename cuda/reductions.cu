/*
 * reductions.cu: sums of vectors, and what follows from one.
 * Math      sum, sum_of_squares: result = beta result + sum of x, or of x^2
 *           clip_factor_of: squares = sum of x^2, factor = min(1, max_norm / sqrt(squares))
 * Rounding  sums in double, where the square of a float is exact; one rounding to float at the end
 * Shapes    x [n]; result, squares, factor one element, result not read where beta is 0; partials [MOST_PARTIALS] and
 *           ticket, scratch, the latter 0
 * Launch    at most MOST_PARTIALS blocks of SUM_THREADS threads; the last block to finish adds up what all have left. The
 *           order of additions follows from n and the blocks alone
 * Traffic   4n bytes
 * Oracle    BackendContract (references in double)
 */
#include "sums.cuh"

/** The sum over the grid of what f makes of each element, in the last block; true in that one. */
template <bool SQUARES> __device__ __forceinline__ bool sum_over_grid(const float* __restrict__ x, long long n,
                                                                      double* partials, unsigned* ticket,
                                                                      double& total) {
    double sum = 0;
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const double value = x[i];
        sum += SQUARES ? value * value : value;
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        partials[blockIdx.x] = sum;
    }
    if (!last_block(ticket, gridDim.x)) {
        return false;
    }
    total = sum_of_partials(partials);
    return true;
}

/** result = beta result + total, by one thread. */
__device__ __forceinline__ void add_to(float* result, float beta, double total) {
    if (threadIdx.x == 0) {
        const double before = beta == 0.f ? 0 : (double) beta * result[0];
        result[0] = (float) (before + total);
    }
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS) sum(const float* __restrict__ x, long long n, float beta,
                                                              float* result, double* partials, unsigned* ticket) {
    double total;
    if (sum_over_grid<false>(x, n, partials, ticket, total)) {
        add_to(result, beta, total);
    }
}
EXPORT_KERNEL(sum)

extern "C" __global__ void __launch_bounds__(SUM_THREADS) sum_of_squares(const float* __restrict__ x, long long n,
                                                                         float beta, float* result, double* partials,
                                                                         unsigned* ticket) {
    double total;
    if (sum_over_grid<true>(x, n, partials, ticket, total)) {
        add_to(result, beta, total);
    }
}
EXPORT_KERNEL(sum_of_squares)

/** As sum_of_squares and then clip_factor of optimisers.cu, which takes the sum as a float. */
extern "C" __global__ void __launch_bounds__(SUM_THREADS) clip_factor_of(const float* __restrict__ x, long long n,
                                                                         float max_norm, float* squares, float* factor,
                                                                         double* partials, unsigned* ticket) {
    double total;
    if (sum_over_grid<true>(x, n, partials, ticket, total) && threadIdx.x == 0) {
        squares[0] = (float) total;
        const double norm = sqrt((double) (float) total);
        factor[0] = norm > max_norm ? (float) (max_norm / norm) : 1.f;
    }
}
EXPORT_KERNEL(clip_factor_of)
