/*
 * training_intervals.cu: boxes as centre and radius, rounded to nearest: what training needs, and no certificate may use.
 * Math      see each kernel; regulariser_*: Shi et al. 2021, section 4.3, as Backend#intervalRegulariser states it
 * Rounding  to nearest; the regularisers' sums and scalars in double
 * Shapes    vectors of n floats; epsilon, input_radius, weight, loss one element; totals, spreads [MOST_PARTIALS], scratch
 * Launch    any 1-D grid and block; grid-stride loops. The regulariser_* kernels follow one another with one and the same
 *           grid of at most MOST_PARTIALS blocks of SUM_THREADS threads
 * Traffic   bound by memory: 4 bytes an element for each operand read or written
 * Oracle    BackendContract (closed forms, central differences in double)
 */
#include "sums.cuh"

/** max(x, 0), and NaN for NaN, which fmaxf would turn into 0. */
static __device__ __forceinline__ float not_negative(float x) {
    return x < 0.f ? 0.f : x;
}

/** Centre and radius of [max(x - epsilon, 0), min(x + epsilon, 1)]. */
extern "C" __global__ void box_around(const float* __restrict__ x, const float* __restrict__ epsilon,
                                      float* __restrict__ centre, float* __restrict__ radius, long long n) {
    const float e = epsilon[0];
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float lower = not_negative(x[i] - e), reached = x[i] + e;
        const float upper = reached > 1.f ? 1.f : reached;
        centre[i] = 0.5f * (upper + lower);
        radius[i] = 0.5f * (upper - lower);
    }
}
EXPORT_KERNEL(box_around)

/** Centre and radius behind a ReLU; outputs may be the inputs. */
extern "C" __global__ void interval_relu(const float* centre, const float* radius, float* out_centre, float* out_radius,
                                         long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float c = centre[i], r = radius[i];
        const float lower = not_negative(c - r), upper = not_negative(c + r);
        out_centre[i] = 0.5f * (upper + lower);
        out_radius[i] = 0.5f * (upper - lower);
    }
}
EXPORT_KERNEL(interval_relu)

/** Gradients in place, from interval_relu's outputs to its inputs: each end of a box passes its own where positive. */
extern "C" __global__ void interval_relu_gradient(const float* __restrict__ centre, const float* __restrict__ radius,
                                                  float* __restrict__ gradient_centre,
                                                  float* __restrict__ gradient_radius, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float c = centre[i], r = radius[i], gc = gradient_centre[i], gr = gradient_radius[i];
        const float lower = c - r > 0.f ? 0.5f * (gc - gr) : 0.f, upper = c + r > 0.f ? 0.5f * (gc + gr) : 0.f;
        gradient_centre[i] = upper + lower;
        gradient_radius[i] = upper - lower;
    }
}
EXPORT_KERNEL(interval_relu_gradient)

constexpr int MOST_PARTIALS = 256;
static_assert(MOST_PARTIALS <= SUM_THREADS, "every block adds the partial sums up, one a thread");

/** Sums of radii, of centres, and of the centres above and below zero. */
struct Totals {
    double radius, centre, above, below;
};

/** Sums of the centres' deviations from their mean and of these squared, for centres above and below zero. */
struct Spread {
    double deviation_above, deviation_below, square_above, square_below;
};

static __device__ __forceinline__ Totals block_sum(const Totals& t) {
    return {block_sum(t.radius), block_sum(t.centre), block_sum(t.above), block_sum(t.below)};
}

static __device__ __forceinline__ Spread block_sum(const Spread& s) {
    return {block_sum(s.deviation_above), block_sum(s.deviation_below), block_sum(s.square_above),
            block_sum(s.square_below)};
}

/** The sum of what every block left, the same bits in every thread of every block. */
template <class Sums> __device__ __forceinline__ Sums sum_of(const Sums* partials) {
    return block_sum(threadIdx.x < gridDim.x ? partials[threadIdx.x] : Sums{});
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS) regulariser_totals(
        const float* __restrict__ centre, const float* __restrict__ radius, long long n,
        Totals* __restrict__ totals) {
    Totals t{};
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const double c = centre[i];
        t.radius += radius[i];
        t.centre += c;
        t.above += c > 0 ? c : 0;
        t.below += c < 0 ? c : 0;
    }
    t = block_sum(t);
    if (threadIdx.x == 0) {
        totals[blockIdx.x] = t;
    }
}
EXPORT_KERNEL(regulariser_totals)

extern "C" __global__ void __launch_bounds__(SUM_THREADS) regulariser_spread(
        const float* __restrict__ centre, long long n, const Totals* __restrict__ totals,
        Spread* __restrict__ spreads) {
    const double mean = sum_of(totals).centre / n;
    Spread s{};
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const double c = centre[i], deviation = c - mean;
        if (c > 0) {
            s.deviation_above += deviation;
            s.square_above += deviation * deviation;
        } else if (c < 0) {
            s.deviation_below += deviation;
            s.square_below += deviation * deviation;
        }
    }
    s = block_sum(s);
    if (threadIdx.x == 0) {
        spreads[blockIdx.x] = s;
    }
}
EXPORT_KERNEL(regulariser_spread)

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
    double loss;
    float radius;
    bool balanced;
    double mean, shift, above, below, spread_above, spread_below;
};

static __device__ Slopes slopes(const Totals& t, const Spread& s, long long n, double input_radius, double tau,
                                double scale) {
    Slopes result{};
    const double mean_radius = t.radius / n, tight = tau - input_radius / mean_radius;
    if (tight > 0) {
        result.loss = tight;
        result.radius = (float) (scale * input_radius / (mean_radius * mean_radius * n));
    }
    result.balanced = !(t.above > 0 && t.below < 0 && s.square_above > 0 && s.square_below > 0);
    if (result.balanced) {
        return result;
    }
    const Ratio means = ratio(t.above, -t.below, tau, scale);
    const Ratio variances = ratio(s.square_above, s.square_below, tau, scale);
    result.balanced = means.loss == 0 && variances.loss == 0;
    result.loss += means.loss + variances.loss;
    result.mean = t.centre / n;
    result.shift = -2 * (variances.slope_a * s.deviation_above + variances.slope_b * s.deviation_below) / n;
    result.above = means.slope_a;
    result.below = -means.slope_b;
    result.spread_above = 2 * variances.slope_a;
    result.spread_below = 2 * variances.slope_b;
    return result;
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS, 4) regulariser_gradient(
        const float* __restrict__ centre, long long n, const Totals* __restrict__ totals,
        const Spread* __restrict__ spreads, const float* __restrict__ input_radius, float tau,
        const float* __restrict__ weight, float* __restrict__ gradient_centre, float* __restrict__ gradient_radius,
        float* __restrict__ loss) {
    __shared__ Slopes shared_slopes;
    const Totals total = sum_of(totals);
    const Spread spread = sum_of(spreads);
    const double scale = weight[0] / (double) tau;
    if (threadIdx.x == 0) { // divisions in double: once a block
        shared_slopes = slopes(total, spread, n, input_radius[0], tau, scale);
    }
    __syncthreads();
    const Slopes& slope = shared_slopes;
    if (grid_first() == 0) {
        loss[0] = (float) (loss[0] + scale * slope.loss);
    }
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        gradient_radius[i] += slope.radius;
        if (!slope.balanced) {
            const double c = centre[i], deviation = c - slope.mean;
            const double by_side = c > 0 ? slope.above + slope.spread_above * deviation
                                 : c < 0 ? slope.below + slope.spread_below * deviation : 0;
            gradient_centre[i] += (float) (slope.shift + by_side);
        }
    }
}
EXPORT_KERNEL(regulariser_gradient)
