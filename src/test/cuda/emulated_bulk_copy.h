/* emulated_bulk_copy.h: what cuda/bulk_copy.cuh declares, on the host; see there. A wait has no end: a deadlock is found. */
#pragma once

#include "emulated_cuda.h"

using emu::Mbarrier;

inline void make_barrier(Mbarrier* barrier, unsigned arrivals) { emu::mbarrier_init(barrier, arrivals); }
inline void publish_barriers() { emu::mbarrier_publish(); }
inline void arrive(Mbarrier* barrier) { emu::mbarrier_arrive(barrier); }
inline unsigned cluster_address(const Mbarrier* barrier, unsigned rank) { return emu::cluster_address(barrier, rank); }
inline void arrive_at(unsigned cluster_address) { emu::mbarrier_arrive_at(cluster_address); }
inline void arrive_expecting(Mbarrier* barrier, unsigned bytes) { emu::mbarrier_expect(barrier, bytes); }
inline void await_phase(const Mbarrier* barrier, unsigned parity) { emu::mbarrier_wait(barrier, parity); }

inline void copy_to_blocks(void* target, const void* source, unsigned bytes, Mbarrier* barrier, unsigned ranks) {
    emu::bulk_copy(target, source, bytes, barrier, ranks);
}

inline unsigned cluster_rank() { return emu::cluster_rank(); }

inline void meet_in_cluster() {
    emu::cluster_arrive();
    emu::cluster_wait();
}
