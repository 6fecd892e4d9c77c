/*
 * convolutions.cu: convolutions as matrix products with windows of images, which are never stored.
 * Math      convolve     y[n,o,p] = b[o] + sum over taps k of W[o,k] x(n,p,k), relu: x(n,p,k) is the element that tap k
 *                        (input channel, row, column of the window) of window p reads, 0 outside the image
 *           transposed   t[n,i,q] = sum over (o, r, s) of W[o,i,r,s] a[n,o,p], p the window whose element (r, s) is q
 *           weights      g[o,k] = sum over n, p of d[n,o,p] x(n,p,k)
 *           biases       g[o] = sum over n, p of d[n,o,p]
 *           enclose      as convolve, of a box: lower and upper bounds
 *           enter        rows of the matrix that the convolution is, or their negatives, each with its bias
 * Rounding  enclose: lower bounds down, upper bounds up, at every operation. The others: to nearest, fused multiply-adds
 *           along the inner dimension in ascending order. What lies outside the image adds 0, which rounds nothing
 * Unknown   enclose: as in outward_intervals.cu, an interval without two finite ends is unknown, and so is every output that
 *           gives it a weight other than 0: both its bounds are NaN. Only an output whose sums are not finite is summed once
 *           more, without the products with 0
 * Shapes    x [N, channels, height, width]   W [O, channels/groups, kernel]   y, d, a [N, O, windows]   row-major, any size
 *           channels in a kernel's parameters are those of one group
 * Launch    enter: any 1-D grid. The others: 256 threads; x: tiles of 64 x 64 of a group's result, y: groups, z: parts of
 *           the inner dimension (weights only: partial sums [parts, O, taps], which finish_multiply of products.cu adds up
 *           in their order)
 * Traffic   an operand's tile is read once a tile's row or column; windows overlap, so the cache serves most of x
 * Oracle    ConvolutionContract: sums in double, and exact decimal boxes
 */
#include "intervals.cuh"

namespace {

constexpr int THREADS = 256, SIDE = 64, DEPTH = 16, OWN = 4;
/** Padding keeps the rows of a tile 16-byte aligned and spreads its columns over the banks. */
constexpr int PITCH = SIDE + 4;

/** Sizes of one group's images in and out, and of the windows. A tap is (channel, row, column) of a window. */
struct Shape {
    int groups, in_channels, in_height, in_width, out_channels, out_height, out_width;
    int kernel_y, kernel_x, stride_y, stride_x, before_y, before_x, dilation_y, dilation_x;

    __device__ __forceinline__ int windows() const { return out_height * out_width; }
    __device__ __forceinline__ int area() const { return in_height * in_width; }
    __device__ __forceinline__ int kernel() const { return kernel_y * kernel_x; }
    /** Taps of an output, and of an input: (output channel, row, column). */
    __device__ __forceinline__ int taps() const { return in_channels * kernel(); }
    __device__ __forceinline__ int reverse_taps() const { return out_channels * kernel(); }
    __device__ __forceinline__ long long image() const { return (long long) groups * in_channels * area(); }
    __device__ __forceinline__ long long result() const { return (long long) groups * out_channels * windows(); }
};

#define SHAPE_PARAMETERS                                                                                               \
    int groups, int in_channels, int in_height, int in_width, int out_channels, int out_height, int out_width,         \
    int kernel_y, int kernel_x, int stride_y, int stride_x, int before_y, int before_x, int dilation_y, int dilation_x
#define SHAPE                                                                                                          \
    Shape{groups, in_channels, in_height, in_width, out_channels, out_height, out_width, kernel_y, kernel_x, stride_y, \
          stride_x, before_y, before_x, dilation_y, dilation_x}

/** A tap's place in its window: channel, and row and column from the window's first element. */
struct Tap {
    int channel, y, x;

    __device__ __forceinline__ Tap() : channel(0), y(0), x(0) {
    }

    __device__ __forceinline__ Tap(const Shape& s, int k)
            : channel(k / s.kernel()), y(k % s.kernel() / s.kernel_x * s.dilation_y), x(k % s.kernel_x * s.dilation_x) {
    }
};

/** Where window p of image n begins: its element of the group's first channel, which may lie outside the image. */
struct Window {
    long long base;
    int y, x;
    bool any;

    __device__ __forceinline__ void set(const Shape& s, int group, long long position, long long positions) {
        any = position < positions;
        const long long n = any ? position / s.windows() : 0;
        const int p = any ? (int) (position - n * s.windows()) : 0;
        y = p / s.out_width * s.stride_y - s.before_y;
        x = p % s.out_width * s.stride_x - s.before_x;
        base = n * s.image() + (long long) group * s.in_channels * s.area() + (long long) y * s.in_width + x;
    }

    /** Whether a tap's element is inside the image. */
    __device__ __forceinline__ bool covers(const Shape& s, const Tap& tap) const {
        const int row = y + tap.y, column = x + tap.x;
        return any && row >= 0 && row < s.in_height && column >= 0 && column < s.in_width;
    }

    /** The element that a tap reads; 0 outside the image. */
    __device__ __forceinline__ float at(const float* images, const Shape& s, const Tap& tap) const {
        return covers(s, tap) ? images[base + (long long) tap.channel * s.area() + tap.y * s.in_width + tap.x] : 0.f;
    }
};

/** Which of 256 threads brings which four neighbours of a tile [DEPTH][SIDE]. */
__device__ __forceinline__ int tile_depth() { return (int) threadIdx.x / (SIDE / 4); }
__device__ __forceinline__ int tile_outer() { return (int) threadIdx.x % (SIDE / 4) * 4; }

/** This block's tile of a group's result [m, columns]: tiles are numbered along rows of the result. */
struct Tile {
    int row;
    long long column;

    __device__ __forceinline__ explicit Tile(long long columns) {
        const long long across = (columns + SIDE - 1) / SIDE;
        row = (int) (blockIdx.x / across) * SIDE;
        column = blockIdx.x % across * SIDE;
    }
};

/** The sums of a thread: rows tile_row() + i, columns tile_column() + j of the tile. */
__device__ __forceinline__ int tile_row() { return (int) threadIdx.x / (SIDE / OWN) * OWN; }
__device__ __forceinline__ int tile_column() { return (int) threadIdx.x % (SIDE / OWN) * OWN; }

using Slab = float[DEPTH][PITCH];

__device__ __forceinline__ void add_products(const Slab& left, const Slab& right, float (&sums)[OWN][OWN]) {
    const int row = tile_row(), column = tile_column();
#pragma unroll
    for (int d = 0; d < DEPTH; ++d) {
        float l[OWN], r[OWN];
#pragma unroll
        for (int i = 0; i < OWN; ++i) {
            l[i] = left[d][row + i];
            r[i] = right[d][column + i];
        }
#pragma unroll
        for (int i = 0; i < OWN; ++i) {
#pragma unroll
            for (int j = 0; j < OWN; ++j) {
                sums[i][j] = fmaf(l[i], r[j], sums[i][j]);
            }
        }
    }
}

/** The weights of a group as the left operand [out_channels, taps], of which a tile is stored [DEPTH][SIDE]. */
struct Weights {
    const float* of_group;
    const int rows, columns;

    __device__ __forceinline__ Weights(const float* weight, const Shape& s, int group)
            : of_group(weight + (long long) group * s.out_channels * s.taps()), rows(s.out_channels), columns(s.taps()) {
    }

    __device__ __forceinline__ float at(int row, int column) const {
        return row < rows && column < columns ? of_group[(long long) row * columns + column] : 0.f;
    }
};

}

/** y = W * x + b, relu. */
extern "C" __global__ void __launch_bounds__(THREADS)
convolve(const float* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias,
         float* __restrict__ y, int rows, int relu, SHAPE_PARAMETERS) {
    __shared__ __align__(16) Slab left, right;
    const Shape s = SHAPE;
    const int group = blockIdx.y;
    const long long positions = (long long) rows * s.windows();
    const Tile tile(positions);
    const Weights weights(weight, s, group);
    Window window[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        window[i].set(s, group, tile.column + tile_outer() + i, positions);
    }
    float sums[OWN][OWN] = {};
    for (int first = 0; first < s.taps(); first += DEPTH) {
        const int k = first + tile_depth();
        const Tap tap(s, k < s.taps() ? k : 0);
        const int along = threadIdx.x % DEPTH;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            right[tile_depth()][tile_outer() + i] = k < s.taps() ? window[i].at(x, s, tap) : 0.f;
            const int outer = (int) threadIdx.x / DEPTH * 4 + i; // weights are contiguous along k
            left[along][outer] = weights.at(tile.row + outer, first + along);
        }
        __syncthreads();
        add_products(left, right, sums);
        __syncthreads();
    }
    for (int i = 0; i < OWN; ++i) {
        const int channel = tile.row + tile_row() + i;
        for (int j = 0; j < OWN; ++j) {
            const long long position = tile.column + tile_column() + j;
            if (channel < s.out_channels && position < positions) {
                const long long n = position / s.windows(), p = position - n * s.windows();
                const int o = group * s.out_channels + channel;
                const float value = sums[i][j] + bias[o];
                y[n * s.result() + (long long) o * s.windows() + p] = relu && value <= 0.f ? 0.f : value;
            }
        }
    }
}
EXPORT_KERNEL(convolve)

/** target = a W: an input sums over the output channels and places of the windows that it is part of. */
extern "C" __global__ void __launch_bounds__(THREADS, 2)
convolve_transposed(const float* __restrict__ a, const float* __restrict__ weight, float* __restrict__ target, int rows,
                    SHAPE_PARAMETERS) {
    __shared__ __align__(16) Slab left, right;
    const Shape s = SHAPE;
    const int group = blockIdx.y;
    const long long positions = (long long) rows * s.area();
    const Tile tile(positions);
    const float* of_group = weight + (long long) group * s.out_channels * s.taps();
    long long base[4]; // the group's first output of the image that an input belongs to
    int py[4], px[4];  // an input's place, counted from where the padding begins
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const long long position = tile.column + tile_outer() + i;
        const long long n = position < positions ? position / s.area() : 0;
        const int q = position < positions ? (int) (position - n * s.area()) : 0;
        base[i] = n * s.result() + (long long) group * s.out_channels * s.windows();
        py[i] = position < positions ? q / s.in_width + s.before_y : -1; // -1: no window covers it
        px[i] = q % s.in_width + s.before_x;
    }
    float sums[OWN][OWN] = {};
    for (int first = 0; first < s.reverse_taps(); first += DEPTH) {
        const int k = first + tile_depth();
        const bool some = k < s.reverse_taps();
        const Tap tap(s, some ? k : 0); // its channel is one of the output
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const int dy = py[i] - tap.y, dx = px[i] - tap.x;
            float value = 0.f;
            if (some && py[i] >= 0 && dy >= 0 && dx >= 0 && dy % s.stride_y == 0 && dx % s.stride_x == 0) {
                const int v = dy / s.stride_y, u = dx / s.stride_x;
                if (v < s.out_height && u < s.out_width) {
                    value = a[base[i] + (long long) tap.channel * s.windows() + v * s.out_width + u];
                }
            }
            right[tile_depth()][tile_outer() + i] = value;
            const int channel = tile.row + tile_outer() + i;
            left[tile_depth()][tile_outer() + i] = some && channel < s.in_channels
                    ? of_group[(long long) tap.channel * s.taps() + channel * s.kernel() + k % s.kernel()] : 0.f;
        }
        __syncthreads();
        add_products(left, right, sums);
        __syncthreads();
    }
    for (int i = 0; i < OWN; ++i) {
        const int channel = tile.row + tile_row() + i;
        for (int j = 0; j < OWN; ++j) {
            const long long position = tile.column + tile_column() + j;
            if (channel < s.in_channels && position < positions) {
                const long long n = position / s.area(), q = position - n * s.area();
                target[n * s.image() + ((long long) group * s.in_channels + channel) * s.area() + q] = sums[i][j];
            }
        }
    }
}
EXPORT_KERNEL(convolve_transposed)

/** sums[z] = the z-th part of sum over n, p of d[n,o,p] x(n,p,k): [parts, O, taps], `chunk` positions a part. */
extern "C" __global__ void __launch_bounds__(THREADS)
convolve_weights(const float* __restrict__ x, const float* __restrict__ d, float* __restrict__ sums_of_parts, int rows,
                 int chunk, SHAPE_PARAMETERS) {
    __shared__ __align__(16) Slab left, right;
    const Shape s = SHAPE;
    const int group = blockIdx.y;
    const long long positions = (long long) rows * s.windows();
    const long long begin = (long long) blockIdx.z * chunk;
    const long long end = begin + chunk < positions ? begin + chunk : positions;
    const Tile tile(s.taps());
    Tap tap[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const int k = (int) tile.column + tile_outer() + i;
        tap[i] = Tap(s, k < s.taps() ? k : 0);
    }
    float sums[OWN][OWN] = {};
    for (long long first = begin; first < end; first += DEPTH) {
        Window window;
        window.set(s, group, first + tile_depth(), end);
        const long long along = first + threadIdx.x % DEPTH; // d is contiguous along p
        const bool some = along < end;
        const long long n = some ? along / s.windows() : 0, p = some ? along - n * s.windows() : 0;
        const float* of_image = d + n * s.result() + (long long) group * s.out_channels * s.windows() + p;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const bool inside = tile.column + tile_outer() + i < s.taps();
            right[tile_depth()][tile_outer() + i] = inside ? window.at(x, s, tap[i]) : 0.f;
            const int outer = (int) threadIdx.x / DEPTH * 4 + i;
            left[threadIdx.x % DEPTH][outer] = some && tile.row + outer < s.out_channels
                    ? of_image[(long long) (tile.row + outer) * s.windows()] : 0.f;
        }
        __syncthreads();
        add_products(left, right, sums);
        __syncthreads();
    }
    for (int i = 0; i < OWN; ++i) {
        const int channel = tile.row + tile_row() + i;
        for (int j = 0; j < OWN; ++j) {
            const long long k = tile.column + tile_column() + j;
            if (channel < s.out_channels && k < s.taps()) {
                const long long o = (long long) (blockIdx.z * s.groups + group) * s.out_channels + channel;
                sums_of_parts[o * s.taps() + k] = sums[i][j];
            }
        }
    }
}
EXPORT_KERNEL(convolve_weights)

/** sums[z,o] = the z-th part of sum over n, p of d[n,o,p]: a block for each channel (x) and part of the rows (y). */
extern "C" __global__ void __launch_bounds__(THREADS)
convolve_biases(const float* __restrict__ d, float* __restrict__ sums_of_parts, int rows, int channels, int windows,
                int chunk) {
    __shared__ float of_threads[THREADS];
    const int o = blockIdx.x, first = blockIdx.y * chunk;
    const int end = rows - first < chunk ? rows : first + chunk;
    float sum = 0.f;
    for (int n = first; n < end; ++n) {
        const float* of_channel = d + ((long long) n * channels + o) * windows;
        for (int p = threadIdx.x; p < windows; p += THREADS) {
            sum += of_channel[p];
        }
    }
    of_threads[threadIdx.x] = sum;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if ((int) threadIdx.x < half) {
            of_threads[threadIdx.x] += of_threads[threadIdx.x + half];
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        sums_of_parts[(long long) blockIdx.y * channels + o] = of_threads[0];
    }
}
EXPORT_KERNEL(convolve_biases)

/** One output's bounds, without what weighs 0 and what lies outside the image: NaN if they are unknown. */
static __device__ __forceinline__ void sum_without_zeros(const float* __restrict__ lower, const float* __restrict__ upper,
                                                         const float* __restrict__ of_channel, float constant,
                                                         const Shape& s, const Window& window, float& out_lower,
                                                         float& out_upper) {
    float low = constant, high = constant;
#pragma unroll 1
    for (int k = 0; k < s.taps(); ++k) {
        const Tap tap(s, k);
        const float w = of_channel[k];
        if (w != 0.f && window.covers(s, tap)) {
            const float l = window.at(lower, s, tap), u = window.at(upper, s, tap);
            low = __fmaf_rd(w, w > 0.f ? l : u, low);
            high = __fmaf_ru(w, w > 0.f ? u : l, high);
        }
    }
    out_lower = is_known(low, high) ? low : unknown();
    out_upper = is_known(low, high) ? high : unknown();
}

/**
 * The box of W * x + b over a box of x. W in two parts, of which one is 0: max(W, 0) and min(W, 0). NaN passes both parts,
 * and a sum that met one, or an infinity, never becomes finite again.
 */
extern "C" __global__ void __launch_bounds__(THREADS)
convolve_outward(const float* __restrict__ lower, const float* __restrict__ upper, const float* __restrict__ weight,
                 const float* __restrict__ bias, float* __restrict__ out_lower, float* __restrict__ out_upper, int rows,
                 SHAPE_PARAMETERS) {
    __shared__ __align__(16) Slab positive, negative, low, high;
    const Shape s = SHAPE;
    const int group = blockIdx.y;
    const long long positions = (long long) rows * s.windows();
    const Tile tile(positions);
    const Weights weights(weight, s, group);
    Window window[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        window[i].set(s, group, tile.column + tile_outer() + i, positions);
    }
    float down[OWN][OWN], up[OWN][OWN];
    for (int i = 0; i < OWN; ++i) {
        const int channel = tile.row + tile_row() + i;
        const float constant = channel < s.out_channels ? bias[group * s.out_channels + channel] : 0.f;
        for (int j = 0; j < OWN; ++j) {
            down[i][j] = up[i][j] = constant;
        }
    }
    for (int first = 0; first < s.taps(); first += DEPTH) {
        const int k = first + tile_depth();
        const Tap tap(s, k < s.taps() ? k : 0);
        const int along = threadIdx.x % DEPTH;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            low[tile_depth()][tile_outer() + i] = k < s.taps() ? window[i].at(lower, s, tap) : 0.f;
            high[tile_depth()][tile_outer() + i] = k < s.taps() ? window[i].at(upper, s, tap) : 0.f;
            const int outer = (int) threadIdx.x / DEPTH * 4 + i;
            const float w = weights.at(tile.row + outer, first + along);
            positive[along][outer] = w < 0.f ? 0.f : w;
            negative[along][outer] = w > 0.f ? 0.f : w;
        }
        __syncthreads();
        const int row = tile_row(), column = tile_column();
        for (int d = 0; d < DEPTH; ++d) {
#pragma unroll
            for (int i = 0; i < OWN; ++i) {
                const float p = positive[d][row + i], m = negative[d][row + i];
#pragma unroll
                for (int j = 0; j < OWN; ++j) {
                    const float l = low[d][column + j], u = high[d][column + j];
                    down[i][j] = __fmaf_rd(p, l, down[i][j]);
                    up[i][j] = __fmaf_ru(p, u, up[i][j]);
                    down[i][j] = __fmaf_rd(m, u, down[i][j]);
                    up[i][j] = __fmaf_ru(m, l, up[i][j]);
                }
            }
        }
        __syncthreads();
    }
    bool all_known = true;
    for (int i = 0; i < OWN; ++i) {
        const int channel = tile.row + tile_row() + i;
        for (int j = 0; j < OWN; ++j) {
            const long long position = tile.column + tile_column() + j;
            if (channel < s.out_channels && position < positions) {
                const long long n = position / s.windows(), p = position - n * s.windows();
                const long long at = n * s.result() + (long long) (group * s.out_channels + channel) * s.windows() + p;
                out_lower[at] = down[i][j];
                out_upper[at] = up[i][j];
                all_known = all_known && is_known(down[i][j], up[i][j]);
            }
        }
    }
    if (!all_known) {
        // From memory, as registers can't be indexed; rolled, as code that hardly ever runs should be short.
#pragma unroll 1
        for (int k = 0; k < OWN * OWN; ++k) {
            const int channel = tile.row + tile_row() + k / OWN;
            const long long position = tile.column + tile_column() + k % OWN;
            if (channel < s.out_channels && position < positions) {
                const long long n = position / s.windows(), p = position - n * s.windows();
                const int o = group * s.out_channels + channel;
                const long long at = n * s.result() + (long long) o * s.windows() + p;
                if (!is_known(out_lower[at], out_upper[at])) {
                    Window one;
                    one.set(s, group, position, positions);
                    sum_without_zeros(lower, upper, weight + (long long) o * s.taps(), bias[o], s, one, out_lower[at],
                                      out_upper[at]);
                }
            }
        }
    }
}
EXPORT_KERNEL(convolve_outward)

/**
 * Outputs of a convolution as linear forms in its inputs: of form forms[r] the coefficients target[r,:] and constants[r].
 * Forms below the number of outputs are outputs, those from there on their negatives.
 */
extern "C" __global__ void convolve_enter(const float* __restrict__ weight, const float* __restrict__ bias,
                                          const int* __restrict__ forms, float* __restrict__ target,
                                          float* __restrict__ constants, int rows, SHAPE_PARAMETERS) {
    const Shape s = SHAPE;
    const long long image = s.image(), outputs = s.result(), n = rows * image;
    for (long long k = grid_first(); k < n; k += grid_stride()) {
        const long long row = k / image;
        const int form = forms[row];
        const long long output = form < outputs ? form : form - outputs;
        const float side = form < outputs ? 1.f : -1.f;
        const int channel = (int) (output / s.windows()), window = (int) (output % s.windows());
        const int at = (int) (k - row * image), in_channel = at / s.area();
        const int y = at % s.area() / s.in_width - (window / s.out_width * s.stride_y - s.before_y);
        const int x = at % s.in_width - (window % s.out_width * s.stride_x - s.before_x);
        const bool seen = in_channel / s.in_channels == channel / s.out_channels
                && y >= 0 && y % s.dilation_y == 0 && y / s.dilation_y < s.kernel_y
                && x >= 0 && x % s.dilation_x == 0 && x / s.dilation_x < s.kernel_x;
        target[k] = seen ? side * weight[((long long) channel * s.in_channels + in_channel % s.in_channels) * s.kernel()
                                         + y / s.dilation_y * s.kernel_x + x / s.dilation_x]
                         : 0.f;
        if (at == 0) {
            constants[row] = side * bias[channel];
        }
    }
}
EXPORT_KERNEL(convolve_enter)
