/*
 * linear_relaxation.cu: affine forms on their way back through a network's ReLUs, for certificates.
 * Math      backward_relu  with a = coefficients[r,j], n = owners[r] and s the slope below where a >= 0, above where a < 0:
 *                          t = a s;  constants[r] += sum over j of min(a, 0) intercept + t b
 *                                                       - |a s - t| magnitude - (|t| + NEGLIGIBLE) product_error
 *           form_minima    constants[r] + sum over i of a (a > 0 ? lower[n,i] : upper[n,i])
 *           form_corners   where that minimum is taken; relaxed_relu: the lines at a point, and slopes' derivatives
 * Rounding  backward_relu, form_minima: t to nearest, which is a choice and not a claim; every sum down, at every single
 *           operation, so that each intermediate result is a lower bound. The others to nearest: any slope gives a bound.
 * Unknown   What overflowed or is NaN makes the constant of its form NaN or -infinity, never tighter than it is: an
 *           infinite t meets |t| product_error, an infinite coefficient of form_minima is turned into NaN. But what is
 *           multiplied by exactly 0 takes no part: unknown lines are none of a form's concern that has no share of the unit.
 * Shapes    coefficients, target, z, gradient, slopes of relaxed_relu [R,J]   lines [N,J]   boxes [N,I]
 *           owners, slope_rows int [R]   bias [J]   constants [R]   row-major, any size
 * Launch    backward_relu, form_minima: any 1-D grid, blocks of whole warps, a warp for each row; the others any 1-D grid
 * Traffic   backward_relu: 8 R J bytes, and the lines of each owner once from memory, then from cache
 * Bits      the same for every launch shape: a sum is always taken in the same order
 * Oracle    BackendContract (exact decimal arithmetic), CrownProperties
 */
#include "outward_sums.cuh"

/** As Backend.NEGLIGIBLE. */
constexpr float NEGLIGIBLE = 0x1p-50f;

/** At least |a s - t|, whatever rounding or underflow t has seen. */
static __device__ __forceinline__ float rounded_off(float a, float s, float t) {
    const float above = fabsf(__fmaf_ru(a, s, -t)), below = fabsf(__fmaf_rd(a, s, -t));
    return above > below ? above : below; // NaN only where both are
}

/** coefficients and target may be the same. Slopes below are taken into [0, 1], where every one gives a lower bound. */
extern "C" __global__ void backward_relu(const float* coefficients, const int* __restrict__ owners,
                                         const float* __restrict__ slope_above, const float* __restrict__ intercept,
                                         const float* __restrict__ magnitude, const float* __restrict__ product_error,
                                         const float* __restrict__ slopes, const int* __restrict__ slope_rows,
                                         const float* __restrict__ bias, float* target, float* __restrict__ constants,
                                         int rows, int units) {
    const int lane = threadIdx.x % WARP;
    for (long long row = grid_first() / WARP; row < rows; row += grid_stride() / WARP) {
        const long long line = (long long) owners[row] * units, below = (long long) slope_rows[row] * units;
        float sum = 0.f;
        for (int j = lane; j < units; j += WARP) {
            const float a = coefficients[row * units + j];
            float t = a;
            if (a != 0.f) {
                float s = slope_above[line + j];
                if (a < 0.f) {
                    sum = __fmaf_rd(a, intercept[line + j], sum);
                } else {
                    s = slopes[below + j];
                    s = s < 0.f ? 0.f : s > 1.f ? 1.f : s; // NaN stays
                }
                t = __fmul_rn(a, s);
                const float off = rounded_off(a, s, t);
                sum = __fmaf_rd(t, bias[j], sum);
                sum = off != 0.f ? __fmaf_rd(-off, magnitude[line + j], sum) : sum;
                sum = t != 0.f ? __fmaf_rd(-__fadd_ru(fabsf(t), NEGLIGIBLE), product_error[line + j], sum) : sum;
            }
            target[row * units + j] = t;
        }
        sum = warp_sum_down(sum);
        if (lane == 0) {
            constants[row] = __fadd_rd(constants[row], sum);
        }
    }
}
EXPORT_KERNEL(backward_relu)

/** constants and minima may be the same. */
extern "C" __global__ void form_minima(const float* __restrict__ coefficients, const int* __restrict__ owners,
                                       const float* __restrict__ lower, const float* __restrict__ upper,
                                       const float* constants, float* minima, int rows, int columns) {
    const int lane = threadIdx.x % WARP;
    for (long long row = grid_first() / WARP; row < rows; row += grid_stride() / WARP) {
        const long long box = (long long) owners[row] * columns;
        float sum = 0.f, flaw = 0.f;
        for (int i = lane; i < columns; i += WARP) {
            const float a = coefficients[row * columns + i];
            sum = __fmaf_rd(a, a > 0.f ? lower[box + i] : upper[box + i], sum);
            flaw += a - a; // 0, or NaN for an infinite coefficient, which would give an infinite minimum
        }
        sum = warp_sum_down(sum + flaw);
        if (lane == 0) {
            minima[row] = __fadd_rd(constants[row], sum);
        }
    }
}
EXPORT_KERNEL(form_minima)

extern "C" __global__ void form_corners(const float* __restrict__ coefficients, const int* __restrict__ owners,
                                        const float* __restrict__ lower, const float* __restrict__ upper,
                                        float* __restrict__ corners, int rows, int columns) {
    const long long n = (long long) rows * columns;
    for (long long k = grid_first(); k < n; k += grid_stride()) {
        const long long row = k / columns, at = owners[row] * (long long) columns + (k - row * columns);
        corners[k] = coefficients[k] > 0.f ? lower[at] : upper[at];
    }
}
EXPORT_KERNEL(form_corners)

/** An intercept above 0 marks a unit of open sign; where the sign is known, its line is the ReLU itself. */
extern "C" __global__ void relaxed_relu(const float* __restrict__ coefficients, const int* __restrict__ owners,
                                        const float* __restrict__ slope_above, const float* __restrict__ intercept,
                                        const float* __restrict__ slopes, float* __restrict__ z,
                                        float* __restrict__ gradient, int rows, int units) {
    const long long n = (long long) rows * units;
    for (long long k = grid_first(); k < n; k += grid_stride()) {
        const long long row = k / units, line = owners[row] * (long long) units + (k - row * units);
        const float a = coefficients[k], point = z[k], shift = intercept[line];
        z[k] = a < 0.f ? slope_above[line] * point + shift : slopes[k] * point;
        gradient[k] = shift > 0.f && a > 0.f ? -a * point : 0.f;
    }
}
EXPORT_KERNEL(relaxed_relu)

/** x = max(low, min(high, x)); NaN stays. */
extern "C" __global__ void clamp(float* __restrict__ x, float low, float high, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        x[i] = x[i] < low ? low : x[i] > high ? high : x[i];
    }
}
EXPORT_KERNEL(clamp)
