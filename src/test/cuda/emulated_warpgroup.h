/* emulated_warpgroup.h: what cuda/warpgroup.cuh declares, on the host; see there. */
#pragma once

#include "emulated_cuda.h"
#include "tensor_cores.h"

/** With a matrix's address as a GPU's shared memory has it: the block's dynamic memory starts at 1024. */
inline Operand operand(const void* start, unsigned halves_apart) {
    return {static_cast<uint64_t>(ROW_GROUP_BYTES / 16) << 32 | emu::shared_address(start) >> 4
            | halves_apart / 16 << 16};
}

template <class T>
inline void store_operand(void* target, T value) {
    static_assert(sizeof(T) == 2 || sizeof(T) == 4, "one or two halves");
    *reinterpret_cast<T*>(target) = value;
    emu::operand_stored(target, sizeof(T));
}

inline void fence_for_tensor_cores() { emu::fence_proxy(); }
inline void begin_products() { emu::wgmma_fence(); }
inline void commit_products() { emu::wgmma_commit(); }

template <int pending>
inline void await_products() {
    emu::wgmma_wait(pending);
}

template <int N>
inline void pin(float (&)[N]) {}
template <int M, int N>
inline void pin(float (&)[M][N]) {}

/** sums += A B for N columns. */
template <int N>
inline void multiply_add_64(float (&sums)[N], Operand a, Operand b) {
    static_assert(N == 8 || N == 64, "16 or 128 columns, as on a GPU");
    emu::wgmma(sums, 2 * N, a.descriptor, b.descriptor);
}

template <int registers>
inline void keep_registers() {
    static_assert(registers % 8 == 0 && registers >= 24 && registers <= 256, "as setmaxnreg wants it");
    emu::keep_registers(registers);
}

template <int registers>
inline void take_registers() {
    static_assert(registers % 8 == 0 && registers >= 24 && registers <= 256, "as setmaxnreg wants it");
    emu::take_registers(registers);
}

inline int lane_of_warp() { return static_cast<int>(emu::lane()); }

template <int number, int threads>
inline void meet_at_barrier() {
    emu::named_barrier(number, threads);
}
