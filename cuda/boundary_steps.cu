/*
 * boundary_steps.cu: FAB's steps toward a decision boundary, and what it keeps.
 * Math      see each kernel and BoundarySteps. The least displacement onto a plane inside [0, 1] moves each element by
 *           min(t speed, room), speed 1 in l-infinity and |normal| in l2, with the least t that reaches the plane; in l1 elements
 *           of the largest normals move as far as they can
 * Rounding  in double, rows to float at the end
 * Shapes    x, centres, normals, nearest [rows,columns]; values, distances [rows]; predictions, labels int [rows]
 * Launch    a block of SUM_THREADS threads a row, any 1-D grid; strided over rows
 * Traffic   12 bytes an element from memory, and again from cache for each iteration
 * Oracle    BoundaryStepsContract (bisection in double)
 */
#include "sums.cuh"

enum Distance { LINF, L2, L1 };

/** As BoundaryPlane has it. */
constexpr int MOST_ITERATIONS = 64;

static __device__ __forceinline__ int magnitude(float x) {
    return __float_as_int(x) & 0x7FFFFFFF;
}

/** The sum over a row's elements of f, in all threads. */
template <class F> static __device__ __forceinline__ double sum_over(int columns, const F& f) {
    double own = 0;
#pragma unroll 1 // here and below: a thread has few elements of a row, and copies of a loop spill
    for (int e = threadIdx.x; e < columns; e += SUM_THREADS) {
        own += f(e);
    }
    return block_sum(own);
}

/** The largest over a row's elements of f, which is not negative, in all threads. */
template <class F> static __device__ __forceinline__ double largest_over(int columns, const F& f) {
    __shared__ double largest[SUM_THREADS];
    double own = 0;
#pragma unroll 1
    for (int e = threadIdx.x; e < columns; e += SUM_THREADS) {
        own = fmax(own, f(e));
    }
    __syncthreads(); // the values of the call before this one have been read
    largest[threadIdx.x] = own;
    __syncthreads();
    for (int distance = SUM_THREADS / 2; distance > 0; distance /= 2) {
        if ((int) threadIdx.x < distance) {
            largest[threadIdx.x] = fmax(largest[threadIdx.x], largest[threadIdx.x + distance]);
        }
        __syncthreads();
    }
    return largest[0];
}

/** What says how far each element moves. */
struct Solution {
    /** In l-infinity and l2, t. */
    double level;
    /** In l1, how far of their way elements of the least normal that moves go, and its bits. */
    double part;
    int threshold;
    /** Whether the function is to rise, 1, or to fall, -1. */
    int side;
};

/** The least displacement of a point onto the plane of a normal, as a rule for its elements. */
struct Displacement {
    const float* point;
    const float* normal;
    int columns, distance;
    Solution solution;

    __device__ __forceinline__ double weight(int e) const {
        return fabs((double) normal[e]);
    }

    __device__ __forceinline__ double speed(int e) const {
        return distance == L2 ? weight(e) : normal[e] != 0.f ? 1. : 0.;
    }

    __device__ __forceinline__ double room(int e) const {
        return normal[e] * solution.side > 0.f ? 1. - point[e] : (double) point[e];
    }

    __device__ __forceinline__ double along(int e) const {
        if (normal[e] == 0.f) {
            return 0.;
        }
        if (distance != L1) {
            return fmin(solution.level * speed(e), room(e));
        }
        const int bits = magnitude(normal[e]);
        return bits < solution.threshold ? 0. : bits > solution.threshold ? room(e) : solution.part * room(e);
    }

    __device__ __forceinline__ double of(int e) const {
        return normal[e] * solution.side < 0.f ? -along(e) : along(e);
    }

    __device__ __forceinline__ double length() const {
        if (distance == LINF) {
            return largest_over(columns, [&](int e) { return along(e); });
        }
        const double sum = sum_over(columns, [&](int e) { return distance == L2 ? along(e) * along(e) : along(e); });
        return distance == L2 ? sqrt(sum) : sum;
    }

    __device__ __forceinline__ double gain_from(int least) const {
        return sum_over(columns, [&](int e) { return magnitude(normal[e]) >= least ? weight(e) * room(e) : 0.; });
    }

    /** Newton's method from the left on a concave function; all is the same in all threads. */
    __device__ __forceinline__ void solve(double gain) {
        solution.level = 0;
#pragma unroll 1
        for (int k = 0; k < MOST_ITERATIONS; ++k) {
            const double sum = sum_over(columns, [&](int e) { return weight(e) * fmin(solution.level * speed(e), room(e)); });
            const double slope = sum_over(columns, [&](int e) {
                return solution.level * speed(e) < room(e) ? weight(e) * speed(e) : 0.;
            });
            if (!(slope > 0.)) {
                solution.level = sum < gain ? INFINITY : solution.level;
                return;
            }
            const double next = solution.level + (gain - sum) / slope;
            if (!(next > solution.level)) {
                return;
            }
            solution.level = next;
        }
    }

    __device__ __forceinline__ void solve_sparsely(double gain) {
        solution.threshold = 0;
#pragma unroll 1
        for (int bit = 30; bit >= 0; --bit) {
            const int candidate = solution.threshold | 1 << bit;
            solution.threshold = gain_from(candidate) >= gain ? candidate : solution.threshold;
        }
        const double above = gain_from(solution.threshold + 1), tied = gain_from(solution.threshold) - above;
        solution.part = tied > 0. ? fmin(1., fmax(0., (gain - above) / tied)) : 0.;
    }
};

static __device__ __forceinline__ Displacement displacement(const float* point, const float* normal, int columns, int distance,
                                                            double value) {
    Displacement onto{point, normal, columns, distance, {0., 0., 0, value >= 0. ? -1 : 1}};
    if (distance == L1) {
        onto.solve_sparsely(fabs(value));
    } else {
        onto.solve(fabs(value));
    }
    return onto;
}

/** x = clamp((1 - a) (x + eta d1) + a (c + eta d2), 0, 1). */
extern "C" __global__ void __launch_bounds__(SUM_THREADS) boundary_step(float* __restrict__ x,
        const float* __restrict__ centres, const float* __restrict__ normals, const float* __restrict__ values, int distance,
        float overshoot, float most_pull, int rows, int columns) {
    for (int n = blockIdx.x; n < rows; n += gridDim.x) {
        const long long start = (long long) n * columns;
        const float* normal = normals + start;
        const float* centre = centres + start;
        float* point = x + start;
        const double unknown = sum_over(columns, [&](int e) { return fabsf(normal[e]) < INFINITY ? 0. : 1.; });
        const double some = sum_over(columns, [&](int e) { return normal[e] != 0.f ? 1. : 0.; });
        if (!(fabsf(values[n]) < INFINITY) || unknown > 0. || some == 0.) { // the same in all threads
            continue;
        }
        const double between = sum_over(columns, [&](int e) { return (double) normal[e] * ((double) centre[e] - point[e]); });
        __shared__ Solution solved[2]; // of the point, then of the centre
        __shared__ double lengths[2];
#pragma unroll 1
        for (int k = 0; k < 2; ++k) {
            const Displacement onto = displacement(k == 0 ? point : centre, normal, columns, distance,
                                                   k == 0 ? values[n] : values[n] + between);
            const double length = onto.length();
            if (threadIdx.x == 0) {
                solved[k] = onto.solution;
                lengths[k] = fmax(1e-8, length);
            }
        }
        __syncthreads(); // solutions are there
        const Displacement own{point, normal, columns, distance, solved[0]};
        const Displacement centred{centre, normal, columns, distance, solved[1]};
        const double pull = fmin(lengths[0] / (lengths[0] + lengths[1]), (double) most_pull);
        __syncthreads(); // all have read the point
#pragma unroll 1
        for (int e = threadIdx.x; e < columns; e += SUM_THREADS) {
            const double end = (point[e] + overshoot * own.of(e)) * (1. - pull)
                    + (centre[e] + overshoot * centred.of(e)) * pull;
            point[e] = (float) fmax(0., fmin(1., end));
        }
        __syncthreads(); // solutions have been read
    }
}
EXPORT_KERNEL(boundary_step) // may spill: across divisions in double, in a kernel that waits for its block sums

/** Keeps adversarial points that are nearer than those before, and draws all of them back. */
extern "C" __global__ void __launch_bounds__(SUM_THREADS) keep_nearest(float* __restrict__ x,
        const float* __restrict__ centres, const int* __restrict__ predictions, const int* __restrict__ labels, int distance,
        float back, float* __restrict__ nearest, float* __restrict__ distances, int rows, int columns) {
    for (int n = blockIdx.x; n < rows; n += gridDim.x) {
        if (predictions[n] < 0 || predictions[n] == labels[n]) { // the same in all threads
            continue;
        }
        const long long start = (long long) n * columns;
        const auto apart = [&](int e) { return fabs((double) x[start + e] - centres[start + e]); };
        const double sum = distance == LINF ? largest_over(columns, apart)
                : sum_over(columns, [&](int e) { return distance == L2 ? apart(e) * apart(e) : apart(e); });
        const float away = (float) (distance == L2 ? sqrt(sum) : sum);
        const bool nearer = away < distances[n];
        __syncthreads(); // all have read the distance
#pragma unroll 1
        for (int e = threadIdx.x; e < columns; e += SUM_THREADS) {
            const float point = x[start + e], centre = centres[start + e];
            if (nearer) {
                nearest[start + e] = point;
            }
            x[start + e] = centre + back * (point - centre);
        }
        if (nearer && threadIdx.x == 0) {
            distances[n] = away;
        }
    }
}
EXPORT_KERNEL(keep_nearest)
