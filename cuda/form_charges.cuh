/*
 * form_charges.cuh: what a linear form's constant is charged on the way back through a unit, rounded down at every operation.
 */
#pragma once

#include "outward_sums.cuh"

/** As LinearRelaxations.NEGLIGIBLE. */
constexpr float NEGLIGIBLE = 0x1p-50f;

/** At least |a s - t|, with any rounding or underflow of t. */
static __device__ __forceinline__ float rounded_off(float a, float s, float t) {
    const float above = fabsf(__fmaf_ru(a, s, -t)), below = fabsf(__fmaf_rd(a, s, -t));
    return above > below ? above : below; // NaN only where both are
}

/** Less what products with a coefficient that is not 0 may be off by. */
static __device__ __forceinline__ float charged_for_products(float sum, float t, float product_error) {
    return __fmaf_rd(-__fadd_ru(fabsf(t), NEGLIGIBLE), product_error, sum);
}

/** What a form gains by the products behind a unit, whose coefficient a becomes t with slope s. */
static __device__ __forceinline__ float charged(float sum, float a, float s, float t, float bias, float magnitude,
                                                float product_error) {
    const float off = rounded_off(a, s, t);
    sum = __fmaf_rd(t, bias, sum);
    sum = less_error(sum, off, magnitude);
    return t != 0.f ? charged_for_products(sum, t, product_error) : sum;
}
