/*
 * smoothing_convolutions.cu: convolutions and poolings of noisy samples in half precision, for networks whose dense layers
 * smoothing_layers.cu takes.
 * Math      convolve_halves  y[r,o,p] = b[o] + sum over taps of W[o,tap] x(r,p,tap), relu, rounded to fp16; of the first
 *                            layer x is an image's x + sigma z, the sum in fp32 rounded to fp16. What lies outside an image
 *                            is 0 and has no noise. Products are summed in fp32 from the bias on; logits stay fp32
 *           pool_halves      the largest element of a window, or NaN if there is one; or the mean, summed in fp32
 * Overflow  as in smoothing_layers.cu: what is inf or NaN stays so, and no weight but those of a window's own elements meets
 *           it; channels that only fill up a chunk are zeros on both sides
 * Shapes    a row of activations is a sample: chunks of 8 channels, [chunk, pixel, 8]; each group of channels of the layer
 *           that reads them begins a chunk. Elements without a channel are 0, and no kernel writes others there
 *           weights  [group] packed by pack_weights; inner dimension [chunk of the group, tap of the window, 8]
 * Tile      a block has windows of some rows and columns of the output, of one sample or of several, of one group; a warp
 *           takes 64 of them at a time. What these windows read lies in shared memory, each chunk a plane of 16-byte
 *           pixels with its margin of zeros: one element of 16 windows is then half of a fragment as it lies there, at the
 *           address of a window plus the offset of a tap. No window is copied out. Strides of 1 meet every bank once, of 2
 *           twice
 * Noise     made once for each element of a block's part of the image, by the threads that would copy it otherwise
 * Launch    convolve_halves_*: 128 threads, shared memory as HalfTile says; x: tiles, y: groups. pool_halves: any 1-D grid
 * Traffic   each layer's inputs (with the overlap of tiles) and outputs once; weights from the first- and second-level cache
 * Oracle    ConvolutionalNoisyClassifierTest: sums in double
 */
#include "discrete_noise.cuh"
#include "noise.cuh"
#include "smoothing_tile.cuh"

namespace {

/** Channels of a chunk: a pixel of it is what ldmatrix reads as a row. */
constexpr int CHUNK = 8;
constexpr int PIXEL_BYTES = 2 * CHUNK;
/** Sixteens of rows of a warp's part of a tile. */
constexpr int MT = 4;
constexpr int WARP_ROWS = 16 * MT;
constexpr int WARPS = 4;
constexpr int THREADS = 32 * WARPS;

static_assert(STEP == 2 * CHUNK, "a step of the inner dimension is two pixels");

/** Division of n < 2^32 / divisor. */
struct Divider {
    unsigned divisor, factor;

    __device__ __forceinline__ explicit Divider(int by) : divisor(by), factor(0xFFFFFFFFu / divisor + 1) {
    }

    __device__ __forceinline__ int operator()(int n) const {
        return divisor == 1 ? n : (int) __umulhi((unsigned) n, factor);
    }
};

/** One group's sizes, and those of a block's tile: outputs along each edge, and samples. */
struct Layer {
    int in_channels, in_height, in_width, out_channels, out_height, out_width;
    int kernel_y, kernel_x, stride_y, stride_x, before_y, before_x, dilation_y, dilation_x;
    int tile_height, tile_width, tile_samples;

    __device__ __forceinline__ int area() const { return in_height * in_width; }
    __device__ __forceinline__ int chunks() const { return (in_channels + CHUNK - 1) / CHUNK; }
    /** Pixels that a sum goes through. */
    __device__ __forceinline__ int units() const { return chunks() * kernel_y * kernel_x; }
    /** Rows and columns of the image that a tile reads, those outside it included. */
    __device__ __forceinline__ int height() const { return (tile_height - 1) * stride_y + (kernel_y - 1) * dilation_y + 1; }
    __device__ __forceinline__ int width() const { return (tile_width - 1) * stride_x + (kernel_x - 1) * dilation_x + 1; }
    __device__ __forceinline__ int pixels() const { return tile_samples * chunks() * height() * width(); }
};

#define LAYER_PARAMETERS                                                                                                \
    int in_channels, int in_height, int in_width, int out_channels, int out_height, int out_width, int kernel_y,        \
    int kernel_x, int stride_y, int stride_x, int before_y, int before_x, int dilation_y, int dilation_x,               \
    int tile_height, int tile_width, int tile_samples
#define LAYER                                                                                                           \
    Layer{in_channels, in_height, in_width, out_channels, out_height, out_width, kernel_y, kernel_x, stride_y,          \
          stride_x, before_y, before_x, dilation_y, dilation_x, tile_height, tile_width, tile_samples}

/** A block's place: the first of its samples, of its outputs, and of the image's rows and columns that it reads. */
struct Place {
    int sample, samples, v, u, height, width, top, left;

    __device__ __forceinline__ Place(const Layer& s, int rows) {
        const int across = (s.out_width + s.tile_width - 1) / s.tile_width;
        const int down = (s.out_height + s.tile_height - 1) / s.tile_height;
        const int line = blockIdx.x / across;
        u = (int) (blockIdx.x - line * across) * s.tile_width;
        v = line % down * s.tile_height;
        sample = line / down * s.tile_samples;
        samples = min(s.tile_samples, rows - sample);
        height = min(s.tile_height, s.out_height - v);
        width = min(s.tile_width, s.out_width - u);
        top = v * s.stride_y - s.before_y;
        left = u * s.stride_x - s.before_x;
    }

    __device__ __forceinline__ int windows() const { return height * width; }
};

/** Images and the noise for them: row r of a batch is sample (first + r) % samples of image (first + r) / samples. */
struct NoisyRows {
    const float* images;
    const int* indices;
    int samples, first_sample;
    long long first;
    float sigma;
    /** In the place of x + sigma z where it has thresholds. */
    DiscreteLaw discrete;
    NoiseKey key;
};

/** Rows of activations. */
struct StoredRows {
    const __half* x;
    long long stride;
};

/** Brings what a block reads, zeros where that is outside the image. */
__device__ __forceinline__ void fill(unsigned char* tile, const Layer& s, const Place& at, int group,
                                     const StoredRows& from) {
    const Divider by_width(s.width()), by_height(s.height()), by_chunks(s.chunks());
    for (int i = threadIdx.x; i < s.pixels(); i += THREADS) {
        const int line = by_width(i), plane = by_height(line), sample = by_chunks(plane);
        const int y = at.top + line - plane * s.height(), x = at.left + i - line * s.width();
        const bool inside = sample < at.samples && y >= 0 && y < s.in_height && x >= 0 && x < s.in_width;
        const int chunk = group * s.chunks() + plane - sample * s.chunks();
        copy_async16(tile + i * PIXEL_BYTES, inside ? from.x + (at.sample + sample) * from.stride
                     + ((long long) chunk * s.area() + y * s.in_width + x) * CHUNK : from.x, inside ? PIXEL_BYTES : 0);
    }
    commit_copies();
    await_copies<0>();
}

/**
 * The same with noise. Elements of an image that follow one another share Philox blocks: all that a tile reads of a group's
 * channels where it reads them whole, and otherwise rows of one channel.
 */
__device__ __forceinline__ void fill(unsigned char* tile, const Layer& s, const Place& at, int group,
                                     const NoisyRows& from) {
    for (int i = threadIdx.x; i < s.pixels(); i += THREADS) {
        reinterpret_cast<uint4*>(tile)[i] = {0, 0, 0, 0};
    }
    __syncthreads(); // noise goes on top of the zeros
    const int y_first = max(at.top, 0), y_end = min(at.top + s.height(), s.in_height);
    const bool whole = y_first == 0 && y_end == s.in_height && at.left <= 0 && at.left + s.width() >= s.in_width;
    const int runs = whole ? 1 : s.in_channels;
    const int plane = max(y_end - y_first, 0) * s.in_width;
    const int length = whole ? s.in_channels * plane : plane;
    if (length == 0) {
        return;
    }
    const int columns = (int) gridDim.y * s.in_channels * s.area();
    const int start = group * s.in_channels * s.area() + y_first * s.in_width;
    const int each = noise_counters(length - 1) + NOISE_LANES; // a run may begin and end within a group of counters
    const Divider by_runs(runs), by_plane(plane), by_width(s.in_width);
    for (int i = threadIdx.x; i < at.samples * runs * each; i += THREADS) {
        const int q = i / each, sample = by_runs(q), run = q - sample * runs;
        const int begin = start + run * s.area();
        const int counter = begin / NOISE_GROUP * NOISE_LANES + i - q * each;
        const int first = noise_element(counter);
        if (first >= begin + length) {
            continue;
        }
        const long long row = from.first + at.sample + sample, n = row / from.samples;
        const unsigned number = from.first_sample + (int) (row - n * from.samples);
        const auto put = [&](int e, float value) {
            const int local = e - begin;
            if (local >= 0 && local < length) {
                const int in_run = whole ? by_plane(local) : 0, y = by_width(local - in_run * plane);
                const int x = local - in_run * plane - y * s.in_width - at.left, channel = run + in_run;
                if (x >= 0 && x < s.width()) {
                    const int line = ((sample * s.chunks() + channel / CHUNK) * s.height() + y + y_first - at.top);
                    reinterpret_cast<__half*>(tile)[(line * s.width() + x) * CHUNK + channel % CHUNK] =
                            __float2half_rn(value);
                }
            }
        };
        if (from.discrete.thresholds > 0) {
            noisy_elements(from.images + n * columns, columns, from.discrete, from.key, from.indices[n], number, counter, put);
        } else {
            noisy_elements(from.images + n * columns, columns, from.sigma, from.key, from.indices[n], number, counter, put);
        }
    }
}

/** Where outputs go: fp16 in the layout of a layer whose groups have `next_channels` channels, or fp32 logits. */
struct Target {
    __half* y;
    long long stride;
    int next_channels;
    float* logits;
    bool last;
    /** Channels, and outputs of each. */
    int channels, area;

    /** Elements from a sample's first to those of window p. */
    __device__ __forceinline__ int of_window(int p) const { return last ? p : p * CHUNK; }

    /** Elements from a window's first to that of a channel. */
    __device__ __forceinline__ int of_channel(int channel) const {
        if (last) {
            return channel * area;
        }
        const int group = channel / next_channels, own = channel - group * next_channels;
        return (group * ((next_channels + CHUNK - 1) / CHUNK) + own / CHUNK) * area * CHUNK + own % CHUNK;
    }

    /** Elements from one sample to the next. */
    __device__ __forceinline__ long long of_sample() const { return last ? (long long) channels * area : stride; }

    __device__ __forceinline__ void put(long long at, float value) const {
        if (last) {
            logits[at] = value;
        } else {
            y[at] = __float2half_rn(value);
        }
    }
};

/** Stores a warp's sums of the tile's rows from `first` on, with a ReLU perhaps, as the outputs from `column` on. */
template <int NB>
__device__ __forceinline__ void store(const float (&acc)[MT][2 * NB][4], const Layer& s, const Place& at, int first,
                                      int rows, int column, int relu, const Target& target) {
    const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    const Divider by_windows(at.windows()), by_width(at.width);
    const long long start = at.sample * target.of_sample();
    int windows[MT][2]; // -1 for rows that are left over
#pragma unroll
    for (int m = 0; m < MT; ++m) {
#pragma unroll
        for (int h = 0; h < 2; ++h) {
            const int row = first + 16 * m + 8 * h + g;
            const int sample = by_windows(row), p = row - sample * at.windows(), v = by_width(p);
            const int window = (at.v + v) * s.out_width + at.u + p - v * at.width;
            windows[m][h] = row < rows ? sample * (int) target.of_sample() + target.of_window(window) : -1;
        }
    }
#pragma unroll
    for (int n = 0; n < 2 * NB; ++n) {
        const int own = column + 8 * n + 2 * t, channel = blockIdx.y * s.out_channels + own;
        if (own >= s.out_channels) {
            continue;
        }
        const bool both = own + 1 < s.out_channels;
        const int even = target.of_channel(channel), odd = both ? target.of_channel(channel + 1) : 0;
        const bool beside = !target.last && odd == even + 1 && even % 2 == 0; // two halves of one word
#pragma unroll
        for (int m = 0; m < MT; ++m) {
#pragma unroll
            for (int h = 0; h < 2; ++h) {
                if (windows[m][h] < 0) {
                    continue;
                }
                const long long window = start + windows[m][h];
                const float low = relu ? activation(acc[m][n][2 * h]) : acc[m][n][2 * h];
                const float high = relu ? activation(acc[m][n][2 * h + 1]) : acc[m][n][2 * h + 1];
                if (beside) {
                    *reinterpret_cast<unsigned*>(target.y + window + even) = to_halves(low, high);
                } else {
                    target.put(window + even, low);
                    if (both) {
                        target.put(window + odd, high);
                    }
                }
            }
        }
    }
}

/**
 * acc += windows times weights, for one warp. `windows` are those of this lane's rows, in bytes from the tile's start as
 * `offsets` are from a window's start to each pixel of it; `weights` this lane's own of the first block, `stride` fragments
 * from step to step.
 */
template <int NB>
__device__ __forceinline__ void multiply_windows(const unsigned char* tile, const int (&windows)[MT],
                                                 const unsigned char* zeros, const int* offsets, int units,
                                                 const uint4* __restrict__ weights, int stride,
                                                 float (&acc)[MT][2 * NB][4]) {
    const int half = (threadIdx.x & 31) >> 4;
    const int steps = (units + 1) / 2;
    uint4 b[NB];
    load_weights(b, weights);
#pragma unroll 1
    for (int step = 0; step < steps; ++step) {
        uint4 next[NB];
        load_weights(next, weights + (long long) min(step + 1, steps - 1) * stride);
        const int unit = 2 * step + half;
        const bool any = unit < units; // half a step is left over where their number is odd
        const unsigned char* shifted = tile + offsets[any ? unit : 0];
        unsigned a[MT][4];
#pragma unroll
        for (int m = 0; m < MT; ++m) {
            load_matrices(a[m], any ? shifted + windows[m] : zeros);
        }
#pragma unroll
        for (int m = 0; m < MT; ++m) {
#pragma unroll
            for (int n = 0; n < NB; ++n) {
                multiply_add_f16(acc[m][2 * n], a[m], b[n].x, b[n].y);
                multiply_add_f16(acc[m][2 * n + 1], a[m], b[n].z, b[n].w);
            }
        }
#pragma unroll
        for (int n = 0; n < NB; ++n) {
            b[n] = next[n];
        }
    }
}

/** One block's tile, NB x 16 outputs a pass. */
template <int NB>
__device__ __forceinline__ void convolve(unsigned char* tile, const Layer& s, int rows, int noisy, const NoisyRows& images,
                                         const StoredRows& stored, const uint4* __restrict__ weights,
                                         const float* __restrict__ bias, int relu, const Target& target) {
    const Place at(s, rows);
    const int group = blockIdx.y, units = s.units();
    unsigned char* zeros = tile + s.pixels() * PIXEL_BYTES;
    int* offsets = reinterpret_cast<int*>(zeros + PIXEL_BYTES);
    if (threadIdx.x == 0) {
        *reinterpret_cast<uint4*>(zeros) = {0, 0, 0, 0};
    }
    for (int unit = threadIdx.x; unit < units; unit += THREADS) {
        const int chunk = unit / (s.kernel_y * s.kernel_x), tap = unit - chunk * s.kernel_y * s.kernel_x;
        const int y = tap / s.kernel_x * s.dilation_y, x = tap % s.kernel_x * s.dilation_x;
        offsets[unit] = ((chunk * s.height() + y) * s.width() + x) * PIXEL_BYTES;
    }
    if (noisy) {
        fill(tile, s, at, group, images);
    } else {
        fill(tile, s, at, group, stored);
    }
    __syncthreads();

    const int blocks = packed_blocks(s.out_channels);
    weights += (long long) group * ((units + 1) / 2) * blocks * 32;
    bias += group * blocks * 16;
    const Divider by_windows(at.windows()), by_width(at.width);
    const int tile_rows = at.samples * at.windows(), parts = (tile_rows + WARP_ROWS - 1) / WARP_ROWS;
    const int passes = (s.out_channels + 16 * NB - 1) / (16 * NB);
    for (int item = threadIdx.x / 32; item < parts * passes; item += WARPS) {
        __syncwarp(); // matrix instructions are for lanes that are together
        const int pass = item / parts, first = (item - pass * parts) * WARP_ROWS;
        int windows[MT];
#pragma unroll
        for (int m = 0; m < MT; ++m) {
            const int row = min(first + 16 * m + (int) (threadIdx.x & 15), tile_rows - 1); // what is left over is dropped
            const int sample = by_windows(row), p = row - sample * at.windows(), v = by_width(p), u = p - v * at.width;
            windows[m] = ((sample * s.chunks() * s.height() + v * s.stride_y) * s.width() + u * s.stride_x) * PIXEL_BYTES;
        }
        float acc[MT][2 * NB][4];
        start_from_bias<MT, NB>(bias + 16 * NB * pass, acc);
        multiply_windows<NB>(tile, windows, zeros, offsets, units, weights + 32 * NB * pass + (threadIdx.x & 31),
                             32 * blocks, acc);
        store<NB>(acc, s, at, first, tile_rows, 16 * NB * pass, relu, target);
    }
}

} // namespace

#define CONVOLVE(NAME, NB, BLOCKS)                                                                                        \
    extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)                                                         \
    NAME(int rows, int noisy, const float* __restrict__ images, const int* __restrict__ indices, int samples,            \
         int first_sample, long long first, float sigma, const int* __restrict__ tables, int thresholds,                \
         unsigned key_low, unsigned key_high, unsigned stream,                                                           \
         const __half* __restrict__ x, long long x_stride, const uint4* __restrict__ weights,                            \
         const float* __restrict__ bias, int relu, int last, int next_channels, __half* __restrict__ y,                  \
         long long y_stride, float* __restrict__ logits, LAYER_PARAMETERS) {                                              \
        DYNAMIC_SHARED(unsigned char, tile);                                                                             \
        convolve<NB>(tile, LAYER, rows, noisy,                                                                           \
                     {images, indices, samples, first_sample, first, sigma, {tables, thresholds},                        \
                      {key_low, key_high, stream}}, {x, x_stride},                                                       \
                     weights, bias, relu,                                                                                \
                     {y, y_stride, next_channels, logits, last != 0, (int) gridDim.y * out_channels,                     \
                      out_height * out_width});                                                                          \
    }                                                                                                                     \
    EXPORT_KERNEL(NAME)

/** Layers of up to 32 outputs a group, and of more. */
CONVOLVE(convolve_halves_32, 2, 3)
CONVOLVE(convolve_halves_64, 4, 2)

/**
 * y = the pooled x [rows, channels], which has chunks of `chunk` channels, 8 or 1. Any 1-D grid and block; a thread an
 * output.
 */
extern "C" __global__ void pool_halves(const __half* __restrict__ x, long long x_stride, int chunk, int rows, int average,
                                       int count_padding, int last, int next_channels, __half* __restrict__ y,
                                       long long y_stride, float* __restrict__ logits, int channels, int in_height,
                                       int in_width, int out_height, int out_width, int kernel_y, int kernel_x, int stride_y,
                                       int stride_x, int before_y, int before_x, int dilation_y, int dilation_x) {
    const int windows = out_height * out_width, padded = (channels + CHUNK - 1) / CHUNK * CHUNK;
    const Target target = {y, y_stride, next_channels, logits, last != 0, channels, windows};
    for (long long i = grid_first(); i < (long long) rows * padded * windows; i += grid_stride()) {
        const long long pixel = i / CHUNK, plane = pixel / windows;
        const int row = (int) (plane / (padded / CHUNK)), p = (int) (pixel - plane * windows);
        const int channel = (int) (plane - (long long) row * (padded / CHUNK)) * CHUNK + (int) (i % CHUNK);
        if (channel >= channels) {
            continue;
        }
        const int top = p / out_width * stride_y - before_y, left = p % out_width * stride_x - before_x;
        const __half* image = x + row * x_stride + (long long) (channel / chunk) * in_height * in_width * chunk
                + channel % chunk;
        float result = average ? 0.f : -INFINITY;
        int count = 0;
        for (int r = 0; r < kernel_y; ++r) {
            for (int c = 0; c < kernel_x; ++c) {
                const int row_in = top + r * dilation_y, column = left + c * dilation_x;
                if (row_in >= 0 && row_in < in_height && column >= 0 && column < in_width) {
                    const float value = __half2float(image[(row_in * in_width + column) * chunk]);
                    result = average ? __fadd_rn(result, value) : result != result || result >= value ? result : value;
                    ++count;
                }
            }
        }
        if (average) {
            result = __fdiv_rn(result, (float) (count_padding ? kernel_y * kernel_x : count));
        }
        target.put(row * target.of_sample() + target.of_window(p) + target.of_channel(channel), result);
    }
}
EXPORT_KERNEL(pool_halves)
