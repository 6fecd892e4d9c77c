/*
 * products_tf32.cu: matrix products on tensor cores, for training that bears their rounding.
 * Math      multiply: c = op(a) op(b) + beta c      affine: y = x W^T + b, relu
 * Rounding  factors to the nearest TF32 (11 bits, a relative 2^-11 each), products exact, sums fp32 in the tensor core's
 *           order; not for certificates
 * Shapes    as products.cu, and so is the launch; finish_* of products.cu add up parts of k
 * Traffic   a warp's 32 x 16 or 64 x 32 of the tile: 12 words of shared memory a lane for 4 m16n8k8, or 24 for 16
 * Oracle    ProductsTest (sums in double)
 */
#include "product_tiles.cuh"
#include "tensor_core.cuh"

/** Eight warps, 2 x 4, each with tile/2 rows and tile/4 columns in m16n8 fragments. */
template <int tile>
class TensorCoreSums {
    static constexpr int down = tile / 32, across = tile / 32;

    float sums[down][across][4] = {};

    static __device__ __forceinline__ int first_row() {
        return (int) threadIdx.x / 128 * (tile / 2);
    }

    static __device__ __forceinline__ int first_column() {
        return (int) threadIdx.x / 32 % 4 * (tile / 4);
    }

public:
    using Element = unsigned;
    /* A pitch of 8 modulo 32 puts the four rows and eight columns of a fragment's element into 32 different banks. */
    static constexpr int side = tile, depth = 4 * THREADS / tile, pitch = tile + 8;

    static __device__ __forceinline__ unsigned convert(float x) {
        return to_tf32(x);
    }

    __device__ __forceinline__ void add(const unsigned (&left)[depth][pitch], const unsigned (&right)[depth][pitch]) {
        const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
        __syncwarp(); // at a matrix's edge lanes have fetched on different paths
#pragma unroll
        for (int d = 0; d < depth; d += 8) {
            unsigned l[down][4], r[across][2];
#pragma unroll
            for (int i = 0; i < down; ++i) {
                const int row = first_row() + 16 * i + g;
                l[i][0] = left[d + t][row];
                l[i][1] = left[d + t][row + 8];
                l[i][2] = left[d + t + 4][row];
                l[i][3] = left[d + t + 4][row + 8];
            }
#pragma unroll
            for (int j = 0; j < across; ++j) {
                const int column = first_column() + 8 * j + g;
                r[j][0] = right[d + t][column];
                r[j][1] = right[d + t + 4][column];
            }
#pragma unroll
            for (int i = 0; i < down; ++i) {
#pragma unroll
                for (int j = 0; j < across; ++j) {
                    multiply_add_tf32(sums[i][j], l[i], r[j][0], r[j][1]);
                }
            }
        }
    }

    template <class Finish>
    __device__ __forceinline__ void write(const Finish& finish, float* c, int tile_row, int tile_column, int m,
                                          int n) const {
        const bool whole = in_groups<2>(c, n);
        const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
#pragma unroll
        for (int i = 0; i < down; ++i) {
            const int row = tile_row + first_row() + 16 * i + g;
#pragma unroll
            for (int j = 0; j < across; ++j) {
                const int column = tile_column + first_column() + 8 * j + 2 * t;
                finish_row<2>(&sums[i][j][0], finish, c, row, column, m, n, whole);
                finish_row<2>(&sums[i][j][2], finish, c, row + 8, column, m, n, whole);
            }
        }
    }
};

PRODUCT_KERNELS(TensorCoreSums<64>, tf32_64, 4)
PRODUCT_KERNELS(TensorCoreSums<128>, tf32_128, 2)
SEVERAL_PRODUCTS_KERNELS(TensorCoreSums<64>, tf32_64, 4)
