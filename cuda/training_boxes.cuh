/*
 * training_boxes.cuh: one element of a box as centre and radius on its way through a ReLU and back, rounded to nearest.
 */
#pragma once

#include "common.cuh"

/** Or gradients with respect to both. */
struct Box {
    float centre, radius;
};

/** max(x, 0), and NaN for NaN, which fmaxf would turn into 0. */
static __device__ __forceinline__ float not_negative(float x) {
    return x < 0.f ? 0.f : x;
}

/** The box behind a ReLU. */
static __device__ __forceinline__ Box relu_of(const Box& box) {
    const float lower = not_negative(box.centre - box.radius), upper = not_negative(box.centre + box.radius);
    return {0.5f * (upper + lower), 0.5f * (upper - lower)};
}

/** From gradients behind the ReLU to those before it, where `box` is: each end of a box passes its own where positive. */
static __device__ __forceinline__ Box relu_gradient_of(const Box& box, const Box& g) {
    const float lower = box.centre - box.radius > 0.f ? 0.5f * (g.centre - g.radius) : 0.f;
    const float upper = box.centre + box.radius > 0.f ? 0.5f * (g.centre + g.radius) : 0.f;
    return {upper + lower, upper - lower};
}
