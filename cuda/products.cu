/*
 * products.cu: matrix products in fp32, and sums of columns.
 * Math      multiply: c = op(a) op(b) + beta c      affine: y = x W^T + b, relu
 *           multiply_two: two products in one launch, transposed alike, each with a shape of its own; no beta
 *           column_sums: s = beta s + sum_n x[n,:]
 * Rounding  to nearest, fused multiply-adds along k in ascending order; not for certificates
 * Shapes    op(a) [m,k]   op(b) [k,n]   c [m,n]   row-major; n, t in a kernel's name: a, b stored so or transposed
 * Launch    256 threads; x: tiles of c, 64 x 64 or 128 x 128 (the last number of a name), z: parts of k, `chunk` each;
 *           multiply_two has both in x: the first product's parts, tile by tile, then the second's.
 *           With more than one part, c is scratch [parts,m,n], beta is 0, and finish_* add the parts up in their order:
 *           the same sum on every run, which atomics would not give
 * Traffic   a and b once a tile's row or column; a thread has 4 x 4 or 8 x 8 sums in registers and reads 8 or 16 floats
 *           of shared memory for 16 or 64 multiply-adds; the next tile is read meanwhile
 * Oracle    BackendContract, ProductsTest (sums in double)
 */
#include "column_sums.cuh"
#include "partial_sums.cuh"
#include "product_tiles.cuh"

/** Thread (ty, tx) of 16 x 16 has rows ty * 4 + {0..3} and columns tx * 4 + {0..3}, and those 64 further on. */
template <int tile>
class FloatSums {
    static constexpr int own = tile / 16;

    float sums[own][own] = {};

public:
    using Element = float;
    static constexpr int side = tile, depth = 4 * THREADS / tile, pitch = tile + 4;

    static __device__ __forceinline__ float convert(float x) {
        return x;
    }

    __device__ __forceinline__ void add(const float (&left)[depth][pitch], const float (&right)[depth][pitch]) {
        const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
#pragma unroll
        for (int d = 0; d < depth; ++d) {
            Floats<4> l[own / 4], r[own / 4];
#pragma unroll
            for (int q = 0; q < own / 4; ++q) {
                l[q] = *reinterpret_cast<const Floats<4>*>(&left[d][q * 64 + ty * 4]);
                r[q] = *reinterpret_cast<const Floats<4>*>(&right[d][q * 64 + tx * 4]);
            }
#pragma unroll
            for (int i = 0; i < own; ++i) {
#pragma unroll
                for (int j = 0; j < own; ++j) {
                    sums[i][j] = fmaf(l[i / 4].of[i % 4], r[j / 4].of[j % 4], sums[i][j]);
                }
            }
        }
    }

    template <class Finish>
    __device__ __forceinline__ void write(const Finish& finish, float* c, int first_row, int first_column, int m,
                                          int n) const {
        const bool whole = in_groups<4>(c, n);
        const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
#pragma unroll
        for (int i = 0; i < own; ++i) {
#pragma unroll
            for (int j = 0; j < own; j += 4) {
                finish_row<4>(&sums[i][j], finish, c, first_row + i / 4 * 64 + ty * 4 + i % 4,
                              first_column + j / 4 * 64 + tx * 4, m, n, whole);
            }
        }
    }
};

PRODUCT_KERNELS(FloatSums<64>, fp32_64, 4)
PRODUCT_KERNELS(FloatSums<128>, fp32_128, 2)
SEVERAL_PRODUCTS_KERNELS(FloatSums<64>, fp32_64, 4)

/** c = sum over the parts + beta c; sums [parts,length]. */
extern "C" __global__ void finish_multiply(const float* __restrict__ sums, int parts, float beta, float* __restrict__ c,
                                           long long length) {
    const Scaled finish{beta};
    for (long long i = grid_first(); i < length; i += grid_stride()) {
        c[i] = finish(sum_of_parts(sums, parts, length, i), 0, c + i);
    }
}
EXPORT_KERNEL(finish_multiply)

/** y = sum over the parts + b, relu; sums [parts,length]; with one part, sums may be y. */
extern "C" __global__ void finish_affine(const float* sums, int parts, const float* __restrict__ bias, int out, int relu,
                                         float* y, long long length) {
    const Biased finish{bias, relu != 0};
    for (long long i = grid_first(); i < length; i += grid_stride()) {
        y[i] = finish(sum_of_parts(sums, parts, length, i), (int) (i % out), y + i);
    }
}
EXPORT_KERNEL(finish_affine)

/** sums[c] = beta sums[c] + sum over n of x[n,c]; x [rows,columns]. Blocks of SUM_THREADS threads: column_sums.cuh. */
extern "C" __global__ void __launch_bounds__(SUM_THREADS)
column_sums(const float* __restrict__ x, long long rows, int columns, float beta, float* sums, float* partials,
            unsigned* tickets, int chunks) {
    sum_columns(x, rows, columns, beta, sums, partials, tickets, (int) blockIdx.x, chunks);
}
EXPORT_KERNEL(column_sums)
