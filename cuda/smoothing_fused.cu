/*
 * smoothing_fused.cu: votes of noisy samples, the whole network in one persistent kernel (v1 of the ladder).
 * Math      as smoothing_layers.cu, bit for bit the same logits
 * Shapes    images [N,D]   indices int [N]   samples > 0   widths int [layers + 1]   counts int [N,classes], added to;
 *           fields [blocks of 16 of the first layer's outputs]: first and end of the panels of inputs that hold their
 *           receptive fields, (panels, 0) for empty ones; weights: every layer's fragments, one after the other, each
 *           whole panels of outputs wide (smoothing_tile.cuh); biases likewise, fp32
 * Launch    256 threads, one block a multiprocessor; blocks stride over tiles of ROWS samples of one image, the last of
 *           an image masked. Dynamic shared memory: `slots` panels of ROWS x 128 bytes
 * Memory    a layer's inputs lie in a ring of panels; its outputs follow them. The eight warps hold up to 512 outputs in
 *           registers, so that the last 512 may overwrite the inputs once all have read them: 784-1024-512-256-10 needs
 *           13 + 8 panels: 168 KB at 64 rows (Hopper), 126 KB at 48 (A100), 84 KB at 32 (consumer cards)
 * Work      784-1024-512-256-10: 1,460,736 multiply-adds a sample, 93.5 M a tile of 64
 * Fields    a warp leaves out panels of inputs outside the receptive fields of its outputs of the first layer, where the
 *           weights are zeros: no bit changes, for a tile with an input beyond fp16 leaves out none
 * Traffic   a tile of 64 reads all weights (2.93 MB) from the second-level cache: 46 KB a sample, 4.6 TB for 1e8 samples,
 *           or 0.8 to 0.9 s at an H200's 5 to 5.5 TB/s; at half the rows, twice that, and below 32 rows layer by layer is
 *           better. Shared memory: per warp and step 2 KB of A for 32 matrix instructions, 16 KB for 256 of them a block:
 *           128 cycles against some 512 of the tensor cores
 * Limits    predicted, not measured: mma.sync reaches about 62% of a Hopper tensor core's wgmma rate, 2.92e14 FLOP in
 *           0.5 to 0.6 s; noise, 7.84e10 normals of some 60 instructions, 0.16 s, not overlapped; in all 0.9 to 1.3 s for
 *           1e8 samples, bound by the second-level cache. Widths are run-time parameters: loops of 4 steps are unrolled,
 *           and a compile-time shape would save a few address instructions in some hundred
 * Oracle    NoisyClassifierTest: the layered kernel, vote by vote, and a reference in double; BackendContract
 */
#include "noise.cuh"
#include "smoothing_tile.cuh"
#include "votes.cuh"

constexpr int MOST_ROWS = 64;
/** From here on a float has no finite half. */
constexpr float INFINITE_HALF = 65520.f;

static_assert(sizeof(Best) * TILE_WARPS * MOST_ROWS + sizeof(int) * MOST_ROWS <= 5120,
              "FusedNoisyClassifier leaves 5120 bytes for what the kernel declares itself");

/** Panels in shared memory, used as a ring. */
template <int ROWS>
struct Ring {
    unsigned char* memory;
    int slots;

    __device__ int wrap(int slot) const { return slot < slots ? slot : slot - slots; }

    /** The panel `offset` slots after `start`, both below the number of slots. */
    __device__ unsigned char* panel(int start, int offset) const {
        return memory + wrap(start + offset) * (ROWS * PANEL_ROW_BYTES);
    }
};

/** What a layer is made of, and where its inputs lie. */
struct LayerAt {
    int in, out;
    const uint4* weights;
    const float* bias;
    int start;
    /** The panels of inputs on which each block of outputs depends; null where those are all. */
    const int2* fields;

    __device__ LayerAt next(int width) const {
        return {out, width, weights + (long long) steps_of(in) * packed_blocks(out) * 32,
                bias + panels_of(out) * PANEL_COLUMNS, 0, nullptr};
    }

    /** First and end of the panels on which NB blocks from `block` on depend; one panel at least. */
    template <int NB>
    __device__ int2 panels_for(int block) const {
        int2 panels = {0, panels_of(in)};
        if (fields != nullptr) {
            panels = __ldg(fields + block);
            for (int n = 1; n < NB; ++n) {
                const int2 other = __ldg(fields + block + n);
                panels = {min(panels.x, other.x), max(panels.y, other.y)};
            }
            if (panels.y == 0) {
                panels = {0, 1};
            }
        }
        return panels;
    }
};

/**
 * Noisy samples of one image, rounded to fp16, in the ring's first panels: a Philox group is a row of a panel. Whether all
 * that this thread has put there is finite.
 */
template <int ROWS>
__device__ __forceinline__ bool fill_with_noise(const Ring<ROWS>& ring, const float* __restrict__ image, int columns,
                                                float sigma, NoiseKey key, int index, int first_sample) {
    const int lane = threadIdx.x & 15;
    const int panels = panels_of(columns);
    bool finite = true;
    for (int unit = threadIdx.x >> 4; unit < panels * ROWS; unit += TILE_THREADS / 16) {
        const int p = unit / ROWS, i = unit % ROWS;
        const int row = (i & ~3) | (i & 1) << 1 | (i >> 1 & 1); // a warp's two halves: rows two apart, for the banks
        unsigned char* panel = ring.panel(0, p);
        const auto put = [&](int e, float value) {
            *reinterpret_cast<__half*>(panel + panel_offset(row, e % PANEL_COLUMNS)) = __float2half_rn(value);
            finite = finite && fabsf(value) < INFINITE_HALF;
        };
        noisy_elements(image, columns, sigma, key, index, first_sample + row, p * NOISE_LANES + lane, put);
    }
    return finite;
}

/**
 * A layer's columns from first_block on, NB blocks of 16 a warp, into registers and from there to done(acc, block). Warps
 * for which no columns are left compute the first ones' too and drop them: so that all meet at one barrier.
 */
template <int MT, int NB, class Done>
__device__ __forceinline__ void pass(const Ring<16 * MT>& ring, const LayerAt& layer, int first_block, bool last_pass,
                                     Done done) {
    const int own = first_block + (threadIdx.x >> 5) * NB;
    const bool idle = own >= steps_of(layer.out);
    const int block = idle ? first_block : own;
    float acc[MT][2 * NB][4];
    start_from_bias<MT, NB>(layer.bias + 16 * block, acc);
    const int2 panels = layer.template panels_for<NB>(block);
    const int start = ring.wrap(layer.start + panels.x), first_step = panels.x * PANEL_STEPS;
    const int stride = 32 * packed_blocks(layer.out);
    multiply<MT, NB>([&](int p) { return ring.panel(start, p); },
                     min(steps_of(layer.in), panels.y * PANEL_STEPS) - first_step,
                     layer.weights + (long long) first_step * stride + 32 * block + (threadIdx.x & 31), stride, acc);
    if (last_pass) {
        __syncthreads(); // all have read the inputs, which may be overwritten now
    }
    if (!idle) {
        done(acc, block);
    }
}

/**
 * Zeros in the columns that fill up a layer's `width` inputs to whole steps, in the panels from `start` on, where threads
 * have met; all meet again then. The weights are zeros there, but zero times infinity is NaN. Whoever puts the inputs there
 * could leave zeros at once, but needs the width beside all its sums for that: old compilers spill then.
 */
template <int ROWS>
__device__ __forceinline__ void clear_padding(const Ring<ROWS>& ring, int start, int width) {
    if (width % STEP > 0) {
        unsigned char* panel = ring.panel(start, width / PANEL_COLUMNS);
        if (threadIdx.x < ROWS) {
#pragma unroll 1
            for (int column = width; column % STEP > 0; ++column) {
                const int offset = panel_offset(threadIdx.x, column % PANEL_COLUMNS);
                *reinterpret_cast<__half*>(panel + offset) = __float2half_rn(0.f);
            }
        }
        __syncthreads();
    }
}

/** All of a layer's columns, in passes of up to MOST blocks a warp. */
template <int MT, int MOST, class Done>
__device__ __forceinline__ void passes(const Ring<16 * MT>& ring, const LayerAt& layer, Done done) {
    const int blocks = steps_of(layer.out);
    clear_padding(ring, layer.start, layer.in);
    for (int first = 0; first < blocks; first += MOST * TILE_WARPS) {
        const bool last = first + MOST * TILE_WARPS >= blocks;
        const int each = min(MOST, blocks_a_warp(blocks - first));
        if (each == 4) {
            pass<MT, MOST>(ring, layer, first, last, done);
        } else if (each == 2) {
            pass<MT, 2>(ring, layer, first, last, done);
        } else {
            pass<MT, 1>(ring, layer, first, last, done);
        }
    }
}

/** Outputs, rounded to fp16 after the ReLU, into the panels from `target` on. */
template <int MT>
struct Hidden {
    Ring<16 * MT> ring;
    int target;

    template <int N>
    __device__ void operator()(const float (&acc)[MT][N][4], int block) const {
        unsigned char* panel = ring.panel(target, block / PANEL_STEPS);
        const int first = block % PANEL_STEPS * 16;
        for_each_pair<MT, N / 2>(acc, [=](int row, int column, float even, float odd) {
            *reinterpret_cast<unsigned*>(panel + panel_offset(row, first + column)) = activations(even, odd);
        });
    }
};

/** Each row's best logit among a warp's columns, kept for the warp in shared memory from pass to pass. */
template <int MT>
struct Logits {
    int classes;
    Best (*best)[MOST_ROWS];

    template <int N>
    __device__ void operator()(const float (&acc)[MT][N][4], int block) const {
        const int lane = threadIdx.x & 31, t = lane & 3;
#pragma unroll
        for (int m = 0; m < MT; ++m) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                Best mine = before_any_logit();
#pragma unroll
                for (int n = 0; n < N; ++n) {
#pragma unroll
                    for (int i = 0; i < 2; ++i) {
                        const int c = 16 * block + 8 * n + 2 * t + i;
                        mine = c < classes ? better(mine, as_best(acc[m][n][2 * half + i], c)) : mine;
                    }
                }
                // The four lanes of a row.
                for (int other = 1; other < 4; other *= 2) {
                    const float value = __shfl_xor_sync(~0u, mine.value, other);
                    const int index = __shfl_xor_sync(~0u, mine.index, other);
                    mine = better(mine, {value, index});
                }
                if (t == 0) {
                    Best& kept = best[threadIdx.x >> 5][16 * m + 8 * half + (lane >> 2)];
                    kept = better(kept, mine);
                }
            }
        }
        __syncwarp(); // the next pass begins with matrix instructions
    }
};

/** Adds the votes of a tile's first `rows` rows to its image's counts. All threads of the block call it. */
template <int ROWS>
__device__ __forceinline__ void count_tile(const Best (*best)[MOST_ROWS], int rows, int classes,
                                           int* __restrict__ counts) {
    __shared__ int votes[MOST_ROWS];
    __syncthreads();
    if (threadIdx.x < ROWS) {
        Best vote = before_any_logit();
        for (int warp = 0; warp < TILE_WARPS; ++warp) {
            vote = better(vote, best[warp][threadIdx.x]);
        }
        votes[threadIdx.x] = (int) threadIdx.x < rows ? vote_of(vote) : NOBODY;
    }
    __syncthreads();
    for (int c = threadIdx.x; c < classes; c += TILE_THREADS) {
        int count = 0;
        for (int row = 0; row < ROWS; ++row) {
            count += votes[row] == c;
        }
        if (count > 0) {
            atomicAdd(counts + c, count);
        }
    }
}

template <int MT>
__device__ __forceinline__ void smoothing_fused(const float* __restrict__ images, const int* __restrict__ indices,
                                                int image_count, const int* __restrict__ widths, int layers, int slots,
                                                const int2* __restrict__ fields, const uint4* __restrict__ weights,
                                                const float* __restrict__ biases,
                                                float sigma, NoiseKey key, int first_sample, int samples,
                                                int* __restrict__ counts) {
    constexpr int ROWS = 16 * MT;
    DYNAMIC_SHARED(unsigned char, memory);
    __shared__ Best best[TILE_WARPS][MOST_ROWS];
    const Ring<ROWS> ring = {memory, slots};
    const int tiles_an_image = (samples - 1) / ROWS + 1;
    const long long tiles = (long long) tiles_an_image * image_count;
    const int inputs = widths[0], classes = widths[layers];
    for (long long tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        const long long n = tile / tiles_an_image;
        const int done = (int) (tile - n * tiles_an_image) * ROWS;
        const bool finite = fill_with_noise<ROWS>(ring, images + n * inputs, inputs, sigma, key, indices[n],
                                                  first_sample + done);
        for (int i = threadIdx.x; i < TILE_WARPS * ROWS; i += TILE_THREADS) {
            best[i / ROWS][i % ROWS] = before_any_logit();
        }
        // Zeros may be left out of finite sums; times infinity they are NaN.
        const bool sparse = __syncthreads_and(finite);
        LayerAt layer = {inputs, widths[1], weights, biases, 0, sparse ? fields : nullptr};
        for (int l = 1; l < layers; ++l) {
            const int target = ring.wrap(layer.start + panels_of(layer.in));
            passes<MT, 4>(ring, layer, Hidden<MT> {ring, target});
            __syncthreads();
            layer = layer.next(widths[l + 1]);
            layer.start = target;
        }
        passes<MT, 2>(ring, layer, Logits<MT> {classes, best});
        count_tile<ROWS>(best, min(ROWS, samples - done), classes, counts + n * classes);
    }
}

extern "C" __global__ void __launch_bounds__(TILE_THREADS, 1)
smoothing_fused_64(const float* __restrict__ images, const int* __restrict__ indices, int image_count,
                   const int* __restrict__ widths, int layers, int slots, const int2* __restrict__ fields,
                   const uint4* __restrict__ weights, const float* __restrict__ biases, float sigma, unsigned key_low,
                   unsigned key_high, unsigned stream, int first_sample, int samples, int* __restrict__ counts) {
    smoothing_fused<4>(images, indices, image_count, widths, layers, slots, fields, weights, biases, sigma,
                       {key_low, key_high, stream}, first_sample, samples, counts);
}
EXPORT_KERNEL(smoothing_fused_64)

extern "C" __global__ void __launch_bounds__(TILE_THREADS, 1)
smoothing_fused_48(const float* __restrict__ images, const int* __restrict__ indices, int image_count,
                   const int* __restrict__ widths, int layers, int slots, const int2* __restrict__ fields,
                   const uint4* __restrict__ weights, const float* __restrict__ biases, float sigma, unsigned key_low,
                   unsigned key_high, unsigned stream, int first_sample, int samples, int* __restrict__ counts) {
    smoothing_fused<3>(images, indices, image_count, widths, layers, slots, fields, weights, biases, sigma,
                       {key_low, key_high, stream}, first_sample, samples, counts);
}
EXPORT_KERNEL(smoothing_fused_48)

extern "C" __global__ void __launch_bounds__(TILE_THREADS, 1)
smoothing_fused_32(const float* __restrict__ images, const int* __restrict__ indices, int image_count,
                   const int* __restrict__ widths, int layers, int slots, const int2* __restrict__ fields,
                   const uint4* __restrict__ weights, const float* __restrict__ biases, float sigma, unsigned key_low,
                   unsigned key_high, unsigned stream, int first_sample, int samples, int* __restrict__ counts) {
    smoothing_fused<2>(images, indices, image_count, widths, layers, slots, fields, weights, biases, sigma,
                       {key_low, key_high, stream}, first_sample, samples, counts);
}
EXPORT_KERNEL(smoothing_fused_32)
