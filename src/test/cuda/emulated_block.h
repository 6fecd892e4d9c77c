/*
 * emulated_block.h: one block of threads, each of them a fiber, and the ways in which they meet.
 *
 * A worker runs the fibers of a block, or of all blocks of a cluster, on itself, one at a time: a fiber runs until it
 * waits for others, so the order in which fibers are taken is the schedule, and no two of a block ever run at once. A
 * fiber's record lies at the upper end of its own stack, whose address is a multiple of its size: any function finds its
 * thread from the stack pointer alone. (Variables of the worker's thread would do as well, but for the JVM, which refuses
 * libraries that need them early.)
 */
#pragma once

#include "emulated_types.h"

#include <type_traits>

namespace emu {

constexpr unsigned warp_size = 32;
constexpr unsigned most_threads = 1024;
/** Blocks of a cluster, and all their threads, that a worker can run side by side. */
constexpr unsigned most_cluster = 8, most_fibers = 2 * most_threads;
constexpr size_t stack_bytes = 64 << 10;

struct Block;
struct Worker;
class TensorCores;

/** What a fiber waits for: goes on once {@code ready(awaited, seen)} holds. */
struct Wait {
    bool (*ready)(const void* awaited, unsigned seen) = nullptr;
    const void* awaited = nullptr;
    unsigned seen = 0;
    const char* where = nullptr;
};

/** One thread of a block. */
struct Fiber {
    void* stack_pointer;
    Block* block;
    uint3 thread;
    unsigned index;  // in the block, x fastest
    unsigned number; // in the cluster
    bool finished;
    bool at_cluster_barrier; // between its arrival there and its wait
    unsigned cluster_generation;
    Wait wait;
};

/** Threads that wait for one another: a generation ends when all have arrived. */
struct Meeting {
    unsigned arrived = 0;
    unsigned generation = 0;
};

struct Warp;

/** A warp's lanes on their way into one intrinsic; disjoint masks may meet at the same time. */
struct Collective {
    unsigned mask = 0;
    unsigned arrived = 0;
    unsigned generation = 0;
    void (*exchange)(Warp&) = nullptr;
};

struct Warp {
    unsigned alive;                          // lanes that have not left the kernel
    unsigned participants;                   // lanes of the exchange that runs
    unsigned registers;                      // of each thread, as setmaxnreg counts them
    Collective collectives[warp_size];       // by the lowest lane of the mask
    alignas(64) unsigned char x[warp_size][64]; // what each lane brings
    alignas(64) unsigned char y[warp_size][64]; // what each lane takes away
};

struct Block {
    Worker* worker;
    TensorCores* tensor_cores; // and what is known of shared memory to them
    unsigned rank, cluster;    // number in its cluster, blocks of that
    unsigned free_registers;
    uint3 index;
    dim3 size, grid;
    unsigned threads, alive;
    Meeting barrier;
    uint2 votes, outcome[2]; // of __syncthreads_count and the like: yes in .x, all in .y; the outcome by the generation's parity
    Meeting named_barriers[16];
    Warp warps[most_threads / warp_size];
    unsigned char* dynamic_shared;
    size_t dynamic_shared_bytes;
};

/** The fiber that calls. */
inline Fiber* self() {
    uintptr_t stack;
    asm("mov %%rsp, %0" : "=r"(stack));
    return reinterpret_cast<Fiber*>((stack | (stack_bytes - 1)) + 1 - sizeof(Fiber));
}

inline unsigned lane() { return self()->index % warp_size; }
inline Warp& warp() { return self()->block->warps[self()->index / warp_size]; }

/** Dynamic shared memory of the block; a multiple of 1024. */
inline unsigned char* dynamic_shared() { return self()->block->dynamic_shared; }

/** Gives up the launch: the context is lost, and the reason goes to standard error with kernel, block and thread. */
[[noreturn]] void fail(const char* reason);

/** Lets other fibers run until {@code wait} is over. */
void await(const Wait& wait);

/** Waits until {@code threads} have come here. */
void meet(Meeting& meeting, unsigned threads, const char* where);

/** __syncthreads: every thread that has not left. */
void block_barrier();

/** Counts the threads for which {@code predicate} holds, and all who came: yes in .x, all in .y. */
uint2 block_vote(bool predicate);

/** bar.sync id, threads. */
void named_barrier(unsigned id, unsigned threads);

/** __syncwarp: the lanes of {@code mask}, who then see one another's writes. */
void sync_warp(unsigned mask);

/** __threadfence. */
void fence();

/** The lanes of {@code mask} meet; the last one to come runs {@code exchange}, once for all. */
void meet_in_warp(unsigned mask, void (*exchange)(Warp&));

template <class Exchange>
inline void collective(unsigned mask, Exchange exchange) {
    static_assert(std::is_empty<Exchange>::value, "an exchange sees the warp, and nothing of the one lane that runs it");
    meet_in_warp(mask, +exchange);
}

// ---- shuffles and votes --------------------------------------------------------------------------------------------------

/** Lane {@code source}'s value; NaN, or all bits set, from a lane that takes no part. */
template <class T>
inline T shuffle(unsigned mask, T value, unsigned source) {
    static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
    memcpy(warp().x[lane()], &value, sizeof value);
    collective(mask, [](Warp& w) {
        memset(w.y, 0xFF, sizeof w.y); // what lanes that take no part would give
        for (unsigned i = 0; i < warp_size; ++i) {
            if (w.participants >> i & 1) {
                memcpy(w.y[i], w.x[i], sizeof(T));
            }
        }
    });
    T result;
    memcpy(&result, warp().y[source % warp_size], sizeof result);
    return result;
}

/** Every lane's unsigned goes in, one for all comes out of {@code Fold}, which sees the lanes that take part. */
template <class Fold>
inline unsigned fold(unsigned mask, unsigned value, Fold) {
    memcpy(warp().x[lane()], &value, sizeof value);
    collective(mask, [](Warp& w) {
        unsigned values[warp_size];
        for (unsigned i = 0; i < warp_size; ++i) {
            memcpy(&values[i], w.x[i], sizeof values[i]);
        }
        const unsigned result = Fold::of(values, w.participants);
        for (unsigned i = 0; i < warp_size; ++i) {
            if (w.participants >> i & 1) {
                memcpy(w.y[i], &result, sizeof result);
            }
        }
    });
    unsigned result;
    memcpy(&result, warp().y[lane()], sizeof result);
    return result;
}

struct Ballot {
    static unsigned of(const unsigned* values, unsigned participants) {
        unsigned yes = 0;
        for (unsigned i = 0; i < warp_size; ++i) {
            yes |= (participants >> i & 1 & (values[i] != 0)) << i;
        }
        return yes;
    }
};

struct Sum {
    static unsigned of(const unsigned* values, unsigned participants) {
        unsigned sum = 0;
        for (unsigned i = 0; i < warp_size; ++i) {
            sum += (participants >> i & 1) * values[i];
        }
        return sum;
    }
};

/** A lane reads shared memory in an exchange that runs for all lanes. */
void lane_reads(unsigned lane, const void* address, unsigned bytes);

// ---- kernels -------------------------------------------------------------------------------------------------------------

/**
 * What a parameter must be in the PTX: its bytes, and 'f' for a floating-point number, 'u' for an integer or pointer, 'b'
 * else.
 */
struct Parameter {
    unsigned bytes;
    char kind;
};

/** A kernel that is linked in. */
struct Registration {
    const char* name;
    unsigned count;
    const Parameter* parameters;
    void (*call)(void** arguments);
    const Registration* next;
};

/** All kernels, last first; and once more, as they are compiled to be watched. */
extern const Registration *registered, *registered_watched;

template <class T>
constexpr Parameter parameter_of() {
    return {sizeof(T), std::is_floating_point<T>::value ? 'f'
                     : std::is_integral<T>::value || std::is_pointer<T>::value || std::is_enum<T>::value ? 'u' : 'b'};
}

template <size_t...>
struct Indices {};
template <size_t N, size_t... Is>
struct Upto : Upto<N - 1, N - 1, Is...> {};
template <size_t... Is>
struct Upto<0, Is...> {
    using type = Indices<Is...>;
};

template <auto kernel>
struct Caller;

template <class... Arguments, void (*kernel)(Arguments...)>
struct Caller<kernel> {
    static constexpr unsigned count = sizeof...(Arguments);
    static constexpr Parameter parameters[count + 1] = {parameter_of<Arguments>()..., {0, 0}};

    template <size_t... Is>
    static void call(void** arguments, Indices<Is...>) {
        kernel(*static_cast<Arguments*>(arguments[Is])...);
    }

    static void call(void** arguments) { call(arguments, typename Upto<count>::type()); }
};

/** Registers a kernel while the library loads. */
struct Registrar {
    Registrar(Registration& registration, const Registration*& list) {
        registration.next = list;
        list = &registration;
    }
};

} // namespace emu
