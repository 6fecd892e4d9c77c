/*
 * elementwise.cu: operations in which every element of the result depends on the same element of the operands.
 * Math      see each kernel
 * Shapes    vectors of n floats; gather: source [M,columns], rows int [count], target [count,columns];
 *           gather_columns: source [rows,width], columns int [count], target [rows,count]
 * Launch    any 1-D grid and block; grid-stride loops; copy_rows one block
 * Traffic   bound by memory: 4 bytes an element for each operand read or written
 * Oracle    BackendContract (references in double)
 */
#include "common.cuh"

/** x = max(x, 0). fmaxf would turn NaN into 0, and so an unknown bound into a known one. */
extern "C" __global__ void relu(float* __restrict__ x, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        x[i] = x[i] <= 0.f ? 0.f : x[i];
    }
}
EXPORT_KERNEL(relu)

/** gradient = 0 where y <= 0. */
extern "C" __global__ void relu_gradient(const float* __restrict__ y, float* __restrict__ gradient, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        gradient[i] = y[i] > 0.f ? gradient[i] : 0.f;
    }
}
EXPORT_KERNEL(relu_gradient)

/** target = |x|. */
extern "C" __global__ void absolute(const float* x, float* target, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        target[i] = fabsf(x[i]);
    }
}
EXPORT_KERNEL(absolute)

/** target = x + y, which may be one of them. */
extern "C" __global__ void add(const float* x, const float* y, float* target, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        target[i] = x[i] + y[i];
    }
}
EXPORT_KERNEL(add)

/** target += sign(signs) x. */
extern "C" __global__ void add_signed(const float* __restrict__ x, const float* __restrict__ signs,
                                      float* __restrict__ target, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        target[i] += sign(signs[i]) * x[i];
    }
}
EXPORT_KERNEL(add_signed)

/** x = clamp(x + step sign(gradient), lower, upper): one step of PGD, back in its box. */
extern "C" __global__ void signed_step(float* __restrict__ x, const float* __restrict__ gradient,
                                       const float* __restrict__ lower, const float* __restrict__ upper, float step,
                                       long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        x[i] = fmaxf(lower[i], fminf(upper[i], x[i] + step * sign(gradient[i])));
    }
}
EXPORT_KERNEL(signed_step)

/** x = max(low, min(high, x)); NaN stays. */
extern "C" __global__ void clamp(float* __restrict__ x, float low, float high, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        x[i] = x[i] < low ? low : x[i] > high ? high : x[i];
    }
}
EXPORT_KERNEL(clamp)

/** target[k,:] = source[rows[k],:], 4-byte elements of either kind. */
extern "C" __global__ void gather(const unsigned* __restrict__ source, const int* __restrict__ rows,
                                  unsigned* __restrict__ target, int count, int columns) {
    const long long n = (long long) count * columns;
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const long long k = i / columns;
        target[i] = source[(long long) rows[k] * columns + (i - k * columns)];
    }
}
EXPORT_KERNEL(gather)

/** target[n,k] = source[n,columns[k]], or 0 where columns[k] is negative. */
extern "C" __global__ void gather_columns(const float* __restrict__ source, const int* __restrict__ columns,
                                          float* __restrict__ target, int rows, int width, int count) {
    const long long n = (long long) rows * count;
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const long long row = i / count;
        const int column = columns[i - row * count];
        target[i] = column < 0 ? 0.f : source[row * width + column];
    }
}
EXPORT_KERNEL(gather_columns)

/** As many rows to copy as one launch takes. */
struct RowCopy {
    const unsigned* source;
    long long source_stride;
    unsigned* target;
    long long target_stride, length;

    __device__ __forceinline__ void run(long long row) const {
        for (long long i = threadIdx.x; i < length; i += blockDim.x) {
            target[row * target_stride + i] = source[row * source_stride + i];
        }
    }
};

/**
 * With k = row[0]: target[k target_stride + i] = source[k source_stride + i], i < length, for three copies, those without
 * length left out; then row[0] = k + advance. 4-byte elements of either kind; one block.
 */
extern "C" __global__ void copy_rows(int* row, int advance,
                                     const unsigned* source0, long long source_stride0, unsigned* target0,
                                     long long target_stride0, long long length0,
                                     const unsigned* source1, long long source_stride1, unsigned* target1,
                                     long long target_stride1, long long length1,
                                     const unsigned* source2, long long source_stride2, unsigned* target2,
                                     long long target_stride2, long long length2) {
    const int k = row[0];
    RowCopy{source0, source_stride0, target0, target_stride0, length0}.run(k);
    RowCopy{source1, source_stride1, target1, target_stride1, length1}.run(k);
    RowCopy{source2, source_stride2, target2, target_stride2, length2}.run(k);
    __syncthreads(); // all have read the row's number
    if (threadIdx.x == 0) {
        row[0] = k + advance;
    }
}
EXPORT_KERNEL(copy_rows)
