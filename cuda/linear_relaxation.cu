/*
 * linear_relaxation.cu: linear forms on their way back through a network's activations, for certificates.
 * Math      enter_dense, enter_units   forms f < O: output f; f >= O: the negative of output f - O
 *           backward_free, backward_fixed   with a = coefficients[r,j], n = owners[r] and s the slope below where a >= 0,
 *                          above where a < 0:
 *                          t = a s;  constants[r] += sum over j of min(a, 0) intercept + max(a, 0) intercept_below + t b
 *                                                       - |a s - t| magnitude - (|t| + NEGLIGIBLE) product_error
 *                          free: slopes below are a form's own, and intercepts below 0 (ReLU, leaky ReLU)
 *           backward_bias  constants[r] += sum over j of a b - (|a| + NEGLIGIBLE) product_error
 *           join           coefficients += other; constants[r] -= sum over j of (what the sum was rounded by) magnitude
 *           form_minima    constants[r] + sum over i of a (a > 0 ? lower[n,i] : upper[n,i])
 *           ball_minima    constants[r] + sum over i of a x - centre_error |a x| - epsilons[n] ||a||_dual, of the elements that
 *                          may leave x for something smaller, where that is more than minima[r]; ball_corners: where it is
 *                          taken
 *           form_corners   where that minimum is taken; on_free_lines, on_fixed_lines: the lines at a point, and
 *                          free slopes' derivatives
 * Rounding  enter_dense, enter_units: exact.
 *           backward_free, backward_fixed, backward_bias, join, form_minima, ball_minima: t to nearest, which is a choice
 *           and not a claim; every sum down, at every single operation, so that each intermediate result is a lower bound.
 *           The others to nearest: any slope gives a bound.
 * Unknown   What overflowed or is NaN makes the constant of its form NaN or -infinity, never tighter than it is: an
 *           infinite t meets |t| product_error, an infinite coefficient of form_minima is turned into NaN. But what is
 *           multiplied by exactly 0 takes no part: unknown lines are none of a form's concern that has no share of the unit.
 * Shapes    coefficients, target, z, gradient, slopes of on_free_lines [R,J]   lines [N,J]   boxes [N,I]
 *           owners, slope_rows int [R]   bias [J]   constants [R]   row-major, any size
 * Launch    backward_free, backward_fixed, backward_bias, join, form_minima, ball_minima, ball_corners: any 1-D grid, blocks
 *           of whole warps, a warp for each row; the others any 1-D grid
 * Traffic   backward_free: 8 R J bytes, and the lines of each owner once from memory, then from cache
 * Bits      the same for every launch shape: a sum is always taken in the same order
 * Oracle    LinearRelaxationsContract (exact decimal arithmetic), CrownProperties
 */
#include "form_charges.cuh"

/** target[r,:] = sign W[o,:] and constants[r] = sign b[o], of output o and its sign that form forms[r] stands for. */
extern "C" __global__ void enter_dense(const float* __restrict__ weight, const float* __restrict__ bias,
                                       const int* __restrict__ forms, float* __restrict__ target,
                                       float* __restrict__ constants, int rows, int in, int out) {
    const long long n = (long long) rows * in;
    for (long long k = grid_first(); k < n; k += grid_stride()) {
        const long long row = k / in;
        const int form = forms[row], output = form < out ? form : form - out;
        const float w = weight[(long long) output * in + (k - row * in)];
        target[k] = form < out ? w : -w;
        if (k == row * in) {
            constants[row] = form < out ? bias[output] : -bias[output];
        }
    }
}
EXPORT_KERNEL(enter_dense)

/** target[r,:] = 1 at the unit that form forms[r] stands for, or -1 for its negative, and 0 elsewhere; constants[r] = 0. */
extern "C" __global__ void enter_units(const int* __restrict__ forms, float* __restrict__ target,
                                       float* __restrict__ constants, int rows, int units) {
    const long long n = (long long) rows * units;
    for (long long k = grid_first(); k < n; k += grid_stride()) {
        const long long row = k / units;
        const int form = forms[row], unit = (int) (k - row * units);
        target[k] = form == unit ? 1.f : form == unit + units ? -1.f : 0.f;
        if (unit == 0) {
            constants[row] = 0.f;
        }
    }
}
EXPORT_KERNEL(enter_units)

/** coefficients and target may be the same. Slopes below are taken into [least, 1], where every one gives a lower bound. */
extern "C" __global__ void backward_free(const float* coefficients, const int* __restrict__ owners,
                                         const float* __restrict__ slope_above, const float* __restrict__ intercept,
                                         const float* __restrict__ magnitude, const float* __restrict__ product_error,
                                         const float* __restrict__ slopes, const int* __restrict__ slope_rows,
                                         const float* __restrict__ bias, float* target, float* __restrict__ constants,
                                         float least, int rows, int units) {
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
                    s = s < least ? least : s > 1.f ? 1.f : s; // NaN stays
                }
                t = __fmul_rn(a, s);
                sum = charged(sum, a, s, t, bias[j], magnitude[line + j], product_error[line + j]);
            }
            target[row * units + j] = t;
        }
        warp_add_down(constants + row, sum);
    }
}
EXPORT_KERNEL(backward_free)

/** As backward_free, where both lines are the box's. */
extern "C" __global__ void backward_fixed(const float* coefficients, const int* __restrict__ owners,
                                          const float* __restrict__ slope_above, const float* __restrict__ intercept,
                                          const float* __restrict__ slope_below,
                                          const float* __restrict__ intercept_below,
                                          const float* __restrict__ magnitude, const float* __restrict__ product_error,
                                          const float* __restrict__ bias, float* target, float* __restrict__ constants,
                                          int rows, int units) {
    const int lane = threadIdx.x % WARP;
    for (long long row = grid_first() / WARP; row < rows; row += grid_stride() / WARP) {
        const long long line = (long long) owners[row] * units;
        float sum = 0.f;
        for (int j = lane; j < units; j += WARP) {
            const float a = coefficients[row * units + j];
            float t = a;
            if (a != 0.f) {
                const float s = a < 0.f ? slope_above[line + j] : slope_below[line + j];
                sum = __fmaf_rd(a, a < 0.f ? intercept[line + j] : intercept_below[line + j], sum);
                t = __fmul_rn(a, s);
                sum = charged(sum, a, s, t, bias[j], magnitude[line + j], product_error[line + j]);
            }
            target[row * units + j] = t;
        }
        warp_add_down(constants + row, sum);
    }
}
EXPORT_KERNEL(backward_fixed)

/** The share of an affine map, for which the form's constant takes its bias and what the product with W may be off by. */
extern "C" __global__ void backward_bias(const float* __restrict__ coefficients, const int* __restrict__ owners,
                                         const float* __restrict__ bias, const float* __restrict__ product_error,
                                         float* __restrict__ constants, int rows, int units) {
    const int lane = threadIdx.x % WARP;
    for (long long row = grid_first() / WARP; row < rows; row += grid_stride() / WARP) {
        const long long line = (long long) owners[row] * units;
        float sum = 0.f;
        for (int j = lane; j < units; j += WARP) {
            const float a = coefficients[row * units + j];
            if (a != 0.f) {
                sum = charged_for_products(__fmaf_rd(a, bias[j], sum), a, product_error[line + j]);
            }
        }
        warp_add_down(constants + row, sum);
    }
}
EXPORT_KERNEL(backward_bias)

/** Where two ways of a form meet: coefficients += other, and the constant pays for what that sum was rounded by. */
extern "C" __global__ void join(float* __restrict__ coefficients, const float* __restrict__ other,
                                const int* __restrict__ owners, const float* __restrict__ magnitude,
                                float* __restrict__ constants, int rows, int columns) {
    const int lane = threadIdx.x % WARP;
    for (long long row = grid_first() / WARP; row < rows; row += grid_stride() / WARP) {
        const long long line = (long long) owners[row] * columns;
        float sum = 0.f;
        for (int i = lane; i < columns; i += WARP) {
            const float a = coefficients[row * columns + i], b = other[row * columns + i];
            sum = less_rounding(sum, __fadd_rd(a, b), __fadd_ru(a, b), magnitude[line + i]);
            coefficients[row * columns + i] = __fadd_rn(a, b);
        }
        warp_add_down(constants + row, sum);
    }
}
EXPORT_KERNEL(join)

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

/** Whether a form gets smaller where an element leaves the centre for what the box still holds. */
static __device__ __forceinline__ bool falls(float a, float centre, float lower, float upper) {
    return a > 0.f ? lower < centre : a < 0.f && upper > centre;
}

/** The dual norm, not below, of the coefficients of a row that count; in each lane. */
static __device__ double dual_norm(const float* a, const float* centre, const float* lower, const float* upper, int columns,
                                   int euclidean) {
    double squares = 0.;
    float largest = 0.f;
    for (int i = threadIdx.x % WARP; i < columns; i += WARP) {
        if (falls(a[i], centre[i], lower[i], upper[i])) {
            squares = __dadd_ru(squares, (double) a[i] * a[i]); // exact: two floats
            largest = fmaxf(largest, fabsf(a[i]));
        }
    }
    if (!euclidean) {
        return warp_maximum(largest);
    }
    squares = warp_sum_up(squares);
    return squares > 0. ? __longlong_as_double(__double_as_longlong(sqrt(squares)) + 1) : 0.;
}

/** Balls cut to boxes: the value at the centre, less epsilon times the dual norm. */
extern "C" __global__ void ball_minima(const float* __restrict__ coefficients, const int* __restrict__ owners,
                                       const float* __restrict__ centres, const float* __restrict__ lower,
                                       const float* __restrict__ upper, float centre_error,
                                       const float* __restrict__ epsilons, int euclidean,
                                       const float* __restrict__ constants, float* __restrict__ minima, int rows,
                                       int columns) {
    const int lane = threadIdx.x % WARP;
    for (long long row = grid_first() / WARP; row < rows; row += grid_stride() / WARP) {
        const long long at = (long long) owners[row] * columns;
        const float* a = coefficients + row * columns;
        const double norm = dual_norm(a, centres + at, lower + at, upper + at, columns, euclidean);
        float sum = 0.f, flaw = 0.f;
        for (int i = lane; i < columns; i += WARP) {
            const float x = centres[at + i];
            sum = __fmaf_rd(a[i], x, sum);
            sum = __fmaf_rd(-centre_error, fabsf(__fmul_ru(fabsf(a[i]), fabsf(x))), sum);
            flaw += a[i] - a[i]; // 0, or NaN for an infinite coefficient
        }
        sum = warp_sum_down(sum + flaw);
        if (lane == 0) {
            const double away = __dmul_ru(norm, epsilons[owners[row]]);
            const float found = __double2float_rd(__dadd_rd(__dadd_rd(constants[row], sum), -away));
            const float known = minima[row];
            minima[row] = found > known || known != known ? found : known;
        }
    }
}
EXPORT_KERNEL(ball_minima)

/** Where a form is least in its ball, but for rounding: of the largest coefficients of an l1 ball the first one counts. */
extern "C" __global__ void ball_corners(const float* __restrict__ coefficients, const int* __restrict__ owners,
                                        const float* __restrict__ centres, const float* __restrict__ lower,
                                        const float* __restrict__ upper, const float* __restrict__ epsilons,
                                        int euclidean,
                                        float* __restrict__ corners, int rows, int columns) {
    const int lane = threadIdx.x % WARP;
    for (long long row = grid_first() / WARP; row < rows; row += grid_stride() / WARP) {
        const long long at = (long long) owners[row] * columns;
        const float* a = coefficients + row * columns;
        const double norm = dual_norm(a, centres + at, lower + at, upper + at, columns, euclidean);
        int first = columns;
        for (int i = columns - 1 - lane; i >= 0; i -= WARP) {
            first = fabsf(a[i]) == norm && falls(a[i], centres[at + i], lower[at + i], upper[at + i]) ? i : first;
        }
        __syncwarp();
        for (int distance = WARP / 2; distance > 0; distance /= 2) {
            first = min(first, __shfl_xor_sync(ALL_LANES, first, distance));
        }
        for (int i = lane; i < columns; i += WARP) {
            const bool counts = norm > 0. && falls(a[i], centres[at + i], lower[at + i], upper[at + i]);
            const double share = !counts ? 0. : euclidean ? a[i] / norm : i == first ? (double) sign(a[i]) : 0.;
            corners[row * columns + i] = (float) (centres[at + i] - epsilons[owners[row]] * share);
        }
    }
}
EXPORT_KERNEL(ball_corners)

/** An intercept above 0 marks a unit of open sign; where the sign is known, its line is the ReLU itself. */
extern "C" __global__ void on_free_lines(const float* __restrict__ coefficients, const int* __restrict__ owners,
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
EXPORT_KERNEL(on_free_lines)

extern "C" __global__ void on_fixed_lines(const float* __restrict__ coefficients, const int* __restrict__ owners,
                                          const float* __restrict__ slope_above, const float* __restrict__ intercept,
                                          const float* __restrict__ slope_below,
                                          const float* __restrict__ intercept_below, float* __restrict__ z, int rows,
                                          int units) {
    const long long n = (long long) rows * units;
    for (long long k = grid_first(); k < n; k += grid_stride()) {
        const long long row = k / units, line = owners[row] * (long long) units + (k - row * units);
        z[k] = coefficients[k] < 0.f ? slope_above[line] * z[k] + intercept[line]
                                     : slope_below[line] * z[k] + intercept_below[line];
    }
}
EXPORT_KERNEL(on_fixed_lines)
