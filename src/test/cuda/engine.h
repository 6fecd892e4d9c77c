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
    /** 0 forward, 1 reversed, 1000 + k starves four warps from 4 k on, any other number shuffles with that seed. */
    size_t order = 0;
    /** Whether copies arrive as late as they may, instead of at once. */
    bool late = true;

    static constexpr size_t forward = 0, reversed = 1, starving = 1000;
};

/** One launch of a kernel, with its arguments' bytes. */
struct Launch {
    const Registration* kernel;
    dim3 grid, block;
    unsigned dynamic_shared_bytes;
    bool static_shared;
    std::vector<std::vector<unsigned char>> arguments;
};

/** How a kernel ended, if not well. */
struct Failure {
    int code = 0;
    std::string reason;
    const void* address = nullptr; // of the access that failed
    size_t block = 0;
    int thread = -1;
};

struct AsyncCopy {
    void* target;
    const void* source;
    unsigned bytes, valid;
};

struct BulkCopy {
    void* target;
    const void* source;
    unsigned bytes;
    struct Mbarrier* barrier;
};

/** A thread's copies that have not arrived, in the groups it committed; the last group is still open. */
using CopyGroups = std::deque<std::vector<AsyncCopy>>;

/** The block that a worker runs, and what it needs for that. */
struct Worker : Block {
    Worker();

    /** Runs one block to its end, or to its failure. */
    void run(const Launch& launch, const Schedule& schedule, size_t block_number);

    /** Leaves the fiber that calls, for good, with {@code failure} set. */
    [[noreturn]] void leave();

    /** Goes on with the next fiber that can; returns when the caller's turn has come. */
    void switch_from(Fiber& fiber);

    bool owns(uintptr_t stack) const { return stack - stacks < stack_bytes * most_threads; }

    const Launch* launch = nullptr;
    Failure failure;
    bool late = true;
    std::vector<CopyGroups> async_copies;
    std::deque<BulkCopy> bulk_copies;
    /** That only starved warps can run, until the block's threads meet; saves looking for others again and again. */
    bool others_wait = false;

private:
    void arrange(const Schedule& schedule, size_t block_number);
    void prepare(unsigned index);
    Fiber* next_ready(unsigned from, bool also_starved);
    bool check_slack();
    void poison_static_shared();
    std::string deadlock() const;
    static void enter();
    void finish(Fiber& fiber);

    uintptr_t stacks;
    unsigned char* shared_end;
    void* main_stack = nullptr;
    unsigned starved_warps = 0; // bit per warp
    unsigned short order[most_threads], position[most_threads];
    unsigned char* static_shared = nullptr;
    size_t static_shared_bytes = 0;
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

/** Fills memory that nobody has written: NaN as float, half or bfloat, -1 as an integer. */
constexpr unsigned char poison = 0xFF;

} // namespace emu
