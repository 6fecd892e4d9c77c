/*
 * optimisers.cu: parameter updates, one pass over the memory each.
 * Math      see each kernel; what changes from step to step is read from device memory, so that a graph can replay them
 * Rounding  operation by operation as device.cpu.CpuOptimisers, so that both take the same steps to the bit: what is far too
 *           small to matter becomes 0 in the same places, though a GPU would not be slower for it
 * Shapes    vectors of n floats; step [3] or [1], factor [1]
 * Launch    any 1-D grid and block; grid-stride loops; clip_factor one thread
 * Traffic   adam 28n bytes, with the average 36n, sgd 20n, average 12n
 * Oracle    BackendContract (the papers' formulas in double); OptimiserParityTest
 */
#include "common.cuh"

/** Gradients of less than 2^-57 are none: their squares would be denormal. */
constexpr float GRADIENT = 0x1p-34f;
/** Means of less than 2^-100 are none: their steps would be denormal. */
constexpr float MEAN = 0x1p-77f;
/** Squares of less than 2^-113 are none: they would decay to denormal ones. */
constexpr float SQUARE = 0x1p-90f;

/** x as a multiple of 2^-23 anchor: what is far smaller becomes 0. */
static __device__ __forceinline__ float coarse(float x, float anchor) {
    return (x + anchor) - anchor;
}

/** factor = min(1, max_norm / sqrt(sum of squares)). */
extern "C" __global__ void clip_factor(const float* __restrict__ sum_of_squares, float max_norm,
                                       float* __restrict__ factor) {
    if (grid_first() == 0) {
        const double norm = sqrt((double) sum_of_squares[0]);
        factor[0] = norm > max_norm ? (float) (max_norm / norm) : 1.f;
    }
}
EXPORT_KERNEL(clip_factor)

/** What a + share (p - a) is to nearest, operation by operation. */
static __device__ __forceinline__ float averaged(float a, float p, float share) {
    return a + share * (p - a);
}

/** average, where AVERAGING, takes share of the new parameters, as the kernel average does. */
template <bool AVERAGING>
static __device__ __forceinline__ void adam_step(float* __restrict__ parameters, const float* __restrict__ gradient,
                                                 float* __restrict__ mean, float* __restrict__ square, long long n,
                                                 float beta1, float beta2, float tiny, float weight_decay,
                                                 const float* __restrict__ step, const float* __restrict__ factor,
                                                 float share, float* __restrict__ average) {
    __shared__ float shared_correction;
    if (threadIdx.x == 0) { // double is slow on most GPUs: once a block, not once a parameter
        shared_correction = (float) (1 / sqrt((double) step[2]));
    }
    __syncthreads();
    const float correction = shared_correction, rate = step[0] / step[1], scale = factor[0];
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float p = parameters[i];
        const float slope = coarse(gradient[i] * scale + weight_decay * p, GRADIENT);
        const float m = coarse(beta1 * mean[i] + (1 - beta1) * slope, MEAN);
        const float v = coarse(beta2 * square[i] + (1 - beta2) * slope * slope, SQUARE);
        mean[i] = m;
        square[i] = v;
        const float next = p - rate * m / (sqrtf(v) * correction + tiny);
        parameters[i] = next;
        if (AVERAGING) {
            average[i] = averaged(average[i], next, share);
        }
    }
}

/** Adam (Kingma and Ba 2015); step = [learning rate, 1 - beta1^t, 1 - beta2^t]. */
extern "C" __global__ void adam(float* __restrict__ parameters, const float* __restrict__ gradient,
                                float* __restrict__ mean, float* __restrict__ square, long long n, float beta1,
                                float beta2, float tiny, float weight_decay, const float* __restrict__ step,
                                const float* __restrict__ factor) {
    adam_step<false>(parameters, gradient, mean, square, n, beta1, beta2, tiny, weight_decay, step, factor, 0.f, nullptr);
}
EXPORT_KERNEL(adam)

/** Adam, and then average. */
extern "C" __global__ void adam_averaging(float* __restrict__ parameters, const float* __restrict__ gradient,
                                          float* __restrict__ mean, float* __restrict__ square, long long n, float beta1,
                                          float beta2, float tiny, float weight_decay, const float* __restrict__ step,
                                          const float* __restrict__ factor, float share, float* __restrict__ average) {
    adam_step<true>(parameters, gradient, mean, square, n, beta1, beta2, tiny, weight_decay, step, factor, share, average);
}
EXPORT_KERNEL(adam_averaging)

/** v = momentum v + g; p -= learning rate v. step = [learning rate]. */
extern "C" __global__ void sgd(float* __restrict__ parameters, const float* __restrict__ gradient,
                               float* __restrict__ velocity, long long n, float momentum, float weight_decay,
                               const float* __restrict__ step, const float* __restrict__ factor) {
    const float rate = step[0], scale = factor[0];
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float p = parameters[i];
        const float v = coarse(momentum * velocity[i] + gradient[i] * scale + weight_decay * p, MEAN);
        velocity[i] = v;
        parameters[i] = p - rate * v;
    }
}
EXPORT_KERNEL(sgd)

/** average += share (parameters - average). */
extern "C" __global__ void average(const float* __restrict__ parameters, long long n, float share,
                                   float* __restrict__ average) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        average[i] = averaged(average[i], parameters[i], share);
    }
}
EXPORT_KERNEL(average)
