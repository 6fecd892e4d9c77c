/*
 * resampling.cu: images resampled by affine maps, for augmentation.
 * Math      target[n,i,v,u] = bilinear interpolation of source[rows[n],i] at (a u + b v + c, d u + e v + f), 0 outside,
 *           kept in [0, 1], with [a b c d e f] = maps[rows[n]]
 * Rounding  operation by operation as device.cpu.CpuIndexing, to the bit
 * Shapes    source [M,channels,height,width], maps [M,6], rows int [count], target [count,channels,height,width]
 * Launch    any 1-D grid and block; grid-stride loop, an element a thread
 * Traffic   8 bytes an element: the four neighbours lie in the cache
 * Oracle    IndexingContract (interpolation in double)
 */
#include "common.cuh"

/** The pixel at (x, y), 0 outside. */
static __device__ __forceinline__ float pixel(const float* image, int x, int y, int height, int width) {
    return x < 0 || x >= width || y < 0 || y >= height ? 0.f : image[y * width + x];
}

static __device__ __forceinline__ float between(float from, float to, float share) {
    return from + share * (to - from);
}

static __device__ __forceinline__ float interpolated(const float* image, float x, float y, int height, int width) {
    const int left = (int) floorf(x), top = (int) floorf(y);
    const float right = x - left, down = y - top;
    const float above = between(pixel(image, left, top, height, width), pixel(image, left + 1, top, height, width), right);
    const float below = between(pixel(image, left, top + 1, height, width),
                                pixel(image, left + 1, top + 1, height, width), right);
    return fminf(fmaxf(between(above, below, down), 0.f), 1.f);
}

extern "C" __global__ void resample(const float* __restrict__ source, const float* __restrict__ maps,
                                    const int* __restrict__ rows, int count, int channels, int height, int width,
                                    float* __restrict__ target) {
    const int area = height * width, size = channels * area;
    const long long n = (long long) count * size;
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const long long image = rows[i / size];
        const int element = (int) (i % size), place = element % area, u = place % width, v = place / width;
        const float* map = maps + 6 * image;
        const float x = map[0] * u + map[1] * v + map[2];
        const float y = map[3] * u + map[4] * v + map[5];
        target[i] = x > -1 && x < width && y > -1 && y < height
                  ? interpolated(source + image * size + (element - place), x, y, height, width) : 0.f;
    }
}
EXPORT_KERNEL(resample)
