/*
 * channelwise.cu: affine maps of each channel on its own.
 * Math      scale               y[n,c,p] = factor[c] x[n,c,p] + offset[c], relu
 *           scale_transposed    t[n,c,p] = factor[c] a[n,c,p]
 *           scale_outward       the box of f x + o, |f - factor[c]| <= factor_error[c], |o - offset[c]| <= offset_error[c]
 *           mean_windows        y[n,c,p] = sum of the window's elements / their number, relu
 *           mean_transposed     t[n,c,q] = sum over the windows p that hold q of a[n,c,p] / elements of p
 *           mean_outward        the box of mean_windows
 * Rounding  outward: in double, lower bounds down, upper bounds up at every operation, and so to float. The others: to
 *           nearest, a window's elements and an element's windows in ascending order
 * Unknown   An interval without two finite ends is unknown, and so is what depends on one or has no two finite ends itself:
 *           NaN at both ends. What factor and factor_error 0 leave out takes no part
 * Shapes    x, y, a, t [N, channels, height, width] row-major; factor and the like [channels]
 * Launch    any 1-D grid and block; grid-stride loops, an element of the result a thread
 * Traffic   scalings: 8 or 16 bytes an element; poolings read x once where windows don't overlap, else through the cache
 * Oracle    ChannelwiseContract (exact decimal arithmetic)
 */
#include "intervals.cuh"

namespace {

/** Stores a box's ends, or NaN in both where one is not finite. */
__device__ __forceinline__ void store(double lower, double upper, float* out_lower, float* out_upper, long long at) {
    const float l = __double2float_rd(lower), u = __double2float_ru(upper);
    const bool known = is_known(l, u);
    out_lower[at] = known ? l : unknown();
    out_upper[at] = known ? u : unknown();
}

/** ReLU that keeps NaN. */
__device__ __forceinline__ float finished(float y, int relu) {
    return relu && y <= 0.f ? 0.f : y;
}

/** Windows along one edge. */
struct Axis {
    int in, out, kernel, stride, before, dilation;

    __device__ __forceinline__ int place(int window, int element) const {
        return window * stride - before + element * dilation;
    }

    __device__ __forceinline__ bool inside(int place) const { return place >= 0 && place < in; }

    /** How many of a window's elements lie inside the image. */
    __device__ __forceinline__ int elements(int window) const {
        int count = 0;
        for (int k = 0; k < kernel; ++k) {
            count += inside(place(window, k)) ? 1 : 0;
        }
        return count;
    }
};

#define AXES_PARAMETERS                                                                                                \
    int in_height, int out_height, int kernel_y, int stride_y, int before_y, int dilation_y, int in_width,             \
    int out_width, int kernel_x, int stride_x, int before_x, int dilation_x, int count_padding
#define AXES                                                                                                           \
    const Axis rows{in_height, out_height, kernel_y, stride_y, before_y, dilation_y};                                  \
    const Axis columns{in_width, out_width, kernel_x, stride_x, before_x, dilation_x}

/** Elements that a window's sum is divided by. */
__device__ __forceinline__ int divisor(const Axis& rows, const Axis& columns, int v, int u, int count_padding) {
    return count_padding ? rows.kernel * columns.kernel : rows.elements(v) * columns.elements(u);
}

}

/** y = factor x + offset. */
extern "C" __global__ void scale(const float* __restrict__ x, const float* __restrict__ factor,
                                 const float* __restrict__ offset, float* __restrict__ y, int channels, int area, int relu,
                                 long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const int c = (int) (i / area % channels);
        y[i] = finished(fmaf(factor[c], x[i], offset[c]), relu);
    }
}
EXPORT_KERNEL(scale)

/** target = factor a. */
extern "C" __global__ void scale_transposed(const float* __restrict__ a, const float* __restrict__ factor,
                                            float* __restrict__ target, int channels, int area, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        target[i] = factor[i / area % channels] * a[i];
    }
}
EXPORT_KERNEL(scale_transposed)

/** The box of f x + o: products are least and greatest at corners of the box of f and x. Boxes may take x's place. */
extern "C" __global__ void scale_outward(const float* lower, const float* upper,
                                         const float* __restrict__ factor, const float* __restrict__ offset,
                                         const float* __restrict__ factor_error, const float* __restrict__ offset_error,
                                         float* out_lower, float* out_upper, int channels, int area, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const int c = (int) (i / area % channels);
        const double low_factor = __dadd_rd(factor[c], -(double) factor_error[c]);
        const double high_factor = __dadd_ru(factor[c], (double) factor_error[c]);
        const double low_offset = __dadd_rd(offset[c], -(double) offset_error[c]);
        const double high_offset = __dadd_ru(offset[c], (double) offset_error[c]);
        const float l = lower[i], u = upper[i];
        if (low_factor == 0. && high_factor == 0.) {
            store(low_offset, high_offset, out_lower, out_upper, i);
        } else if (is_known(l, u)) {
            const double least = fmin(fmin(__dmul_rd(low_factor, l), __dmul_rd(low_factor, u)),
                                      fmin(__dmul_rd(high_factor, l), __dmul_rd(high_factor, u)));
            const double most = fmax(fmax(__dmul_ru(low_factor, l), __dmul_ru(low_factor, u)),
                                     fmax(__dmul_ru(high_factor, l), __dmul_ru(high_factor, u)));
            store(__dadd_rd(least, low_offset), __dadd_ru(most, high_offset), out_lower, out_upper, i);
        } else {
            out_lower[i] = out_upper[i] = unknown();
        }
    }
}
EXPORT_KERNEL(scale_outward)

/** The mean of each window. */
extern "C" __global__ void mean_windows(const float* __restrict__ x, float* __restrict__ y, int relu, long long n,
                                   AXES_PARAMETERS) {
    AXES;
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const int u = (int) (i % columns.out), v = (int) (i / columns.out % rows.out);
        const float* image = x + i / ((long long) rows.out * columns.out) * rows.in * columns.in;
        float sum = 0.f;
        for (int r = 0; r < rows.kernel; ++r) {
            const int row = rows.place(v, r);
            for (int s = 0; s < columns.kernel && rows.inside(row); ++s) {
                const int column = columns.place(u, s);
                sum += columns.inside(column) ? image[(long long) row * columns.in + column] : 0.f;
            }
        }
        y[i] = finished(sum / divisor(rows, columns, v, u, count_padding), relu);
    }
}
EXPORT_KERNEL(mean_windows)

/** Each element gathers from the windows that it is in. */
extern "C" __global__ void mean_transposed(const float* __restrict__ a, float* __restrict__ target, long long n,
                                              AXES_PARAMETERS) {
    AXES;
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const int column = (int) (i % columns.in), row = (int) (i / columns.in % rows.in);
        const float* image = a + i / ((long long) rows.in * columns.in) * rows.out * columns.out;
        float sum = 0.f;
        for (int r = rows.kernel - 1; r >= 0; --r) { // the windows in ascending order
            const int below = row + rows.before - r * rows.dilation;
            const int v = below / rows.stride;
            for (int s = columns.kernel - 1; s >= 0 && below >= 0 && below % rows.stride == 0 && v < rows.out; --s) {
                const int left = column + columns.before - s * columns.dilation;
                const int u = left / columns.stride;
                if (left >= 0 && left % columns.stride == 0 && u < columns.out) {
                    sum += image[(long long) v * columns.out + u] / divisor(rows, columns, v, u, count_padding);
                }
            }
        }
        target[i] = sum;
    }
}
EXPORT_KERNEL(mean_transposed)

/** The box of the mean of each window. */
extern "C" __global__ void mean_outward(const float* __restrict__ lower, const float* __restrict__ upper,
                                           float* __restrict__ out_lower, float* __restrict__ out_upper, long long n,
                                           AXES_PARAMETERS) {
    AXES;
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const int u = (int) (i % columns.out), v = (int) (i / columns.out % rows.out);
        const long long image = i / ((long long) rows.out * columns.out) * rows.in * columns.in;
        double low = 0., high = 0.;
        bool known = true;
        for (int r = 0; r < rows.kernel; ++r) {
            const int row = rows.place(v, r);
            for (int s = 0; s < columns.kernel && rows.inside(row); ++s) {
                const int column = columns.place(u, s);
                if (columns.inside(column)) {
                    const long long at = image + (long long) row * columns.in + column;
                    known = known && is_known(lower[at], upper[at]);
                    low = __dadd_rd(low, lower[at]);
                    high = __dadd_ru(high, upper[at]);
                }
            }
        }
        const int count = divisor(rows, columns, v, u, count_padding);
        if (known) {
            store(__ddiv_rd(low, count), __ddiv_ru(high, count), out_lower, out_upper, i);
        } else {
            out_lower[i] = out_upper[i] = unknown();
        }
    }
}
EXPORT_KERNEL(mean_outward)
