/* scheduler.cpp: runs the threads of one block as fibers, in the order that the schedule says. */
#include "cuda_result.h"
#include "emulated_async.h"
#include "engine.h"

#include <algorithm>
#include <link.h>
#include <map>
#include <numeric>
#include <random>
#include <sys/mman.h>

// void switch_stacks(void** from, void* to): saves what a function must preserve, leaves the stack in *from, goes on on to.
extern "C" void emulated_switch_stacks(void** from, void* to);
asm(R"(
    .text
    .type emulated_switch_stacks, @function
    .local emulated_switch_stacks
emulated_switch_stacks:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
)");

namespace emu {

namespace {

constexpr size_t page = 4096;
/** What DYNAMIC_SHARED promises. */
constexpr size_t shared_alignment = 1024;
constexpr unsigned char shared_slack = 0xA7;

unsigned char* reserve(size_t bytes, int protection) {
    void* memory = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        throw std::bad_alloc();
    }
    return static_cast<unsigned char*>(memory);
}

Worker& worker() { return *static_cast<Worker*>(self()->block); }

bool generation_passed(const void* generation, unsigned seen) { return *static_cast<const unsigned*>(generation) != seen; }

void complete(Warp& warp, Collective& collective) {
    warp.participants = collective.arrived;
    collective.exchange(warp);
    collective.arrived = 0;
    ++collective.generation;
}

void complete(Meeting& meeting) {
    meeting.arrived = 0;
    ++meeting.generation;
    worker().others_wait = false;
}

void complete_barrier(Block& block) {
    block.outcome[block.barrier.generation & 1] = block.votes;
    block.votes = {0, 0};
    complete(block.barrier);
}

} // namespace

// ---- waiting -------------------------------------------------------------------------------------------------------------

void fail(const char* reason) {
    Worker& block = worker();
    block.failure = {LAUNCH_FAILED, reason, nullptr, 0, static_cast<int>(self()->index)};
    block.leave();
}

void await(const Wait& wait) {
    Fiber& fiber = *self();
    fiber.wait = wait;
    static_cast<Worker*>(fiber.block)->switch_from(fiber);
    fiber.wait.ready = nullptr;
}

void meet(Meeting& meeting, unsigned threads, const char* where) {
    if (++meeting.arrived >= threads) {
        complete(meeting);
    } else {
        await({generation_passed, &meeting.generation, meeting.generation, where});
    }
}

void block_barrier() {
    Block& block = *self()->block;
    if (++block.barrier.arrived == block.alive) {
        complete_barrier(block);
    } else {
        await({generation_passed, &block.barrier.generation, block.barrier.generation, "__syncthreads"});
    }
}

uint2 block_vote(bool predicate) {
    Block& block = *self()->block;
    block.votes.x += predicate;
    ++block.votes.y;
    const unsigned generation = block.barrier.generation;
    block_barrier();
    return block.outcome[generation & 1]; // the next outcome goes elsewhere, and the one after waits for this thread
}

void named_barrier(unsigned id, unsigned threads) {
    if (id >= 16) {
        fail("there is no such named barrier");
    }
    meet(self()->block->named_barriers[id], threads, "a named barrier");
}

void meet_in_warp(unsigned mask, void (*exchange)(Warp&)) {
    Warp& w = warp();
    const unsigned me = 1u << lane();
    if (!(mask & me)) {
        fail("a lane is not in the mask of its own warp intrinsic");
    }
    Collective& collective = w.collectives[__builtin_ctz(mask)];
    if (collective.arrived == 0) {
        collective.mask = mask;
        collective.exchange = exchange;
    } else if (collective.mask != mask || collective.exchange != exchange) {
        fail("lanes of one warp meet in different intrinsics, or with different masks");
    }
    collective.arrived |= me;
    if (collective.arrived == (mask & w.alive)) {
        complete(w, collective);
    } else {
        await({generation_passed, &collective.generation, collective.generation, "a warp intrinsic"});
    }
}

// ---- copies that arrive later --------------------------------------------------------------------------------------------

namespace {

void perform(const AsyncCopy& copy) {
    memcpy(copy.target, copy.source, copy.valid);
    memset(static_cast<char*>(copy.target) + copy.valid, 0, copy.bytes - copy.valid);
}

void end_phase_if_complete(Mbarrier& barrier) {
    if (barrier.pending == 0 && barrier.transactions == 0) {
        barrier.phase ^= 1;
        worker().others_wait = false;
        barrier.pending = barrier.count;
    }
}

void perform(const BulkCopy& copy) {
    memcpy(copy.target, copy.source, copy.bytes);
    copy.barrier->transactions -= static_cast<int>(copy.bytes);
    end_phase_if_complete(*copy.barrier);
}

bool phase_passed(const void* barrier, unsigned parity) { return static_cast<const Mbarrier*>(barrier)->phase != parity; }

bool aligned(const void* a, const void* b, unsigned bytes) {
    return ((reinterpret_cast<uintptr_t>(a) | reinterpret_cast<uintptr_t>(b)) & (bytes - 1)) == 0;
}

} // namespace

void copy_async(void* target, const void* source, unsigned bytes, unsigned valid) {
    if ((bytes != 4 && bytes != 8 && bytes != 16) || valid > bytes || !aligned(target, source, bytes)) {
        fail("cp.async copies 4, 8 or 16 bytes, aligned to as many");
    }
    const AsyncCopy copy{target, source, bytes, valid};
    if (!worker().late) {
        perform(copy);
        return;
    }
    CopyGroups& groups = worker().async_copies[self()->index];
    if (groups.empty()) {
        groups.emplace_back();
    }
    groups.back().push_back(copy);
}

void commit_copies() {
    CopyGroups& groups = worker().async_copies[self()->index];
    if (groups.empty()) {
        groups.emplace_back();
    }
    groups.emplace_back();
}

void wait_copies(unsigned open) {
    CopyGroups& groups = worker().async_copies[self()->index];
    while (groups.size() > open + 1) { // the last group is not committed
        for (const AsyncCopy& copy : groups.front()) {
            perform(copy);
        }
        groups.pop_front();
    }
}

void mbarrier_init(Mbarrier* barrier, unsigned count) {
    barrier->phase = 0;
    barrier->count = barrier->pending = static_cast<unsigned short>(count);
    barrier->transactions = 0;
}

void mbarrier_arrive(Mbarrier* barrier) {
    if (barrier->pending == 0) {
        fail("more arrivals at an mbarrier than it counts");
    }
    --barrier->pending;
    end_phase_if_complete(*barrier);
}

void mbarrier_expect(Mbarrier* barrier, unsigned bytes) {
    barrier->transactions += static_cast<int>(bytes);
    mbarrier_arrive(barrier);
}

void mbarrier_wait(const Mbarrier* barrier, unsigned parity) {
    if (!phase_passed(barrier, parity & 1)) {
        await({phase_passed, barrier, parity & 1, "an mbarrier"});
    }
}

void bulk_copy(void* target, const void* source, unsigned bytes, Mbarrier* barrier) {
    if (bytes % 16 != 0 || !aligned(target, source, 16)) {
        fail("a bulk copy is a multiple of 16 bytes, at multiples of 16");
    }
    const BulkCopy copy{target, source, bytes, barrier};
    if (worker().late) {
        worker().bulk_copies.push_back(copy);
    } else {
        perform(copy);
    }
}

// ---- fibers --------------------------------------------------------------------------------------------------------------

Worker::Worker() : async_copies(most_threads) {
    unsigned char* reserved = reserve(stack_bytes * (most_threads + 1), PROT_READ | PROT_WRITE);
    stacks = (reinterpret_cast<uintptr_t>(reserved) + stack_bytes - 1) & ~(stack_bytes - 1);
    for (unsigned i = 0; i < most_threads; ++i) {
        mprotect(reinterpret_cast<void*>(stacks + i * stack_bytes), page, PROT_NONE);
        fibers[i] = reinterpret_cast<Fiber*>(stacks + (i + 1) * stack_bytes - sizeof(Fiber));
    }
    const size_t shared = (most_shared_bytes + shared_alignment + page - 1) & ~(page - 1);
    unsigned char* memory = reserve(shared + 2 * page, PROT_READ | PROT_WRITE);
    mprotect(memory, page, PROT_NONE);
    shared_end = memory + page + shared;
    mprotect(shared_end, page, PROT_NONE);
}

void Worker::run(const Launch& what, const Schedule& schedule, size_t block_number) {
    launch = &what;
    failure = Failure();
    late = schedule.late;
    grid = what.grid;
    size = what.block;
    threads = alive = size.x * size.y * size.z;
    index = {static_cast<unsigned>(block_number % grid.x), static_cast<unsigned>(block_number / grid.x % grid.y),
             static_cast<unsigned>(block_number / grid.x / grid.y)};
    barrier = Meeting();
    votes = {0, 0};
    std::fill(std::begin(named_barriers), std::end(named_barriers), Meeting());
    const unsigned warp_count = (threads + warp_size - 1) / warp_size;
    for (unsigned i = 0; i < warp_count; ++i) {
        const unsigned lanes = std::min(warp_size, threads - i * warp_size);
        warps[i].alive = lanes == warp_size ? ~0u : (1u << lanes) - 1;
        std::fill(std::begin(warps[i].collectives), std::end(warps[i].collectives), Collective());
        warpgroups[i / 4].meeting = Meeting();
    }
    dynamic_shared_bytes = what.dynamic_shared_bytes;
    dynamic_shared = shared_end - (dynamic_shared_bytes + shared_alignment - 1) / shared_alignment * shared_alignment;
    memset(dynamic_shared, poison, dynamic_shared_bytes);
    memset(dynamic_shared + dynamic_shared_bytes, shared_slack, shared_end - dynamic_shared - dynamic_shared_bytes);
    if (what.static_shared) {
        poison_static_shared();
    }
    bulk_copies.clear();
    arrange(schedule, block_number);
    for (unsigned i = 0; i < threads; ++i) {
        prepare(i);
    }
    emulated_switch_stacks(&main_stack, fibers[order[0]]->stack_pointer);
    if (failure.code == 0 && !check_slack()) {
        failure = {ILLEGAL_ADDRESS, "a write just past the end of dynamic shared memory", nullptr, 0, -1};
    }
    failure.block = block_number;
}

bool Worker::check_slack() {
    return std::all_of(dynamic_shared + dynamic_shared_bytes, shared_end,
                       [](unsigned char byte) { return byte == shared_slack; });
}

/** Decides on the order of this block's threads. */
void Worker::arrange(const Schedule& schedule, size_t block_number) {
    std::iota(order, order + threads, 0);
    starved_warps = 0;
    others_wait = false;
    if (schedule.order == Schedule::reversed) {
        std::reverse(order, order + threads);
    } else if (schedule.order >= Schedule::starving) {
        starved_warps = 0xFu << (schedule.order - Schedule::starving) % 8 * 4;
        std::stable_partition(order, order + threads, [&](unsigned i) { return !(starved_warps >> i / warp_size & 1); });
    } else if (schedule.order != Schedule::forward) {
        std::minstd_rand random(static_cast<unsigned>(schedule.order * 2654435761u + block_number * 40503u + 1));
        std::shuffle(order, order + threads, random);
    }
    for (unsigned i = 0; i < threads; ++i) {
        position[order[i]] = static_cast<unsigned short>(i);
    }
}

/** Lays out a fiber's stack as if it had just called switch_stacks on its way into enter(). */
void Worker::prepare(unsigned i) {
    Fiber& fiber = *fibers[i];
    fiber.block = this;
    fiber.index = i;
    fiber.thread = {i % size.x, i / size.x % size.y, i / (size.x * size.y)};
    fiber.finished = false;
    fiber.wait = Wait();
    async_copies[i].clear();
    void** top = reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(&fiber) & ~uintptr_t(15));
    *--top = nullptr;                              // enter() returns nowhere; keeps the stack aligned
    *--top = reinterpret_cast<void*>(&Worker::enter);
    for (int saved = 0; saved < 6; ++saved) {
        *--top = nullptr;
    }
    fiber.stack_pointer = top;
}

void Worker::enter() {
    Fiber& fiber = *self();
    Worker& block = worker();
    void* arguments[64];
    for (size_t i = 0; i < block.launch->arguments.size(); ++i) {
        arguments[i] = const_cast<unsigned char*>(block.launch->arguments[i].data());
    }
    block.launch->kernel->call(arguments);
    block.finish(fiber);
}

/** Those that wait for this thread wait no longer. */
void Worker::finish(Fiber& fiber) {
    fiber.finished = true;
    --alive;
    if (barrier.arrived > 0 && barrier.arrived == alive) {
        complete_barrier(*this);
    }
    Warp& w = warps[fiber.index / warp_size];
    w.alive &= ~(1u << fiber.index % warp_size);
    for (Collective& collective : w.collectives) {
        if (collective.arrived != 0 && collective.arrived == (collective.mask & w.alive)) {
            complete(w, collective);
        }
    }
    if (alive == 0) {
        leave();
    }
    switch_from(fiber);
}

void Worker::leave() {
    void* abandoned;
    emulated_switch_stacks(&abandoned, main_stack);
    __builtin_unreachable();
}

Fiber* Worker::next_ready(unsigned from, bool also_starved) {
    for (unsigned i = 1; i <= threads; ++i) {
        Fiber& fiber = *fibers[order[(from + i) % threads]];
        if (!fiber.finished && (also_starved || !(starved_warps >> fiber.index / warp_size & 1))
                && (fiber.wait.ready == nullptr || fiber.wait.ready(fiber.wait.awaited, fiber.wait.seen))) {
            return &fiber;
        }
    }
    return nullptr;
}

void Worker::switch_from(Fiber& fiber) {
    const unsigned from = position[fiber.index];
    Fiber* next = nullptr;
    if (starved_warps != 0 && !others_wait) {
        next = next_ready(from, false);
        others_wait = next == nullptr;
    }
    if (next == nullptr) {
        next = next_ready(from, true);
    }
    while (next == nullptr && !bulk_copies.empty()) {
        perform(bulk_copies.front());
        bulk_copies.pop_front();
        next = next_ready(from, true);
    }
    if (next == nullptr) {
        failure = {LAUNCH_FAILED, deadlock(), nullptr, 0, static_cast<int>(fiber.index)};
        leave();
    }
    if (next != &fiber) {
        emulated_switch_stacks(&fiber.stack_pointer, next->stack_pointer);
    }
}

std::string Worker::deadlock() const {
    struct Waiting {
        unsigned threads, first;
    };
    std::map<std::string, Waiting> places;
    for (unsigned i = 0; i < threads; ++i) {
        if (!fibers[i]->finished) {
            ++places.insert({fibers[i]->wait.where, {0, i}}).first->second.threads;
        }
    }
    std::string text = "deadlock:";
    for (const auto& place : places) {
        text += (text.back() == ':' ? " " : ", ") + std::to_string(place.second.threads) + " threads (first: "
                + std::to_string(place.second.first) + ") wait in " + place.first;
    }
    return text + (alive < threads ? "; " + std::to_string(threads - alive) + " have left the kernel" : "");
}

// ---- static shared memory ------------------------------------------------------------------------------------------------

namespace {

struct ThreadLocals {
    unsigned char* start = nullptr;
    size_t bytes = 0;
};

thread_local char own_thread_local;

} // namespace

/** __shared__ variables are this library's thread-local ones, all in one segment; the driver keeps none in workers. */
void Worker::poison_static_shared() {
    if (static_shared == nullptr) {
        asm volatile("" : : "r"(&own_thread_local) : "memory"); // has the segment made, which happens at first use
        ThreadLocals found;
        dl_iterate_phdr([](dl_phdr_info* library, size_t, void* out) {
            bool here = false;
            size_t bytes = 0;
            for (int i = 0; i < library->dlpi_phnum; ++i) {
                const ElfW(Phdr)& segment = library->dlpi_phdr[i];
                const uintptr_t address = reinterpret_cast<uintptr_t>(&emulated_switch_stacks) - library->dlpi_addr;
                here = here || (segment.p_type == PT_LOAD && address - segment.p_vaddr < segment.p_memsz);
                bytes = segment.p_type == PT_TLS ? segment.p_memsz : bytes;
            }
            if (here) {
                *static_cast<ThreadLocals*>(out) = {static_cast<unsigned char*>(library->dlpi_tls_data), bytes};
            }
            return here ? 1 : 0;
        }, &found);
        static_shared = found.start;
        static_shared_bytes = found.start == nullptr ? 0 : found.bytes;
    }
    memset(static_shared, poison, static_shared_bytes);
}

} // namespace emu
