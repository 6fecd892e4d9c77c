/*
 * tensor_core.cuh: one warp's matrix instructions and a thread's asynchronous copies, one small function each.
 *
 * Fragments (PTX ISA, "Matrix fragments for mma"); lane = 4 g + t, g the group 0..7, t the thread in it 0..3:
 *   16-bit, m16n8k16   a[0] row g, columns 2t 2t+1   a[1] row g+8   a[2] columns +8   a[3] both    A is [16,16]
 *                      b0   rows 2t 2t+1, column g    b1   rows +8                                  B is [16,8]
 *   tf32, m16n8k8      a[0] row g, column t           a[1] row g+8   a[2] column +4   a[3] both    A is [16,8]
 *                      b0   row t, column g           b1   row t+4                                  B is [8,8]
 *   d, in all          d[0] d[1] row g, columns 2t 2t+1              d[2] d[3] row g+8             D is [16,8], fp32
 *
 * Every function but the copies is called by all lanes of a warp together. The twins for the emulated driver have the
 * same signatures and layouts; the order in which a tensor core adds its products is its own, so sums differ in the last
 * bits.
 */
#pragma once

#ifdef __CUDACC__

/**
 * Four 8 x 8 matrices of 16-bit elements from shared memory. Lane l gives the address of row l % 8 of matrix l / 8, 16
 * bytes and aligned to them, and receives in fragment[m] the elements 2t, 2t+1 of row g of matrix m. With the rows of A's
 * four quarters in the order (upper left, lower left, upper right, lower right), this is A's fragment; of tf32 elements,
 * four to a row, likewise.
 */
__device__ __forceinline__ void load_matrices(unsigned (&fragment)[4], const void* row) {
    const unsigned address = (unsigned) __cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(fragment[0]), "=r"(fragment[1]), "=r"(fragment[2]), "=r"(fragment[3])
                 : "r"(address) : "memory");
}

/** As load_matrices, each matrix transposed: fragment[m] holds rows 2t, 2t+1 of column g. */
__device__ __forceinline__ void load_matrices_transposed(unsigned (&fragment)[4], const void* row) {
    const unsigned address = (unsigned) __cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(fragment[0]), "=r"(fragment[1]), "=r"(fragment[2]), "=r"(fragment[3])
                 : "r"(address) : "memory");
}

/** d += A B, A [16,16] and B [16,8] in fp16. */
__device__ __forceinline__ void multiply_add_f16(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/** d += A B, A [16,16] and B [16,8] in bf16. */
__device__ __forceinline__ void multiply_add_bf16(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/** d += A B, A [16,8] and B [8,8] in tf32: the bits of floats of which the lowest 13 are not read. */
__device__ __forceinline__ void multiply_add_tf32(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/** The tf32 nearest to x, away from zero at a tie, as multiply_add_tf32 takes it. */
__device__ __forceinline__ unsigned to_tf32(float x) {
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
    return bits;
}

/**
 * Starts to copy 16 bytes to shared memory, past the first-level cache: the first `bytes` of them from `source`, the rest
 * zeros. Both addresses are multiples of 16; with bytes = 0 nothing is read. Visible to this thread after await_copies and
 * by the block after a barrier that follows it.
 */
__device__ __forceinline__ void copy_async16(void* target, const void* source, int bytes = 16) {
    const unsigned address = (unsigned) __cvta_generic_to_shared(target);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" :: "r"(address), "l"(source), "r"(bytes) : "memory");
}

/** Makes a group of this thread's copies since the last call. */
__device__ __forceinline__ void commit_copies() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

/** Waits for this thread's groups but the last `pending`. A kernel that copies ends with await_copies<0>. */
template <int pending>
__device__ __forceinline__ void await_copies() {
    asm volatile("cp.async.wait_group %0;" :: "n"(pending) : "memory");
}

#else
#include "emulated_tensor_core.h"
#endif
