/*
 * emulated_half.h: the part of cuda_fp16.h and cuda_bf16.h that kernels use. Conversions round to nearest, ties to even.
 */
#pragma once

#include "emulated_types.h"

#ifdef __F16C__
#include <immintrin.h>
#endif

namespace emu {

inline uint16_t half_bits(float x) {
#ifdef __F16C__
    return static_cast<uint16_t>(_cvtss_sh(x, 0));
#else
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    const uint32_t sign = u >> 16 & 0x8000, magnitude = u & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) {
        return static_cast<uint16_t>(sign | 0x7E00 | (magnitude >> 13 & 0x3FF)); // NaN stays NaN
    }
    if (magnitude >= 0x47800000) {
        return static_cast<uint16_t>(sign | 0x7C00); // 65536 and up
    }
    // Below 2^-14 halves are multiples of 2^-24, as floats from 1/2 to 1 are: adding 1/2 rounds to one.
    if (magnitude < 0x38800000) {
        float scaled;
        memcpy(&scaled, &magnitude, sizeof scaled);
        scaled += 0.5f;
        uint32_t rounded;
        memcpy(&rounded, &scaled, sizeof rounded);
        return static_cast<uint16_t>(sign | (rounded - 0x3F000000));
    }
    const uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
    return static_cast<uint16_t>(sign | ((rounded - 0x38000000) >> 13));
#endif
}

inline float half_value(uint16_t bits) {
#ifdef __F16C__
    return _cvtsh_ss(bits);
#else
    const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16, magnitude = bits & 0x7FFF;
    uint32_t u = magnitude >= 0x7C00 ? magnitude << 13 | 0x7F800000 : (magnitude << 13) + 0x38000000;
    float x;
    memcpy(&x, &u, sizeof x);
    if (magnitude < 0x400) {
        x = static_cast<float>(magnitude) * 0x1p-24f;
    }
    memcpy(&u, &x, sizeof u);
    u |= sign;
    memcpy(&x, &u, sizeof x);
    return x;
#endif
}

inline uint16_t bfloat_bits(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return x != x ? 0x7FFF : static_cast<uint16_t>((u + 0x7FFF + (u >> 16 & 1)) >> 16);
}

inline float bfloat_value(uint16_t bits) {
    const uint32_t u = static_cast<uint32_t>(bits) << 16;
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

} // namespace emu

struct __half {
    uint16_t bits;
    __half() = default;
    __half(float x) : bits(emu::half_bits(x)) {}
    operator float() const { return emu::half_value(bits); }
};
using half = __half;

struct alignas(4) __half2 {
    __half x, y;
};
using half2 = __half2;

struct __nv_bfloat16 {
    uint16_t bits;
    __nv_bfloat16() = default;
    __nv_bfloat16(float x) : bits(emu::bfloat_bits(x)) {}
    operator float() const { return emu::bfloat_value(bits); }
};

struct alignas(4) __nv_bfloat162 {
    __nv_bfloat16 x, y;
};

inline __half __float2half(float x) { return __half(x); }
inline __half __float2half_rn(float x) { return __half(x); }
inline float __half2float(__half x) { return x; }
inline __half2 __floats2half2_rn(float x, float y) { return {__half(x), __half(y)}; }
inline __half2 __float22half2_rn(float2 v) { return {__half(v.x), __half(v.y)}; }
inline float2 __half22float2(__half2 v) { return {v.x, v.y}; }
inline __half2 __halves2half2(__half x, __half y) { return {x, y}; }
inline __half2 __half2half2(__half x) { return {x, x}; }
inline __half2 __float2half2_rn(float x) { return {__half(x), __half(x)}; }
inline __half __low2half(__half2 v) { return v.x; }
inline __half __high2half(__half2 v) { return v.y; }
inline float __low2float(__half2 v) { return v.x; }
inline float __high2float(__half2 v) { return v.y; }
inline unsigned short __half_as_ushort(__half x) { return x.bits; }
inline __half __ushort_as_half(unsigned short bits) {
    __half x;
    x.bits = bits;
    return x;
}

// Sums and products of two halves are exact in double, and so are rounded once.
namespace emu {
inline __half nearest_half(double exact) {
    // Rounded to odd on the way through float, so that the second rounding sees whether the first one was exact.
    float x = static_cast<float>(exact);
    if (static_cast<double>(x) != exact && x - x == 0) {
        uint32_t u;
        memcpy(&u, &x, sizeof u);
        const bool away = (x > 0 ? static_cast<double>(x) > exact : static_cast<double>(x) < exact);
        u = (away ? u - 1 : u) | 1;
        memcpy(&x, &u, sizeof x);
    }
    return __half(x);
}
} // namespace emu
inline __half __hadd(__half a, __half b) { return emu::nearest_half(static_cast<double>(a) + static_cast<double>(b)); }
inline __half __hsub(__half a, __half b) { return emu::nearest_half(static_cast<double>(a) - static_cast<double>(b)); }
inline __half __hmul(__half a, __half b) { return emu::nearest_half(static_cast<double>(a) * static_cast<double>(b)); }
inline __half2 __hadd2(__half2 a, __half2 b) { return {__hadd(a.x, b.x), __hadd(a.y, b.y)}; }
inline __half2 __hmul2(__half2 a, __half2 b) { return {__hmul(a.x, b.x), __hmul(a.y, b.y)}; }
inline __half __hmax(__half a, __half b) {
    const float x = a, y = b;
    return x != x ? b : y != y || x >= y ? a : b;
}
inline __half2 __hmax2(__half2 a, __half2 b) { return {__hmax(a.x, b.x), __hmax(a.y, b.y)}; }

inline __nv_bfloat16 __float2bfloat16(float x) { return __nv_bfloat16(x); }
inline __nv_bfloat16 __float2bfloat16_rn(float x) { return __nv_bfloat16(x); }
inline float __bfloat162float(__nv_bfloat16 x) { return x; }
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) { return {__nv_bfloat16(x), __nv_bfloat16(y)}; }
