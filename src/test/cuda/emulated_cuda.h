/*
 * emulated_cuda.h: CUDA's keywords and built-ins, for kernel sources that g++ compiles for the emulated driver.
 *
 * The emulated driver is a libcuda.so.1 that runs on the CPU the same kernel sources that nvcc turns into PTX, so that all
 * of the GPU path but the silicon (JCuda, host code, kernels) runs in every test. What it is made of:
 *   emulated_*.h          what kernel sources see: types, threads of a block, arithmetic, half precision, async copies
 *   scheduler.cpp         a block's fibers, where they wait for each other, deadlocks
 *   workers.cpp           a launch: its blocks, shared out among threads
 *   races.h, shadow.h     accesses that nothing orders, and reads of memory that was not written, where a test asks for that
 *   faults.cpp            signals and checks that end a kernel, or pass on to the JVM
 *   device_memory.cpp     allocations between no-access pages
 *   ptx.cpp               what the PTX says about its kernels
 *   driver.h, driver.cpp  settings, devices, contexts, streams, graphs
 *   calls_*.cpp           the driver API's functions
 * It proves indexing, layouts, arguments, bounds and that barriers are where they must be. Races between threads are found
 * in launches that are watched for them, whatever the schedule; they cover what such a launch did, not what another might.
 * What stands in inline assembly is proven as its twin in the headers means it. Neither tensor cores' sums nor the special
 * functions' last bits are the GPU's, and time, occupancy and the compiler of the GPU's code are no part of it.
 */
#pragma once

#include "emulated_types.h"
#include "emulated_block.h"
#include "emulated_async.h"
#include "emulated_half.h"
#include "emulated_math.h"

#ifdef __SANITIZE_THREAD__ // the twins that tell of every access
#define EMULATED_LIST emu::registered_watched
#else
#define EMULATED_LIST emu::registered
#endif

#define EXPORT_KERNEL(name)                                                                                              \
    static emu::Registration emulated_##name{#name, emu::Caller<&name>::count, emu::Caller<&name>::parameters,           \
                                             emu::Caller<&name>::call, nullptr};                                         \
    static emu::Registrar emulated_registrar_##name(emulated_##name, EMULATED_LIST);

/** A worker runs one block at a time, so what its thread has once, the block has once. */
#define __shared__ static thread_local
#define DYNAMIC_SHARED(type, name) type* name = reinterpret_cast<type*>(emu::dynamic_shared())

#define threadIdx (emu::self()->thread)
#define blockIdx (emu::self()->block->index)
#define blockDim (emu::self()->block->size)
#define gridDim (emu::self()->block->grid)
constexpr int warpSize = emu::warp_size;

inline void __syncthreads() { emu::block_barrier(); }
inline int __syncthreads_count(int predicate) { return static_cast<int>(emu::block_vote(predicate).x); }
inline int __syncthreads_or(int predicate) { return emu::block_vote(predicate).x != 0; }
inline int __syncthreads_and(int predicate) {
    const uint2 votes = emu::block_vote(predicate);
    return votes.x == votes.y;
}
inline void __syncwarp(unsigned mask = ~0u) { emu::sync_warp(mask); }

inline void __threadfence() { emu::fence(); }
inline void __threadfence_block() {}

// A shuffle's source stays within segments of width lanes; a lane whose source lies outside keeps its own value.
template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
    const unsigned segment = emu::lane() & ~(width - 1u);
    return emu::shuffle(mask, value, segment + (source & (width - 1u)));
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
    const unsigned last = emu::lane() | (width - 1u), source = emu::lane() ^ bits;
    return emu::shuffle(mask, value, source > last ? emu::lane() : source);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
    const unsigned last = emu::lane() | (width - 1u), source = emu::lane() + delta;
    return emu::shuffle(mask, value, source > last ? emu::lane() : source);
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
    const unsigned first = emu::lane() & ~(width - 1u);
    return emu::shuffle(mask, value, emu::lane() < first + delta ? emu::lane() : emu::lane() - delta);
}

inline unsigned __ballot_sync(unsigned mask, int predicate) { return emu::fold(mask, predicate != 0, emu::Ballot()); }
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }
inline unsigned __reduce_add_sync(unsigned mask, unsigned value) { return emu::fold(mask, value, emu::Sum()); }
inline int __reduce_add_sync(unsigned mask, int value) {
    return static_cast<int>(emu::fold(mask, static_cast<unsigned>(value), emu::Sum()));
}

// Integers only: what a sum of floats comes to depends on the order of its atomic additions.
inline int atomicAdd(int* p, int value) { return __atomic_fetch_add(p, value, __ATOMIC_RELAXED); }
inline unsigned atomicAdd(unsigned* p, unsigned value) { return __atomic_fetch_add(p, value, __ATOMIC_RELAXED); }
inline unsigned long long atomicAdd(unsigned long long* p, unsigned long long value) {
    return __atomic_fetch_add(p, value, __ATOMIC_RELAXED);
}
inline int atomicSub(int* p, int value) { return __atomic_fetch_sub(p, value, __ATOMIC_RELAXED); }
inline int atomicOr(int* p, int value) { return __atomic_fetch_or(p, value, __ATOMIC_RELAXED); }
inline unsigned atomicOr(unsigned* p, unsigned value) { return __atomic_fetch_or(p, value, __ATOMIC_RELAXED); }
inline int atomicAnd(int* p, int value) { return __atomic_fetch_and(p, value, __ATOMIC_RELAXED); }
inline unsigned atomicAnd(unsigned* p, unsigned value) { return __atomic_fetch_and(p, value, __ATOMIC_RELAXED); }
inline int atomicExch(int* p, int value) { return __atomic_exchange_n(p, value, __ATOMIC_RELAXED); }
inline unsigned atomicExch(unsigned* p, unsigned value) { return __atomic_exchange_n(p, value, __ATOMIC_RELAXED); }
template <class T>
inline T atomicCAS(T* p, T expected, T value) {
    static_assert(std::is_integral<T>::value, "atomics are for integers");
    __atomic_compare_exchange_n(p, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return expected;
}
template <class T>
inline T atomicMax(T* p, T value) {
    T old = __atomic_load_n(p, __ATOMIC_RELAXED);
    while (old < value && !__atomic_compare_exchange_n(p, &old, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return old;
}
template <class T>
inline T atomicMin(T* p, T value) {
    T old = __atomic_load_n(p, __ATOMIC_RELAXED);
    while (value < old && !__atomic_compare_exchange_n(p, &old, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return old;
}

template <class T>
inline T __ldg(const T* p) {
    return *p;
}
template <class T>
inline T __ldcs(const T* p) {
    return *p;
}
template <class T>
inline void __stcs(T* p, T value) {
    *p = value;
}
