/*
 * training_intervals.cu: boxes as centre and radius, rounded to nearest: what training needs, and no certificate may use.
 * Math      see each kernel; regulariser_*: Shi et al. 2021, section 4.3, as TrainingIntervals states it
 * Rounding  to nearest; the regularisers' sums and scalars in double
 * Shapes    vectors of n floats; epsilon, input_radius, weight, mean, loss one; partials [MOST_PARTIALS], scratch; ticket
 *           one, 0 before and after
 * Launch    any 1-D grid and block; grid-stride loops. Where there are partials, at most MOST_PARTIALS blocks of
 *           SUM_THREADS threads
 * Traffic   bound by memory: 4 bytes an element for each operand read or written
 * Oracle    BackendContract (closed forms, central differences in double)
 */
#include "interval_penalty.cuh"
#include "training_boxes.cuh"

/** [max(x - epsilon, 0), min(x + epsilon, 1)]. */
static __device__ __forceinline__ Box box_of(float x, float epsilon) {
    const float lower = not_negative(x - epsilon), reached = x + epsilon;
    const float upper = reached > 1.f ? 1.f : reached;
    return {0.5f * (upper + lower), 0.5f * (upper - lower)};
}

/** Centres and radii of boxes around x. */
extern "C" __global__ void box_around(const float* __restrict__ x, const float* __restrict__ epsilon,
                                      float* __restrict__ centre, float* __restrict__ radius, long long n) {
    const float e = epsilon[0];
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const Box box = box_of(x[i], e);
        centre[i] = box.centre;
        radius[i] = box.radius;
    }
}
EXPORT_KERNEL(box_around)

/** Centre and radius behind a ReLU; outputs may be the inputs. */
extern "C" __global__ void interval_relu(const float* centre, const float* radius, float* out_centre, float* out_radius,
                                         long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const Box behind = relu_of(Box{centre[i], radius[i]});
        out_centre[i] = behind.centre;
        out_radius[i] = behind.radius;
    }
}
EXPORT_KERNEL(interval_relu)

/** Gradients in place, from interval_relu's outputs to its inputs: each end of a box passes its own where positive. */
extern "C" __global__ void interval_relu_gradient(const float* __restrict__ centre, const float* __restrict__ radius,
                                                  float* __restrict__ gradient_centre,
                                                  float* __restrict__ gradient_radius, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const Box gradient = relu_gradient_of(Box{centre[i], radius[i]}, Box{gradient_centre[i], gradient_radius[i]});
        gradient_centre[i] = gradient.centre;
        gradient_radius[i] = gradient.radius;
    }
}
EXPORT_KERNEL(interval_relu_gradient)

/** As box_around; and mean = sum of the radii times weight: partial sums as in reductions.cu. */
extern "C" __global__ void __launch_bounds__(SUM_THREADS) box_around_with_mean(
        const float* __restrict__ x, const float* __restrict__ epsilon, float* __restrict__ centre,
        float* __restrict__ radius, long long n, const float* __restrict__ weight, float* __restrict__ mean,
        double* partials, unsigned* ticket) {
    const float e = epsilon[0];
    double sum = 0;
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const Box box = box_of(x[i], e);
        centre[i] = box.centre;
        radius[i] = box.radius;
        sum += box.radius;
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        partials[blockIdx.x] = sum;
    }
    if (last_block(ticket, gridDim.x)) {
        sum = sum_of_partials(partials);
        if (threadIdx.x == 0) {
            mean[0] = (float) sum * weight[0];
        }
    }
}
EXPORT_KERNEL(box_around_with_mean)

/** The loss, and in *slopes what regulariser_gradient makes gradients of. */
extern "C" __global__ void __launch_bounds__(SUM_THREADS) regulariser_slopes(
        const float* __restrict__ centre, const float* __restrict__ radius, long long n,
        const float* __restrict__ input_radius, float tau, const float* __restrict__ weight, float* __restrict__ loss,
        Slopes* slopes, Moments* partials, unsigned* ticket) {
    Moments moments{};
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        moments.add(centre[i], radius[i]);
    }
    leave_slopes(moments, n, input_radius, tau, weight, loss, slopes, partials, ticket);
}
EXPORT_KERNEL(regulariser_slopes)

extern "C" __global__ void regulariser_gradient(const float* __restrict__ centre, long long n,
                                                const Slopes* __restrict__ slopes, float* __restrict__ gradient_centre,
                                                float* __restrict__ gradient_radius) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        slopes->add_to(centre[i], gradient_centre[i], gradient_radius[i]);
    }
}
EXPORT_KERNEL(regulariser_gradient)
