/*
 * multipliers.cu: Lagrange multipliers of half-spaces in linear forms, for branch and bound.
 * Math      apply_multipliers    at half-space k of form r's owner n, sign (z[unit] - threshold) >= 0, with a = coefficients[r,unit]
 *                                and b = max(multipliers[r,k], 0) scale:  t = a - sign b;
 *                                constants[r] += (a - t) threshold + (t - a) bias - (|t - a| + NEGLIGIBLE) product_error
 *           differentiate_multipliers   gradient[r,k] = sign scale (z[r,unit] - threshold)
 * Rounding  apply_multipliers: t to nearest, which is on the right side of a and so a choice, not a claim; constants down, at
 *           every single operation. differentiate_multipliers: to nearest, for any multiplier gives a bound.
 * Unknown   An infinite or NaN t makes the constant NaN or -infinity. A multiplier that is NaN counts as 0.
 * Shapes    units int [N,K]   thresholds, signs, scales [N,K]   multipliers, gradient [R,K]   owners int [R]   bias [J]
 *           product_error [N,J]   coefficients, z [R,J]   constants [R]   row-major, any size; a negative unit is none
 * Launch    any 1-D grid
 * Traffic   apply_multipliers: some 40 bytes a half-space of a form: next to nothing
 * Bits      the same for every launch shape: a thread takes a form's half-spaces in their order, for two may be of one unit
 * Oracle    MultipliersContract (exact decimal arithmetic)
 */
#include "outward_sums.cuh"

/** As LinearRelaxations.NEGLIGIBLE. */
constexpr float NEGLIGIBLE = 0x1p-50f;

extern "C" __global__ void apply_multipliers(const int* __restrict__ units, const float* __restrict__ thresholds,
                                             const float* __restrict__ signs, const float* __restrict__ scales,
                                             const float* __restrict__ multipliers, const int* __restrict__ owners,
                                             const float* __restrict__ bias, const float* __restrict__ product_error,
                                             float* __restrict__ coefficients, float* __restrict__ constants, int rows,
                                             int count, int width) {
    for (long long row = grid_first(); row < rows; row += grid_stride()) {
        const long long owner = owners[row];
        float sum = constants[row];
        for (int k = 0; k < count; ++k) {
            const int unit = units[owner * count + k];
            const float multiplier = multipliers[row * count + k];
            if (unit >= 0 && multiplier > 0.f) {
                const float a = coefficients[row * width + unit];
                const float t = __fsub_rn(a, signs[owner * count + k] * __fmul_rn(multiplier, scales[owner * count + k]));
                if (t != a) {
                    coefficients[row * width + unit] = t;
                    const float threshold = thresholds[owner * count + k];
                    sum = __fmaf_rd(a, threshold, sum);
                    sum = __fmaf_rd(-t, threshold, sum);
                    sum = __fmaf_rd(t, bias[unit], sum);
                    sum = __fmaf_rd(-a, bias[unit], sum);
                    const float change = fmaxf(fabsf(__fsub_ru(t, a)), fabsf(__fsub_rd(t, a)));
                    sum = __fmaf_rd(-__fadd_ru(change, NEGLIGIBLE), product_error[owner * width + unit], sum);
                }
            }
        }
        constants[row] = sum;
    }
}
EXPORT_KERNEL(apply_multipliers)

extern "C" __global__ void differentiate_multipliers(const int* __restrict__ units, const float* __restrict__ thresholds,
                                                     const float* __restrict__ signs, const float* __restrict__ scales,
                                                     const int* __restrict__ owners, const float* __restrict__ z,
                                                     float* __restrict__ gradient, int rows, int count, int width) {
    const long long n = (long long) rows * count;
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const long long row = i / count, k = owners[row] * (long long) count + (i - row * count);
        if (units[k] >= 0) {
            gradient[i] = signs[k] * scales[k] * (z[row * width + units[k]] - thresholds[k]);
        }
    }
}
EXPORT_KERNEL(differentiate_multipliers)
