/*
 * smoothing_layers.cu: votes of noisy samples, layer by layer (v0 of the ladder): any network that fits in device memory.
 * Math      f(x + sigma z), f in half precision: the sum x + sigma z in fp32 rounded to fp16 (discrete noise: bytes / 255
 *           in fp32 rounded to fp16), weights and activations in fp16, products summed in fp32 from the fp32 bias, logits in fp32. All of that is the base classifier f.
 * Overflow  an activation above 65504 becomes inf; inf - inf and 0 inf become NaN, which no ReLU hides, which reaches all
 *           outputs of the next layer, and with which a sample has no vote (votes.cuh): never a wrong bound
 * Shapes    images [N,D]; row r of a batch is sample (first + r) % samples of image (first + r) / samples;
 *           activations fp16 [rows rounded up to 64, width rounded up to 64]; packed weights: smoothing_tile.cuh
 * Launch    see each kernel
 * Traffic   per 64 rows and layer: the layer's weights from the second-level cache, its inputs and outputs once each
 * Oracle    NoisyClassifierTest (a reference in double); BackendContract
 */
#include "discrete_noise.cuh"
#include "noise.cuh"
#include "smoothing_tile.cuh"
#include "votes.cuh"

/** Rows of a block's tile. */
constexpr int ROWS = 64;
constexpr int STAGES = 3;
constexpr int PANEL_BYTES = ROWS * PANEL_ROW_BYTES;

/**
 * packed = W [out,in] rounded to fp16, in fragment order, zero beyond its edges; *overflow = 1 where a weight has no
 * finite fp16. Any 1-D grid and block; a thread a fragment.
 */
extern "C" __global__ void pack_weights(const float* __restrict__ weight, int in, int out, uint4* __restrict__ packed,
                                        int* __restrict__ overflow) {
    const int blocks = packed_blocks(out);
    const long long fragments = (long long) steps_of(in) * blocks * 32;
    for (long long i = grid_first(); i < fragments; i += grid_stride()) {
        const int lane = (int) (i & 31), g = lane >> 2, t = lane & 3;
        const int first_row = (int) ((i >> 5) % blocks) * 16 + g;
        const int first_column = (int) ((i >> 5) / blocks) * STEP + 2 * t;
        unsigned words[4];
#pragma unroll
        for (int w = 0; w < 4; ++w) {
            const int row = first_row + (w >> 1) * 8, column = first_column + (w & 1) * 8;
            const float* source = weight + (long long) row * in + column;
            words[w] = to_halves(row < out && column < in ? source[0] : 0.f,
                                 row < out && column + 1 < in ? source[1] : 0.f);
            if ((words[w] & 0x7C00u) == 0x7C00u || (words[w] & 0x7C000000u) == 0x7C000000u) {
                *overflow = 1; // whoever writes, it is the same
            }
        }
        packed[i] = {words[0], words[1], words[2], words[3]};
    }
}
EXPORT_KERNEL(pack_weights)

/** target[r,:] = the sample rounded to fp16, zero from `columns` to the next multiple of 16. */
template <class Law>
__device__ __forceinline__ void sample_halves(const float* __restrict__ images, const int* __restrict__ indices, int samples,
                                              int first_sample, long long first, int rows, int columns, Law law,
                                              NoiseKey key, __half* __restrict__ target) {
    const int stride = panels_of(columns) * PANEL_COLUMNS;
    const int counters = noise_counters(columns);
    for (int row = blockIdx.y; row < rows; row += gridDim.y) {
        const long long n = (first + row) / samples;
        const int sample = first_sample + (int) ((first + row) - n * samples);
        __half* __restrict__ y = target + (long long) row * stride;
        for (int counter = blockIdx.x * blockDim.x + threadIdx.x; counter < counters; counter += gridDim.x * blockDim.x) {
            noisy_elements(images + n * columns, columns, law, key, indices[n], sample, counter,
                           [=](int e, float value) { y[e] = __float2half_rn(value); });
            if (counter < NOISE_LANES) {
                const int e = columns / STEP * STEP + counter;
                if (e >= columns && columns % STEP != 0) {
                    y[e] = __float2half_rn(0.f);
                }
            }
        }
    }
}

/** Samples x + sigma z. Grid (x: a row's counters, y: rows), any block of whole warps; rows are strided over. */
extern "C" __global__ void noisy_halves(const float* __restrict__ images, const int* __restrict__ indices, int samples,
                                        int first_sample, long long first, int rows, int columns, float sigma,
                                        unsigned key_low, unsigned key_high, unsigned stream,
                                        __half* __restrict__ target) {
    sample_halves(images, indices, samples, first_sample, first, rows, columns, sigma, {key_low, key_high, stream}, target);
}
EXPORT_KERNEL(noisy_halves)

/** Samples with discrete noise, of images of bytes. Launch as noisy_halves. */
extern "C" __global__ void discrete_halves(const float* __restrict__ images, const int* __restrict__ indices, int samples,
                                           int first_sample, long long first, int rows, int columns,
                                           const int* __restrict__ tables, int thresholds, unsigned key_low,
                                           unsigned key_high, unsigned stream, __half* __restrict__ target) {
    sample_halves(images, indices, samples, first_sample, first, rows, columns, DiscreteLaw {tables, thresholds},
                  {key_low, key_high, stream}, target);
}
EXPORT_KERNEL(discrete_halves)

/** target[r,:] = x [rows,columns] rounded to fp16, zero up to the next multiple of 16. Any 1-D grid and block. */
extern "C" __global__ void round_to_halves(const float* __restrict__ x, int rows, int columns,
                                           __half* __restrict__ target) {
    const int stride = panels_of(columns) * PANEL_COLUMNS;
    const int filled = steps_of(columns) * STEP;
    for (long long i = grid_first(); i < (long long) rows * filled; i += grid_stride()) {
        const long long row = i / filled;
        const int e = (int) (i - row * filled);
        target[row * stride + e] = __float2half_rn(e < columns ? x[row * columns + e] : 0.f);
    }
}
EXPORT_KERNEL(round_to_halves)

/** The panels of a tile's rows, copied from global memory three stages deep as they are asked for. */
struct StreamedPanels {
    const unsigned char* source;
    long long row_bytes;
    int panels;
    unsigned char* stages;

    /** Starts to copy panel p, if there is one; a group either way. */
    __device__ void start(int p) const {
        if (p < panels) {
            unsigned char* stage = stages + p % STAGES * PANEL_BYTES;
            for (int i = threadIdx.x; i < PANEL_BYTES / CHUNK_BYTES; i += TILE_THREADS) {
                const int row = i >> 3, chunk = i & 7;
                copy_async16(stage + panel_offset(row, 8 * chunk),
                             source + row * row_bytes + p * PANEL_ROW_BYTES + chunk * CHUNK_BYTES);
            }
        }
        commit_copies();
    }

    __device__ const unsigned char* operator()(int p) const {
        await_copies<STAGES - 2>();
        __syncthreads(); // panel p is there for all, and all have done with the one whose stage is next
        start(p + STAGES - 1);
        __syncwarp(); // matrix instructions are for lanes that are together
        return stages + p % STAGES * PANEL_BYTES;
    }
};

/**
 * One layer of 64 rows and, for each warp, NB blocks of 16 outputs from first_block on. Warps for which no outputs are
 * left compute the first ones' too and drop them: they copy inputs with the others and meet them at the same barriers.
 */
template <int NB, class Put>
__device__ __forceinline__ void layer_tile(const StreamedPanels& panels, int in, int out, int first_block,
                                           const uint4* __restrict__ weights, const float* __restrict__ bias, Put put) {
    const int own = first_block + (threadIdx.x >> 5) * NB;
    const bool idle = own >= steps_of(out);
    const int block = idle ? first_block : own;
    panels.start(0);
    panels.start(1);
    float acc[ROWS / 16][2 * NB][4];
    start_from_bias<ROWS / 16, NB>(bias + 16 * block, acc);
    multiply<ROWS / 16, NB>(panels, steps_of(in), weights + 32 * block + (threadIdx.x & 31),
                            32 * packed_blocks(out), acc);
    if (!idle) {
        for_each_pair<ROWS / 16, NB>(acc, [&](int row, int column, float even, float odd) {
            put(row, 16 * block + column, even, odd);
        });
    }
    await_copies<0>();
}

/** A layer's outputs for 64 rows x 512 columns a block: grid (x: 64s of rows, y: 512s of outputs), 256 threads. */
template <class Put>
__device__ __forceinline__ void layer(const __half* __restrict__ x, int in, const uint4* __restrict__ weights,
                                      const float* __restrict__ bias, int out, Put put) {
    __shared__ __align__(128) unsigned char stages[STAGES * PANEL_BYTES];
    const long long row_bytes = (long long) panels_of(in) * PANEL_ROW_BYTES;
    const StreamedPanels panels = {reinterpret_cast<const unsigned char*>(x) + blockIdx.x * ROWS * row_bytes, row_bytes,
                                   panels_of(in), stages};
    const int first = blockIdx.y * PASS_BLOCKS;
    const int each = blocks_a_warp(steps_of(out) - first);
    if (each == 4) {
        layer_tile<4>(panels, in, out, first, weights, bias, put);
    } else if (each == 2) {
        layer_tile<2>(panels, in, out, first, weights, bias, put);
    } else {
        layer_tile<1>(panels, in, out, first, weights, bias, put);
    }
}

/** y = max(x W^T + b, 0) in fp16. */
extern "C" __global__ void __launch_bounds__(TILE_THREADS, 1)
hidden_layer(const __half* __restrict__ x, int in, const uint4* __restrict__ weights, const float* __restrict__ bias,
             int out, __half* __restrict__ y) {
    const long long stride = (long long) panels_of(out) * PANEL_COLUMNS;
    layer(x, in, weights, bias, out, [=](int row, int column, float even, float odd) {
        __half* target = y + (blockIdx.x * (long long) ROWS + row) * stride + column;
        *reinterpret_cast<unsigned*>(target) = activations(even, odd, column, out);
    });
}
EXPORT_KERNEL(hidden_layer)

/** logits [rows,out] = x W^T + b in fp32. */
extern "C" __global__ void __launch_bounds__(TILE_THREADS, 1)
last_layer(const __half* __restrict__ x, int in, const uint4* __restrict__ weights, const float* __restrict__ bias,
           int out, int rows, float* __restrict__ logits) {
    layer(x, in, weights, bias, out, [=](int tile_row, int column, float even, float odd) {
        const long long row = blockIdx.x * (long long) ROWS + tile_row;
        if (row < rows && column < out) {
            logits[row * out + column] = even;
            if (column + 1 < out) {
                logits[row * out + column + 1] = odd;
            }
        }
    });
}
EXPORT_KERNEL(last_layer)

/** counts[image of row r, its vote] += 1. Any 1-D grid and block; a thread a row. */
extern "C" __global__ void count_votes(const float* __restrict__ logits, int samples, long long first, int rows,
                                       int classes, int* __restrict__ counts) {
    for (long long row = grid_first(); row < rows; row += grid_stride()) {
        const int vote = vote_of(logits + row * classes, classes);
        if (vote >= 0) {
            atomicAdd(counts + (first + row) / samples * classes + vote, 1);
        }
    }
}
EXPORT_KERNEL(count_votes)
