/*
 * square_proposals.cu: random proposals of the Square attack.
 * Math      see each kernel and SquareProposals; numbers are Philox's words of (image, 3 start, 8 query + which), signs those of
 *           (image, 3 start + 1, query channels + channel)
 * Rounding  square_windows copies; square_patterns computes in double, to float at the end
 * Shapes    best, lower, upper, centres, x [rows,channels,height,width]; pattern [side,side]; radii [rows]; images, starts int
 *           [rows]; query int [1]
 * Launch    a block of SUM_THREADS threads a row, any 1-D grid; strided over rows. square_patterns: three doubles of dynamic
 *           shared memory a channel
 * Traffic   12 to 16 bytes an element, patterns again from cache
 * Oracle    SquareProposalsContract
 */
#include "philox.cuh"
#include "sums.cuh"

struct Query {
    NoiseKey key;
    unsigned image, start, number;

    __device__ __forceinline__ unsigned word(unsigned sample, unsigned element) const {
        const uint4 block = philox(key, image, sample, element / NOISE_GROUP * NOISE_LANES + element % NOISE_LANES);
        const unsigned run = element / NOISE_LANES % 4;
        return run == 0 ? block.x : run == 1 ? block.y : run == 2 ? block.z : block.w;
    }

    /** A number below `count`. */
    __device__ __forceinline__ int below(int count, int which) const {
        return (int) __umulhi(word(3 * start, 8 * number + which), (unsigned) count);
    }

    __device__ __forceinline__ bool positive(int channels, int c) const {
        return word(3 * start + 1, number * channels + c) & 1;
    }
};

struct Window {
    int top, left, side;

    __device__ __forceinline__ bool holds(int u, int v) const {
        return u >= top && u < top + side && v >= left && v < left + side;
    }
};

/** A row's windows and whether its pattern is transposed, in all threads of a block: a thread each draws one number. */
struct Drawn {
    Window first, second;
    bool transposed;
};

static __device__ __forceinline__ Drawn drawn_by(const Query& query, int height, int width, int side) {
    __shared__ int numbers[5];
    __syncthreads(); // the numbers of the row before this one have been read
    if (threadIdx.x < 5) {
        const int which = threadIdx.x;
        numbers[which] = query.below(which == 4 ? 2 : (which % 2 == 0 ? height : width) - side + 1, which);
    }
    __syncthreads();
    return {{numbers[0], numbers[1], side}, {numbers[2], numbers[3], side}, numbers[4] == 1};
}

/** x is best, but in one window at an end of the box. */
extern "C" __global__ void __launch_bounds__(SUM_THREADS) square_windows(const float* __restrict__ best,
        const float* __restrict__ lower, const float* __restrict__ upper, const int* __restrict__ images,
        const int* __restrict__ starts, const int* __restrict__ query, unsigned key_low, unsigned key_high, unsigned stream, int rows,
        int channels, int height, int width, int side, float* __restrict__ x) {
    const int columns = channels * height * width;
    for (int n = blockIdx.x; n < rows; n += gridDim.x) {
        const long long start = (long long) n * columns;
        const Query draws{{key_low, key_high, stream}, (unsigned) images[n], (unsigned) starts[n], (unsigned) query[0]};
        const Window window = drawn_by(draws, height, width, side).first;
        for (int e = threadIdx.x; e < columns; e += SUM_THREADS) {
            const int c = e / (height * width), u = e / width % height, v = e % width;
            const long long k = start + e;
            x[k] = !window.holds(u, v) ? best[k] : draws.positive(channels, c) ? upper[k] : lower[k];
        }
    }
}
EXPORT_KERNEL(square_windows)

/** The sum over a row's elements of f, in all threads. */
template <class F> static __device__ __forceinline__ double sum_over(int length, const F& f) {
    double own = 0;
#pragma unroll 1 // a thread has few elements of a row, and copies of the loop spill
    for (int e = threadIdx.x; e < length; e += SUM_THREADS) {
        own += f(e);
    }
    return block_sum(own);
}

/** What one proposal has to say of a displacement's elements. */
struct Proposal {
    Window first, second;
    const float* pattern;
    const float* best;
    const float* centre;
    int height, width;
    bool euclidean, transposed;

    __device__ __forceinline__ double way(int e) const {
        return (double) best[e] - centre[e];
    }

    __device__ __forceinline__ double term(double value) const {
        return euclidean ? value * value : fabs(value);
    }

    __device__ __forceinline__ double root(double sum) const {
        return euclidean ? sqrt(sum) : sum;
    }

    /** The element of a channel that is number k of a window. */
    __device__ __forceinline__ int at(const Window& window, int c, int k) const {
        return (c * height + window.top + k / window.side) * width + window.left + k % window.side;
    }

    /** Element k of the first window before it is scaled. */
    __device__ __forceinline__ double fresh(int c, int k, double norm, double sign) const {
        const int u = k / first.side, v = k % first.side;
        const double old = norm > 0. ? way(at(first, c, k)) / norm : 0.;
        return sign * pattern[transposed ? v * first.side + u : k] + old;
    }
};

/** What one window of the displacement has goes to another, in a pattern. */
extern "C" __global__ void __launch_bounds__(SUM_THREADS) square_patterns(int euclidean, const float* __restrict__ best,
        const float* __restrict__ centres, const float* __restrict__ pattern, const float* __restrict__ radii,
        const int* __restrict__ images, const int* __restrict__ starts, const int* __restrict__ query, unsigned key_low,
        unsigned key_high, unsigned stream, int rows, int channels, int height, int width, int side, float* __restrict__ x) {
    DYNAMIC_SHARED(double, shared); // for each channel the norm in the first window, then the scales, then the signs
    const int area = height * width, columns = channels * area, inside = side * side;
    double* const norms = shared;
    double* const scales = shared + channels;
    double* const signs = shared + 2 * channels;
    for (int n = blockIdx.x; n < rows; n += gridDim.x) {
        const long long start = (long long) n * columns;
        const Query draws{{key_low, key_high, stream}, (unsigned) images[n], (unsigned) starts[n], (unsigned) query[0]};
        const Drawn drawn = drawn_by(draws, height, width, side);
        const Proposal p{drawn.first, drawn.second, pattern, best + start, centres + start, height, width, euclidean != 0,
                         drawn.transposed};
        for (int c = threadIdx.x; c < channels; c += SUM_THREADS) {
            signs[c] = draws.positive(channels, c) ? 1. : -1.;
        }
        __syncthreads(); // signs are there
        const double radius = radii[n];
        const double spent = sum_over(columns, [&](int e) { return p.term(p.way(e)); });
        const double left = fmax(0., p.term(radius) - spent);
#pragma unroll 1
        for (int c = 0; c < channels; ++c) {
            const double in_first = sum_over(inside, [&](int k) { return p.term(p.way(p.at(p.first, c, k))); });
            const double in_second = sum_over(inside, [&](int k) {
                const bool both = p.first.holds(p.second.top + k / side, p.second.left + k % side);
                return both ? 0. : p.term(p.way(p.at(p.second, c, k)));
            });
            const double norm = p.root(in_first);
            const double total = sum_over(inside, [&](int k) { return p.term(p.fresh(c, k, norm, signs[c])); });
            const double target = p.euclidean ? sqrt(left / channels + in_first + in_second) : left + channels * (in_first + in_second);
            if (threadIdx.x == 0) {
                norms[c] = norm;
                scales[c] = total > 0. ? target / p.root(total) : 0.;
            }
        }
        __syncthreads(); // norms and scales are there
        const auto moved = [&](int e) {
            const int c = e / area, u = e / width % height, v = e % width;
            return p.first.holds(u, v) ? scales[c] * p.fresh(c, (u - p.first.top) * side + v - p.first.left, norms[c], signs[c])
                    : p.second.holds(u, v) ? 0. : p.way(e);
        };
        const double length = p.euclidean ? sqrt(sum_over(columns, [&](int e) { return moved(e) * moved(e); })) : 0.;
        const double scale = length > 0. ? radius / length : 1.;
#pragma unroll 1
        for (int e = threadIdx.x; e < columns; e += SUM_THREADS) {
            x[start + e] = (float) (p.centre[e] + scale * moved(e));
        }
        __syncthreads(); // norms and scales have been read
    }
}
EXPORT_KERNEL(square_patterns) // may spill: across divisions in double, in a kernel that waits for its block sums
