/* engine.h: what runs launches, and what it tells the driver. */
#pragma once

#include "emulated_block.h"

#include <atomic>
#include <deque>
#include <string>
#include <vector>

namespace emu {

/** In which order a block's threads run, and when copies arrive; every schedule is one that a GPU may take. */
struct Schedule {
    /**
     * 0 forward, 1 reversed, 1000 + k starves four warps of each block from 4 k on, k < 8, and 1008 + r all of a
     * cluster's block r; any other number shuffles with that seed.
     */
    size_t order = 0;
    /** Whether copies arrive as late as they may, instead of at once. */
    bool late = true;

    static constexpr size_t forward = 0, reversed = 1, starving = 1000;
};

/** One launch of a kernel, with its arguments' bytes. */
struct Launch {
    const Registration* kernel;
    dim3 grid, block;
    unsigned cluster; // blocks along x that run together
    unsigned dynamic_shared_bytes;
    bool static_shared;
    bool watched; // for races
    std::vector<std::vector<unsigned char>> arguments;
};

/** How a kernel ended, if not well. */
struct Failure {
    int code = 0;
    std::string reason;
    const void* address = nullptr; // of the access that failed
    size_t block = 0; // before a worker hands it on: in its cluster
    int thread = -1;
};

struct AsyncCopy {
    void* target;
    const void* source;
    unsigned bytes, valid;
    bool arrived;
};

/** What one block gets of a bulk copy. */
struct BulkCopy {
    Block* block;
    void* target;
    const void* source;
    unsigned bytes;
    struct Mbarrier* barrier;
};

/** A thread's copies that have not arrived, in the groups it committed; the last group is still open. */
using CopyGroups = std::deque<std::vector<AsyncCopy>>;

/** Runs one block, or the blocks of one cluster, and has what it needs for that. */
struct Worker {
    Worker();

    /** Runs one cluster to its end, or to its failure. */
    void run(const Launch& launch, const Schedule& schedule, size_t cluster_number);

    /** Leaves the calling fiber for ever, with {@code failure} set. */
    [[noreturn]] void leave();
    /** As leave, and says why. */
    [[noreturn]] void leave(int code, const std::string& reason, const void* address = nullptr, const Fiber* fiber = self());

    /** Goes on with the next fiber that can; returns when the caller's turn has come. */
    void switch_from(Fiber& fiber);

    bool owns(uintptr_t stack) const { return stack - stacks < stack_bytes * most_fibers; }
    const Fiber* fiber_of(uintptr_t stack) const { return fibers[(stack - stacks) / stack_bytes]; }

    const Launch* launch = nullptr;
    Failure failure;
    bool late = true;
    Block blocks[most_cluster];
    std::vector<CopyGroups> async_copies; // by a fiber's number
    std::deque<BulkCopy> bulk_copies;
    Meeting cluster_barrier;
    /** That only starved warps can run, until threads meet; saves repeated searches for others. */
    bool others_wait = false;

    /** Threads of the cluster that have not left. */
    unsigned alive() const;

private:
    void start(Block& block, unsigned rank, size_t number);
    void arrange(const Schedule& schedule, size_t cluster_number);
    void prepare(Block& block, unsigned index);
    Fiber* next_ready(unsigned from, bool also_starved);
    bool starved(const Fiber& fiber) const;
    void perform_one_copy();
    bool check_slack(const Block& block) const;
    void poison_static_shared();
    std::string deadlock() const;
    static void enter();
    void finish(Fiber& fiber);

    uintptr_t stacks;
    Fiber* fibers[most_fibers];
    unsigned total = 0; // fibers of the cluster
    unsigned char* shared_end[most_cluster] = {};
    void* main_stack = nullptr;
    unsigned starved_warps = 0; // bit per warp of a block
    unsigned starved_block = most_cluster;
    unsigned order[most_fibers], position[most_fibers];
    size_t choice = 0; // of the copy to arrive next
    unsigned char* static_shared = nullptr;
    size_t static_shared_bytes = 0, unwatched_bytes = 0; // in all; of kernels that are never watched, at the start
};

/** Runs a launch on {@code workers} threads. */
Failure run(const Launch& launch, const Schedule& schedule, size_t workers);

/** The worker whose fiber's stack this is, or null. */
Worker* worker_of(uintptr_t stack);

/** Has signals of kernels end in {@code Failure}; all others go where they went before. */
void install_fault_handler();

/** Copies, unless an address is none of the process's: then returns false. Not reentrant; the driver's lock is held. */
bool copy_guarded(void* target, const void* source, size_t bytes);

constexpr unsigned most_shared_bytes = 227 << 10;

/** Fills memory that was not written: NaN as float, half or bfloat, -1 as an integer. */
constexpr unsigned char poison = 0xFF;

} // namespace emu
