/*
 * emulated_async.h: copies that arrive later, what waits for them, and clusters of blocks.
 *
 * The schedule decides when a copy happens: at once, or only when a thread waits for it (cp.async) or nothing else can
 * run (bulk copies, then in an order of the schedule's). A kernel that reads too early, or reuses the source too early,
 * then gives different results.
 */
#pragma once

#include "emulated_block.h"

namespace emu {

/** cp.async: {@code bytes} (4, 8 or 16), of which the first {@code valid} are copied and the others become zero. */
void copy_async(void* target, const void* source, unsigned bytes, unsigned valid);
inline void copy_async(void* target, const void* source, unsigned bytes) { copy_async(target, source, bytes, bytes); }

/** cp.async.commit_group. */
void commit_copies();

/** cp.async.wait_group: all of this thread's groups but the {@code open} latest have arrived. */
void wait_copies(unsigned open);

/** An mbarrier in its 8 bytes of shared memory; memory that was not written is none. */
struct alignas(8) Mbarrier {
    uint64_t phase : 1, expected : 20, pending : 20;
    int64_t transactions : 21; // bytes still to come; may be below zero for a while
    uint64_t unpublished : 1, uninitialised : 1;
};

static_assert(sizeof(Mbarrier) == 8, "an mbarrier has eight bytes");

void mbarrier_init(Mbarrier* barrier, unsigned expected);
/** fence.mbarrier_init: barriers made by this thread may now be met by copies and by other blocks. */
void mbarrier_publish();
void mbarrier_arrive(Mbarrier* barrier);
/** mapa: the address in the cluster of the same place in another block, or this one. */
unsigned cluster_address(const void* own, unsigned rank);
/** Arrives at the barrier with this address in the cluster. */
void mbarrier_arrive_at(unsigned cluster_address);
/** Arrives, and has the phase wait for {@code bytes} more. */
void mbarrier_expect(Mbarrier* barrier, unsigned bytes);
/** Waits for the end of the phase of this parity. */
void mbarrier_wait(const Mbarrier* barrier, unsigned parity);

/**
 * cp.async.bulk with .multicast::cluster: from global memory to the same place in the shared memory of each block of
 * {@code ranks}, a bit each. Addresses and {@code bytes} are multiples of 16.
 */
void bulk_copy(void* target, const void* source, unsigned bytes, Mbarrier* barrier, unsigned ranks);

unsigned cluster_rank();
/** barrier.cluster.arrive and .wait. */
void cluster_arrive();
void cluster_wait();

} // namespace emu
