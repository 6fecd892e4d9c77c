/*
 * noise.cu: counter-based Gaussian, discrete and uniform numbers, added to or drawn inside rows of images.
 * Math      see each kernel; z and u are functions of (key, image, sample, element) alone: philox.cuh
 * Shapes    matrices [rows,columns], any width; images, samples int [rows]
 * Launch    grid (x: a row's counters, y: rows), any block; both are strided over
 * Traffic   8 bytes an element; a thread makes four elements 16 apart, so that 16 lanes write runs of 64 bytes
 * Limits    some 60 integer and float instructions a normal: compute-bound on every GPU with more than 1 TB/s
 *           discrete: some 40 instructions and a look-up of 4 bytes in 64 KiB an element
 * Oracle    dev.bulwark.device.Philox and RoundedGaussian, bit for bit; NoiseContract
 */
#include "discrete_noise.cuh"
#include "noise.cuh"

/** target[row,:] = the sample of x by (image, sample), where x, image and sample are functions of the row. */
template <class Rows, class Law>
__device__ __forceinline__ void add_noise_to(Rows source, int rows, int columns, Law law, NoiseKey key,
                                             float* __restrict__ target) {
    const int counters = noise_counters(columns);
    for (int row = blockIdx.y; row < rows; row += gridDim.y) {
        const float* __restrict__ x = source.x(row);
        float* __restrict__ y = target + (long long) row * columns;
        for (int counter = blockIdx.x * blockDim.x + threadIdx.x; counter < counters; counter += gridDim.x * blockDim.x) {
            noisy_elements(x, columns, law, key, source.image(row), source.sample(row), counter,
                           [=](int e, float value) { y[e] = value; });
        }
    }
}

/** Rows of their own, each with its own image and sample. */
struct OwnRows {
    const float* matrix;
    const int* images;
    const int* samples;
    int columns;

    __device__ const float* x(int row) const { return matrix + (long long) row * columns; }
    __device__ int image(int row) const { return images[row]; }
    __device__ int sample(int row) const { return samples[row]; }
};

/** Samples of one image, one after the other. */
struct CopiedRow {
    const float* row;
    int image_index, first_sample;

    __device__ const float* x(int) const { return row; }
    __device__ int image(int) const { return image_index; }
    __device__ int sample(int row) const { return first_sample + row; }
};

/** target[n,:] = x[n,:] + sigma z(images[n], samples[n]), the sum rounded once. */
extern "C" __global__ void add_noise(const float* __restrict__ x, const int* __restrict__ images,
                                     const int* __restrict__ samples, int rows, int columns, float sigma,
                                     unsigned key_low, unsigned key_high, unsigned stream, float* __restrict__ target) {
    add_noise_to(OwnRows {x, images, samples, columns}, rows, columns, sigma, {key_low, key_high, stream}, target);
}
EXPORT_KERNEL(add_noise)

/** target[s,:] = x + sigma z(image, first_sample + s), the sum rounded once. */
extern "C" __global__ void noisy_copies(const float* __restrict__ x, int image, int first_sample, int rows, int columns,
                                        float sigma, unsigned key_low, unsigned key_high, unsigned stream,
                                        float* __restrict__ target) {
    add_noise_to(CopiedRow {x, image, first_sample}, rows, columns, sigma, {key_low, key_high, stream}, target);
}
EXPORT_KERNEL(noisy_copies)

/** target[n,:] = the sample of x[n,:] by (images[n], samples[n]), x bytes over 255. */
extern "C" __global__ void add_discrete_noise(const float* __restrict__ x, const int* __restrict__ images,
                                              const int* __restrict__ samples, int rows, int columns,
                                              const int* __restrict__ tables, int thresholds, unsigned key_low,
                                              unsigned key_high, unsigned stream, float* __restrict__ target) {
    add_noise_to(OwnRows {x, images, samples, columns}, rows, columns, DiscreteLaw {tables, thresholds},
                 {key_low, key_high, stream}, target);
}
EXPORT_KERNEL(add_discrete_noise)

/** target[s,:] = the sample of x by (image, first_sample + s), x bytes over 255. */
extern "C" __global__ void discrete_copies(const float* __restrict__ x, int image, int first_sample, int rows, int columns,
                                           const int* __restrict__ tables, int thresholds, unsigned key_low,
                                           unsigned key_high, unsigned stream, float* __restrict__ target) {
    add_noise_to(CopiedRow {x, image, first_sample}, rows, columns, DiscreteLaw {tables, thresholds},
                 {key_low, key_high, stream}, target);
}
EXPORT_KERNEL(discrete_copies)

/** target = lower + u (upper - lower), not above upper; u a multiple of 2^-24 in [0, 1). */
extern "C" __global__ void uniform_in_box(const float* __restrict__ lower, const float* __restrict__ upper,
                                          const int* __restrict__ images, const int* __restrict__ samples, int rows,
                                          int columns, unsigned key_low, unsigned key_high, unsigned stream,
                                          float* __restrict__ target) {
    const int counters = noise_counters(columns);
    for (int row = blockIdx.y; row < rows; row += gridDim.y) {
        const long long start = (long long) row * columns;
        for (int counter = blockIdx.x * blockDim.x + threadIdx.x; counter < counters; counter += gridDim.x * blockDim.x) {
            const uint4 block = philox({key_low, key_high, stream}, images[row], samples[row], counter);
            const unsigned words[4] = {block.x, block.y, block.z, block.w};
#pragma unroll
            for (int run = 0; run < 4; ++run) {
                const int e = noise_element(counter) + run * NOISE_LANES;
                if (e < columns) {
                    const float low = lower[start + e], high = upper[start + e];
                    const float u = __fmul_rn((float) (words[run] >> 8), 0x1p-24f);
                    const float value = __fmaf_rn(u, __fsub_rn(high, low), low);
                    target[start + e] = value > high ? high : value;
                }
            }
        }
    }
}
EXPORT_KERNEL(uniform_in_box)
