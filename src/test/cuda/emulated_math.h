/*
 * emulated_math.h: CUDA's arithmetic.
 *
 * Directed rounding is the processor's own. With AVX-512 an instruction says how it rounds. Without, each operation runs with
 * MXCSR's rounding mode set around it, in one assembler statement, so that nothing moves in or out, which takes several times as
 * long; a fused multiply-add then rounds once although it is three instructions: floats' product is exact in double, and rounding
 * down to double and then down to float is rounding down to float.
 */
#pragma once

#include "emulated_types.h"

#include <cmath>
#include <type_traits>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

// Of two integers, whatever their types; of floats as fminf and fmaxf, which ignore a NaN.
template <class A, class B>
inline typename std::common_type<A, B>::type min(A a, B b) {
    using T = typename std::common_type<A, B>::type;
    const T x = a, y = b;
    return y < x || x != x ? y : x;
}
template <class A, class B>
inline typename std::common_type<A, B>::type max(A a, B b) {
    using T = typename std::common_type<A, B>::type;
    const T x = a, y = b;
    return x < y || x != x ? y : x;
}

namespace emu {

// MXCSR with all exceptions masked and no flushing of subnormal numbers; bits 13 and 14 are what an instruction says of its own.
constexpr unsigned round_nearest = 0x1F80, round_down = 0x3F80, round_up = 0x5F80, round_to_zero = 0x7F80;

#ifdef __AVX512F__

template <unsigned mode>
constexpr int embedded = static_cast<int>(mode >> 13 & 3) | _MM_FROUND_NO_EXC;

#define EMULATED_OPERATION(name, type, set, get, intrinsic)                                                       \
    template <unsigned mode>                                                                                             \
    inline type name(type a, type b) {                                                                                   \
        return get(intrinsic(set(a), set(b), embedded<mode>));                                                           \
    }
EMULATED_OPERATION(add, float, _mm_set_ss, _mm_cvtss_f32, _mm_add_round_ss)
EMULATED_OPERATION(subtract, float, _mm_set_ss, _mm_cvtss_f32, _mm_sub_round_ss)
EMULATED_OPERATION(multiply, float, _mm_set_ss, _mm_cvtss_f32, _mm_mul_round_ss)
EMULATED_OPERATION(divide, float, _mm_set_ss, _mm_cvtss_f32, _mm_div_round_ss)
EMULATED_OPERATION(root, float, _mm_set_ss, _mm_cvtss_f32, _mm_sqrt_round_ss) // of b
EMULATED_OPERATION(add, double, _mm_set_sd, _mm_cvtsd_f64, _mm_add_round_sd)
EMULATED_OPERATION(subtract, double, _mm_set_sd, _mm_cvtsd_f64, _mm_sub_round_sd)
EMULATED_OPERATION(multiply, double, _mm_set_sd, _mm_cvtsd_f64, _mm_mul_round_sd)
EMULATED_OPERATION(divide, double, _mm_set_sd, _mm_cvtsd_f64, _mm_div_round_sd)
EMULATED_OPERATION(root, double, _mm_set_sd, _mm_cvtsd_f64, _mm_sqrt_round_sd)
#undef EMULATED_OPERATION

template <unsigned mode>
inline float narrow(double x) {
    return _mm_cvtss_f32(_mm_cvt_roundsd_ss(_mm_setzero_ps(), _mm_set_sd(x), embedded<mode>));
}

/** Directed only: see fmaf. */
template <unsigned mode>
inline float multiply_add(float a, float b, float c) {
    static_assert(mode != round_nearest, "use fmaf");
    return _mm_cvtss_f32(_mm_fmadd_round_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c), embedded<mode>));
}

#else

#define EMULATED_OPERATION(name, type, instruction)                                                                      \
    template <unsigned mode>                                                                                             \
    inline type name(type a, type b) {                                                                                   \
        const unsigned rounding = mode, nearest = round_nearest;                                                         \
        asm volatile("ldmxcsr %2\n\t" instruction " %1, %0\n\tldmxcsr %3" : "+x"(a) : "x"(b), "m"(rounding), "m"(nearest)); \
        return a;                                                                                                        \
    }
EMULATED_OPERATION(add, float, "addss")
EMULATED_OPERATION(subtract, float, "subss")
EMULATED_OPERATION(multiply, float, "mulss")
EMULATED_OPERATION(divide, float, "divss")
EMULATED_OPERATION(root, float, "sqrtss") // of b
EMULATED_OPERATION(add, double, "addsd")
EMULATED_OPERATION(subtract, double, "subsd")
EMULATED_OPERATION(multiply, double, "mulsd")
EMULATED_OPERATION(divide, double, "divsd")
EMULATED_OPERATION(root, double, "sqrtsd")
#undef EMULATED_OPERATION

template <unsigned mode>
inline float narrow(double x) {
    const unsigned rounding = mode, nearest = round_nearest;
    float result = 0;
    asm volatile("ldmxcsr %2\n\tcvtsd2ss %1, %0\n\tldmxcsr %3" : "+x"(result) : "x"(x), "m"(rounding), "m"(nearest));
    return result;
}

/** Directed only: to nearest, the two roundings would not be one. */
template <unsigned mode>
inline float multiply_add(float a, float b, float c) {
    static_assert(mode != round_nearest, "use fmaf");
    const unsigned rounding = mode, nearest = round_nearest;
    double sum = static_cast<double>(a) * b;
    float result = 0;
    asm volatile("ldmxcsr %3\n\taddsd %2, %0\n\tcvtsd2ss %0, %1\n\tldmxcsr %4"
                 : "+x"(sum), "+x"(result)
                 : "x"(static_cast<double>(c)), "m"(rounding), "m"(nearest));
    return result;
}

#endif

template <class To, class From>
inline To bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "bits are kept");
    To to;
    memcpy(&to, &from, sizeof to);
    return to;
}

} // namespace emu

inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fadd_rd(float a, float b) { return emu::add<emu::round_down>(a, b); }
inline float __fadd_ru(float a, float b) { return emu::add<emu::round_up>(a, b); }
inline float __fadd_rz(float a, float b) { return emu::add<emu::round_to_zero>(a, b); }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fsub_rd(float a, float b) { return emu::subtract<emu::round_down>(a, b); }
inline float __fsub_ru(float a, float b) { return emu::subtract<emu::round_up>(a, b); }
inline float __fsub_rz(float a, float b) { return emu::subtract<emu::round_to_zero>(a, b); }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fmul_rd(float a, float b) { return emu::multiply<emu::round_down>(a, b); }
inline float __fmul_ru(float a, float b) { return emu::multiply<emu::round_up>(a, b); }
inline float __fmul_rz(float a, float b) { return emu::multiply<emu::round_to_zero>(a, b); }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fdiv_rd(float a, float b) { return emu::divide<emu::round_down>(a, b); }
inline float __fdiv_ru(float a, float b) { return emu::divide<emu::round_up>(a, b); }
inline float __fdiv_rz(float a, float b) { return emu::divide<emu::round_to_zero>(a, b); }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __fsqrt_rd(float a) { return emu::root<emu::round_down>(0.f, a); }
inline float __fsqrt_ru(float a) { return emu::root<emu::round_up>(0.f, a); }
inline float __frcp_rn(float a) { return 1.f / a; }
inline float __frcp_rd(float a) { return emu::divide<emu::round_down>(1.f, a); }
inline float __frcp_ru(float a) { return emu::divide<emu::round_up>(1.f, a); }
inline float __fmaf_rn(float a, float b, float c) { return std::fmaf(a, b, c); }
inline float __fmaf_rd(float a, float b, float c) { return emu::multiply_add<emu::round_down>(a, b, c); }
inline float __fmaf_ru(float a, float b, float c) { return emu::multiply_add<emu::round_up>(a, b, c); }
inline float __fmaf_rz(float a, float b, float c) { return emu::multiply_add<emu::round_to_zero>(a, b, c); }

inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dadd_rd(double a, double b) { return emu::add<emu::round_down>(a, b); }
inline double __dadd_ru(double a, double b) { return emu::add<emu::round_up>(a, b); }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dsub_rd(double a, double b) { return emu::subtract<emu::round_down>(a, b); }
inline double __dsub_ru(double a, double b) { return emu::subtract<emu::round_up>(a, b); }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __dmul_rd(double a, double b) { return emu::multiply<emu::round_down>(a, b); }
inline double __dmul_ru(double a, double b) { return emu::multiply<emu::round_up>(a, b); }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __ddiv_rd(double a, double b) { return emu::divide<emu::round_down>(a, b); }
inline double __ddiv_ru(double a, double b) { return emu::divide<emu::round_up>(a, b); }
inline double __dsqrt_rn(double a) { return std::sqrt(a); }
inline double __dsqrt_rd(double a) { return emu::root<emu::round_down>(0.0, a); }
inline double __dsqrt_ru(double a) { return emu::root<emu::round_up>(0.0, a); }
inline double __fma_rn(double a, double b, double c) { return std::fma(a, b, c); }

inline float __double2float_rn(double x) { return static_cast<float>(x); }
inline float __double2float_rd(double x) { return emu::narrow<emu::round_down>(x); }
inline float __double2float_ru(double x) { return emu::narrow<emu::round_up>(x); }
inline float __double2float_rz(double x) { return emu::narrow<emu::round_to_zero>(x); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline float __ll2float_rn(long long x) { return static_cast<float>(x); }
inline double __uint2double_rn(unsigned x) { return x; }
inline double __int2double_rn(int x) { return x; }

inline int __float_as_int(float x) { return emu::bits<int>(x); }
inline unsigned __float_as_uint(float x) { return emu::bits<unsigned>(x); }
inline float __int_as_float(int x) { return emu::bits<float>(x); }
inline float __uint_as_float(unsigned x) { return emu::bits<float>(x); }
inline long long __double_as_longlong(double x) { return emu::bits<long long>(x); }
inline double __longlong_as_double(long long x) { return emu::bits<double>(x); }

// Conversions to integers saturate, and NaN becomes 0; C++ leaves both open.
namespace emu {
template <class Integer>
inline Integer saturate(double x, double least, double beyond) {
    return x != x ? 0 : x < least ? static_cast<Integer>(least) : x >= beyond ? static_cast<Integer>(beyond - 1)
                      : static_cast<Integer>(x);
}
} // namespace emu
inline int __float2int_rn(float x) { return emu::saturate<int>(std::nearbyint(x), -0x1p31, 0x1p31); }
inline int __float2int_rz(float x) { return emu::saturate<int>(x, -0x1p31, 0x1p31); }
inline int __float2int_rd(float x) { return emu::saturate<int>(std::floor(x), -0x1p31, 0x1p31); }
inline int __float2int_ru(float x) { return emu::saturate<int>(std::ceil(x), -0x1p31, 0x1p31); }
inline unsigned __float2uint_rn(float x) { return emu::saturate<unsigned>(std::nearbyint(x), 0, 0x1p32); }
inline unsigned __float2uint_rz(float x) { return emu::saturate<unsigned>(x, 0, 0x1p32); }
inline int __double2int_rn(double x) { return emu::saturate<int>(std::nearbyint(x), -0x1p31, 0x1p31); }
inline int __double2int_rz(double x) { return emu::saturate<int>(x, -0x1p31, 0x1p31); }

inline unsigned __umulhi(unsigned a, unsigned b) {
    return static_cast<unsigned>(static_cast<unsigned long long>(a) * b >> 32);
}
inline int __mulhi(int a, int b) { return static_cast<int>(static_cast<long long>(a) * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline unsigned __brev(unsigned x) {
    unsigned reversed = 0;
    for (int i = 0; i < 32; ++i) {
        reversed |= (x >> i & 1) << (31 - i);
    }
    return reversed;
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
    return static_cast<unsigned>(((static_cast<unsigned long long>(high) << 32 | low) << (shift & 31)) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
    return static_cast<unsigned>((static_cast<unsigned long long>(high) << 32 | low) >> (shift & 31));
}

// The GPU's approximations, as good as they can be: tests must allow for the real ones' errors.
inline float __expf(float x) { return static_cast<float>(std::exp(static_cast<double>(x))); }
inline float __logf(float x) { return static_cast<float>(std::log(static_cast<double>(x))); }
inline float __log2f(float x) { return static_cast<float>(std::log2(static_cast<double>(x))); }
inline float __sinf(float x) { return static_cast<float>(std::sin(static_cast<double>(x))); }
inline float __cosf(float x) { return static_cast<float>(std::cos(static_cast<double>(x))); }
inline void __sincosf(float x, float* sine, float* cosine) {
    *sine = __sinf(x);
    *cosine = __cosf(x);
}
inline float __fdividef(float a, float b) { return a / b; }
inline float rsqrtf(float x) { return static_cast<float>(1 / std::sqrt(static_cast<double>(x))); }
inline float __saturatef(float x) { return x > 0.f ? (x < 1.f ? x : 1.f) : 0.f; } // NaN becomes 0
inline void sincospif(float x, float* sine, float* cosine) {
    *sine = static_cast<float>(std::sin(M_PI * static_cast<double>(x)));
    *cosine = static_cast<float>(std::cos(M_PI * static_cast<double>(x)));
}
