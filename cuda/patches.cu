/*
 * patches.cu: linear forms in patches of images, on their way back through a network, for certificates. Form r has a
 *             coefficient at each element (c, y, x) of a patch that begins at row top, column left of an image: with p the
 *             place of its unit, forms[r] modulo the units of a channel,
 *                 top = p / unit_width step_y + offset_y   left = p % unit_width step_x + offset_x
 * Math      patch_enter    the row of the matrix that a convolution is, or its negative, with its bias; patch = one window
 *           patch_units    1 or -1 at the unit's channel; patch = one place of all channels
 *           patch_free, patch_fixed, patch_bias, patch_minima   as backward_free (on the owner's own slopes),
 *                          backward_fixed, backward_bias and form_minima of linear_relaxation.cu, in place
 *           patch_spread   the same forms with a coefficient at every element of the image
 * Rounding  as in linear_relaxation.cu: coefficients to nearest, which is a choice; constants down at every operation. What
 *           lies outside the image takes no part, and becomes 0 where coefficients are written: padding rounds nothing
 * Unknown   as in linear_relaxation.cu
 * Shapes    coefficients [R, channels, rows, columns]   lines, boxes [N, channels, height, width]   bias [channels, height,
 *           width]   owners, forms int [R]   constants [R]   row-major, any size
 * Launch    patch_spread: any 1-D grid; the others: any 1-D grid, blocks of whole warps, a warp for each row
 * Traffic   8 bytes a coefficient, and the lines of each patch, which neighbours share, from cache
 * Bits      the same for every launch shape
 * Oracle    PatchFormsContract (the kernels of whole forms, exact decimal arithmetic), PatchBounds
 */
#include "form_charges.cuh"

namespace {

/** Which patches; see above. */
struct Patches {
    int unit_area, unit_width, channels, height, width, rows, columns, step_y, offset_y, step_x, offset_x;

    __device__ __forceinline__ int size() const { return channels * rows * columns; }
    __device__ __forceinline__ long long image() const { return (long long) channels * height * width; }
};

#define PATCH_PARAMETERS                                                                                             \
    int unit_area, int unit_width, int channels, int height, int width, int rows, int columns, int step_y, int offset_y, \
    int step_x, int offset_x
#define PATCHES                                                                                                      \
    Patches{unit_area, unit_width, channels, height, width, rows, columns, step_y, offset_y, step_x, offset_x}

/** One form's patch. */
struct Window {
    int top, left;

    __device__ __forceinline__ Window(const Patches& p, int form)
            : top(form % p.unit_area / p.unit_width * p.step_y + p.offset_y),
              left(form % p.unit_area % p.unit_width * p.step_x + p.offset_x) {
    }

    /** The element of the image that element k of the patch is; less than 0 outside the image. */
    __device__ __forceinline__ long long at(const Patches& p, int k) const {
        const int row = top + k / p.columns % p.rows, column = left + k % p.columns;
        const bool inside = row >= 0 && row < p.height && column >= 0 && column < p.width;
        return inside ? ((long long) (k / (p.rows * p.columns)) * p.height + row) * p.width + column : -1;
    }
};

}

/** Kernel taps lie dilation_y and dilation_x apart; channels fall into groups, of which each sees its own of the image. */
extern "C" __global__ void patch_enter(const float* __restrict__ weight, const float* __restrict__ bias,
                                       const int* __restrict__ forms, float* __restrict__ target,
                                       float* __restrict__ constants, int count, int out_channels, int groups, int kernel_y,
                                       int kernel_x, int dilation_y, int dilation_x, PATCH_PARAMETERS) {
    const Patches p = PATCHES;
    const int lane = threadIdx.x % WARP, units = out_channels * p.unit_area, seen = p.channels / groups;
    for (long long r = grid_first() / WARP; r < count; r += grid_stride() / WARP) {
        const int form = forms[r], channel = form % units / p.unit_area;
        const int first = channel / (out_channels / groups) * seen;
        const Window window(p, form);
        for (int k = lane; k < p.size(); k += WARP) {
            const int c = k / (p.rows * p.columns) - first, y = k / p.columns % p.rows, x = k % p.columns;
            float w = 0.f;
            if (c >= 0 && c < seen && y % dilation_y == 0 && x % dilation_x == 0 && window.at(p, k) >= 0) {
                w = weight[((long long) (channel * seen + c) * kernel_y + y / dilation_y) * kernel_x + x / dilation_x];
            }
            target[r * p.size() + k] = form < units ? w : -w;
        }
        if (lane == 0) {
            constants[r] = form < units ? bias[channel] : -bias[channel];
        }
    }
}
EXPORT_KERNEL(patch_enter)

extern "C" __global__ void patch_units(const int* __restrict__ forms, float* __restrict__ target,
                                       float* __restrict__ constants, int count, PATCH_PARAMETERS) {
    const Patches p = PATCHES;
    const int lane = threadIdx.x % WARP, units = p.channels * p.unit_area;
    for (long long r = grid_first() / WARP; r < count; r += grid_stride() / WARP) {
        const int form = forms[r], channel = form % units / p.unit_area;
        for (int c = lane; c < p.channels; c += WARP) {
            target[r * p.channels + c] = c != channel ? 0.f : form < units ? 1.f : -1.f;
        }
        if (lane == 0) {
            constants[r] = 0.f;
        }
    }
}
EXPORT_KERNEL(patch_units)

extern "C" __global__ void patch_free(float* __restrict__ coefficients, const int* __restrict__ owners,
                                      const int* __restrict__ forms, const float* __restrict__ slope_above,
                                      const float* __restrict__ intercept, const float* __restrict__ magnitude,
                                      const float* __restrict__ product_error, const float* __restrict__ slope_below,
                                      const float* __restrict__ bias, float* __restrict__ constants, float least, int count,
                                      PATCH_PARAMETERS) {
    const Patches p = PATCHES;
    const int lane = threadIdx.x % WARP;
    for (long long r = grid_first() / WARP; r < count; r += grid_stride() / WARP) {
        const long long lines = owners[r] * p.image();
        const Window window(p, forms[r]);
        float* of_form = coefficients + r * p.size();
        float sum = 0.f;
        for (int k = lane; k < p.size(); k += WARP) {
            const long long j = window.at(p, k);
            const float a = j < 0 ? 0.f : of_form[k];
            float t = a;
            if (a != 0.f) {
                const long long line = lines + j;
                float s = slope_above[line];
                if (a < 0.f) {
                    sum = __fmaf_rd(a, intercept[line], sum);
                } else {
                    s = slope_below[line];
                    s = s < least ? least : s > 1.f ? 1.f : s; // NaN stays
                }
                t = __fmul_rn(a, s);
                sum = charged(sum, a, s, t, bias[j], magnitude[line], product_error[line]);
            }
            of_form[k] = t;
        }
        warp_add_down(constants + r, sum);
    }
}
EXPORT_KERNEL(patch_free)

extern "C" __global__ void patch_fixed(float* __restrict__ coefficients, const int* __restrict__ owners,
                                       const int* __restrict__ forms, const float* __restrict__ slope_above,
                                       const float* __restrict__ intercept, const float* __restrict__ slope_below,
                                       const float* __restrict__ intercept_below, const float* __restrict__ magnitude,
                                       const float* __restrict__ product_error, const float* __restrict__ bias,
                                       float* __restrict__ constants, int count, PATCH_PARAMETERS) {
    const Patches p = PATCHES;
    const int lane = threadIdx.x % WARP;
    for (long long r = grid_first() / WARP; r < count; r += grid_stride() / WARP) {
        const long long lines = owners[r] * p.image();
        const Window window(p, forms[r]);
        float* of_form = coefficients + r * p.size();
        float sum = 0.f;
        for (int k = lane; k < p.size(); k += WARP) {
            const long long j = window.at(p, k);
            const float a = j < 0 ? 0.f : of_form[k];
            float t = a;
            if (a != 0.f) {
                const long long line = lines + j;
                const float s = a < 0.f ? slope_above[line] : slope_below[line];
                sum = __fmaf_rd(a, a < 0.f ? intercept[line] : intercept_below[line], sum);
                t = __fmul_rn(a, s);
                sum = charged(sum, a, s, t, bias[j], magnitude[line], product_error[line]);
            }
            of_form[k] = t;
        }
        warp_add_down(constants + r, sum);
    }
}
EXPORT_KERNEL(patch_fixed)

extern "C" __global__ void patch_bias(float* __restrict__ coefficients, const int* __restrict__ owners,
                                      const int* __restrict__ forms, const float* __restrict__ bias,
                                      const float* __restrict__ product_error, float* __restrict__ constants, int count,
                                      PATCH_PARAMETERS) {
    const Patches p = PATCHES;
    const int lane = threadIdx.x % WARP;
    for (long long r = grid_first() / WARP; r < count; r += grid_stride() / WARP) {
        const long long errors = owners[r] * p.image();
        const Window window(p, forms[r]);
        float* of_form = coefficients + r * p.size();
        float sum = 0.f;
        for (int k = lane; k < p.size(); k += WARP) {
            const long long j = window.at(p, k);
            const float a = j < 0 ? 0.f : of_form[k];
            if (j < 0) {
                of_form[k] = 0.f;
            }
            if (a != 0.f) {
                sum = charged_for_products(__fmaf_rd(a, bias[j], sum), a, product_error[errors + j]);
            }
        }
        warp_add_down(constants + r, sum);
    }
}
EXPORT_KERNEL(patch_bias)

/** constants and minima may be the same. */
extern "C" __global__ void patch_minima(const float* __restrict__ coefficients, const int* __restrict__ owners,
                                        const int* __restrict__ forms, const float* __restrict__ lower,
                                        const float* __restrict__ upper, const float* constants, float* minima, int count,
                                        PATCH_PARAMETERS) {
    const Patches p = PATCHES;
    const int lane = threadIdx.x % WARP;
    for (long long r = grid_first() / WARP; r < count; r += grid_stride() / WARP) {
        const long long box = owners[r] * p.image();
        const Window window(p, forms[r]);
        float sum = 0.f, flaw = 0.f;
        for (int k = lane; k < p.size(); k += WARP) {
            const long long j = window.at(p, k);
            if (j >= 0) {
                const float a = coefficients[r * p.size() + k];
                sum = __fmaf_rd(a, a > 0.f ? lower[box + j] : upper[box + j], sum);
                flaw += a - a; // 0, or NaN for an infinite coefficient, which would give an infinite minimum
            }
        }
        sum = warp_sum_down(sum + flaw);
        if (lane == 0) {
            minima[r] = __fadd_rd(constants[r], sum);
        }
    }
}
EXPORT_KERNEL(patch_minima)

extern "C" __global__ void patch_spread(const float* __restrict__ coefficients, const int* __restrict__ forms,
                                        float* __restrict__ target, int count, PATCH_PARAMETERS) {
    const Patches p = PATCHES;
    const long long n = count * p.image();
    for (long long k = grid_first(); k < n; k += grid_stride()) {
        const long long r = k / p.image();
        const int j = (int) (k - r * p.image());
        const Window window(p, forms[r]);
        const int y = j / p.width % p.height - window.top, x = j % p.width - window.left;
        const bool inside = y >= 0 && y < p.rows && x >= 0 && x < p.columns;
        const long long channel = j / (p.height * p.width);
        target[k] = inside ? coefficients[r * p.size() + (channel * p.rows + y) * p.columns + x] : 0.f;
    }
}
EXPORT_KERNEL(patch_spread)
