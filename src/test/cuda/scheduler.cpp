/* scheduler.cpp: runs the threads of one block, or of a cluster's, as fibers, in the order that the schedule says. */
#include "cuda_result.h"
#include "emulated_async.h"
#include "engine.h"
#include "races.h"
#include "tensor_core_state.h"

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

Worker& worker() { return *self()->block->worker; }

bool generation_passed(const void* generation, unsigned seen) { return *static_cast<const unsigned*>(generation) != seen; }

void complete(Warp& warp, Collective& collective) {
    warp.participants = collective.arrived;
    if (races != nullptr) {
        races->lanes_met(warp.participants, false);
        races->exchanging = true;
    }
    collective.exchange(warp);
    if (races != nullptr) {
        races->exchanging = false;
    }
    collective.arrived = 0;
    ++collective.generation;
}

void complete(Meeting& meeting) {
    meeting.arrived = 0;
    ++meeting.generation;
    worker().others_wait = false;
}

void complete_barrier(Block& block) {
    if (races != nullptr) {
        races->block_met(block);
    }
    block.outcome[block.barrier.generation & 1] = block.votes;
    block.votes = {0, 0};
    complete(block.barrier);
}

void complete_cluster_barrier(Meeting& barrier) {
    if (races != nullptr) {
        races->cluster_met();
    }
    complete(barrier);
}

} // namespace

// ---- waiting -------------------------------------------------------------------------------------------------------------

void fail(const char* reason) { worker().leave(LAUNCH_FAILED, reason); }

void await(const Wait& wait) {
    Fiber& fiber = *self();
    fiber.wait = wait;
    fiber.block->worker->switch_from(fiber);
    fiber.wait.ready = nullptr;
}

void meet(Meeting& meeting, unsigned threads, const char* where) {
    if (races != nullptr) {
        races->comes(&meeting);
    }
    if (++meeting.arrived >= threads) {
        if (races != nullptr) {
            races->all_met(&meeting);
        }
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

void sync_warp(unsigned mask) {
    collective(mask, [](Warp& w) {
        if (races != nullptr) {
            races->lanes_met(w.participants, true);
        }
    });
}

void named_barrier(unsigned id, unsigned threads) {
    if (id >= 16) {
        fail("there is no such named barrier");
    }
    meet(self()->block->named_barriers[id], threads, "a named barrier");
}

unsigned cluster_rank() { return self()->block->rank; }

void cluster_arrive() {
    Fiber& fiber = *self();
    if (fiber.at_cluster_barrier) {
        fail("a thread arrives at its cluster's barrier again without having waited there");
    }
    Meeting& meeting = worker().cluster_barrier;
    fiber.at_cluster_barrier = true;
    fiber.cluster_generation = meeting.generation;
    if (races != nullptr) {
        races->arrives_at_cluster();
    }
    if (++meeting.arrived == worker().alive()) {
        complete_cluster_barrier(meeting);
    }
}

void cluster_wait() {
    Fiber& fiber = *self();
    if (!fiber.at_cluster_barrier) {
        fail("a thread waits at its cluster's barrier without having arrived");
    }
    const Meeting& meeting = worker().cluster_barrier;
    if (meeting.generation == fiber.cluster_generation) {
        await({generation_passed, &meeting.generation, fiber.cluster_generation, "the cluster's barrier"});
    }
    fiber.at_cluster_barrier = false;
    if (races != nullptr) {
        races->leaves_cluster_barrier();
    }
}

void keep_registers(unsigned registers) {
    memcpy(warp().x[lane()], &registers, sizeof registers);
    collective(~0u, [](Warp& w) {
        unsigned asked;
        memcpy(&asked, w.x[0], sizeof asked);
        if (asked > w.registers) {
            fail("setmaxnreg.dec to more registers than the warp has");
        }
        self()->block->free_registers += (w.registers - asked) * warp_size;
        w.registers = asked;
        worker().others_wait = false;
    });
}

void take_registers(unsigned registers) {
    collective(~0u, [](Warp&) {});
    Block& block = *self()->block;
    if (lane() == 0) {
        if (registers < warp().registers) {
            fail("setmaxnreg.inc to fewer registers than the warp has");
        }
        const unsigned wanted = (registers - warp().registers) * warp_size;
        const auto enough = [](const void* free, unsigned needed) { return *static_cast<const unsigned*>(free) >= needed; };
        if (!enough(&block.free_registers, wanted)) {
            await({enough, &block.free_registers, wanted, "setmaxnreg, for registers that others give back"});
        }
        block.free_registers -= wanted;
        warp().registers = registers;
    }
    collective(~0u, [](Warp&) {});
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

// ---- fibers --------------------------------------------------------------------------------------------------------------

Worker::Worker() : async_copies(most_fibers) {
    unsigned char* reserved = reserve(stack_bytes * (most_fibers + 1), PROT_READ | PROT_WRITE);
    stacks = (reinterpret_cast<uintptr_t>(reserved) + stack_bytes - 1) & ~(stack_bytes - 1);
    for (unsigned i = 0; i < most_fibers; ++i) {
        mprotect(reinterpret_cast<void*>(stacks + i * stack_bytes), page, PROT_NONE);
        fibers[i] = reinterpret_cast<Fiber*>(stacks + (i + 1) * stack_bytes - sizeof(Fiber));
    }
}

namespace {

/** Room for the largest dynamic shared memory between no-access pages; its end. */
unsigned char* reserve_shared() {
    const size_t shared = (most_shared_bytes + shared_alignment + page - 1) & ~(page - 1);
    unsigned char* memory = reserve(shared + 2 * page, PROT_READ | PROT_WRITE);
    mprotect(memory, page, PROT_NONE);
    mprotect(memory + page + shared, page, PROT_NONE);
    return memory + page + shared;
}

} // namespace

unsigned Worker::alive() const {
    unsigned sum = 0;
    for (unsigned rank = 0; rank < launch->cluster; ++rank) {
        sum += blocks[rank].alive;
    }
    return sum;
}

void Worker::run(const Launch& what, const Schedule& schedule, size_t cluster_number) {
    launch = &what;
    failure = Failure();
    late = schedule.late;
    cluster_barrier = Meeting();
    bulk_copies.clear();
    total = 0;
    for (unsigned rank = 0; rank < what.cluster; ++rank) {
        start(blocks[rank], rank, cluster_number * what.cluster + rank);
    }
    poison_static_shared();
    if (what.watched) {
        races->begin(*this, static_shared + unwatched_bytes, static_shared_bytes - unwatched_bytes);
    }
    arrange(schedule, cluster_number);
    emulated_switch_stacks(&main_stack, fibers[order[0]]->stack_pointer);
    for (unsigned rank = 0; failure.code == 0 && rank < what.cluster; ++rank) {
        if (!check_slack(blocks[rank])) {
            failure = {ILLEGAL_ADDRESS, "a write just past the end of dynamic shared memory", nullptr, rank, -1};
        }
    }
    failure.block += cluster_number * what.cluster;
}

/** Lays out a block's threads and its shared memory. */
void Worker::start(Block& block, unsigned rank, size_t number) {
    block.worker = this;
    block.rank = rank;
    block.cluster = launch->cluster;
    block.grid = launch->grid;
    block.size = launch->block;
    block.threads = block.alive = block.size.x * block.size.y * block.size.z;
    block.index = {static_cast<unsigned>(number % block.grid.x), static_cast<unsigned>(number / block.grid.x % block.grid.y),
                   static_cast<unsigned>(number / block.grid.x / block.grid.y)};
    block.barrier = Meeting();
    block.votes = {0, 0};
    std::fill(std::begin(block.named_barriers), std::end(block.named_barriers), Meeting());
    const unsigned warp_count = (block.threads + warp_size - 1) / warp_size;
    const unsigned registers = std::min(255u, (64u << 10) / (warp_count * warp_size)) & ~7u;
    block.free_registers = 0;
    for (unsigned i = 0; i < warp_count; ++i) {
        const unsigned lanes = std::min(warp_size, block.threads - i * warp_size);
        block.warps[i].alive = lanes == warp_size ? ~0u : (1u << lanes) - 1;
        block.warps[i].registers = registers;
        std::fill(std::begin(block.warps[i].collectives), std::end(block.warps[i].collectives), Collective());
    }
    if (shared_end[rank] == nullptr) {
        shared_end[rank] = reserve_shared();
        block.tensor_cores = new TensorCores(block);
    }
    const size_t bytes = launch->dynamic_shared_bytes;
    block.dynamic_shared_bytes = bytes;
    block.dynamic_shared = shared_end[rank] - (bytes + shared_alignment - 1) / shared_alignment * shared_alignment;
    memset(block.dynamic_shared, poison, bytes);
    memset(block.dynamic_shared + bytes, shared_slack, shared_end[rank] - block.dynamic_shared - bytes);
    block.tensor_cores->forget();
    for (unsigned i = 0; i < block.threads; ++i) {
        prepare(block, i);
    }
}

bool Worker::check_slack(const Block& block) const {
    return std::all_of(block.dynamic_shared + block.dynamic_shared_bytes, shared_end[block.rank],
                       [](unsigned char byte) { return byte == shared_slack; });
}

/** Decides on the order of this cluster's threads. */
void Worker::arrange(const Schedule& schedule, size_t cluster_number) {
    std::iota(order, order + total, 0);
    starved_warps = 0;
    starved_block = most_cluster;
    others_wait = false;
    choice = schedule.order;
    if (schedule.order == Schedule::reversed) {
        std::reverse(order, order + total);
    } else if (schedule.order >= Schedule::starving) {
        const size_t which = schedule.order - Schedule::starving;
        if (which < 8) {
            starved_warps = 0xFu << which * 4;
        } else {
            starved_block = static_cast<unsigned>(which - 8);
        }
        std::stable_partition(order, order + total, [&](unsigned i) { return !starved(*fibers[i]); });
    } else if (schedule.order != Schedule::forward) {
        std::minstd_rand random(static_cast<unsigned>(schedule.order * 2654435761u + cluster_number * 40503u + 1));
        std::shuffle(order, order + total, random);
    }
    for (unsigned i = 0; i < total; ++i) {
        position[order[i]] = i;
    }
}

bool Worker::starved(const Fiber& fiber) const {
    return (starved_warps >> fiber.index / warp_size & 1) != 0 || fiber.block->rank == starved_block;
}

/** Lays out a fiber's stack as if it had just called switch_stacks on its way into enter(). */
void Worker::prepare(Block& block, unsigned i) {
    Fiber& fiber = *fibers[total];
    fiber.block = &block;
    fiber.index = i;
    fiber.number = total;
    fiber.thread = {i % block.size.x, i / block.size.x % block.size.y, i / (block.size.x * block.size.y)};
    fiber.finished = fiber.at_cluster_barrier = false;
    fiber.wait = Wait();
    async_copies[total++].clear();
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
    Worker& own = worker();
    void* arguments[64];
    for (size_t i = 0; i < own.launch->arguments.size(); ++i) {
        arguments[i] = const_cast<unsigned char*>(own.launch->arguments[i].data());
    }
    own.launch->kernel->call(arguments);
    own.finish(fiber);
}

/** Those that wait for this thread wait no longer. */
void Worker::finish(Fiber& fiber) {
    Block& block = *fiber.block;
    fiber.finished = true;
    --block.alive;
    if (block.barrier.arrived > 0 && block.barrier.arrived == block.alive) {
        complete_barrier(block);
    }
    if (cluster_barrier.arrived > 0 && cluster_barrier.arrived == alive()) {
        complete_cluster_barrier(cluster_barrier);
    }
    Warp& w = block.warps[fiber.index / warp_size];
    w.alive &= ~(1u << fiber.index % warp_size);
    for (Collective& collective : w.collectives) {
        if (collective.arrived != 0 && collective.arrived == (collective.mask & w.alive)) {
            complete(w, collective);
        }
    }
    if (block.alive == 0) {
        block.tensor_cores->check_end();
    }
    if (alive() == 0) {
        if (!bulk_copies.empty()) {
            leave(LAUNCH_FAILED, "all threads have left, and bulk copies are still to arrive", nullptr, &fiber);
        }
        leave();
    }
    switch_from(fiber);
}

void Worker::leave() {
    void* abandoned;
    emulated_switch_stacks(&abandoned, main_stack);
    __builtin_unreachable();
}

void Worker::leave(int code, const std::string& reason, const void* address, const Fiber* fiber) {
    failure = {code, reason, address, fiber->block->rank, static_cast<int>(fiber->index)};
    leave();
}

Fiber* Worker::next_ready(unsigned from, bool also_starved) {
    for (unsigned i = from + 1, end = from + 1 + total; i < end; ++i) {
        Fiber& fiber = *fibers[order[i < total ? i : i - total]];
        if (!fiber.finished && (also_starved || !starved(fiber))
                && (fiber.wait.ready == nullptr || fiber.wait.ready(fiber.wait.awaited, fiber.wait.seen))) {
            return &fiber;
        }
    }
    return nullptr;
}

void Worker::switch_from(Fiber& fiber) {
    const unsigned from = position[fiber.number];
    Fiber* next = nullptr;
    if ((starved_warps != 0 || starved_block != most_cluster) && !others_wait) {
        next = next_ready(from, false);
        others_wait = next == nullptr;
    }
    if (next == nullptr) {
        next = next_ready(from, true);
    }
    while (next == nullptr && !bulk_copies.empty()) {
        perform_one_copy();
        next = next_ready(from, true);
    }
    if (next == nullptr) {
        leave(LAUNCH_FAILED, deadlock(), nullptr, &fiber);
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
    for (unsigned i = 0; i < total; ++i) {
        if (!fibers[i]->finished) {
            ++places.insert({fibers[i]->wait.where, {0, i}}).first->second.threads;
        }
    }
    std::string text = "deadlock:";
    for (const auto& place : places) {
        text += (text.back() == ':' ? " " : ", ") + std::to_string(place.second.threads) + " threads (first: "
                + std::to_string(place.second.first) + ") wait in " + place.first;
    }
    return text + (alive() < total ? "; " + std::to_string(total - alive()) + " have left the kernel" : "");
}

// ---- static shared memory ------------------------------------------------------------------------------------------------

namespace {

struct ThreadLocals {
    unsigned char* start = nullptr;
    size_t bytes = 0;
};

thread_local char own_thread_local;

} // namespace

/**
 * __shared__ variables are this library's thread-local ones, all in one segment; the driver keeps none in workers. Those of
 * kernels that can be watched lie behind own_thread_local, as the library is linked.
 */
void Worker::poison_static_shared() {
    if (!launch->static_shared) {
        return;
    }
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
        unwatched_bytes = found.start == nullptr ? 0 : reinterpret_cast<unsigned char*>(&own_thread_local) - found.start;
    }
    const size_t from = launch->watched ? unwatched_bytes : 0, to = launch->watched ? static_shared_bytes : unwatched_bytes;
    memset(static_shared + from, poison, to - from);
}

} // namespace emu
