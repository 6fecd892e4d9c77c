/*
 * reductions.cu: sums of vectors.
 * Math      result = beta result + sum of x, or of x^2
 * Rounding  sums in double, where the square of a float is exact; one rounding to float at the end
 * Shapes    x [n]; result one element, not read where beta is 0; partials [MOST_PARTIALS], scratch
 * Launch    sum or sum_of_squares with at most MOST_PARTIALS blocks of SUM_THREADS threads, then finish_sum with one such
 *           block, told how many partial sums there are; the order of additions follows from n and the blocks alone
 * Traffic   4n bytes
 * Oracle    BackendContract (references in double)
 */
#include "sums.cuh"

constexpr int MOST_PARTIALS = 256;
static_assert(MOST_PARTIALS <= SUM_THREADS, "finish_sum has a thread for each partial sum");

template <bool SQUARES> __device__ __forceinline__ void partial_sum(const float* __restrict__ x, long long n,
                                                                    double* __restrict__ partials) {
    double sum = 0;
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const double value = x[i];
        sum += SQUARES ? value * value : value;
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        partials[blockIdx.x] = sum;
    }
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS) sum(const float* __restrict__ x, long long n,
                                                              double* __restrict__ partials) {
    partial_sum<false>(x, n, partials);
}
EXPORT_KERNEL(sum)

extern "C" __global__ void __launch_bounds__(SUM_THREADS) sum_of_squares(const float* __restrict__ x, long long n,
                                                                         double* __restrict__ partials) {
    partial_sum<true>(x, n, partials);
}
EXPORT_KERNEL(sum_of_squares)

extern "C" __global__ void __launch_bounds__(SUM_THREADS) finish_sum(const double* __restrict__ partials,
                                                                    int count, float beta,
                                                                    float* __restrict__ result) {
    const double total = block_sum((int) threadIdx.x < count ? partials[threadIdx.x] : 0);
    if (threadIdx.x == 0) {
        const double before = beta == 0.f ? 0 : (double) beta * result[0];
        result[0] = (float) (before + total);
    }
}
EXPORT_KERNEL(finish_sum)
