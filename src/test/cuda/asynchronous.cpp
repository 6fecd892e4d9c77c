/* asynchronous.cpp: copies that arrive later, and mbarriers. */
#include "cuda_result.h"
#include "emulated_async.h"
#include "engine.h"
#include "races.h"
#include "tensor_core_state.h"

namespace emu {

namespace {

/** What the counter of bytes of an mbarrier holds. */
constexpr int64_t most_transactions = (1 << 20) - 1;

Worker& worker() { return *self()->block->worker; }

bool aligned(const void* a, const void* b, unsigned bytes) {
    return ((reinterpret_cast<uintptr_t>(a) | reinterpret_cast<uintptr_t>(b)) & (bytes - 1)) == 0;
}

} // namespace

// ---- cp.async ------------------------------------------------------------------------------------------------------------

namespace {

void perform(const AsyncCopy& copy) {
    memcpy(copy.target, copy.source, copy.valid);
    memset(static_cast<char*>(copy.target) + copy.valid, 0, copy.bytes - copy.valid);
}

CopyGroups& own_groups() {
    CopyGroups& groups = worker().async_copies[self()->number];
    if (groups.empty()) {
        groups.emplace_back();
    }
    return groups;
}

} // namespace

void copy_async(void* target, const void* source, unsigned bytes, unsigned valid) {
    if ((bytes != 4 && bytes != 8 && bytes != 16) || valid > bytes || !aligned(target, source, bytes)) {
        fail("cp.async copies 4, 8 or 16 bytes, aligned to as many");
    }
    AsyncCopy copy{target, source, bytes, valid, !worker().late};
    if (races != nullptr) {
        races->copy_started(copy, __builtin_return_address(0));
    }
    if (copy.arrived) {
        perform(copy);
    }
    own_groups().back().push_back(copy);
}

void commit_copies() { own_groups().emplace_back(); }

void wait_copies(unsigned open) {
    CopyGroups& groups = worker().async_copies[self()->number];
    while (groups.size() > open + 1) { // the last group is not committed
        for (const AsyncCopy& copy : groups.front()) {
            if (!copy.arrived) {
                perform(copy);
            }
            if (races != nullptr) {
                races->copy_arrived(copy);
            }
        }
        groups.pop_front();
    }
}

// ---- mbarriers -----------------------------------------------------------------------------------------------------------

namespace {

void end_phase_if_complete(Mbarrier& barrier) {
    if (barrier.pending == 0 && barrier.transactions == 0) {
        if (races != nullptr) {
            races->phase_ended(&barrier);
        }
        barrier.phase ^= 1;
        barrier.pending = barrier.expected;
        worker().others_wait = false;
    }
}

void require_made(const Mbarrier& barrier) {
    if (barrier.uninitialised) {
        fail("an mbarrier is used that was not initialised");
    }
}

void arrive(Mbarrier& barrier) {
    if (races != nullptr) {
        races->arrives(&barrier);
    }
    if (barrier.pending == 0) {
        fail("more arrivals at an mbarrier than its phase counts");
    }
    barrier.pending = barrier.pending - 1;
    end_phase_if_complete(barrier);
}

/** A cluster's address: the block's rank above, the offset in its dynamic shared memory below. */
constexpr unsigned offset_bits = 24;

/** What lies there; the block must not have left. */
unsigned char* in_cluster(unsigned address) {
    const unsigned rank = address >> offset_bits, offset = address & ((1u << offset_bits) - 1);
    const Block& here = *self()->block;
    if (rank >= here.cluster || offset >= here.dynamic_shared_bytes) {
        fail("an address in another block's shared memory that is none");
    }
    const Block& there = worker().blocks[rank];
    if (there.alive == 0) {
        fail("shared memory of a block of the cluster that has left");
    }
    return there.dynamic_shared + offset;
}

/** The like of a place in this block's shared memory in another of the cluster. */
template <class T>
T* in_block(unsigned rank, T* own) {
    return reinterpret_cast<T*>(in_cluster(cluster_address(own, rank)));
}

void require_published(const Mbarrier& barrier) {
    require_made(barrier);
    if (barrier.unpublished) {
        fail("an mbarrier is met by a copy or another block before the thread that made it has published it");
    }
}

bool phase_passed(const void* barrier, unsigned parity) { return static_cast<const Mbarrier*>(barrier)->phase != parity; }

void add_transactions(Mbarrier& barrier, int64_t bytes) {
    const int64_t sum = barrier.transactions + bytes;
    if (sum > most_transactions || sum < -most_transactions) {
        fail("more bytes than an mbarrier can count");
    }
    barrier.transactions = sum;
}

} // namespace

void mbarrier_init(Mbarrier* barrier, unsigned expected) {
    if (expected == 0 || expected > most_transactions) {
        fail("an mbarrier counts from 1 to 2^20 - 1 arrivals");
    }
    *barrier = Mbarrier{0, expected, expected, 0, 1, 0};
    self()->block->tensor_cores->made_barrier(barrier);
    if (races != nullptr) {
        races->made(barrier);
    }
}

void mbarrier_publish() { self()->block->tensor_cores->publish_barriers(); }

void mbarrier_arrive(Mbarrier* barrier) {
    require_made(*barrier);
    arrive(*barrier);
}

unsigned cluster_address(const void* own, unsigned rank) {
    const auto offset = static_cast<const unsigned char*>(own) - self()->block->dynamic_shared;
    if (offset < 0 || offset >> offset_bits != 0) {
        fail("a cluster's address of what is no shared memory");
    }
    return rank << offset_bits | static_cast<unsigned>(offset);
}

void mbarrier_arrive_at(unsigned cluster_address) {
    auto* there = reinterpret_cast<Mbarrier*>(in_cluster(cluster_address));
    require_published(*there);
    arrive(*there);
}

void mbarrier_expect(Mbarrier* barrier, unsigned bytes) {
    require_made(*barrier);
    add_transactions(*barrier, bytes);
    arrive(*barrier);
}

void mbarrier_wait(const Mbarrier* barrier, unsigned parity) {
    require_made(*barrier);
    if (races != nullptr) {
        races->waits(barrier, parity & 1);
    }
    if (!phase_passed(barrier, parity & 1)) {
        await({phase_passed, barrier, parity & 1, "an mbarrier"});
    }
    if (races != nullptr) {
        races->waited(barrier);
    }
}

// ---- bulk copies ---------------------------------------------------------------------------------------------------------

namespace {

void perform(const BulkCopy& copy) {
    if (copy.block->alive == 0) {
        fail("a bulk copy arrives in a block that has left");
    }
    require_published(*copy.barrier);
    copy.block->tensor_cores->require_unread(copy.target, copy.bytes);
    memcpy(copy.target, copy.source, copy.bytes);
    copy.block->tensor_cores->copied(copy.target, copy.bytes);
    add_transactions(*copy.barrier, -static_cast<int64_t>(copy.bytes));
    end_phase_if_complete(*copy.barrier);
}

} // namespace

/** In another order than that of the calls, as the schedule has it. */
void Worker::perform_one_copy() {
    size_t which = 0;
    if (choice == Schedule::reversed) {
        which = bulk_copies.size() - 1;
    } else if (choice != Schedule::forward) {
        choice = choice * 1103515245 + 12345;
        which = (choice >> 16) % bulk_copies.size();
    }
    const BulkCopy copy = bulk_copies[which];
    bulk_copies.erase(bulk_copies.begin() + static_cast<std::ptrdiff_t>(which));
    perform(copy);
}

void bulk_copy(void* target, const void* source, unsigned bytes, Mbarrier* barrier, unsigned ranks) {
    if (bytes == 0 || bytes % 16 != 0 || !aligned(target, source, 16)) {
        fail("a bulk copy is a multiple of 16 bytes, at multiples of 16");
    }
    const Block& here = *self()->block;
    if (ranks == 0 || ranks >> here.cluster != 0) {
        fail("a bulk copy to blocks that the cluster doesn't have");
    }
    for (unsigned rank = 0; rank < here.cluster; ++rank) {
        if (ranks >> rank & 1) {
            Block& there = worker().blocks[rank];
            const BulkCopy copy{&there, in_block(rank, static_cast<unsigned char*>(target)), source, bytes,
                                in_block(rank, barrier)};
            there.tensor_cores->require_unread(copy.target, bytes); // it might arrive at once
            if (races != nullptr) {
                races->bulk_copy_started(copy, __builtin_return_address(0));
            }
            if (worker().late) {
                worker().bulk_copies.push_back(copy);
            } else {
                perform(copy);
            }
        }
    }
}

} // namespace emu
