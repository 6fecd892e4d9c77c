/*
 * warpgroup.cuh: matrix instructions of four warps together (wgmma, compute capability 9.0), one small function each.
 *
 * A product of 64 rows, 16 inputs and N columns runs in the tensor cores beside the threads that started it: A and B lie
 * in shared memory, the sums in the registers of the warpgroup, which nobody touches until await_products has said that
 * they are there. Warp w holds rows 16 w to 16 w + 15: thread 4 g + t of it (g 0..7, t 0..3) holds in sums[4 n ..]
 *   [0] [1] row g, columns 8 n + 2 t, + 1        [2] [3] row g + 8, the same columns
 *
 * A is [64,16], B [N,16], fp16, both stored by inputs: eight rows of eight inputs are 128 contiguous bytes, 16 a row.
 * Groups of eight rows follow one another at 128 bytes; where the second eight inputs begin, the Operand says.
 *
 * Shared memory that a thread has written reaches the tensor cores after its fence_for_tensor_cores and a barrier; what
 * bulk copies wrote, after its mbarrier. Twins: emulated_warpgroup.h.
 */
#pragma once

#include "common.cuh"

constexpr int WARPGROUP = 128;
/** Bytes between groups of eight rows. */
constexpr unsigned ROW_GROUP_BYTES = 128;

/** A matrix in shared memory as the tensor cores are told of it: no swizzle. */
struct Operand {
    unsigned long long descriptor;
};

#ifdef __CUDACC__

/** The matrix that starts at `start`, a multiple of 16, its second eight inputs `halves_apart` bytes further. */
__device__ __forceinline__ Operand operand(const void* start, unsigned halves_apart) {
    const unsigned address = (unsigned) __cvta_generic_to_shared(start);
    return {(unsigned long long) ROW_GROUP_BYTES / 16 << 32 | (address & 0x3FFFFu) >> 4 | halves_apart / 16 << 16};
}

/** Stores to shared memory what tensor cores will read. */
template <class T>
__device__ __forceinline__ void store_operand(void* target, T value) {
    static_assert(sizeof(T) == 2 || sizeof(T) == 4, "one or two halves");
    *reinterpret_cast<T*>(target) = value;
}

/** Shows this thread's writes to shared memory to the tensor cores, once the others know of them. */
__device__ __forceinline__ void fence_for_tensor_cores() {
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/**
 * Hands this warpgroup's registers to the products that follow: needed after a thread has written sums. What follows is
 * for lanes that are together, which those that waited for a barrier's phase need not be.
 */
__device__ __forceinline__ void begin_products() {
    __syncwarp();
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

/** Makes a group of the products since the last call. */
__device__ __forceinline__ void commit_products() {
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

/** Waits for this warp's groups but the last `pending`: their operands have been read. */
template <int pending>
__device__ __forceinline__ void await_products() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" :: "n"(pending) : "memory");
}

/** Keeps the compiler from using sums on the other side of this call. */
template <int N>
__device__ __forceinline__ void pin(float (&sums)[N]) {
#pragma unroll
    for (int i = 0; i < N; ++i) {
        asm volatile("" : "+f"(sums[i]) :: "memory");
    }
}

template <int M, int N>
__device__ __forceinline__ void pin(float (&sums)[M][N]) {
#pragma unroll
    for (int m = 0; m < M; ++m) {
        pin(sums[m]);
    }
}

#define SUMS_4(i) "+f"(sums[i]), "+f"(sums[i + 1]), "+f"(sums[i + 2]), "+f"(sums[i + 3])
#define SUMS_16(i) SUMS_4(i), SUMS_4(i + 4), SUMS_4(i + 8), SUMS_4(i + 12)

/** sums += A B for 16 columns. */
__device__ __forceinline__ void multiply_add_64(float (&sums)[8], Operand a, Operand b) {
    asm volatile("wgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 "
                 "{%0, %1, %2, %3, %4, %5, %6, %7}, "
                 "%8, %9, 1, 1, 1, 0, 0;"
                 : SUMS_4(0), SUMS_4(4)
                 : "l"(a.descriptor), "l"(b.descriptor));
}

/** sums += A B for 128 columns. */
__device__ __forceinline__ void multiply_add_64(float (&sums)[64], Operand a, Operand b) {
    asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 "
                 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15,"
                 " %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31,"
                 " %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47,"
                 " %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
                 "%64, %65, 1, 1, 1, 0, 0;"
                 : SUMS_16(0), SUMS_16(16), SUMS_16(32), SUMS_16(48)
                 : "l"(a.descriptor), "l"(b.descriptor));
}

#undef SUMS_16
#undef SUMS_4

/** Gives registers of this warpgroup back: each thread keeps `registers`, a multiple of 8. */
template <int registers>
__device__ __forceinline__ void keep_registers() {
    __syncwarp();
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" :: "n"(registers));
}

/** Waits until each thread of this warpgroup can have `registers`, a multiple of 8, of those that others gave back. */
template <int registers>
__device__ __forceinline__ void take_registers() {
    __syncwarp();
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" :: "n"(registers));
}

/** threadIdx.x % 32, asked for anew at each call: that costs an instruction and no register, where these are scarce. */
__device__ __forceinline__ int lane_of_warp() {
    int lane;
    asm volatile("mov.u32 %0, %%laneid;" : "=r"(lane));
    return lane;
}

/** `threads` of the block, whole warps, meet at its barrier of this number; 0 is that of __syncthreads. */
template <int number, int threads>
__device__ __forceinline__ void meet_at_barrier() {
    __syncwarp(); // bar.sync counts warps whose lanes are together
    asm volatile("bar.sync %0, %1;" :: "n"(number), "n"(threads) : "memory");
}

#else
#include "emulated_warpgroup.h"
#endif
