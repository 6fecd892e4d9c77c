/*
 * smoothing_clustered.cu: votes of noisy samples, in pairs of blocks that share the weights (v3 of the ladder).
 * Target    compute_90a
 * Math      as smoothing_layers.cu, the same noisy inputs bit for bit, sums within a layer in the tensor cores' own order
 * Shapes    images [N,D]   indices int [N]   samples > 0   counts int [N,classes], added to; four layers D - H1 - H2 - H3
 *           - classes with D at most 64 times `ring`, H2 <= 512, H3 <= 256, classes <= 16; widths are padded with zeros
 * Launch    512 threads; clusters of two blocks, one block a multiprocessor, stride over pairs of tiles of 64 samples of
 *           one image. Where the last pair lacks a tile, its block takes part in the barriers alone
 * Roles     warps 0 to 7, two warpgroups: products, half of the columns each, and votes; warp 8: copies of weights; warps
 *           9 to 15: noise, as far ahead as the ring has room, beside everything else
 * Weights   in stages of 8 KB, packed in the order of their use (pack_stages); each block fetches half of each stage for
 *           both, six stages deep. A stage is filled again when all sixteen warps of products have given it back
 * Layers    the first in chunks of 256 outputs, whose activations pass through shared memory into the second layer's 512
 *           sums at once: 192 sums a thread, all layers, and no activation ever needs more than 32 KB
 * Memory    1 KB barriers, 48 KB stages, 32 KB activations, 8 KB a panel of 64 inputs: 18 fit, 13 are a tile of 784
 * Work      784-1024-512-256-10: 45,824 cycles of the tensor cores a tile, 356 products of 128 cycles and 32 of 8
 * Traffic   a tile takes 2.92 MB of weights, half of them from the second-level cache: 23 KB a sample. Shared memory, 128
 *           bytes a cycle: weights in and out 45,700 cycles, inputs and activations 15,300, in all 61,000: the bound
 * Limits    predicted, not measured: 0.45 to 0.65 s for 1e8 samples (PERFORMANCE.md). Registers bind: 192 sums leave 32
 *           for all else, so a product of 256 columns, which would read A half as often, has no room
 * Overflow  as smoothing_layers.cu: infinities do not reach the padding
 * Oracle    ClusteredNoisyClassifierTest: the layered kernels vote by vote, and a reference in double
 */
#include "bulk_copy.cuh"
#include "halves.cuh"
#include "noise.cuh"
#include "votes.cuh"
#include "warpgroup.cuh"

// ---- layout ---------------------------------------------------------------------------------------------------------

/** Samples of a tile, and of a product. */
constexpr int ROWS = 64;
/** Inputs of a product. */
constexpr int STEP = 16;
/** Columns of a chunk of the first layer, and of the third layer; both warpgroups' together. */
constexpr int CHUNK = 256;
/** Columns of the second layer. */
constexpr int WIDE = 512;
/** Columns of the last layer. */
constexpr int LAST = 16;

constexpr int BLOCKS = 2;
constexpr int THREADS = 512;
constexpr int CONSUMER_WARPS = 8;
constexpr int COPYING_WARP = CONSUMER_WARPS;
constexpr int NOISE_WARPS = 7;
/** Registers of a thread; all threads' together are those that 512 threads of 128 had at the start. */
constexpr int CONSUMER_REGISTERS = 224, OTHER_REGISTERS = 32;

static_assert((CONSUMER_WARPS + 1 + NOISE_WARPS) * 32 == THREADS, "every warp has a role");
static_assert(CONSUMER_REGISTERS + OTHER_REGISTERS == 256, "two warpgroups of each, of 128 on average");

/** Sixteen inputs of a tile: eight inputs of 64 rows, 16 bytes a row, then the other eight. */
constexpr int SLICE_BYTES = ROWS * STEP * 2;
constexpr int SLICE_HALF = SLICE_BYTES / 2;
constexpr int CHUNK_SLICES = CHUNK / STEP;

/** Weights travel in stages: 16 inputs of 256 columns, laid out likewise; the last layer's are one stage together. */
constexpr int STAGE_BYTES = CHUNK * STEP * 2;
constexpr int STAGE_HALF = STAGE_BYTES / 2;
constexpr int STAGES = 6;

/** Inputs lie in panels: the slices whose noise comes from the same Philox blocks. */
constexpr int PANEL_SLICES = NOISE_GROUP / STEP;
constexpr int PANEL_BYTES = PANEL_SLICES * SLICE_BYTES;
constexpr int MOST_PANELS = 32;
/** A warp makes four rows of half of each slice of a panel at once. */
constexpr int PANEL_TASKS = ROWS / 4 * 2;

static_assert(PANEL_TASKS >= NOISE_WARPS, "every noise warp has a part in every panel, so none is a phase behind");

struct Barriers {
    Mbarrier loaded[STAGES], free[STAGES];                 // weights: copied to this block; read by both
    Mbarrier filled[MOST_PANELS], drained[MOST_PANELS];    // inputs
};

/** Dynamic shared memory: barriers, stages, a chunk of activations, and as many panels of inputs as fit. */
constexpr int BARRIER_BYTES = 1024;
constexpr int ACTIVATION_BYTES = ROWS * CHUNK * 2;

static_assert(sizeof(Barriers) <= BARRIER_BYTES, "barriers have their own kilobyte");

struct Memory {
    unsigned char* start;

    __device__ Barriers& barriers() const { return *reinterpret_cast<Barriers*>(start); }
    __device__ unsigned char* stage(int index) const { return start + BARRIER_BYTES + index * STAGE_BYTES; }
    __device__ unsigned char* activations() const { return stage(STAGES); }
    __device__ unsigned char* slice_of_activations(int index) const { return activations() + index * SLICE_BYTES; }
    __device__ unsigned char* panel(int index) const { return activations() + ACTIVATION_BYTES + index * PANEL_BYTES; }
};

/** A place in a ring of stages or panels, counted over two rounds: those in the second are of the other parity. */
struct Position {
    int place;

    __device__ int index(int places) const { return place < places ? place : place - places; }
    __device__ unsigned parity(int places) const { return place >= places; }
    __device__ void advance(int places) { place = place + 1 == 2 * places ? 0 : place + 1; }
};

/** A network of four layers, widths padded to chunks x 256, 512, 256 and 16. */
struct Shape {
    int inputs, first, second, third, classes;
    /** Panels of the ring. */
    int ring;

    /** Of the first layer's outputs. */
    __device__ int chunks() const { return (first + CHUNK - 1) / CHUNK; }

    __device__ int slices() const { return (inputs + STEP - 1) / STEP; }
    __device__ int panels() const { return (inputs + NOISE_GROUP - 1) / NOISE_GROUP; }
    /** Stages of a tile: for each chunk those of the first layer and two for each of its slices; the third; the last. */
    __device__ int stages() const { return chunks() * (slices() + 2 * CHUNK_SLICES) + WIDE / STEP + 1; }
};

/** The tiles of the launch, fewer than 2^30. A cluster takes pairs of them. */
struct Tiles {
    int samples, images;

    __device__ int of_an_image() const { return (samples - 1) / ROWS + 1; }
    __device__ int count() const { return of_an_image() * images; }

    /** Calls work(image, its first sample) for this block's tiles, and absent() where only the other block has one. */
    template <class Work, class Absent>
    __device__ void for_each(Work work, Absent absent) const {
        for (int tile = blockIdx.x; tile / BLOCKS * BLOCKS < count(); tile += gridDim.x) {
            if (tile < count()) {
                const int image = tile / of_an_image();
                work(image, (tile - image * of_an_image()) * ROWS);
            } else {
                absent();
            }
        }
    }
};

// ---- weights --------------------------------------------------------------------------------------------------------

/** One thread: has all stages copied, tile after tile; each block of the cluster fetches half of each for both. */
__device__ __forceinline__ void copy_weights(const Memory& memory, const Shape& shape, const Tiles& tiles,
                                             const unsigned char* __restrict__ weights) {
    constexpr unsigned share = STAGE_BYTES / BLOCKS;
    const unsigned offset = cluster_rank() * share;
    Barriers& barriers = memory.barriers();
    Position at = {0};
    const auto copy_tile = [&] {
        for (int s = 0; s < shape.stages(); ++s) {
            const int stage = at.index(STAGES);
            await_phase(&barriers.free[stage], at.parity(STAGES));
            arrive_expecting(&barriers.loaded[stage], STAGE_BYTES);
            copy_to_blocks(memory.stage(stage) + offset, weights + (long long) s * STAGE_BYTES + offset, share,
                           &barriers.loaded[stage], (1 << BLOCKS) - 1);
            at.advance(STAGES);
        }
    };
    tiles.for_each([&](int, int) { copy_tile(); }, copy_tile);
}

// ---- noise ----------------------------------------------------------------------------------------------------------

struct NoiseSource {
    const float* images;
    const int* indices;
    float sigma;
    NoiseKey key;
    int first_sample;
};

/** A task of panel p of a tile: 4 rows x 8 inputs of each slice. */
__device__ __forceinline__ void make_noise(unsigned char* panel, const Shape& shape, const NoiseSource& noise, int n,
                                           int sample, int p, int task) {
    const int lane = lane_of_warp();
    const int half = task & 1, row = (task >> 1) * 4 + (lane >> 3), input = 8 * half + (lane & 7);
    unsigned char* target = panel + half * SLICE_HALF + row * 16 + (lane & 7) * 2;
    const auto put = [=](int e, float value) {
        store_operand(target + (e - p * NOISE_GROUP) / STEP * SLICE_BYTES, __float2half_rn(value));
    };
    noisy_elements(noise.images + (long long) n * shape.inputs, shape.inputs, noise.sigma, noise.key, noise.indices[n],
                   noise.first_sample + sample + row, p * NOISE_LANES + input, put);
    const int e = shape.inputs / STEP * STEP + input;
    if (p == shape.panels() - 1 && e >= shape.inputs && shape.inputs % STEP != 0) {
        put(e, 0.f); // its weights are zeros, but zero times what lay there might be NaN
    }
}

/** The noise warps: noisy inputs of one tile after the other, as far ahead as there is room. */
__device__ __forceinline__ void fill_panels(const Memory& memory, const Shape& shape, const Tiles& tiles,
                                            const NoiseSource& noise) {
    Barriers& barriers = memory.barriers();
    Position at = {shape.ring}; // before its first phase a barrier's parity counts as odd: the ring is empty
    int task = (threadIdx.x >> 5) - COPYING_WARP - 1; // this warp's next, counted from the current panel's first
    tiles.for_each([&](int n, int sample) {
        for (int p = 0; p < shape.panels(); ++p) {
            await_phase(&barriers.drained[at.index(shape.ring)], at.parity(shape.ring));
            for (; task < PANEL_TASKS; task += NOISE_WARPS) {
                make_noise(memory.panel(at.index(shape.ring)), shape, noise, n, sample, p, task);
                fence_for_tensor_cores();
                __syncwarp();
                if (lane_of_warp() == 0) {
                    arrive(&barriers.filled[at.index(shape.ring)]);
                }
            }
            task -= PANEL_TASKS;
            at.advance(shape.ring);
        }
    }, [] {});
}

// ---- products -------------------------------------------------------------------------------------------------------

/**
 * A consumer warp's way through stages and panels. Its latest product may still run: the stage that this reads is given
 * back when the next has been started and this one has ended. Lanes arrive for themselves, and then come together
 * again: to wait for products is for a whole warp.
 */
struct Consumer {
    Memory memory;
    Position at;
    /** The panel of the tile's first inputs. */
    Position first;

    /** Tells both blocks that this warp has done with the stage before the current one: a lane each. */
    __device__ void give_back() const {
        const unsigned lane = threadIdx.x & 31;
        const int previous = (at.index(STAGES) == 0 ? STAGES : at.index(STAGES)) - 1;
        if (lane < BLOCKS) {
            arrive_at(cluster_address(&memory.barriers().free[previous], lane));
        }
        __syncwarp();
    }

    /** At the start all stages are there to be filled; the last one is given back together with the first's use. */
    __device__ void begin() {
        for (at = {1}; at.place < STAGES; ++at.place) {
            give_back();
        }
        at = {0};
    }

    /** The current stage, once its weights are here. */
    __device__ const unsigned char* await_stage() const {
        await_phase(&memory.barriers().loaded[at.index(STAGES)], at.parity(STAGES));
        return memory.stage(at.index(STAGES));
    }

    /** Goes on to the next stage, with the current one's products just started. */
    __device__ void commit() {
        commit_products();
        await_products<1>();
        give_back();
        at.advance(STAGES);
    }
};

/** Waits for all products, and so for these sums. */
template <class Sums>
__device__ __forceinline__ void finish(Sums& sums) {
    await_products<0>();
    pin(sums);
}

/** 0 or 1; the same for a warp's threads, as far as the compiler can tell. */
__device__ __forceinline__ int warpgroup_of_thread() {
    return __shfl_sync(~0u, threadIdx.x / WARPGROUP, 0);
}

/** sums = the bias of each column; `bias` is that of the first. */
template <int N>
__device__ __forceinline__ void start_from_bias(const float* __restrict__ bias, float (&sums)[N]) {
    const int t = threadIdx.x & 3;
#pragma unroll
    for (int n = 0; n < N / 4; ++n) {
        sums[4 * n] = sums[4 * n + 2] = __ldg(bias + 8 * n + 2 * t);
        sums[4 * n + 1] = sums[4 * n + 3] = __ldg(bias + 8 * n + 2 * t + 1);
    }
    pin(sums);
}

/** Rounds what the ReLU lets through to fp16, into the activations from column `first` on; zeros from column `width` on. */
template <int N>
__device__ __forceinline__ void put_activations(const Memory& memory, int first, int width, const float (&sums)[N]) {
    const int lane = threadIdx.x & 31, row = threadIdx.x / 32 % 4 * 16 + (lane >> 2);
    const int left = width - first - 2 * (lane & 3);
    unsigned char* target = memory.activations() + first / 8 * SLICE_HALF + row * 16 + (lane & 3) * 4;
#pragma unroll
    for (int n = 0; n < N / 4; ++n) {
        const float* s = sums + 4 * n;
        store_operand(target + n * SLICE_HALF, activations(s[0], s[1], 8 * n, left));
        store_operand(target + n * SLICE_HALF + 8 * 16, activations(s[2], s[3], 8 * n, left));
    }
    fence_for_tensor_cores();
}

/** Both warpgroups put their columns of a chunk of `width`, from `own` on, in the place of the chunk before. */
__device__ __forceinline__ void exchange(const Memory& memory, int own, int width, const float (&sums)[CHUNK / 4]) {
    meet_at_barrier<1, 2 * WARPGROUP>(); // all have read what lies there
    put_activations(memory, own, width, sums);
    meet_at_barrier<1, 2 * WARPGROUP>();
}

/** sums += this warpgroup's columns of a slice of A times the current stage. */
__device__ __forceinline__ void multiply_slice(Consumer& consumer, const unsigned char* slice, float (&sums)[CHUNK / 4]) {
    const unsigned char* stage = consumer.await_stage();
    begin_products();
    multiply_add_64(sums, operand(slice, SLICE_HALF),
                    operand(stage + threadIdx.x / WARPGROUP * (STAGE_HALF / 2), STAGE_HALF));
    consumer.commit();
}

/**
 * sums += this warpgroup's columns of a chunk of the first layer. The tile's first chunk waits for its inputs; the last
 * gives them back, panel by panel, and goes on to the next tile's.
 */
__device__ __forceinline__ void first_layer(Consumer& consumer, const Shape& shape, bool first_chunk, bool last_chunk,
                                            float (&sums)[CHUNK / 4]) {
    Barriers& barriers = consumer.memory.barriers();
    Position panel = consumer.first;
    int slices = shape.slices();
    do {
        if (first_chunk) {
            await_phase(&barriers.filled[panel.index(shape.ring)], panel.parity(shape.ring));
        }
        const unsigned char* inputs = consumer.memory.panel(panel.index(shape.ring));
        for (int j = min(slices, PANEL_SLICES); j > 0; --j) {
            multiply_slice(consumer, inputs, sums);
            inputs += SLICE_BYTES;
        }
        if (last_chunk) {
            await_products<0>();
            if ((threadIdx.x & 31) == 0) {
                arrive(&barriers.drained[panel.index(shape.ring)]);
            }
            __syncwarp();
        }
        panel.advance(shape.ring);
        slices -= PANEL_SLICES;
    } while (slices > 0);
    finish(sums);
    if (last_chunk) {
        consumer.first = panel;
    }
}

/** wide += the second layer, as far as it comes from this chunk of activations. */
__device__ __forceinline__ void second_layer(Consumer& consumer, float (&wide)[WIDE / CHUNK][CHUNK / 4]) {
#pragma unroll 1
    for (int j = 0; j < CHUNK_SLICES; ++j) {
#pragma unroll
        for (int h = 0; h < WIDE / CHUNK; ++h) {
            multiply_slice(consumer, consumer.memory.slice_of_activations(j), wide[h]);
        }
    }
}

/** sums += the third layer, as far as it comes from this chunk of activations. */
__device__ __forceinline__ void third_layer(Consumer& consumer, float (&sums)[CHUNK / 4]) {
#pragma unroll 1
    for (int j = 0; j < CHUNK_SLICES; ++j) {
        multiply_slice(consumer, consumer.memory.slice_of_activations(j), sums);
    }
    finish(sums);
}

/** sums += the last layer. Both warpgroups have all of it: it is too narrow to share. */
__device__ __forceinline__ void last_layer(Consumer& consumer, float (&sums)[LAST / 2]) {
    constexpr int block = LAST * STEP * 2;
    const unsigned char* stage = consumer.await_stage();
#pragma unroll 1
    for (int j = 0; j < CHUNK_SLICES; ++j) {
        begin_products();
        multiply_add_64(sums, operand(consumer.memory.slice_of_activations(j), SLICE_HALF),
                        operand(stage + j * block, block / 2));
    }
    consumer.commit();
    finish(sums);
}

/** One warpgroup: adds the votes of a tile's first `rows` rows to their image's counts. */
__device__ __forceinline__ void count_votes(const float (&logits)[LAST / 2], int rows, int classes,
                                            int* __restrict__ counts) {
    const int lane = threadIdx.x & 31, t = lane & 3;
    int votes[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        Best best = before_any_logit();
#pragma unroll
        for (int n = 0; n < LAST / 8; ++n) {
#pragma unroll
            for (int i = 0; i < 2; ++i) {
                const int c = 8 * n + 2 * t + i;
                best = c < classes ? better(best, as_best(logits[4 * n + 2 * half + i], c)) : best;
            }
        }
        // The four lanes of a row.
#pragma unroll
        for (int other = 1; other < 4; other *= 2) {
            const float value = __shfl_xor_sync(~0u, best.value, other);
            const int index = __shfl_xor_sync(~0u, best.index, other);
            best = better(best, {value, index});
        }
        const int row = threadIdx.x / 32 % 4 * 16 + 8 * half + (lane >> 2);
        votes[half] = t == 0 && row < rows ? vote_of(best) : NOBODY;
    }
    int count = 0; // lane c has class c's
    for (int c = 0; c < classes; ++c) {
        const int found = __popc(__ballot_sync(~0u, votes[0] == c)) + __popc(__ballot_sync(~0u, votes[1] == c));
        count = lane == c ? found : count;
    }
    if (count > 0) {
        atomicAdd(counts + lane, count);
    }
}

/** All layers of one tile. The biases are those of the second layer, the first, the third and the last. */
__device__ __forceinline__ void classify_tile(Consumer& consumer, const Shape& shape, const float* __restrict__ biases,
                                              float (&logits)[LAST / 2]) {
    const int group = warpgroup_of_thread();
    const int own = group * (CHUNK / 2);
    float sums[CHUNK / 4], wide[WIDE / CHUNK][CHUNK / 4];
#pragma unroll
    for (int h = 0; h < WIDE / CHUNK; ++h) {
        start_from_bias(biases + h * CHUNK + own, wide[h]);
    }
    start_from_bias(biases + WIDE + own, sums);
    int c = 0;
    do {
        first_layer(consumer, shape, c == 0, c == shape.chunks() - 1, sums);
        exchange(consumer.memory, own, shape.first - c * CHUNK, sums);
        start_from_bias(biases + WIDE + (c + 1) * CHUNK + own, sums); // the next chunk's, or the third layer's
        second_layer(consumer, wide);
    } while (++c < shape.chunks());
    finish(wide);
#pragma unroll
    for (int h = 0; h < WIDE / CHUNK; ++h) {
        exchange(consumer.memory, own, shape.second - h * CHUNK, wide[h]);
        third_layer(consumer, sums);
    }
    exchange(consumer.memory, own, shape.third, sums);
    start_from_bias(biases + WIDE + (shape.chunks() + 1) * CHUNK, logits);
    last_layer(consumer, logits);
}

/** Gives back all stages of a tile that this block lacks and the other has. */
__device__ __forceinline__ void pass_over_tile(Consumer& consumer, const Shape& shape) {
    for (int s = 0; s < shape.stages(); ++s) {
        consumer.await_stage();
        __syncwarp(); // no lane waits for the stage before any more: two phases later it would wait for ever
        consumer.give_back();
        consumer.at.advance(STAGES);
    }
}

// ---- kernels --------------------------------------------------------------------------------------------------------

/**
 * W [out,in] rounded to fp16, zero beyond its edges, in blocks of 16 inputs (a slice) of `columns` columns (a group):
 * eight inputs a column, 16 bytes, all columns' first eight and then all columns' second. Slice j of group g lies at
 * g group_bytes + j slice_bytes + (j / 16) chunk_bytes of `packed`. Any 1-D grid and block; a thread eight inputs.
 */
extern "C" __global__ void pack_stages(const float* __restrict__ weight, int in, int out, int columns, int groups,
                                       int slices, long long group_bytes, long long slice_bytes, long long chunk_bytes,
                                       unsigned char* __restrict__ packed) {
    const long long units = (long long) groups * slices * 2 * columns;
    for (long long i = grid_first(); i < units; i += grid_stride()) {
        const int place = (int) (i % (2 * columns)), slice = (int) (i / (2 * columns) % slices);
        const long long group = i / (2 * columns) / slices;
        const long long row = group * columns + place % columns;
        const int first = slice * STEP + place / columns * 8;
        unsigned words[4];
#pragma unroll
        for (int w = 0; w < 4; ++w) {
            const int column = first + 2 * w;
            const float* source = weight + row * in + column;
            words[w] = to_halves(row < out && column < in ? source[0] : 0.f,
                                 row < out && column + 1 < in ? source[1] : 0.f);
        }
        const long long block = group * group_bytes + slice * slice_bytes + slice / CHUNK_SLICES * chunk_bytes;
        *reinterpret_cast<uint4*>(packed + block + 16 * place) = {words[0], words[1], words[2], words[3]};
    }
}
EXPORT_KERNEL(pack_stages)

extern "C" __global__ void __cluster_dims__(BLOCKS, 1, 1) __launch_bounds__(THREADS, 1)
smoothing_clustered(const float* __restrict__ images, const int* __restrict__ indices, int image_count, int inputs,
                    int first, int second, int third, int classes, int ring, const unsigned char* __restrict__ weights,
                    const float* __restrict__ biases, float sigma, unsigned key_low, unsigned key_high, unsigned stream,
                    int first_sample, int samples, int* __restrict__ counts) {
    DYNAMIC_SHARED(unsigned char, start);
    const Memory memory = {start};
    const Shape shape = {inputs, first, second, third, classes, ring};
    const Tiles tiles = {samples, image_count};
    const int warp = __shfl_sync(~0u, threadIdx.x >> 5, 0);
    if (threadIdx.x == 0) {
        Barriers& barriers = memory.barriers();
        for (int i = 0; i < STAGES; ++i) {
            make_barrier(&barriers.loaded[i], 1);
            make_barrier(&barriers.free[i], BLOCKS * CONSUMER_WARPS);
        }
        for (int i = 0; i < ring; ++i) {
            make_barrier(&barriers.filled[i], PANEL_TASKS);
            make_barrier(&barriers.drained[i], CONSUMER_WARPS);
        }
        publish_barriers();
    }
    meet_in_cluster();
    if (warp < CONSUMER_WARPS) {
        take_registers<CONSUMER_REGISTERS>();
        Consumer consumer = {memory, {0}, {0}};
        consumer.begin();
        tiles.for_each([&](int n, int sample) {
            float logits[LAST / 2];
            classify_tile(consumer, shape, biases, logits);
            if (warpgroup_of_thread() == 0) {
                count_votes(logits, min(ROWS, samples - sample), classes, counts + (long long) n * classes);
            }
        }, [&] { pass_over_tile(consumer, shape); });
    } else {
        keep_registers<OTHER_REGISTERS>();
        if (warp > COPYING_WARP) {
            fill_panels(memory, shape, tiles, {images, indices, sigma, {key_low, key_high, stream}, first_sample});
        } else if ((threadIdx.x & 31) == 0) {
            copy_weights(memory, shape, tiles, weights);
        }
        __syncwarp();
    }
    meet_in_cluster(); // none leaves while the other may still copy to it or arrive at its barriers
}
EXPORT_KERNEL(smoothing_clustered)
