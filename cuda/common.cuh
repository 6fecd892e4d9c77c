/*
 * common.cuh: what every kernel source includes first.
 *
 * The sources compile with nvcc and, unchanged, with a C++ compiler for the emulated driver of the tests, which brings
 * its own version of CUDA's keywords and built-ins. Two things differ and so have a macro:
 *   EXPORT_KERNEL(name)          after each kernel: makes it known to the emulated driver
 *   DYNAMIC_SHARED(type, name)   declares the block's dynamic shared memory
 *
 * Arithmetic: nothing here is contracted or flushed (-fmad=false, no fast-math), so that an expression means the same
 * float operations on the GPU, in the emulated driver and in Java; where a fused multiply-add is meant, it is written.
 */
#pragma once

#ifdef __CUDACC__
#include <cuda_fp16.h>
#define EXPORT_KERNEL(name)
#define DYNAMIC_SHARED(type, name)                                \
    extern __shared__ __align__(1024) unsigned char dynamic_shared_memory[]; \
    type* name = reinterpret_cast<type*>(dynamic_shared_memory)
#else
#include "emulated_cuda.h"
#endif

/** This thread's first element in a grid-stride loop. */
__device__ __forceinline__ long long grid_first() {
    return (long long) blockIdx.x * blockDim.x + threadIdx.x;
}

/** Elements between two of this thread in a grid-stride loop. */
__device__ __forceinline__ long long grid_stride() {
    return (long long) gridDim.x * blockDim.x;
}

/** -1, 0 or 1; 0 for NaN. */
__device__ __forceinline__ float sign(float x) {
    return x > 0.f ? 1.f : x < 0.f ? -1.f : 0.f;
}
