/*
 * input_gradients.cu: logits and their gradients with respect to a network's inputs on tensor cores, for attacks.
 * Math      forward   x_1 = max(x W_1^T + b_1, 0), ..., logits = x_{L-1} W_L^T + b_L
 *           backward  g_{i-1} = (g_i W_i) where x_{i-1} > 0, else 0;  input gradients = g_1 W_1
 * Rounding  images, weights, activations and gradients in bf16, which has a float's range: a gradient of 1e-30 still has a
 *           sign. Products summed in fp32 over k in order; logits and input gradients fp32. A row's results depend on that
 *           row alone, whatever batch it stands in. Where an attack's image is broken, a float pass has the last word.
 * Shapes    bf16 matrices have rows of a multiple of 64 elements (a panel), zero beyond their width, and a multiple of 64
 *           rows, of which those beyond the batch hold anything
 * Launch    products: grid (x: 64s of rows, y: 64s of outputs), 128 threads; the others see below
 * Traffic   each operand once for every 64 outputs or rows, from the second-level cache: 32 FLOP a byte
 * Oracle    BackendContract (the chain rule in double); InputGradientsTest
 */
#include "common.cuh"
#include "tensor_core.cuh"
#ifdef __CUDACC__
#include <cuda_bf16.h>
#endif

/** Rows, and outputs, of a block's tile; elements of a panel. */
constexpr int TILE = 64;
constexpr int THREADS = 128;
constexpr int STAGES = 3;
constexpr int CHUNK_BYTES = 16;
constexpr int ROW_BYTES = 2 * TILE;
constexpr int TILE_BYTES = TILE * ROW_BYTES;
/** Elements of k that a matrix instruction takes. */
constexpr int STEP = 16;
/** Rows and outputs of a warp's part of the tile. */
constexpr int PART = TILE / 2;

static_assert(ROW_BYTES == 8 * CHUNK_BYTES, "the swizzle permutes eight chunks");
static_assert(STAGES * 2 * TILE_BYTES <= 48 << 10, "more shared memory would have to be asked for");

__device__ __forceinline__ int panels_of(int width) {
    return (width + TILE - 1) / TILE;
}

/** Where chunk c of row r of a tile lies: eight rows at one chunk meet every bank once. */
__device__ __forceinline__ int place(int row, int chunk) {
    return row * ROW_BYTES + (chunk ^ (row & 7)) * CHUNK_BYTES;
}

/** Starts to copy a panel of a tile's rows. */
__device__ __forceinline__ void copy_tile(unsigned char* stage, const unsigned char* rows, long long row_bytes) {
    for (int i = threadIdx.x; i < TILE_BYTES / CHUNK_BYTES; i += THREADS) {
        const int row = i >> 3, chunk = i & 7;
        copy_async16(stage + place(row, chunk), rows + row * row_bytes + chunk * CHUNK_BYTES);
    }
}

/** acc += one step of k: rows of A from first_row on, rows of B from first_output on. */
__device__ __forceinline__ void multiply_step(const unsigned char* a_tile, const unsigned char* b_tile, int first_row,
                                              int first_output, int step, float (&acc)[2][4][4]) {
    const int lane = threadIdx.x & 31;
    unsigned a[2][4], b[2][4];
#pragma unroll
    for (int m = 0; m < 2; ++m) {
        const int row = first_row + 16 * m + (lane & 15);
        load_matrices(a[m], a_tile + place(row, 2 * step + (lane >> 4)));
        // Rows of B are columns of its fragment, which has k along a row too: both halves of k, then eight outputs on.
        const int output = first_output + 16 * m + (lane >> 4) * 8 + (lane & 7);
        load_matrices(b[m], b_tile + place(output, 2 * step + ((lane >> 3) & 1)));
    }
#pragma unroll
    for (int m = 0; m < 2; ++m) {
#pragma unroll
        for (int n = 0; n < 2; ++n) {
            multiply_add_bf16(acc[m][2 * n], a[m], b[n][0], b[n][1]);
            multiply_add_bf16(acc[m][2 * n + 1], a[m], b[n][2], b[n][3]);
        }
    }
}

/** A [rows,k] B^T for this block's tile, B [outputs,k]; put(row, output, even, odd) takes neighbouring outputs' sums. */
template <class Put>
__device__ __forceinline__ void product(const __nv_bfloat16* __restrict__ a, const __nv_bfloat16* __restrict__ b, int k,
                                        Put put) {
    __shared__ __align__(128) unsigned char stages[STAGES * 2 * TILE_BYTES];
    const int panels = panels_of(k);
    const long long row_bytes = (long long) panels * ROW_BYTES;
    const unsigned char* a_rows = reinterpret_cast<const unsigned char*>(a) + blockIdx.x * TILE * row_bytes;
    const unsigned char* b_rows = reinterpret_cast<const unsigned char*>(b) + blockIdx.y * TILE * row_bytes;
    const auto start = [&](int p) { // a group, whether or not there is such a panel
        if (p < panels) {
            unsigned char* stage = stages + p % STAGES * 2 * TILE_BYTES;
            copy_tile(stage, a_rows + p * ROW_BYTES, row_bytes);
            copy_tile(stage + TILE_BYTES, b_rows + p * ROW_BYTES, row_bytes);
        }
        commit_copies();
    };
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    const int first_row = (warp >> 1) * PART, first_output = (warp & 1) * PART;
    float acc[2][4][4] = {};
    start(0);
    start(1);
    for (int p = 0; p < panels; ++p) {
        await_copies<STAGES - 2>();
        __syncthreads(); // panel p is there for all, and all have done with the one whose stage is next
        start(p + STAGES - 1);
        __syncwarp(); // matrix instructions are for lanes that are together
        const unsigned char* stage = stages + p % STAGES * 2 * TILE_BYTES;
#pragma unroll
        for (int step = 0; step < TILE / STEP; ++step) {
            multiply_step(stage, stage + TILE_BYTES, first_row, first_output, step, acc);
        }
    }
    await_copies<0>();
#pragma unroll
    for (int m = 0; m < 2; ++m) {
#pragma unroll
        for (int n = 0; n < 4; ++n) {
            const long long row = (long long) blockIdx.x * TILE + first_row + 16 * m + g;
            const int output = blockIdx.y * TILE + first_output + 8 * n + 2 * t;
            put(row, output, acc[m][n][0], acc[m][n][1]);
            put(row + 8, output, acc[m][n][2], acc[m][n][3]);
        }
    }
}

/** Stores two neighbours, rounded. */
__device__ __forceinline__ void store_pair(__nv_bfloat16* target, float even, float odd) {
    *reinterpret_cast<__nv_bfloat162*>(target) = __floats2bfloat162_rn(even, odd);
}

/** Stores what lies inside [rows,columns]. */
__device__ __forceinline__ void store_floats(float* target, long long row, int column, int rows, int columns, float even,
                                             float odd) {
    if (row < rows && column < columns) {
        target[row * columns + column] = even;
        if (column + 1 < columns) {
            target[row * columns + column + 1] = odd;
        }
    }
}

__device__ __forceinline__ float bias_at(const float* __restrict__ bias, int output, int outputs) {
    return output < outputs ? __ldg(bias + output) : 0.f;
}

/** max(x, 0); NaN stays NaN. */
__device__ __forceinline__ float keep_positive(float x) {
    return x <= 0.f ? 0.f : x;
}

/** target = x [rows,columns] in bf16, with zeros up to whole panels. Any 1-D grid and block. */
extern "C" __global__ void round_rows(const float* __restrict__ x, int rows, int columns,
                                      __nv_bfloat16* __restrict__ target) {
    const int stride = panels_of(columns) * TILE;
    for (long long i = grid_first(); i < (long long) rows * stride; i += grid_stride()) {
        const long long row = i / stride;
        const int column = (int) (i - row * stride);
        target[i] = __float2bfloat16_rn(column < columns ? x[row * columns + column] : 0.f);
    }
}
EXPORT_KERNEL(round_rows)

/** target [columns, rows in whole panels] = x^T in bf16, x [rows,columns]. Any 1-D grid and block. */
extern "C" __global__ void round_transposed(const float* __restrict__ x, int rows, int columns,
                                            __nv_bfloat16* __restrict__ target) {
    const int stride = panels_of(rows) * TILE;
    for (long long i = grid_first(); i < (long long) columns * stride; i += grid_stride()) {
        const long long column = i / stride;
        const int row = (int) (i - column * stride);
        target[i] = __float2bfloat16_rn(row < rows ? x[(long long) row * columns + column] : 0.f);
    }
}
EXPORT_KERNEL(round_transposed)

/** y = max(x W^T + b, 0) in bf16, W [out,in]; zeros beyond its width, where infinity times the padding would be NaN. */
extern "C" __global__ void __launch_bounds__(THREADS)
hidden_forward(const __nv_bfloat16* __restrict__ x, const __nv_bfloat16* __restrict__ weight,
               const float* __restrict__ bias, int in, int out, __nv_bfloat16* __restrict__ y) {
    const long long stride = (long long) panels_of(out) * TILE;
    product(x, weight, in, [=](long long row, int output, float even, float odd) {
        store_pair(y + row * stride + output, output < out ? keep_positive(even + __ldg(bias + output)) : 0.f,
                   output + 1 < out ? keep_positive(odd + __ldg(bias + output + 1)) : 0.f);
    });
}
EXPORT_KERNEL(hidden_forward)

/** logits [rows,out] = x W^T + b in fp32, W [out,in]. */
extern "C" __global__ void __launch_bounds__(THREADS)
last_forward(const __nv_bfloat16* __restrict__ x, const __nv_bfloat16* __restrict__ weight,
             const float* __restrict__ bias, int in, int out, int rows, float* __restrict__ logits) {
    product(x, weight, in, [=](long long row, int output, float even, float odd) {
        store_floats(logits, row, output, rows, out, even + bias_at(bias, output, out),
                     odd + bias_at(bias, output + 1, out));
    });
}
EXPORT_KERNEL(last_forward)

/** target = gradient W where x > 0 or x is a NaN, else 0, in bf16; transposed = W^T [in,out], x the layer's input. */
extern "C" __global__ void __launch_bounds__(THREADS)
hidden_backward(const __nv_bfloat16* __restrict__ gradient, const __nv_bfloat16* __restrict__ transposed,
                const __nv_bfloat16* __restrict__ x, int in, int out, __nv_bfloat16* __restrict__ target) {
    const long long stride = (long long) panels_of(in) * TILE;
    product(gradient, transposed, out, [=](long long row, int input, float even, float odd) {
        const long long at = row * stride + input;
        store_pair(target + at, __bfloat162float(x[at]) <= 0.f ? 0.f : even,
                   __bfloat162float(x[at + 1]) <= 0.f ? 0.f : odd);
    });
}
EXPORT_KERNEL(hidden_backward)

/** target [rows,in] = gradient W in fp32; transposed = W^T [in,out]. */
extern "C" __global__ void __launch_bounds__(THREADS)
first_backward(const __nv_bfloat16* __restrict__ gradient, const __nv_bfloat16* __restrict__ transposed, int in, int out,
               int rows, float* __restrict__ target) {
    product(gradient, transposed, out, [=](long long row, int input, float even, float odd) {
        store_floats(target, row, input, rows, in, even, odd);
    });
}
EXPORT_KERNEL(first_backward)
