/*
 * smoothing_tile.cuh: a tile of noisy samples times a layer's weights in half precision, as both smoothing kernels do it.
 *
 * Activations lie in shared memory as panels of 64 columns, fp16: a row of a panel is 128 bytes, eight chunks of 16, and
 * chunk c of row r is stored in place c ^ (r % 8). The eight rows that ldmatrix reads at once, the eight groups that
 * store a fragment, and two half-warps that write noise two rows apart so meet every bank once.
 *
 * Weights are packed once (pack_weights) in the order in which lanes take B fragments: for every 16 inputs (a step), for
 * every 16 outputs (a block), 32 lanes x 16 bytes. Each warp reads its own from the second-level cache straight to
 * registers, one step ahead: no two warps of a block need the same ones, so shared memory would only add a stop.
 *
 * A block has eight warps side by side; each takes all rows of the tile and 16, 32 or 64 of the columns. Sums run in fp32
 * from the bias on, over the inputs in order, whoever computes them: both kernels' logits have the same bits.
 */
#pragma once

#include "common.cuh"
#include "halves.cuh"
#include "tensor_core.cuh"

constexpr int TILE_WARPS = 8;
constexpr int TILE_THREADS = 32 * TILE_WARPS;
constexpr int PANEL_COLUMNS = 64;
constexpr int PANEL_ROW_BYTES = 2 * PANEL_COLUMNS;
constexpr int CHUNK_BYTES = 16;
/** Inputs of one matrix instruction, and outputs of two. */
constexpr int STEP = 16;
constexpr int PANEL_STEPS = PANEL_COLUMNS / STEP;
/** Blocks of 16 outputs that the warps hold in registers at once, four each. */
constexpr int PASS_BLOCKS = 4 * TILE_WARPS;

static_assert(PANEL_ROW_BYTES == 8 * CHUNK_BYTES, "the swizzle permutes eight chunks");

__device__ __forceinline__ int steps_of(int width) {
    return (width + STEP - 1) / STEP;
}

__device__ __forceinline__ int panels_of(int width) {
    return (width + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
}

/** Blocks of 16 outputs stored for a layer: whole panels. */
__device__ __forceinline__ int packed_blocks(int out) {
    return panels_of(out) * PANEL_STEPS;
}

/** Where column c < 64 of a row of a panel lies. */
__device__ __forceinline__ int panel_offset(int row, int column) {
    return row * PANEL_ROW_BYTES + (((column >> 3) ^ (row & 7)) * CHUNK_BYTES) + 2 * (column & 7);
}

/** Fragments of NB blocks of one step. */
template <int NB>
__device__ __forceinline__ void load_weights(uint4 (&b)[NB], const uint4* __restrict__ weights) {
#pragma unroll
    for (int n = 0; n < NB; ++n) {
        b[n] = __ldg(weights + 32 * n);
    }
}

/** acc += one step: MT x 16 rows of A at `rows`, this lane's own, chunk pair j of the panel, times NB x 16 columns. */
template <int MT, int NB>
__device__ __forceinline__ void multiply_step(const unsigned char* rows, int j, const uint4 (&b)[NB],
                                              float (&acc)[MT][2 * NB][4]) {
    const int lane = threadIdx.x & 31;
    const int chunk = (2 * j + (lane >> 4)) ^ (lane & 7);
    unsigned a[MT][4];
#pragma unroll
    for (int m = 0; m < MT; ++m) {
        load_matrices(a[m], rows + m * 16 * PANEL_ROW_BYTES + chunk * CHUNK_BYTES);
    }
#pragma unroll
    for (int m = 0; m < MT; ++m) {
#pragma unroll
        for (int n = 0; n < NB; ++n) {
            multiply_add_f16(acc[m][2 * n], a[m], b[n].x, b[n].y);
            multiply_add_f16(acc[m][2 * n + 1], a[m], b[n].z, b[n].w);
        }
    }
}

/**
 * acc += A W for one warp, whose lanes are together: MT x 16 rows, NB x 16 columns.
 *
 * @param panel   panel(p): address of A's p-th panel, asked for once each and in order
 * @param steps   sixteens of inputs
 * @param weights this lane's fragment of the warp's first block in step 0
 * @param stride  fragments from one step to the next
 */
template <int MT, int NB, class Panels>
__device__ __forceinline__ void multiply(Panels panel, int steps, const uint4* __restrict__ weights, int stride,
                                         float (&acc)[MT][2 * NB][4]) {
    // The fewer instructions a step has, the more steps ahead its weights must be asked for.
    constexpr int AHEAD = NB == 4 ? 1 : 3;
    constexpr int BUFFERS = AHEAD + 1;
    static_assert(PANEL_STEPS % BUFFERS == 0, "a buffer's index must be known in an unrolled panel");
    const int row = (threadIdx.x & 15) * PANEL_ROW_BYTES;
    uint4 b[BUFFERS][NB];
#pragma unroll
    for (int k = 0; k < AHEAD; ++k) {
        load_weights(b[k], weights + (long long) min(k, steps - 1) * stride);
    }
    const int whole = steps / PANEL_STEPS;
    for (int p = 0; p < whole; ++p) {
        const unsigned char* rows = panel(p) + row;
#pragma unroll
        for (int j = 0; j < PANEL_STEPS; ++j) {
            const int ahead = min(p * PANEL_STEPS + j + AHEAD, steps - 1);
            load_weights(b[(j + AHEAD) % BUFFERS], weights + (long long) ahead * stride);
            multiply_step<MT, NB>(rows, j, b[j % BUFFERS], acc);
        }
    }
    if (whole * PANEL_STEPS < steps) {
        const unsigned char* rows = panel(whole) + row;
#pragma unroll
        for (int j = 0; j < PANEL_STEPS - 1; ++j) {
            if (whole * PANEL_STEPS + j < steps) {
                const int ahead = min(whole * PANEL_STEPS + j + AHEAD, steps - 1);
                load_weights(b[(j + AHEAD) % BUFFERS], weights + (long long) ahead * stride);
                multiply_step<MT, NB>(rows, j, b[j % BUFFERS], acc);
            }
        }
    }
}

/** acc = the bias of each column; `bias` is that of the warp's first column. */
template <int MT, int NB>
__device__ __forceinline__ void start_from_bias(const float* __restrict__ bias, float (&acc)[MT][2 * NB][4]) {
    const int t = threadIdx.x & 3;
#pragma unroll
    for (int n = 0; n < 2 * NB; ++n) {
        const float even = __ldg(bias + 8 * n + 2 * t), odd = __ldg(bias + 8 * n + 2 * t + 1);
#pragma unroll
        for (int m = 0; m < MT; ++m) {
            acc[m][n][0] = acc[m][n][2] = even;
            acc[m][n][1] = acc[m][n][3] = odd;
        }
    }
}

/** Calls put(row, column, even, odd) for each pair of neighbouring columns that this lane holds, columns from 0. */
template <int MT, int NB, class Put>
__device__ __forceinline__ void for_each_pair(const float (&acc)[MT][2 * NB][4], Put put) {
    const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
#pragma unroll
    for (int m = 0; m < MT; ++m) {
#pragma unroll
        for (int n = 0; n < 2 * NB; ++n) {
            put(16 * m + g, 8 * n + 2 * t, acc[m][n][0], acc[m][n][1]);
            put(16 * m + g + 8, 8 * n + 2 * t, acc[m][n][2], acc[m][n][3]);
        }
    }
}

/** Blocks a warp takes where `left` are left to the eight: 1, 2 or 4. */
__device__ __forceinline__ int blocks_a_warp(int left) {
    return left <= TILE_WARPS ? 1 : left <= 2 * TILE_WARPS ? 2 : 4;
}
