/*
 * emulated_async.h: copies that arrive later, and what waits for them.
 *
 * The schedule decides when a copy happens: at once, or only when a thread waits for it (cp.async) or nothing else can
 * run (bulk copies). A kernel that reads too early, or reuses the source too early, then gives different results.
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

/** Twin of an mbarrier, in its 8 bytes of shared memory. */
struct alignas(8) Mbarrier {
    unsigned phase : 1, count : 15, pending : 16;
    int transactions; // bytes still to come
};

void mbarrier_init(Mbarrier* barrier, unsigned count);
void mbarrier_arrive(Mbarrier* barrier);
/** Arrives, and has the phase wait for {@code bytes} more. */
void mbarrier_expect(Mbarrier* barrier, unsigned bytes);
/** Waits for the end of the phase of this parity. */
void mbarrier_wait(const Mbarrier* barrier, unsigned parity);

/** cp.async.bulk from global to shared memory; both addresses and {@code bytes} are multiples of 16. */
void bulk_copy(void* target, const void* source, unsigned bytes, Mbarrier* barrier);

} // namespace emu
