/*
 * ball_steps.cu: steps of an attack inside l2 balls, and the way back into l1 balls.
 * Math      x[n,:] = clamp(c + t d, 0, 1), d = (x[n,:] - c) + lengths[n] direction / norm, c = centres[n,:], with the
 *           largest t <= 1 at which |clamp(c + t d, 0, 1) - c| <= radii[n]: the point of ball and box nearest to c + d. The norm
 *           leaves out elements that lead from 0 or 1 out of the range. In l1, x[n,:] = clamp(c + sign(d) max(|d| - s, 0), 0, 1)
 *           with the least s >= 0 that keeps to the radius
 * Rounding  in double; elements to float toward the centre, so that rounding leads out of no ball
 * Shapes    x, directions, centres [rows,columns]; radii, lengths [rows]
 * Launch    a block of SUM_THREADS threads a row, any 1-D grid; strided over rows
 * Traffic   12 bytes an element from memory, and again from cache for each iteration; 4 written
 * Oracle    BallStepsContract (bisection in double)
 */
#include "sums.cuh"

/** As CpuBallSteps has it. */
constexpr int MOST_ITERATIONS = 24;

/** A row and its step. */
struct BallRow {
    float* x;
    const float* direction;
    const float* centre;
    int columns;
    double factor;

    /** From the centre to where the step leads. */
    __device__ __forceinline__ double way(int e) const {
        const double from = (double) x[e] - centre[e];
        return factor == 0. ? from : from + factor * direction[e];
    }

    /** The sum over the row's elements of f, in all threads. */
    template <class F> __device__ __forceinline__ double sum(const F& f) const {
        double own = 0;
#pragma unroll 1 // a thread has few elements of a row, and copies of the loop spill
        for (int e = threadIdx.x; e < columns; e += SUM_THREADS) {
            own += f(e);
        }
        return block_sum(own);
    }
};

/**
 * The largest s = t^2 <= 1 at which the sum of min(s way^2, room^2) is at most `most`: a concave, piecewise linear function of
 * s, so that Newton's method from the left stays there.
 */
static __device__ __forceinline__ double largest_square(const BallRow& row, double most) {
    const double all = row.sum([&](int e) { return row.way(e) * row.way(e); });
    double s = all <= most ? 1. : most / all;
    for (int k = 0; k < MOST_ITERATIONS && s < 1.; ++k) { // s is the same in all threads
        const auto room = [&](int e) { return row.way(e) > 0. ? 1. - row.centre[e] : (double) row.centre[e]; };
        const auto free = [&](int e) { return s * row.way(e) * row.way(e) < room(e) * room(e); };
        const double sum = row.sum([&](int e) {
            return free(e) ? s * row.way(e) * row.way(e) : room(e) * room(e);
        });
        const double slope = row.sum([&](int e) { return free(e) ? row.way(e) * row.way(e) : 0.; });
        const double next = slope > 0. ? s + (most - sum) / slope : 1.;
        if (!(next > s)) {
            break;
        }
        s = next < 1. ? next : 1.;
    }
    return s;
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS) ball_step(float* __restrict__ x,
        const float* __restrict__ directions, const float* __restrict__ centres, const float* __restrict__ radii,
        const float* __restrict__ lengths, int rows, int columns) {
    for (int n = blockIdx.x; n < rows; n += gridDim.x) {
        const long long start = (long long) n * columns;
        BallRow row{x + start, directions + start, centres + start, columns, 0.};
        const double squares = row.sum([&](int e) {
            const double step = row.direction[e];
            const bool outward = step < 0. ? row.x[e] <= 0.f : row.x[e] >= 1.f;
            return step * (outward ? 0. : step); // NaN where a step is infinite
        });
        row.factor = squares > 0. && squares < INFINITY ? lengths[n] / sqrt(squares) : 0.;
        const double t = sqrt(largest_square(row, (double) radii[n] * radii[n]));
        for (int e = threadIdx.x; e < columns; e += SUM_THREADS) {
            const double way = t * row.way(e), beyond = row.centre[e] + way;
            const double end = beyond < 0. ? 0. : beyond > 1. ? 1. : beyond;
            row.x[e] = way > 0. ? __double2float_rd(end) : __double2float_ru(end);
        }
    }
}
EXPORT_KERNEL(ball_step)

/** As CpuBallSteps has them. */
constexpr int MOST_BRACKETS = 80;
constexpr double NEAR = 1 - 0x1p-32;

/** The largest of the block's values, in all threads; none is negative. */
static __device__ __forceinline__ double block_largest(double x) {
    __shared__ double largest[SUM_THREADS];
    __syncthreads(); // the values of the call before this one have been read
    largest[threadIdx.x] = x;
    __syncthreads();
    for (int distance = SUM_THREADS / 2; distance > 0; distance /= 2) {
        if ((int) threadIdx.x < distance) {
            largest[threadIdx.x] = fmax(largest[threadIdx.x], largest[threadIdx.x + distance]);
        }
        __syncthreads();
    }
    return largest[0];
}

/** The least s at which the sum of min(max(|way| - s, 0), room) is at most `most`, but for rounding. */
static __device__ __forceinline__ double least_shrinkage(const BallRow& row, double most) {
    double own = 0;
#pragma unroll 1
    for (int e = threadIdx.x; e < row.columns; e += SUM_THREADS) {
        own = fmax(own, fabs(row.way(e)));
    }
    double low = 0, high = block_largest(own), s = 0;
    for (int k = 0; k < MOST_BRACKETS; ++k) { // all is the same in all threads
        const auto left = [&](int e) { return fabs(row.way(e)) - s; };
        const auto room = [&](int e) { return row.way(e) > 0. ? 1. - row.centre[e] : (double) row.centre[e]; };
        const double sum = row.sum([&](int e) { return fmin(fmax(left(e), 0.), room(e)); });
        const double free = row.sum([&](int e) { return left(e) > 0. && left(e) < room(e) ? 1. : 0.; });
        if (sum <= most) {
            high = s;
            if (k == 0 || sum >= most * NEAR) {
                break;
            }
        } else {
            low = s;
        }
        const double next = free > 0. ? s + (sum - most) / free : low;
        s = next > low && next < high ? next : 0.5 * (low + high);
        if (!(s > low && s < high)) {
            break;
        }
    }
    return high;
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS) project_l1(float* __restrict__ x, const float* __restrict__ centres,
        const float* __restrict__ radii, int rows, int columns) {
    for (int n = blockIdx.x; n < rows; n += gridDim.x) {
        const long long start = (long long) n * columns;
        const BallRow row{x + start, x + start, centres + start, columns, 0.};
        const bool finite = row.sum([&](int e) { return fabsf(row.x[e]) < INFINITY ? 0. : 1.; }) == 0.;
        const double shrink = finite ? least_shrinkage(row, radii[n]) : 0.;
        for (int e = threadIdx.x; e < columns; e += SUM_THREADS) {
            const double way = finite ? row.way(e) : 0., left = fmax(fabs(way) - shrink, 0.);
            const double beyond = row.centre[e] + (way < 0. ? -left : left);
            const double end = beyond < 0. ? 0. : beyond > 1. ? 1. : beyond;
            row.x[e] = way > 0. ? __double2float_rd(end) : __double2float_ru(end);
        }
    }
}
EXPORT_KERNEL(project_l1)
