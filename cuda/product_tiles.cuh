/*
 * product_tiles.cuh: the matrix product of products.cu and products_tf32.cu, but for the innermost loop's arithmetic.
 *
 * op(a) [m,k] times op(b) [k,n] is symmetric in its operands: each has an `outer` dimension (m or n) and k, of which one
 * is contiguous in memory. A tile lies in shared memory as [depth][outer], whatever way its matrix is stored.
 *
 * The arithmetic is a class Sums, a block's tile of the result spread over its threads' registers:
 *   side, depth, pitch       the result's tile is side x side, an operand's [depth][pitch] of which side columns are used
 *   Element, convert(x)      what an operand's tile holds of x
 *   add(left, right)         adds the product of two tiles
 *   write(finish, c, ...)    hands the sums to finish_row
 */
#pragma once

#include "common.cuh"

/** Threads of every block here. */
constexpr int THREADS = 256;

/** Floats that are read and written together. */
template <int width>
struct __align__(4 * width) Floats {
    float of[width];
};

/** Whether rows of `length` floats from `p` on consist of whole, aligned Floats<width>. */
template <int width>
__device__ __forceinline__ bool in_groups(const float* p, int length) {
    return reinterpret_cast<unsigned long long>(p) % (4 * width) == 0 && length % width == 0;
}

/**
 * Brings an operand's tiles to shared memory, four elements a thread and tile: first to registers, so that the next tile
 * is on its way while the block works on this one. What lies outside the matrix counts as 0.
 *
 * Two neighbouring threads share a 32-byte sector where the matrix is contiguous along k: global memory is read in whole
 * sectors, and the transposed stores of a warp meet in no bank if pitch is 4 modulo 8, two by two if it is 8 modulo 32.
 */
template <bool along_k, class Sums>
class TileLoader {
    static constexpr int side = Sums::side, depth = Sums::depth, pitch = Sums::pitch;
    static_assert(side * depth == 4 * THREADS, "four elements a thread");
    static_assert(pitch % 4 == 0 && side % 4 == 0 && depth % 8 == 0, "groups of four stay whole and aligned");

    const float* matrix;
    const int row_length, outer, first_outer, tile_outer, tile_k;
    const bool fours;
    Floats<4> next;

public:
    /** @param first_outer the tile's first row of op(a), or column of op(b) */
    __device__ __forceinline__ TileLoader(const float* matrix, int outer, int k, int first_outer)
            : matrix(matrix), row_length(along_k ? k : outer), outer(outer), first_outer(first_outer),
              tile_outer(along_k ? (int) threadIdx.x / 2 % side : (int) threadIdx.x % (side / 4) * 4),
              tile_k(along_k ? (int) threadIdx.x / (2 * side) * 8 + (int) threadIdx.x % 2 * 4
                             : (int) threadIdx.x / (side / 4)),
              fours(in_groups<4>(matrix, along_k ? k : outer)) {
    }

    /** Starts to read the tile of k = first_k .. first_k + depth - 1, as far as it lies before end_k. */
    __device__ __forceinline__ void fetch(int first_k, int end_k) {
        const int o = first_outer + tile_outer, d = first_k + tile_k;
        const int row = along_k ? o : d, rows = along_k ? outer : end_k;
        const int column = along_k ? d : o, columns = along_k ? end_k : outer;
        const float* source = matrix + (long long) row * row_length + column;
        if (fours && row < rows && column < columns) { // columns is a multiple of 4, or more of the row follows
            next = *reinterpret_cast<const Floats<4>*>(source);
        } else {
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                next.of[i] = row < rows && column + i < columns ? source[i] : 0.f;
            }
        }
    }

    /** Puts what was fetched into the tile, each element with the bits of `kept` alone: all, or all but the sign. */
    __device__ __forceinline__ void store(typename Sums::Element (&tile)[depth][pitch], unsigned kept) const {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            tile[along_k ? tile_k + i : tile_k][along_k ? tile_outer : tile_outer + i] =
                    Sums::convert(__uint_as_float(__float_as_uint(next.of[i]) & kept));
        }
    }
};

/** How sums become results of `multiply`: c = sum + beta c. With beta = 0, c is not read. */
struct Scaled {
    const float beta;

    __device__ __forceinline__ float operator()(float sum, int, const float* c) const {
        return beta == 0.f ? sum : fmaf(beta, *c, sum);
    }
};

/** How sums become results of `affine`: y = sum + b, then max(y, 0) that keeps a NaN. */
struct Biased {
    const float* bias;
    const bool relu;

    __device__ __forceinline__ float operator()(float sum, int column, const float*) const {
        const float y = sum + bias[column];
        return relu && y <= 0.f ? 0.f : y;
    }
};

constexpr unsigned ALL_BITS = ~0u, ALL_BUT_THE_SIGN = 0x7FFFFFFFu;

/** A product's operands, shape, and result [parts of k,m,n]; kept: the bits of b's elements that count. */
struct Factors {
    const float *a, *b;
    float* c;
    int m, n, k, chunk;
    unsigned kept;

    /** Tiles of this side that a row of them has. */
    __device__ __forceinline__ int across(int side) const {
        return (n + side - 1) / side;
    }

    __device__ __forceinline__ int tiles(int side) const {
        return (m + side - 1) / side * across(side);
    }
};

/** A block's tile of c and its part of k. Tiles are numbered along rows of c; parts have `chunk` elements each. */
struct Part {
    const int first_row, first_column, first_k, end_k;

    __device__ __forceinline__ Part(int side, const Factors& f, int tile, int part)
            : first_row(tile / f.across(side) * side), first_column(tile % f.across(side) * side),
              first_k(part * f.chunk), end_k(f.k - first_k < f.chunk ? f.k : first_k + f.chunk) {
    }
};

/** Writes `width` neighbours in a row of c [m,n], as far as they lie in it; `whole` if in_groups<width>(c, n). */
template <int width, class Finish>
__device__ __forceinline__ void finish_row(const float* sums, const Finish& finish, float* c, int row, int column, int m,
                                           int n, bool whole) {
    if (row >= m) {
        return;
    }
    float* target = c + (long long) row * n + column;
    if (whole && column < n) {
        Floats<width> results;
#pragma unroll
        for (int j = 0; j < width; ++j) {
            results.of[j] = finish(sums[j], column + j, target + j);
        }
        *reinterpret_cast<Floats<width>*>(target) = results;
    } else {
#pragma unroll
        for (int j = 0; j < width; ++j) {
            if (column + j < n) {
                target[j] = finish(sums[j], column + j, target + j);
            }
        }
    }
}

/** A block's shared memory, two tiles of each operand: one is filled while one is read. */
template <class Sums>
struct __align__(16) Tiles {
    typename Sums::Element left[2][Sums::depth][Sums::pitch], right[2][Sums::depth][Sums::pitch];
};

/** One block's tile of op(a) op(b), over its part of k. */
template <bool transpose_a, bool transpose_b, class Sums, class Finish>
__device__ __forceinline__ void product(const Factors& f, int tile, int z, const Finish finish, Tiles<Sums>& tiles) {
    auto& left = tiles.left;
    auto& right = tiles.right;
    const Part part(Sums::side, f, tile, z);
    TileLoader<!transpose_a, Sums> load_left(f.a, f.m, f.k, part.first_row);
    TileLoader<transpose_b, Sums> load_right(f.b, f.n, f.k, part.first_column);
    load_left.fetch(part.first_k, part.end_k);
    load_right.fetch(part.first_k, part.end_k);
    load_left.store(left[0], ALL_BITS);
    load_right.store(right[0], f.kept);
    __syncthreads();

    Sums sums;
    int stage = 0;
    for (int at = part.first_k; at < part.end_k; at += Sums::depth) {
        const bool more = part.end_k - at > Sums::depth;
        if (more) {
            load_left.fetch(at + Sums::depth, part.end_k);
            load_right.fetch(at + Sums::depth, part.end_k);
        }
        sums.add(left[stage], right[stage]);
        if (more) { // into the tiles that all threads left before the last barrier
            stage ^= 1;
            load_left.store(left[stage], ALL_BITS);
            load_right.store(right[stage], f.kept);
            __syncthreads();
        }
    }
    sums.write(finish, f.c + (long long) z * f.m * f.n, part.first_row, part.first_column, f.m, f.n);
}

/** The same for block `block` of all tiles of the first part, then those of the second, ... */
template <bool transpose_a, bool transpose_b, class Sums>
__device__ __forceinline__ void part_of_product(const Factors& f, int block, Tiles<Sums>& tiles) {
    const int count = f.tiles(Sums::side);
    product<transpose_a, transpose_b, Sums>(f, block % count, block / count, Scaled{0.f}, tiles);
}

#define MULTIPLY_KERNEL(name, transpose_a, transpose_b, Sums, blocks)                                                    \
    extern "C" __global__ void __launch_bounds__(THREADS, blocks)                                                        \
    name(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k, int chunk,\
         float beta) {                                                                                                   \
        __shared__ Tiles<Sums> tiles;                                                                                    \
        product<transpose_a, transpose_b, Sums>(Factors{a, b, c, m, n, k, chunk, ALL_BITS}, blockIdx.x, blockIdx.z,      \
                                                Scaled{beta}, tiles);                                                    \
    }                                                                                                                    \
    EXPORT_KERNEL(name)

#define MULTIPLY_TWO_KERNEL(name, transpose_a, transpose_b, Sums, blocks)                                                \
    extern "C" __global__ void __launch_bounds__(THREADS, blocks)                                                        \
    name(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k, int chunk,\
         int first_blocks, const float* __restrict__ a2, const float* __restrict__ b2, float* __restrict__ c2, int m2,   \
         int n2, int k2, int chunk2, int magnitudes2) {                                                                  \
        const bool second = (int) blockIdx.x >= first_blocks;                                                            \
        const int block = (int) blockIdx.x - (second ? first_blocks : 0);                                                \
        const Factors f{second ? a2 : a, second ? b2 : b, second ? c2 : c, second ? m2 : m, second ? n2 : n,             \
                        second ? k2 : k, second ? chunk2 : chunk,                                                        \
                        second && magnitudes2 != 0 ? ALL_BUT_THE_SIGN : ALL_BITS};                                       \
        __shared__ Tiles<Sums> tiles;                                                                                    \
        part_of_product<transpose_a, transpose_b>(f, block, tiles);                                                      \
    }                                                                                                                    \
    EXPORT_KERNEL(name)

#define AFFINE_KERNEL(name, Sums, blocks)                                                                                \
    extern "C" __global__ void __launch_bounds__(THREADS, blocks)                                                        \
    name(const float* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias,                  \
         float* __restrict__ y, int rows, int out, int in, int relu) {                                                   \
        __shared__ Tiles<Sums> tiles;                                                                                    \
        product<false, true, Sums>(Factors{x, weight, y, rows, out, in, in, ALL_BITS}, blockIdx.x, blockIdx.z,           \
                                   Biased{bias, relu != 0}, tiles);                                                      \
    }                                                                                                                    \
    EXPORT_KERNEL(name)

/** The kernels of one precision and tile size, which `suffix` names; registers for `blocks` blocks a multiprocessor. */
#define PRODUCT_KERNELS(Sums, suffix, blocks)                                                                            \
    MULTIPLY_KERNEL(multiply_nn_##suffix, false, false, Sums, blocks)                                                    \
    MULTIPLY_KERNEL(multiply_nt_##suffix, false, true, Sums, blocks)                                                     \
    MULTIPLY_KERNEL(multiply_tn_##suffix, true, false, Sums, blocks)                                                     \
    MULTIPLY_KERNEL(multiply_tt_##suffix, true, true, Sums, blocks)                                                      \
    AFFINE_KERNEL(affine_##suffix, Sums, blocks)

/**
 * A layer's way back: its parameters' gradients, a^T b for points and radii, and its inputs', of which the last product is
 * with |b|. The blocks of each end where `end` says. Two ways to read operands in one kernel take some registers more.
 */
#define MULTIPLY_BACK_KERNEL(name, Sums, blocks)                                                                         \
    extern "C" __global__ void __launch_bounds__(THREADS, blocks)                                                        \
    name(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k, int chunk,\
         int end, const float* __restrict__ a2, const float* __restrict__ b2, float* __restrict__ c2, int m2, int n2,    \
         int k2, int chunk2, int end2, const float* __restrict__ a3, const float* __restrict__ b3,                       \
         float* __restrict__ c3, int m3, int n3, int k3, int chunk3, int end3, const float* __restrict__ a4,             \
         const float* __restrict__ b4, float* __restrict__ c4, int m4, int n4, int k4, int chunk4, int magnitudes4) {    \
        __shared__ Tiles<Sums> tiles;                                                                                    \
        const int block = (int) blockIdx.x;                                                                              \
        if (block < end2) {                                                                                              \
            const bool second = block >= end;                                                                            \
            part_of_product<true, false>(                                                                                \
                    Factors{second ? a2 : a, second ? b2 : b, second ? c2 : c, second ? m2 : m, second ? n2 : n,         \
                            second ? k2 : k, second ? chunk2 : chunk, ALL_BITS},                                         \
                    second ? block - end : block, tiles);                                                                \
        } else {                                                                                                         \
            const bool last = block >= end3;                                                                             \
            part_of_product<false, false>(                                                                               \
                    Factors{last ? a4 : a3, last ? b4 : b3, last ? c4 : c3, last ? m4 : m3, last ? n4 : n3,              \
                            last ? k4 : k3, last ? chunk4 : chunk3,                                                      \
                            last && magnitudes4 != 0 ? ALL_BUT_THE_SIGN : ALL_BITS},                                     \
                    block - (last ? end3 : end2), tiles);                                                                \
        }                                                                                                                \
    }                                                                                                                    \
    EXPORT_KERNEL(name)

/** For tiles of which a shape has few: where it has many, another launch costs nothing beside the product. */
#define SEVERAL_PRODUCTS_KERNELS(Sums, suffix, blocks)                                                                   \
    MULTIPLY_TWO_KERNEL(multiply_two_nn_##suffix, false, false, Sums, blocks)                                            \
    MULTIPLY_TWO_KERNEL(multiply_two_nt_##suffix, false, true, Sums, blocks)                                             \
    MULTIPLY_TWO_KERNEL(multiply_two_tn_##suffix, true, false, Sums, blocks)                                             \
    MULTIPLY_BACK_KERNEL(multiply_back_##suffix, Sums, blocks - 1)
