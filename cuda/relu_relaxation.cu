/*
 * relu_relaxation.cu: intervals of units before their ReLUs, and the lines that bound the ReLUs there, for certificates.
 * Math      relax         slope z + intercept >= max(z, 0) on [lower, upper]; below: slope 1 where upper > -lower, else 0
 *           magnitudes    max(|lower|, |upper|)
 *           open_counts, open_sides   the units over whose intervals an activation with two bends is no line (of a ReLU,
 *                         with bends 0 and infinity: those of open sign), two forms each: form j < J is z[j], form J + j is
 *                         -z[j]
 *           tighten       lower bounds of such forms become bounds of the units, where they are better
 * Rounding  relax: in double, where a product of two floats is exact; intercepts up. The others round nothing
 * Unknown   An interval without two finite ends is unknown: NaN at both ends, and its lines are NaN
 * Shapes    lower, upper, lines [N,J]   owners, forms int [2 N J]   counts int, one for each span   total int [1]
 * Launch    open_counts, open_sides: a block of THREADS for each SPAN elements; the others any 1-D grid
 * Traffic   relax: 24 bytes an element; open_counts and open_sides: 8 each, and 16 for each open unit
 * Bits      the same for every launch shape
 * Oracle    ReluRelaxationsContract (exact decimal arithmetic)
 */
#include "intervals.cuh"
#include "sums.cuh"

/** The next double above a number that is positive or 0. */
static __device__ __forceinline__ double next_up(double x) {
    return __longlong_as_double(__double_as_longlong(x) + 1);
}

/**
 * A line slope z + intercept that is nowhere on [l, u] below the ReLU. Where the sign is known it is the ReLU itself. Else
 * any slope in [0, 1] will do, so it may be rounded; the intercept is then chosen for it: as the ReLU is convex, a line that
 * is not below it at both ends is nowhere below it.
 */
extern "C" __global__ void relax(const float* __restrict__ lower, const float* __restrict__ upper,
                                 float* __restrict__ slope_above, float* __restrict__ intercept,
                                 float* __restrict__ slope_below, float* __restrict__ magnitude, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float l = lower[i], u = upper[i];
        float slope = unknown(), shift = unknown(), below = unknown();
        if (u <= 0.f) {
            slope = shift = 0.f;
        } else if (l >= 0.f) {
            slope = 1.f;
            shift = 0.f;
        } else if (is_known(l, u)) {
            slope = __double2float_rn((double) u / ((double) u - l));
            const double at_lower = -(double) slope * l, at_upper = next_up(u - (double) slope * u);
            shift = __double2float_ru(at_lower > at_upper ? at_lower : at_upper);
        }
        if (slope == slope) {
            below = u > -l ? 1.f : 0.f;
        }
        slope_above[i] = slope;
        intercept[i] = shift;
        slope_below[i] = below;
        magnitude[i] = fabsf(l) > fabsf(u) || l != l ? fabsf(l) : fabsf(u);
    }
}
EXPORT_KERNEL(relax)

/** magnitude = max(|lower|, |upper|); NaN if either is. */
extern "C" __global__ void magnitudes(const float* __restrict__ lower, const float* __restrict__ upper,
                                      float* __restrict__ magnitude, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float l = fabsf(lower[i]), u = fabsf(upper[i]);
        magnitude[i] = l > u || l != l ? l : u;
    }
}
EXPORT_KERNEL(magnitudes)

constexpr int THREADS = 256, SPAN = 16 * THREADS;

/** Whether a unit's interval goes over a bend; where an end, or a bend, is NaN it does. */
static __device__ __forceinline__ bool is_open(float first, float last, const float* __restrict__ lower,
                                               const float* __restrict__ upper, long long k, long long n) {
    if (k >= n) {
        return false;
    }
    const float l = lower[k], u = upper[k];
    return !(u <= first || l >= last || (l >= first && u <= last));
}

/**
 * The block's sum of a number of each thread, in each thread.
 * sums: shared, the kernel's own: the name that nvcc gives a helper's hashes the path of the source
 */
static __device__ int block_sum(int own, int (&sums)[THREADS / WARP]) {
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        own += __shfl_xor_sync(ALL_LANES, own, distance);
    }
    __syncthreads(); // the last call's sums have been read
    if (threadIdx.x % WARP == 0) {
        sums[threadIdx.x / WARP] = own;
    }
    __syncthreads();
    int sum = 0;
    for (int warp = 0; warp < THREADS / WARP; ++warp) {
        sum += sums[warp];
    }
    return sum;
}

/** counts[b] = open units among elements b SPAN .. (b + 1) SPAN - 1. */
extern "C" __global__ void open_counts(float first, float last, const float* __restrict__ lower,
                                       const float* __restrict__ upper, int* __restrict__ counts, long long n) {
    __shared__ int sums[THREADS / WARP];
    int own = 0;
    for (int i = threadIdx.x; i < SPAN; i += THREADS) {
        own += is_open(first, last, lower, upper, (long long) blockIdx.x * SPAN + i, n) ? 1 : 0;
    }
    const int sum = block_sum(own, sums);
    if (threadIdx.x == 0) {
        counts[blockIdx.x] = sum;
    }
}
EXPORT_KERNEL(open_counts)

/** Two forms for each open unit, in the units' order; total = their number. */
extern "C" __global__ void open_sides(float first, float last, const float* __restrict__ lower,
                                      const float* __restrict__ upper, const int* __restrict__ counts,
                                      int* __restrict__ owners, int* __restrict__ forms, int* __restrict__ total, int units,
                                      long long n) {
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    __shared__ int of_warps[THREADS / WARP], sums[THREADS / WARP];
    int own = 0;
    for (int b = threadIdx.x; b < (int) blockIdx.x; b += THREADS) {
        own += counts[b];
    }
    int before = block_sum(own, sums);
    for (int i = 0; i < SPAN; i += THREADS) {
        const long long k = (long long) blockIdx.x * SPAN + i + threadIdx.x;
        const bool open = is_open(first, last, lower, upper, k, n);
        const unsigned lanes = __ballot_sync(ALL_LANES, open);
        __syncthreads();
        if (lane == 0) {
            of_warps[warp] = __popc(lanes);
        }
        __syncthreads();
        int at = before + __popc(lanes & ((1u << lane) - 1));
        for (int w = 0; w < THREADS / WARP; ++w) {
            at += w < warp ? of_warps[w] : 0;
            before += of_warps[w];
        }
        if (open) {
            const int owner = (int) (k / units), unit = (int) (k - (long long) owner * units);
            owners[2 * at] = owners[2 * at + 1] = owner;
            forms[2 * at] = unit;
            forms[2 * at + 1] = unit + units;
        }
    }
    if (blockIdx.x == gridDim.x - 1 && threadIdx.x == 0) {
        *total = 2 * before;
    }
}
EXPORT_KERNEL(open_sides)

/** The better of two lower bounds; NaN, and what lies beyond the largest float, is none. */
static __device__ __forceinline__ float tighter(float known, float found) {
    found = fabsf(found) < LARGEST ? found : unknown();
    return found > known || known != known ? found : known;
}

/** Takes minima of pairs of forms, as open_sides lists them, for better bounds. */
extern "C" __global__ void tighten(const float* __restrict__ minima, const int* __restrict__ owners,
                                   const int* __restrict__ forms, float* __restrict__ lower, float* __restrict__ upper,
                                   int units, int pairs) {
    for (long long r = grid_first(); r < pairs; r += grid_stride()) {
        const long long k = (long long) owners[2 * r] * units + forms[2 * r];
        const float l = tighter(lower[k], minima[2 * r]), u = -tighter(-upper[k], minima[2 * r + 1]);
        const bool known = l == l && u == u; // an interval that is known at one end only is unknown
        lower[k] = known ? l : unknown();
        upper[k] = known ? u : unknown();
    }
}
EXPORT_KERNEL(tighten)
