/*
 * outward_intervals.cu: boxes that hold the real-number network's values, for certificates.
 * Math      box      [max(x - epsilon, 0), min(x + epsilon, 1)]
 *           affine   lower[n,o] = b[o] + sum over i of W[o,i] (W[o,i] > 0 ? lower[n,i] : upper[n,i]); upper: swapped
 *           margins  lower bound of the map (W[y] - W[c]) x + (b[y] - b[c]) over the box, y = labels[n]; 0 at c = y
 * Rounding  lower bounds down, upper bounds up, at every single operation: each intermediate result bounds the real
 *           numbers' one. Single precision, because most GPUs run double at a 64th of its speed.
 * Unknown   A NaN or an infinity anywhere in a row of the box, or in a row of W, makes what depends on it NaN or
 *           infinite, never tighter than it is: NaN passes the split of W by sign, 0 times infinity is NaN, and no NaN
 *           is dropped. Overflow turns a lower bound into the largest float or -infinity, an upper one the other way.
 *           What is NaN certifies nothing: no comparison with it holds.
 * Shapes    lower, upper [N,I]   W [O,I]   b [O]   outputs [N,O]   labels int [N] in 0 .. O - 1   row-major, any size
 * Launch    outward_box, outward_margins: any 1-D grid, blocks of whole warps. outward_affine_RxO: a block of SIDE^2
 *           threads for each tile of R rows and O outputs, tiles of the same rows beside each other
 * Traffic   affine: a tile reads 4 I (2 R + O) bytes for 4 I R O multiply-adds
 * Bits      the same for every tile size and launch shape: a sum is always taken in the same order
 * Oracle    BackendContract, IbpProperties (exact decimal arithmetic), OutwardTilesTest
 */
#include "outward_sums.cuh"

/** epsilon: a float not below the distance meant. */
extern "C" __global__ void outward_box(const float* __restrict__ x, float epsilon, float* __restrict__ lower,
                                       float* __restrict__ upper, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float below = __fsub_rd(x[i], epsilon), above = __fadd_ru(x[i], epsilon);
        lower[i] = below < 0.f ? 0.f : below; // NaN stays
        upper[i] = above > 1.f ? 1.f : above;
    }
}
EXPORT_KERNEL(outward_box)

/** Threads along either side of a tile. */
constexpr int SIDE = 16;
constexpr int TILE_THREADS = SIDE * SIDE;
/** Columns of x and W that a tile holds at a time: eight neighbouring floats fill a sector of memory. */
constexpr int DEPTH = 8;
/** Floats that pad a tile's rows: a warp, storing 8 columns by 4 rows, then meets each bank of shared memory once. */
constexpr int PADDING = 4;
/** Rows of x or W that the block's threads load in one go. */
constexpr int LOADED_ROWS = TILE_THREADS / DEPTH;

/** DEPTH columns of a tile, transposed; W in two parts, of which one is 0: max(W, 0) and min(W, 0). */
template <int ROWS, int OUTPUTS> struct __align__(16) Slab {
    static_assert(ROWS % LOADED_ROWS == 0 && OUTPUTS % LOADED_ROWS == 0, "every thread loads alike");
    static_assert((ROWS + PADDING) % 32 == PADDING && (OUTPUTS + PADDING) % 32 == PADDING, "each bank once");
    float lower[DEPTH][ROWS + PADDING];
    float upper[DEPTH][ROWS + PADDING];
    float positive[DEPTH][OUTPUTS + PADDING];
    float negative[DEPTH][OUTPUTS + PADDING];
};

/** One thread's share of the next slab, on its way from global to shared memory. */
template <int ROWS, int OUTPUTS> struct Share {
    float lower[ROWS / LOADED_ROWS], upper[ROWS / LOADED_ROWS], weight[OUTPUTS / LOADED_ROWS];
};

/** Element [row, column] of a matrix of so many rows and columns; 0 beyond them, which adds nothing to any sum. */
static __device__ __forceinline__ float element(const float* __restrict__ matrix, long long row, int column,
                                                long long rows, int columns) {
    return row < rows && column < columns ? matrix[row * columns + column] : 0.f;
}

template <int ROWS, int OUTPUTS> static __device__ __forceinline__ void load(
        Share<ROWS, OUTPUTS>& share, const float* __restrict__ lower, const float* __restrict__ upper,
        const float* __restrict__ weight, long long row, long long output, int column, int rows, int in, int out) {
    const int r = threadIdx.x / DEPTH, i = column + threadIdx.x % DEPTH;
#pragma unroll
    for (int j = 0; j < ROWS / LOADED_ROWS; ++j) {
        share.lower[j] = element(lower, row + r + j * LOADED_ROWS, i, rows, in);
        share.upper[j] = element(upper, row + r + j * LOADED_ROWS, i, rows, in);
    }
#pragma unroll
    for (int j = 0; j < OUTPUTS / LOADED_ROWS; ++j) {
        share.weight[j] = element(weight, output + r + j * LOADED_ROWS, i, out, in);
    }
}

template <int ROWS, int OUTPUTS> static __device__ __forceinline__ void store(const Share<ROWS, OUTPUTS>& share,
                                                                              Slab<ROWS, OUTPUTS>& slab) {
    const int r = threadIdx.x / DEPTH, k = threadIdx.x % DEPTH;
#pragma unroll
    for (int j = 0; j < ROWS / LOADED_ROWS; ++j) {
        slab.lower[k][r + j * LOADED_ROWS] = share.lower[j];
        slab.upper[k][r + j * LOADED_ROWS] = share.upper[j];
    }
#pragma unroll
    for (int j = 0; j < OUTPUTS / LOADED_ROWS; ++j) {
        const float w = share.weight[j];
        slab.positive[k][r + j * LOADED_ROWS] = w < 0.f ? 0.f : w; // not fmaxf: NaN has to stay, in both parts
        slab.negative[k][r + j * LOADED_ROWS] = w > 0.f ? 0.f : w;
    }
}

/** COUNT neighbouring floats from shared memory; aligned, so that they come four at a time. */
template <int COUNT> static __device__ __forceinline__ void fetch(const float* from, float (&to)[COUNT]) {
#pragma unroll
    for (int j = 0; j < COUNT; ++j) {
        to[j] = from[j];
    }
}

/** One thread's outputs: bounds of R rows by O outputs, in registers. */
template <int R, int O> struct Bounds {
    float lower[R][O], upper[R][O];

    /** Adds DEPTH columns' products: per weight four multiply-adds, and no selection by sign. */
    template <int ROWS, int OUTPUTS> __device__ __forceinline__ void add(const Slab<ROWS, OUTPUTS>& slab, int r, int o) {
#pragma unroll
        for (int k = 0; k < DEPTH; ++k) {
            float l[R], u[R], positive[O], negative[O];
            fetch(&slab.lower[k][r], l);
            fetch(&slab.upper[k][r], u);
            fetch(&slab.positive[k][o], positive);
            fetch(&slab.negative[k][o], negative);
#pragma unroll
            for (int a = 0; a < R; ++a) {
#pragma unroll
                for (int b = 0; b < O; ++b) {
                    lower[a][b] = __fmaf_rd(positive[b], l[a], lower[a][b]);
                    upper[a][b] = __fmaf_ru(positive[b], u[a], upper[a][b]);
                    lower[a][b] = __fmaf_rd(negative[b], u[a], lower[a][b]);
                    upper[a][b] = __fmaf_ru(negative[b], l[a], upper[a][b]);
                }
            }
        }
    }
};

template <int ROWS, int OUTPUTS> static __device__ __forceinline__ void outward_affine(
        const float* __restrict__ lower, const float* __restrict__ upper, const float* __restrict__ weight,
        const float* __restrict__ bias, float* __restrict__ out_lower, float* __restrict__ out_upper, int rows, int in,
        int out) {
    constexpr int R = ROWS / SIDE, O = OUTPUTS / SIDE;
    __shared__ Slab<ROWS, OUTPUTS> slabs[2]; // one is multiplied while the other is filled
    const int tiles = (out + OUTPUTS - 1) / OUTPUTS;
    const long long row = blockIdx.x / tiles * (long long) ROWS, output = blockIdx.x % tiles * (long long) OUTPUTS;
    const int r = threadIdx.x / SIDE * R, o = threadIdx.x % SIDE * O;

    Bounds<R, O> bounds;
    for (int b = 0; b < O; ++b) {
        const float constant = element(bias, 0, (int) (output + o + b), 1, out);
        for (int a = 0; a < R; ++a) {
            bounds.lower[a][b] = bounds.upper[a][b] = constant;
        }
    }
    Share<ROWS, OUTPUTS> share;
    load<ROWS, OUTPUTS>(share, lower, upper, weight, row, output, 0, rows, in, out);
    store(share, slabs[0]);
    __syncthreads();
    for (int column = 0, current = 0; column < in; column += DEPTH, current ^= 1) {
        const bool more = column + DEPTH < in;
        if (more) {
            load<ROWS, OUTPUTS>(share, lower, upper, weight, row, output, column + DEPTH, rows, in, out);
        }
        bounds.add(slabs[current], r, o);
        if (more) {
            store(share, slabs[current ^ 1]); // last read before the barrier behind us
            __syncthreads();
        }
    }
    for (int a = 0; a < R; ++a) {
        for (int b = 0; b < O; ++b) {
            const long long n = row + r + a, c = output + o + b;
            if (n < rows && c < out) {
                out_lower[n * out + c] = bounds.lower[a][b];
                out_upper[n * out + c] = bounds.upper[a][b];
            }
        }
    }
}

#define OUTWARD_AFFINE(ROWS, OUTPUTS)                                                                             \
    extern "C" __global__ void __launch_bounds__(TILE_THREADS, 2) outward_affine_##ROWS##x##OUTPUTS(             \
            const float* __restrict__ lower, const float* __restrict__ upper, const float* __restrict__ weight,  \
            const float* __restrict__ bias, float* __restrict__ out_lower, float* __restrict__ out_upper,        \
            int rows, int in, int out) {                                                                         \
        outward_affine<ROWS, OUTPUTS>(lower, upper, weight, bias, out_lower, out_upper, rows, in, out);          \
    }                                                                                                            \
    EXPORT_KERNEL(outward_affine_##ROWS##x##OUTPUTS)

OUTWARD_AFFINE(128, 64)
OUTWARD_AFFINE(64, 64)
OUTWARD_AFFINE(32, 32)

/**
 * A warp for each row and class. The coefficient d = W[y,i] - W[c,i] is no float in general: it lies between its
 * roundings down and up, which have its sign. d x is least at x = lower where d > 0, at x = upper where d < 0; and there
 * the lesser of the two roundings' products is the lower rounding's where x >= 0, the upper one's where x < 0.
 */
extern "C" __global__ void outward_margins(const float* __restrict__ lower, const float* __restrict__ upper,
                                           const int* __restrict__ labels, const float* __restrict__ weight,
                                           const float* __restrict__ bias, float* __restrict__ margins, int rows, int in,
                                           int out) {
    const long long pairs = (long long) rows * out;
    const int lane = threadIdx.x % WARP;
    for (long long pair = grid_first() / WARP; pair < pairs; pair += grid_stride() / WARP) {
        const long long n = pair / out, c = pair - n * out, y = labels[n];
        float sum = 0.f;
        if (c != y) {
            const float *of_label = weight + y * in, *of_other = weight + c * in;
            for (int i = lane; i < in; i += WARP) {
                const float down = __fsub_rd(of_label[i], of_other[i]), up = __fsub_ru(of_label[i], of_other[i]);
                const float x = up > 0.f ? lower[n * in + i] : upper[n * in + i];
                sum = __fmaf_rd(x >= 0.f ? down : up, x, sum);
            }
            sum = __fadd_rd(warp_sum_down(sum), __fsub_rd(bias[y], bias[c]));
        }
        if (lane == 0) {
            margins[pair] = sum;
        }
    }
}
EXPORT_KERNEL(outward_margins)
