/*
 * max_pooling.cu: the largest elements of windows, for values, gradients, boxes and linear forms.
 * Math      max_pool            y[n,k] = max over elements i of window k of x[n,i]
 *           max_pool_choose     the i of that: the first of the largest, or the first NaN
 *           max_pool_transposed target[n,i] = sum of a[n,k] over the windows k that chose i
 *           enclose_max_pool    [max of lower, max of upper]
 *           relax_max_pool      with j of the largest lower bound (of several the first): x[j] <= max <= slope x[j] +
 *                               intercept; slope 1 and intercept 0 where no other upper bound is larger, else 0 and the
 *                               largest
 *           max_pool_contested  NaN where an interval decides whether that is so, 1 elsewhere
 *           backward_max_pool   with a = coefficients[r,k], n = owners[r]: a goes to target[r,j] where a > 0 or the slope is
 *                               1; else constants[r] += a intercept. constants[r] -= (what target was rounded by) magnitude
 *           max_pool_on_lines   those lines at points
 * Rounding  backward_max_pool: target to nearest, constants down at every operation; max_pool_transposed: to nearest. The
 *           others round nothing
 * Unknown   A window with an unknown interval, NaN at both ends, is unknown: as MaxPooling says. A coefficient that
 *           overflowed or is NaN makes the constant NaN
 * Shapes    x, lower, upper, marks, magnitude, target [N, channels, height, width]   y, chosen, slope, intercept, a,
 *           coefficients [N, channels, windows]   owners int [R]   row-major, any size
 * Launch    backward_max_pool: any 1-D grid, blocks of whole warps, a warp for each row; the others any 1-D grid
 * Traffic   windows overlap, so the cache serves most of what is read more than once
 * Bits      the same for every launch shape: an element gathers from its windows in their order
 * Oracle    MaxPoolingContract (exact decimal arithmetic)
 */
#include "intervals.cuh"
#include "outward_sums.cuh"

namespace {

/** Sizes of images in and out, and of windows. */
struct Shape {
    int channels, in_height, in_width, out_height, out_width;
    int kernel_y, kernel_x, stride_y, stride_x, before_y, before_x, dilation_y, dilation_x;

    __device__ __forceinline__ int inputs() const { return channels * in_height * in_width; }
    __device__ __forceinline__ int outputs() const { return channels * out_height * out_width; }

    /** Names the elements of window k of an image, in their order. */
    template <class Take> __device__ __forceinline__ void walk(int k, Take take) const {
        const int u = k % out_width, v = k / out_width % out_height, channel = k / out_width / out_height;
        for (int r = 0; r < kernel_y; ++r) {
            const int y = v * stride_y - before_y + r * dilation_y;
            for (int s = 0; s < kernel_x && y >= 0 && y < in_height; ++s) {
                const int x = u * stride_x - before_x + s * dilation_x;
                if (x >= 0 && x < in_width) {
                    take((channel * in_height + y) * in_width + x);
                }
            }
        }
    }

    /** Names the windows that cover element i of an image, in their order. */
    template <class Take> __device__ __forceinline__ void walk_back(int i, Take take) const {
        const int x = i % in_width, y = i / in_width % in_height, channel = i / in_width / in_height;
        for (int r = kernel_y - 1; r >= 0; --r) {
            const int below = y + before_y - r * dilation_y;
            for (int s = kernel_x - 1; s >= 0 && below >= 0 && below % stride_y == 0 && below / stride_y < out_height; --s) {
                const int beside = x + before_x - s * dilation_x;
                if (beside >= 0 && beside % stride_x == 0 && beside / stride_x < out_width) {
                    take((channel * out_height + below / stride_y) * out_width + beside / stride_x);
                }
            }
        }
    }

    /** The element of window k with the largest value, the first of several, or the first NaN. */
    __device__ __forceinline__ int largest(const float* values, int k) const {
        int best = -1;
        float most = 0.f;
        walk(k, [&](int i) {
            const float v = values[i];
            if (best < 0 || v > most || (v != v && most == most)) {
                best = i;
                most = v;
            }
        });
        return best;
    }
};

#define SHAPE_PARAMETERS                                                                                               \
    int channels, int in_height, int in_width, int out_height, int out_width, int kernel_y, int kernel_x, int stride_y, \
    int stride_x, int before_y, int before_x, int dilation_y, int dilation_x
#define SHAPE                                                                                                          \
    Shape{channels, in_height, in_width, out_height, out_width, kernel_y, kernel_x, stride_y, stride_x, before_y,      \
          before_x, dilation_y, dilation_x}

} // namespace

extern "C" __global__ void max_pool(const float* __restrict__ x, float* __restrict__ y, int rows, SHAPE_PARAMETERS) {
    const Shape shape = SHAPE;
    const long long outputs = shape.outputs(), n = rows * outputs;
    for (long long at = grid_first(); at < n; at += grid_stride()) {
        const long long row = at / outputs;
        const float* image = x + row * shape.inputs();
        y[at] = image[shape.largest(image, (int) (at - row * outputs))];
    }
}
EXPORT_KERNEL(max_pool)

extern "C" __global__ void max_pool_choose(const float* __restrict__ x, int* __restrict__ chosen, int rows,
                                           SHAPE_PARAMETERS) {
    const Shape shape = SHAPE;
    const long long outputs = shape.outputs(), n = rows * outputs;
    for (long long at = grid_first(); at < n; at += grid_stride()) {
        const long long row = at / outputs;
        chosen[at] = shape.largest(x + row * shape.inputs(), (int) (at - row * outputs));
    }
}
EXPORT_KERNEL(max_pool_choose)

extern "C" __global__ void max_pool_transposed(const float* __restrict__ a, const int* __restrict__ chosen,
                                               float* __restrict__ target, int rows, SHAPE_PARAMETERS) {
    const Shape shape = SHAPE;
    const long long inputs = shape.inputs(), n = rows * inputs;
    for (long long at = grid_first(); at < n; at += grid_stride()) {
        const long long row = at / inputs, first = row * shape.outputs();
        const int i = (int) (at - row * inputs);
        float sum = 0.f;
        shape.walk_back(i, [&](int k) { sum = chosen[first + k] == i ? sum + a[first + k] : sum; });
        target[at] = sum;
    }
}
EXPORT_KERNEL(max_pool_transposed)

extern "C" __global__ void enclose_max_pool(const float* __restrict__ lower, const float* __restrict__ upper,
                                            float* __restrict__ out_lower, float* __restrict__ out_upper, int rows,
                                            SHAPE_PARAMETERS) {
    const Shape shape = SHAPE;
    const long long outputs = shape.outputs(), n = rows * outputs;
    for (long long at = grid_first(); at < n; at += grid_stride()) {
        const long long row = at / outputs;
        const int k = (int) (at - row * outputs);
        const float *l = lower + row * shape.inputs(), *u = upper + row * shape.inputs();
        const float low = l[shape.largest(l, k)], high = u[shape.largest(u, k)];
        const bool known = low == low && high == high;
        out_lower[at] = known ? low : unknown();
        out_upper[at] = known ? high : unknown();
    }
}
EXPORT_KERNEL(enclose_max_pool)

extern "C" __global__ void relax_max_pool(const float* __restrict__ lower, const float* __restrict__ upper,
                                          int* __restrict__ chosen, float* __restrict__ slope_above,
                                          float* __restrict__ intercept, int rows, SHAPE_PARAMETERS) {
    const Shape shape = SHAPE;
    const long long outputs = shape.outputs(), n = rows * outputs;
    for (long long at = grid_first(); at < n; at += grid_stride()) {
        const long long row = at / outputs;
        const int k = (int) (at - row * outputs);
        const float *l = lower + row * shape.inputs(), *u = upper + row * shape.inputs();
        int best = -1;
        float most = unknown();
        shape.walk(k, [&](int i) {
            const float v = l[i];
            if (best < 0 || v > most || (most != most && v == v)) {
                best = i;
                most = v;
            }
        });
        bool open = false;
        shape.walk(k, [&](int i) { open = open || (i != best && !(u[i] <= most)); });
        chosen[at] = best;
        slope_above[at] = open ? 0.f : 1.f;
        intercept[at] = open ? u[shape.largest(u, k)] : 0.f;
    }
}
EXPORT_KERNEL(relax_max_pool)

extern "C" __global__ void max_pool_contested(const float* __restrict__ lower, const float* __restrict__ upper,
                                              const int* __restrict__ chosen, const float* __restrict__ slope_above,
                                              float* __restrict__ marks, int rows, SHAPE_PARAMETERS) {
    const Shape shape = SHAPE;
    const long long inputs = shape.inputs(), n = rows * inputs;
    for (long long at = grid_first(); at < n; at += grid_stride()) {
        const long long row = at / inputs, first = row * shape.outputs();
        const float high = upper[at];
        float mark = 1.f;
        shape.walk_back((int) (at - row * inputs), [&](int k) {
            const float low = lower[row * inputs + chosen[first + k]];
            mark = slope_above[first + k] == 0.f && !(high <= low) ? unknown() : mark;
        });
        marks[at] = mark;
    }
}
EXPORT_KERNEL(max_pool_contested)

extern "C" __global__ void backward_max_pool(const float* __restrict__ coefficients, const int* __restrict__ owners,
                                             const int* __restrict__ chosen, const float* __restrict__ slope_above,
                                             const float* __restrict__ intercept, const float* __restrict__ magnitude,
                                             float* __restrict__ target, float* __restrict__ constants, int rows,
                                             SHAPE_PARAMETERS) {
    const Shape shape = SHAPE;
    const int lane = threadIdx.x % WARP, inputs = shape.inputs(), outputs = shape.outputs();
    for (long long row = grid_first() / WARP; row < rows; row += grid_stride() / WARP) {
        const long long line = (long long) owners[row] * outputs, size = (long long) owners[row] * inputs;
        const float* a = coefficients + row * outputs;
        float sum = 0.f;
        for (int k = lane; k < outputs; k += WARP) {
            sum = a[k] < 0.f && slope_above[line + k] == 0.f ? __fmaf_rd(a[k], intercept[line + k], sum) : sum;
            sum += a[k] - a[k]; // 0, or NaN for a coefficient that overflowed
        }
        for (int i = lane; i < inputs; i += WARP) {
            float given = 0.f, most = 0.f, least = 0.f;
            shape.walk_back(i, [&](int k) {
                if (chosen[line + k] == i && !(a[k] < 0.f && slope_above[line + k] == 0.f)) {
                    given = __fadd_rn(given, a[k]);
                    most = __fadd_ru(most, a[k]);
                    least = __fadd_rd(least, a[k]);
                }
            });
            sum = less_rounding(sum, least, most, magnitude[size + i]);
            target[row * inputs + i] = given;
        }
        warp_add_down(constants + row, sum);
    }
}
EXPORT_KERNEL(backward_max_pool)

extern "C" __global__ void max_pool_on_lines(const float* __restrict__ coefficients, const int* __restrict__ owners,
                                             const int* __restrict__ chosen, const float* __restrict__ slope_above,
                                             const float* __restrict__ intercept, const float* __restrict__ x,
                                             float* __restrict__ y, int rows, SHAPE_PARAMETERS) {
    const Shape shape = SHAPE;
    const long long outputs = shape.outputs(), n = rows * outputs;
    for (long long at = grid_first(); at < n; at += grid_stride()) {
        const long long row = at / outputs, line = owners[row] * outputs + (at - row * outputs);
        y[at] = coefficients[at] < 0.f && slope_above[line] == 0.f ? intercept[line]
                                                                   : x[row * shape.inputs() + chosen[line]];
    }
}
EXPORT_KERNEL(max_pool_on_lines)
