/*
 * emulated_tensor_core.h: what cuda/tensor_core.cuh declares, computed on the host; see there for meaning and layouts.
 *
 * A warp's instruction is a collective: every lane brings its operands, the last to come computes for all, every lane
 * takes its result. Sums run over the inputs in order, in float.
 */
#pragma once

#include "emulated_cuda.h"
#include <cmath>
#include <cstring>

namespace emulated_tensor_core {

/** A lane's operands as multiply_add deposits them. */
struct Operands {
    unsigned a[4];
    unsigned b[2];
    float d[4];
};

inline float from_bits(unsigned bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

struct Fp16 {
    static constexpr int per_register = 2;
    static float element(unsigned bits, int i) {
        const unsigned short half_bits = (unsigned short) (bits >> (16 * i));
        _Float16 value;
        std::memcpy(&value, &half_bits, sizeof value);
        return (float) value;
    }
};

struct Bf16 {
    static constexpr int per_register = 2;
    static float element(unsigned bits, int i) {
        return from_bits(i == 0 ? bits << 16 : bits & 0xFFFF0000u);
    }
};

struct Tf32 {
    static constexpr int per_register = 1;
    static float element(unsigned bits, int) {
        return from_bits(bits & 0xFFFFE000u);
    }
};

/** A row of eight, on which the processor works as one; each element is added to as if alone. */
typedef float Row __attribute__((vector_size(32)));

/** D += A B for a whole warp: fragments to matrices, the product, and back. */
template <class Type>
void multiply_add(emu::Warp& warp) {
    constexpr int per = Type::per_register;
    constexpr int depth = 8 * per;
    float a[16][depth];
    Row b[depth], d[16];
    for (int lane = 0; lane < 32; ++lane) {
        const int g = lane >> 2, t = lane & 3;
        Operands o;
        std::memcpy(&o, warp.x[lane], sizeof o);
        for (int i = 0; i < per; ++i) {
            for (int r = 0; r < 4; ++r) {
                a[g + (r & 1) * 8][t * per + i + (r >> 1) * 4 * per] = Type::element(o.a[r], i);
            }
            for (int r = 0; r < 2; ++r) {
                b[t * per + i + r * 4 * per][g] = Type::element(o.b[r], i);
            }
        }
        for (int r = 0; r < 4; ++r) {
            d[g + (r >> 1) * 8][2 * t + (r & 1)] = o.d[r];
        }
    }
    for (int row = 0; row < 16; ++row) {
        for (int k = 0; k < depth; ++k) {
            d[row] += a[row][k] * b[k];
        }
    }
    for (int lane = 0; lane < 32; ++lane) {
        const int g = lane >> 2, t = lane & 3;
        const float result[4] = {d[g][2 * t], d[g][2 * t + 1], d[g + 8][2 * t], d[g + 8][2 * t + 1]};
        std::memcpy(warp.y[lane], result, sizeof result);
    }
}

template <class Type>
void collect(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    const Operands operands = {{a[0], a[1], a[2], a[3]}, {b0, b1}, {d[0], d[1], d[2], d[3]}};
    emu::Warp& warp = emu::warp();
    std::memcpy(warp.x[emu::lane()], &operands, sizeof operands);
    emu::collective(~0u, [](emu::Warp& w) { multiply_add<Type>(w); });
    std::memcpy(d, warp.y[emu::lane()], sizeof d);
}

template <bool transposed>
void load(unsigned (&fragment)[4], const void* row) {
    if ((std::uintptr_t) row & 15) {
        emu::fail("ldmatrix: a row's address is no multiple of 16");
    }
    emu::Warp& warp = emu::warp();
    std::memcpy(warp.x[emu::lane()], &row, sizeof row);
    emu::collective(~0u, [](emu::Warp& w) {
        for (int lane = 0; lane < 32; ++lane) {
            const int g = lane >> 2, t = lane & 3;
            for (int matrix = 0; matrix < 4; ++matrix) {
                for (int i = 0; i < 2; ++i) {
                    const int r = transposed ? 2 * t + i : g, c = transposed ? g : 2 * t + i;
                    const char* address;
                    std::memcpy(&address, w.x[8 * matrix + r], sizeof address);
                    emu::lane_reads(lane, address + 2 * c, 2);
                    std::memcpy(w.y[lane] + 4 * matrix + 2 * i, address + 2 * c, 2);
                }
            }
        }
    });
    std::memcpy(fragment, warp.y[emu::lane()], sizeof fragment);
}

} // namespace emulated_tensor_core

inline void load_matrices(unsigned (&fragment)[4], const void* row) {
    emulated_tensor_core::load<false>(fragment, row);
}

inline void load_matrices_transposed(unsigned (&fragment)[4], const void* row) {
    emulated_tensor_core::load<true>(fragment, row);
}

inline void multiply_add_f16(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    emulated_tensor_core::collect<emulated_tensor_core::Fp16>(d, a, b0, b1);
}

inline void multiply_add_bf16(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    emulated_tensor_core::collect<emulated_tensor_core::Bf16>(d, a, b0, b1);
}

inline void multiply_add_tf32(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    emulated_tensor_core::collect<emulated_tensor_core::Tf32>(d, a, b0, b1);
}

inline unsigned to_tf32(float x) {
    unsigned bits;
    std::memcpy(&bits, &x, sizeof bits);
    return std::isnan(x) ? 0x7FFFFFFFu : std::isinf(x) ? bits : (bits + 0x1000u) & 0xFFFFE000u;
}

inline void copy_async16(void* target, const void* source, int bytes = 16) {
    emu::copy_async(target, source, 16, bytes);
}

inline void commit_copies() {
    emu::commit_copies();
}

template <int pending>
inline void await_copies() {
    emu::wait_copies(pending);
}
