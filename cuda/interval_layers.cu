/*
 * interval_layers.cu: what a layer does on points and boxes in training besides its products, which leave partial sums.
 * Math      affine_boxes        y = sums + b; radius = sums
 *           hidden_boxes        the same behind a ReLU, points as max(y, 0), boxes by their ends
 *           penalised_boxes     the same, and the slopes of the regularisers (interval_penalty.cuh)
 *           hidden_gradient     from gradients behind the ReLU of the layer below to those before it, with the regularisers'
 *           parameter_gradient  W: sums over points + sign(W) sums over radii, or pairwise_differences_gradient of these
 *                               where the layer is elided; b: the points' column sums (column_sums.cuh)
 *           layer_gradient      both of these
 * Rounding  to nearest; not for certificates
 * Shapes    points [clean + boxes,out], clean rows above the boxes' centres; radius [boxes,out]; their sums [parts, as
 *           they]; with one part, sums may be the result. Elements are counted: clean, boxes here are rows times out
 * Launch    any 1-D grid; grid-stride loops. penalised_boxes: at most MOST_PARTIALS blocks of SUM_THREADS threads.
 *           parameter_gradient: element_blocks blocks of SUM_THREADS threads, and behind them those of sum_columns;
 *           layer_gradient: behind these, any number more
 * Traffic   bound by memory, or at small batches by the launch: each sum once, each result once
 * Oracle    ComposedTrainingOperations, TrainingOperationsTest
 */
#include "column_sums.cuh"
#include "interval_penalty.cuh"
#include "partial_sums.cuh"
#include "training_boxes.cuh"

/** One operand or result of clean points and boxes, element by element. */
struct Sums {
    const float *points, *radius;
    int point_parts, radius_parts;
    long long clean, boxes;

    __device__ __forceinline__ float point(long long i) const {
        return sum_of_parts(points, point_parts, clean + boxes, i);
    }

    __device__ __forceinline__ Box box(long long i) const {
        return {point(clean + i), sum_of_parts(radius, radius_parts, boxes, i)};
    }
};

extern "C" __global__ void affine_boxes(const float* point_sums, int point_parts, const float* radius_sums,
                                        int radius_parts, const float* __restrict__ bias, int out,
                                        long long point_elements, long long radius_elements, float* points,
                                        float* radius) {
    const long long longest = point_elements > radius_elements ? point_elements : radius_elements;
    for (long long i = grid_first(); i < longest; i += grid_stride()) {
        if (i < point_elements) {
            points[i] = sum_of_parts(point_sums, point_parts, point_elements, i) + bias[i % out];
        }
        if (i < radius_elements) {
            radius[i] = sum_of_parts(radius_sums, radius_parts, radius_elements, i);
        }
    }
}
EXPORT_KERNEL(affine_boxes)

/** Boxes before the ReLU are kept, for the way back; of points it is enough what is behind. */
template <bool PENALISED>
static __device__ __forceinline__ Moments hidden(const Sums& sums, const float* __restrict__ bias, int out,
                                                 float* points, float* radius, float* __restrict__ next_points,
                                                 float* __restrict__ next_radius) {
    Moments moments{};
    for (long long i = grid_first(); i < sums.clean + sums.boxes; i += grid_stride()) {
        const float b = bias[i % out];
        if (i < sums.clean) {
            const float y = sums.point(i) + b;
            next_points[i] = y <= 0.f ? 0.f : y; // NaN stays
        } else {
            const long long at = i - sums.clean;
            Box box = sums.box(at);
            box.centre += b;
            points[i] = box.centre;
            radius[at] = box.radius;
            const Box behind = relu_of(box);
            next_points[i] = behind.centre;
            next_radius[at] = behind.radius;
            if (PENALISED) {
                moments.add(box.centre, box.radius);
            }
        }
    }
    return moments;
}

extern "C" __global__ void hidden_boxes(const float* point_sums, int point_parts, const float* radius_sums,
                                        int radius_parts, long long clean, long long boxes,
                                        const float* __restrict__ bias, int out, float* points, float* radius,
                                        float* __restrict__ next_points, float* __restrict__ next_radius) {
    hidden<false>({point_sums, radius_sums, point_parts, radius_parts, clean, boxes}, bias, out, points, radius,
                  next_points, next_radius);
}
EXPORT_KERNEL(hidden_boxes)

extern "C" __global__ void __launch_bounds__(SUM_THREADS) penalised_boxes(
        const float* point_sums, int point_parts, const float* radius_sums, int radius_parts, long long clean,
        long long boxes, const float* __restrict__ bias, int out, float* points, float* radius,
        float* __restrict__ next_points, float* __restrict__ next_radius, const float* __restrict__ input_radius,
        float tau, const float* __restrict__ weight, float* __restrict__ loss, Slopes* slopes, Moments* partials,
        unsigned* ticket) {
    const Moments moments = hidden<true>({point_sums, radius_sums, point_parts, radius_parts, clean, boxes}, bias, out,
                                         points, radius, next_points, next_radius);
    leave_slopes(moments, boxes, input_radius, tau, weight, loss, slopes, partials, ticket);
}
EXPORT_KERNEL(penalised_boxes)

/** From gradients behind the ReLU of the layer below to those before it. */
struct InputGradient {
    Sums sums;
    const float *points, *radius; // boxes before the ReLU, as `hidden` left them
    const float* next_points;     // clean rows behind it
    const Slopes* slopes;         // read where penalised
    bool penalised;
    float *gradient_points, *gradient_radius;

    __device__ __forceinline__ void run(long long first, long long stride) const {
        for (long long i = first; i < sums.clean + sums.boxes; i += stride) {
            if (i < sums.clean) {
                gradient_points[i] = next_points[i] > 0.f ? sums.point(i) : 0.f;
            } else {
                const long long at = i - sums.clean;
                const Box box{points[i], radius[at]};
                Box gradient = relu_gradient_of(box, sums.box(at));
                if (penalised) {
                    slopes->add_to(box.centre, gradient.centre, gradient.radius);
                }
                gradient_points[i] = gradient.centre;
                gradient_radius[at] = gradient.radius;
            }
        }
    }
};

extern "C" __global__ void hidden_gradient(const float* point_sums, int point_parts, const float* radius_sums,
                                           int radius_parts, long long clean, long long boxes, const float* points,
                                           const float* radius, const float* next_points, int penalised,
                                           const Slopes* slopes, float* gradient_points, float* gradient_radius) {
    InputGradient{{point_sums, radius_sums, point_parts, radius_parts, clean, boxes}, points, radius, next_points, slopes,
                  penalised != 0, gradient_points, gradient_radius}.run(grid_first(), grid_stride());
}
EXPORT_KERNEL(hidden_gradient)

/** Of element k of W [classes,in], from gradients of |W[c] - W[y]|, whose partial sums lie in `pairs`. */
static __device__ __forceinline__ float pairs_gradient(const float* pairs, int parts, const float* weight, int classes,
                                                       int in, long long k) {
    const long long c = k / in, i = k - c * in, length = (long long) classes * classes * in;
    float sum = 0.f;
    for (long long y = 0; y < classes; ++y) {
        sum += sign(weight[k] - weight[y * in + i])
                * (sum_of_parts(pairs, parts, length, (y * classes + c) * in + i)
                   + sum_of_parts(pairs, parts, length, (c * classes + y) * in + i));
    }
    return sum;
}

/**
 * W, gradient [out,in]; without boxes radius_parts is 0. The sums over radii are [parts,out,in], or of an elided layer
 * [parts,out*out,in]. bias_gradient: column sums of points [rows,out].
 */
struct ParameterGradient {
    const float* point_sums;
    int point_parts;
    const float* radius_sums;
    int radius_parts, elided;
    const float* weight;
    int out, in;
    float* gradient;
    int element_blocks;
    const float* points;
    long long rows;
    int chunks;
    float* bias_gradient;
    float* partials;
    unsigned* tickets;

    /** Block `block` of element_blocks, and behind them of those that sum_columns wants. */
    __device__ __forceinline__ void run(int block) const {
        if (block >= element_blocks) {
            sum_columns(points, rows, out, 0.f, bias_gradient, partials, tickets, block - element_blocks, chunks);
            return;
        }
        const long long size = (long long) out * in, stride = (long long) element_blocks * blockDim.x;
        for (long long k = (long long) block * blockDim.x + threadIdx.x; k < size; k += stride) {
            float sum = sum_of_parts(point_sums, point_parts, size, k);
            if (radius_parts > 0) {
                sum += elided ? pairs_gradient(radius_sums, radius_parts, weight, out, in, k)
                              : sign(weight[k]) * sum_of_parts(radius_sums, radius_parts, size, k);
            }
            gradient[k] = sum;
        }
    }
};

extern "C" __global__ void __launch_bounds__(SUM_THREADS, 4) parameter_gradient(
        const float* point_sums, int point_parts, const float* radius_sums, int radius_parts, int elided,
        const float* weight, int out, int in, float* gradient, int element_blocks, const float* points, long long rows,
        int chunks, float* bias_gradient, float* partials, unsigned* tickets) {
    ParameterGradient{point_sums, point_parts, radius_sums, radius_parts, elided, weight, out, in, gradient,
                      element_blocks, points, rows, chunks, bias_gradient, partials, tickets}.run((int) blockIdx.x);
}
EXPORT_KERNEL(parameter_gradient)

/** Both, the parameters' in the first parameter_blocks blocks. */
extern "C" __global__ void __launch_bounds__(SUM_THREADS, 4) layer_gradient(
        const float* weight_sums, int weight_parts, const float* spread_sums, int spread_parts, int elided,
        const float* weight, int out, int in, float* weight_gradient, int element_blocks, const float* output_gradient,
        long long rows, int chunks, float* bias_gradient, float* partials, unsigned* tickets, int parameter_blocks,
        const float* point_sums, int point_parts, const float* radius_sums, int radius_parts, long long clean,
        long long boxes, const float* points, const float* radius, const float* next_points, int penalised,
        const Slopes* slopes, float* gradient_points, float* gradient_radius) {
    if ((int) blockIdx.x < parameter_blocks) {
        ParameterGradient{weight_sums, weight_parts, spread_sums, spread_parts, elided, weight, out, in, weight_gradient,
                          element_blocks, output_gradient, rows, chunks, bias_gradient, partials, tickets}
                .run((int) blockIdx.x);
    } else {
        InputGradient{{point_sums, radius_sums, point_parts, radius_parts, clean, boxes}, points, radius, next_points,
                      slopes, penalised != 0, gradient_points, gradient_radius}
                .run(grid_first() - (long long) parameter_blocks * blockDim.x,
                     grid_stride() - (long long) parameter_blocks * blockDim.x);
    }
}
EXPORT_KERNEL(layer_gradient)
