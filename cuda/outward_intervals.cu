/*
 * outward_intervals.cu: boxes that hold the real-number network's values, for certificates.
 * Math      box      [max(c - epsilon, 0), min(c + epsilon, 1)] for every c within centre_error x of x
 *           affine   lower[n,o] = b[o] + sum over i of W[o,i] (W[o,i] > 0 ? lower[n,i] : upper[n,i]); upper: swapped
 *           add      [x_lower + y_lower, x_upper + y_upper]
 *           margins  lower bound of the map (W[y] - W[c]) x + (b[y] - b[c]) over the box, y = labels[n]; 0 at c = y
 * Rounding  lower bounds down, upper bounds up, at every single operation: each intermediate result bounds the real
 *           numbers' one. Single precision, because most GPUs run double at a 64th of its speed.
 * Unknown   An interval without two finite ends is unknown, and so is every output that gives it a weight other than 0;
 *           both its bounds are NaN, and no comparison with NaN holds. The sums below go by that on the quick: NaN and
 *           infinities pass the split of W by sign, and a sum that met one never becomes finite again. Only an output
 *           whose sums are not finite is summed once more, without the products with 0. What is not finite then, by an
 *           unknown or by overflow, is unknown.
 * Shapes    lower, upper [N,I]   W [O,I]   b [O]   outputs [N,O]   labels int [N] in 0 .. O - 1   row-major, any size
 * Launch    outward_box, outward_add, outward_margins: any 1-D grid, blocks of whole warps. outward_affine_RxO: a block of
 *           SIDE^2 threads for each tile of R rows and O outputs, tiles of the same rows beside each other
 * Traffic   affine: a tile reads 4 I (2 R + O) bytes for 4 I R O multiply-adds
 * Bits      the same for every tile size and launch shape: a sum is always taken in the same order
 * Oracle    BackendContract, IbpProperties (exact decimal arithmetic), OutwardTilesTest
 */
#include "intervals.cuh"
#include "outward_sums.cuh"

/** centre_error: 0 or a power of two. epsilon: a float not below the distance meant. */
extern "C" __global__ void outward_box(const float* __restrict__ x, float centre_error, float epsilon,
                                       float* __restrict__ lower, float* __restrict__ upper, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float centre = x[i], error = __fmul_ru(centre, centre_error);
        const float below = __fsub_rd(__fsub_rd(centre, error), epsilon);
        const float above = __fadd_ru(__fadd_ru(centre, error), epsilon);
        lower[i] = below < 0.f ? 0.f : below; // NaN stays
        upper[i] = above > 1.f ? 1.f : above;
    }
}
EXPORT_KERNEL(outward_box)

/** x + y of two boxes; the result may take the place of either. */
extern "C" __global__ void outward_add(const float* x_lower, const float* x_upper, const float* y_lower,
                                       const float* y_upper, float* lower, float* upper, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float low = __fadd_rd(x_lower[i], y_lower[i]), high = __fadd_ru(x_upper[i], y_upper[i]);
        const bool known = is_finite(x_lower[i]) && is_finite(x_upper[i]) && is_finite(y_lower[i]) && is_finite(y_upper[i])
                && is_finite(low) && is_finite(high);
        lower[i] = known ? low : unknown();
        upper[i] = known ? high : unknown();
    }
}
EXPORT_KERNEL(outward_add)

/** One output's bounds from its row of W and the boxes of one row of x, without what weighs 0. */
static __device__ __forceinline__ void sum_without_zeros(const float* __restrict__ lower, const float* __restrict__ upper,
                                                      const float* __restrict__ weight, float bias, int in,
                                                      float& out_lower, float& out_upper) {
    float low = bias, high = bias;
#pragma unroll 1 // code that hardly ever runs should be short, and take no registers from what always runs
    for (int i = 0; i < in; ++i) {
        const float w = weight[i];
        if (w != 0.f) {
            low = __fmaf_rd(w, w > 0.f ? lower[i] : upper[i], low);
            high = __fmaf_ru(w, w > 0.f ? upper[i] : lower[i], high);
        }
    }
    const bool known = is_finite(low) && is_finite(high);
    out_lower = known ? low : unknown();
    out_upper = known ? high : unknown();
}

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

/** One thread's share of the next slab's columns of a matrix, on its way from global to shared memory. */
template <int LINES> using Share = float[LINES / LOADED_ROWS];

/** Takes 0 beyond the matrix, which adds nothing to any sum. */
template <int LINES> static __device__ __forceinline__ void load(Share<LINES>& share, const float* __restrict__ matrix,
                                                                 long long row, int column, int rows, int columns) {
    const int r = threadIdx.x / DEPTH, i = column + threadIdx.x % DEPTH;
    const int left = (int) min(rows - row, (long long) LINES) - r; // one register to compare with, and one address to keep
    const float* from = matrix + (row + r) * columns + i;
#pragma unroll
    for (int j = 0; j < LINES / LOADED_ROWS; ++j) {
        share[j] = j * LOADED_ROWS < left && i < columns ? from[j * LOADED_ROWS * (long long) columns] : 0.f;
    }
}

template <int LINES, class Of> static __device__ __forceinline__ void store(const Share<LINES>& share,
                                                                            float (&to)[DEPTH][LINES + PADDING], Of of) {
    const int r = threadIdx.x / DEPTH, k = threadIdx.x % DEPTH;
#pragma unroll
    for (int j = 0; j < LINES / LOADED_ROWS; ++j) {
        to[k][r + j * LOADED_ROWS] = of(share[j]);
    }
}

template <int LINES> static __device__ __forceinline__ void store(const Share<LINES>& share,
                                                                  float (&to)[DEPTH][LINES + PADDING]) {
    store<LINES>(share, to, [](float x) { return x; });
}

/** W in two parts, of which one is 0. */
template <int ROWS, int OUTPUTS> static __device__ __forceinline__ void store_parts(const Share<OUTPUTS>& share,
                                                                                    Slab<ROWS, OUTPUTS>& slab) {
    store<OUTPUTS>(share, slab.positive, [](float w) { return w < 0.f ? 0.f : w; }); // not fmaxf: NaN stays, in both
    store<OUTPUTS>(share, slab.negative, [](float w) { return w > 0.f ? 0.f : w; });
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

    /** Adds the products of columns FIRST to END: per weight four multiply-adds, and no selection by sign. */
    template <int FIRST, int END, int ROWS, int OUTPUTS>
    __device__ __forceinline__ void add(const Slab<ROWS, OUTPUTS>& slab, int r, int o) {
#pragma unroll
        for (int k = FIRST; k < END; ++k) {
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
        const float constant = output + o + b < out ? bias[output + o + b] : 0.f;
        for (int a = 0; a < R; ++a) {
            bounds.lower[a][b] = bounds.upper[a][b] = constant;
        }
    }
    Share<ROWS> box;
    Share<OUTPUTS> weights;
    load<ROWS>(box, lower, row, 0, rows, in);
    store<ROWS>(box, slabs[0].lower);
    load<ROWS>(box, upper, row, 0, rows, in);
    store<ROWS>(box, slabs[0].upper);
    load<OUTPUTS>(weights, weight, output, 0, out, in);
    store_parts(weights, slabs[0]);
    __syncthreads();
    for (int column = 0, current = 0; column < in; column += DEPTH, current ^= 1) {
        const bool more = column + DEPTH < in;
        Slab<ROWS, OUTPUTS>& next = slabs[current ^ 1]; // last read before the barrier behind us
        // In two halves: old compilers have not the registers for all of a thread's share of a slab at once.
        if (more) {
            load<ROWS>(box, lower, row, column + DEPTH, rows, in);
            load<OUTPUTS>(weights, weight, output, column + DEPTH, out, in);
        }
        bounds.template add<0, DEPTH / 2>(slabs[current], r, o);
        if (more) {
            store<ROWS>(box, next.lower);
            store_parts(weights, next);
            load<ROWS>(box, upper, row, column + DEPTH, rows, in);
        }
        bounds.template add<DEPTH / 2, DEPTH>(slabs[current], r, o);
        if (more) {
            store<ROWS>(box, next.upper);
            __syncthreads();
        }
    }
    bool finite = true;
    for (int a = 0; a < R; ++a) {
        for (int b = 0; b < O; ++b) {
            const long long n = row + r + a, c = output + o + b;
            if (n < rows && c < out) {
                out_lower[n * out + c] = bounds.lower[a][b];
                out_upper[n * out + c] = bounds.upper[a][b];
                finite = finite && is_finite(bounds.lower[a][b]) && is_finite(bounds.upper[a][b]);
            }
        }
    }
    if (!finite) {
        // From memory, as registers can't be indexed; rolled for the same reason as above.
#pragma unroll 1
        for (int k = 0; k < R * O; ++k) {
            const long long n = row + r + k / O, c = output + o + k % O;
            if (n < rows && c < out && !(is_finite(out_lower[n * out + c]) && is_finite(out_upper[n * out + c]))) {
                sum_without_zeros(lower + n * in, upper + n * in, weight + c * in, bias[c], in, out_lower[n * out + c],
                                  out_upper[n * out + c]);
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
 * Its lane's share of a lower bound of the margin, without the bias. All columns, or those alone in which the two rows of W
 * differ, which comes to the same where no interval is unknown.
 */
template <bool ALL> static __device__ __forceinline__ float margin_share(
        const float* __restrict__ of_label, const float* __restrict__ of_other, const float* __restrict__ lower,
        const float* __restrict__ upper, int lane, int in) {
    float sum = 0.f;
    for (int i = lane; i < in; i += WARP) {
        const float down = __fsub_rd(of_label[i], of_other[i]), up = __fsub_ru(of_label[i], of_other[i]);
        if (ALL || down != 0.f || up != 0.f) {
            const float x = up > 0.f ? lower[i] : upper[i];
            sum = __fmaf_rd(x >= 0.f ? down : up, x, sum);
        }
    }
    return sum;
}

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
            const float *low = lower + n * in, *high = upper + n * in, constant = __fsub_rd(bias[y], bias[c]);
            sum = __fadd_rd(warp_sum_down(margin_share<true>(of_label, of_other, low, high, lane, in)), constant);
            if (!is_finite(sum)) { // of the same bits in every lane
                sum = __fadd_rd(warp_sum_down(margin_share<false>(of_label, of_other, low, high, lane, in)), constant);
            }
            sum = fabsf(sum) < LARGEST ? sum : unknown(); // what rounds down to the largest float is beyond it
        }
        if (lane == 0) {
            margins[pair] = sum;
        }
    }
}
EXPORT_KERNEL(outward_margins)
