/*
 * bulk_copy.cuh: mbarriers, copies that arrive at them by themselves, and clusters of blocks (compute capability 9.0).
 *
 * An mbarrier counts arrivals and bytes: its phase ends once as many arrivals as it was made for have come and as many
 * bytes as were announced, and the next begins, of the other parity. Phases are even and odd in turn, the first is even;
 * to wait for a parity is right only for one who can't be two phases behind.
 *
 * A bulk copy runs in the async proxy: it reaches shared memory as tensor cores do, past what threads have written.
 * Blocks of a cluster read and write one another's shared memory, in which a barrier or buffer of one block has its like in
 * every other at the same place. None may leave while another may still write to it or arrive at it: they meet before.
 *
 * Twins: emulated_bulk_copy.h, where a copy arrives as late as it may and every misuse that can be told is an error.
 */
#pragma once

#include "common.cuh"

#ifdef __CUDACC__

/** Lies in shared memory, at a multiple of 8. */
struct alignas(8) Mbarrier {
    unsigned long long state;
};

/** Where a block's own shared memory has `pointer`. */
__device__ __forceinline__ unsigned shared_address(const void* pointer) {
    return (unsigned) __cvta_generic_to_shared(pointer);
}

/** Makes a barrier of `arrivals` a phase: one thread, once; others know of it after publish_barriers and a meeting. */
__device__ __forceinline__ void make_barrier(Mbarrier* barrier, unsigned arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" :: "r"(shared_address(barrier)), "r"(arrivals) : "memory");
}

/** Shows the barriers that this thread has made to copies and to the cluster. */
__device__ __forceinline__ void publish_barriers() {
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

/** Arrives at a barrier of this block. */
__device__ __forceinline__ void arrive(Mbarrier* barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" :: "r"(shared_address(barrier)) : "memory");
}

/** Where the cluster has the like of this barrier in the block of this rank, one's own perhaps. */
__device__ __forceinline__ unsigned cluster_address(const Mbarrier* barrier, unsigned rank) {
    unsigned there;
    asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(shared_address(barrier)), "r"(rank));
    return there;
}

/** Arrives at the barrier with this address in the cluster. */
__device__ __forceinline__ void arrive_at(unsigned cluster_address) {
    asm volatile("mbarrier.arrive.shared::cluster.b64 _, [%0];" :: "r"(cluster_address) : "memory");
}

/** Arrives at a barrier of this block and announces bytes that its phase also waits for. */
__device__ __forceinline__ void arrive_expecting(Mbarrier* barrier, unsigned bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;"
                 :: "r"(shared_address(barrier)), "r"(bytes) : "memory");
}

/** Whether the phase of this parity is over; waits a little for it. */
__device__ __forceinline__ bool phase_over(const Mbarrier* barrier, unsigned parity) {
    unsigned over;
    asm volatile("{\n\t"
                 ".reg .pred over;\n\t"
                 "mbarrier.try_wait.parity.shared::cta.b64 over, [%1], %2;\n\t"
                 "selp.u32 %0, 1, 0, over;\n\t"
                 "}" : "=r"(over) : "r"(shared_address(barrier)), "r"(parity) : "memory");
    return over != 0;
}

/** The upper half of a clock that counts nanoseconds: goes up every 4.3 seconds. */
__device__ __forceinline__ unsigned seconds_clock() {
    unsigned time;
    asm volatile("mov.u32 %0, %%globaltimer_hi;" : "=r"(time));
    return time;
}

/**
 * Waits until the phase of this parity is over. Where that takes a minute, which only an error in the protocol can explain,
 * it writes where nobody may: the launch fails then and doesn't hang the GPU. (After a trap the compiler would no longer
 * know that a warp's threads are together, and would not let matrix instructions overlap.) A minute, because racecheck slows
 * kernels by orders of magnitude: gpu-check gives it less time than that, so that this write can't be what it reports.
 */
__device__ __forceinline__ void await_phase(const Mbarrier* barrier, unsigned parity) {
    if (!phase_over(barrier, parity)) {
        const unsigned start = seconds_clock();
        while (!phase_over(barrier, parity)) {
            if (seconds_clock() - start > 14) {
                asm volatile("st.global.u32 [%0], %1;" :: "l"(0ULL), "r"(0) : "memory");
            }
        }
    }
}

/**
 * One thread: starts to copy `bytes` to `target` and its like in every block of `ranks` (a bit each), and arrives with
 * them at `barrier` and its like there. Addresses and bytes are multiples of 16.
 */
__device__ __forceinline__ void copy_to_blocks(void* target, const void* source, unsigned bytes, Mbarrier* barrier,
                                               unsigned ranks) {
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster "
                 "[%0], [%1], %2, [%3], %4;"
                 :: "r"(shared_address(target)), "l"(__cvta_generic_to_global(source)), "r"(bytes),
                    "r"(shared_address(barrier)), "h"((unsigned short) ranks) : "memory");
}

/** This block's number in its cluster. */
__device__ __forceinline__ unsigned cluster_rank() {
    unsigned rank;
    asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}

/** A barrier for all threads of all blocks of the cluster, after which each reads what the others have written before. */
__device__ __forceinline__ void meet_in_cluster() {
    __syncwarp(); // both are for lanes that are together
    asm volatile("barrier.cluster.arrive.release.aligned;\n\t"
                 "barrier.cluster.wait.acquire.aligned;" ::: "memory");
}

#else
#include "emulated_bulk_copy.h"
#endif
