/*
 * normal_transform.cuh: Box-Muller, bit for bit dev.bulwark.device.NormalTransform, which explains the polynomials.
 *
 * Every operation is correctly rounded and named (no contraction, no approximation), so that Java, the emulated driver
 * and a GPU agree; the error against exact arithmetic stays under 1e-6 and the largest radius is 6.66.
 * Cost      some 45 instructions a normal besides Philox, of which the conversions and the root's start are quarter rate
 */
#pragma once

#include "common.cuh"

/** sqrt(-2 ln u), u = (word / 2 + 1/2) 2^-31. */
__device__ __forceinline__ float normal_radius(unsigned word) {
    const float u = __fmaf_rn((float) (int) (word >> 1), 0x1p-31f, 0x1p-32f);
    // u = 2^exponent (1 + f), f in [-1/3, 1/3): split at the bits of 2/3.
    const int bits = __float_as_int(u) - 0x3F2AAAAB;
    const float exponent = (float) (bits >> 23);
    const float f = __fsub_rn(__int_as_float((bits & 0x7FFFFF) + 0x3F2AAAAB), 1.f);
    float p = __fmaf_rn(0x1.26625p-3f, f, -0x1.3ad556p-3f);
    p = __fmaf_rn(p, f, 0x1.1d199cp-3f);
    p = __fmaf_rn(p, f, -0x1.5044b4p-3f);
    p = __fmaf_rn(p, f, 0x1.99edcep-3f);
    p = __fmaf_rn(p, f, -0x1.0013ecp-2f);
    p = __fmaf_rn(p, f, 0x1.5554bcp-2f);
    p = __fmaf_rn(p, f, -0x1.ffffd8p-2f);
    p = __fmaf_rn(__fmul_rn(p, f), f, f);
    return __fsqrt_rn(__fmul_rn(__fmaf_rn(exponent, 0x1.62e430p-1f, p), -2.f));
}

/** Cosine (x) and sine (y) of word / 2^32 turns. */
__device__ __forceinline__ float2 unit_vector(unsigned word) {
    const unsigned quarter = (word + 0x20000000u) >> 30;
    const float t = __fmul_rn((float) (int) (word - (quarter << 30)), 0x1p-30f);
    const float y = __fmul_rn(t, t);
    float sine = __fmaf_rn(-0x1.2d9bb8p-8f, y, 0x1.465ec6p-4f);
    sine = __fmaf_rn(sine, y, -0x1.4abbbap-1f);
    sine = __fmaf_rn(sine, y, 0x1.921fb6p+0f);
    sine = __fmul_rn(sine, t);
    float cosine = __fmaf_rn(0x1.d9f7bcp-11f, y, -0x1.55c664p-6f);
    cosine = __fmaf_rn(cosine, y, 0x1.03c1dep-2f);
    cosine = __fmaf_rn(cosine, y, -0x1.3bd3ccp+0f);
    cosine = __fmaf_rn(cosine, y, 1.f);
    const bool swap = quarter & 1;
    return {__int_as_float(__float_as_int(swap ? sine : cosine) ^ (int) ((quarter + 1 & 2) << 30)),
            __int_as_float(__float_as_int(swap ? cosine : sine) ^ (int) ((quarter & 2) << 30))};
}

/** Two independent standard normal numbers. */
__device__ __forceinline__ float2 normal_pair(unsigned radius_word, unsigned angle_word) {
    const float radius = normal_radius(radius_word);
    const float2 direction = unit_vector(angle_word);
    return {__fmul_rn(radius, direction.x), __fmul_rn(radius, direction.y)};
}
