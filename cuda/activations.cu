/*
 * activations.cu: activations other than the ReLU, element by element, and the boxes and lines of them for certificates.
 * Math      activate            y = f(x)
 *           activation_gradient gradient *= f'(x), where y = f(x)
 *           enclose_activation  [f(lower), f(upper)]
 *           relax_activation    slope z + intercept >= f(z) on [lower, upper], and such a line below
 *           f by its kind: 0 leaky ReLU of slope p; 1 clip to [p, q]; 2 sigmoid; 3 hyperbolic tangent
 * Rounding  enclose_activation, relax_activation: outward. Leaky ReLU and clip: in double, where a product of two floats is
 *           exact. The others rest on exp and tanh in double, taken to be off by 4 units in the last place at most, for
 *           which and for all else MARGIN stands: as Activations.MARGIN. Slopes are choices and not claims, intercepts fit
 *           them.
 *           activate, activation_gradient: to nearest
 * Unknown   An interval without two finite ends is unknown. Of a function with two bounds its box is these, and its lines
 *           the constants; else both are NaN
 * Shapes    vectors of n floats; intercept_below may be absent (leaky ReLU: its lines below go through 0)
 * Launch    any 1-D grid and block
 * Traffic   8 to 28 bytes an element; of a sigmoid or tanh the double functions cost more
 * Bits      the same for every launch shape
 * Oracle    ActivationsContract (decimals of 60 digits)
 */
#include "intervals.cuh"

namespace {

/** As Activations.MARGIN. */
constexpr double MARGIN = 0x1p-47, TINY = 0x1p-1022;
constexpr int LEAKY_RELU = 0, CLIP = 1, SIGMOID = 2;
/** Of Newton's method in through_lower_end: it converges quadratically, but for ends next to 0. */
constexpr int ITERATIONS = 20;

__device__ __forceinline__ float least_of(float a, float b) { return a < b ? a : b; }
__device__ __forceinline__ float most_of(float a, float b) { return a > b ? a : b; }
__device__ __forceinline__ double least_of(double a, double b) { return a < b ? a : b; }
__device__ __forceinline__ double most_of(double a, double b) { return a > b ? a : b; }

/** A line. */
struct Line {
    float slope;
    double intercept;
};

// ---- smooth functions -------------------------------------------------------------------------------------------------

/**
 * A sigmoid or a hyperbolic tangent: convex below 0, concave above, and its own mirror image, f(-z) = centre - f(z). Both
 * have 1 above them.
 */
struct Smooth {
    bool is_sigmoid;

    __device__ __forceinline__ double centre() const { return is_sigmoid ? 1 : 0; }
    __device__ __forceinline__ double least() const { return is_sigmoid ? 0 : -1; }
    __device__ __forceinline__ double steepest() const { return is_sigmoid ? 0.25 : 1; }
    /** From here on the function is 1, as far as doubles tell. */
    __device__ __forceinline__ double flat() const { return is_sigmoid ? 40 : 20; }

    __device__ __forceinline__ double value(double z) const { return is_sigmoid ? 1 / (1 + exp(-z)) : tanh(z); }

    __device__ __forceinline__ double derivative(double z) const {
        const double e = exp(-fabs(is_sigmoid ? z : 2 * z)), quarter = e / ((1 + e) * (1 + e));
        return is_sigmoid ? quarter : 4 * quarter;
    }

    /** Where, at or above 0, the derivative is `slope`: with y the sigmoid there, y (1 - y) = slope. */
    __device__ __forceinline__ double steepest_at(double slope) const {
        const double own = is_sigmoid ? slope : slope / 4, y = (1 + sqrt(1 - 4 * own)) / 2, z = log(y * y / own);
        return is_sigmoid ? z : z / 2;
    }

    /** Not less than the value at z, and not above it. */
    __device__ __forceinline__ double above(double z) const {
        const double v = value(z);
        return least_of(1., v + (fabs(v) * MARGIN + TINY));
    }

    __device__ __forceinline__ double below(double z) const {
        const double v = value(z);
        return most_of(least(), v - (fabs(v) * MARGIN + TINY));
    }

    /**
     * The slope of the tangent that meets the function at l < 0 and touches it above 0. Of all chords from l it is the
     * steepest, so that Newton's method, which goes from one to where the function has its slope, comes down to it.
     */
    __device__ double through_lower_end(double l, double from) const {
        const double at_lower = value(l);
        double slope = (value(from) - at_lower) / (from - l);
        for (int k = 0; k < ITERATIONS; ++k) {
            const double touching = steepest_at(least_of(slope, steepest()));
            const double next = (value(touching) - at_lower) / (touching - l);
            if (!(next > slope)) {
                break;
            }
            slope = next;
        }
        return slope;
    }

    /** Of the line above; what is off here makes it looser and not wrong. */
    __device__ float slope_above(double l, double u) const {
        double slope;
        if (l >= 0 || u == l) {
            slope = derivative(0.5 * l + 0.5 * u);
        } else {
            slope = (value(u) - value(l)) / (u - l);
            if (u > 0 && derivative(u) < slope) {
                slope = through_lower_end(l, least_of(u, flat()));
            }
        }
        return __double2float_rn(most_of(0., least_of(steepest(), slope)));
    }

    /**
     * A bound of f(z) - slope z over [begin, end], at or above 0, by the tangent where the derivative is next to the slope.
     */
    __device__ double over_concave(float slope, double begin, double end) const {
        const double m = most_of(begin, least_of(end, steepest_at(slope))), d = derivative(m);
        const double rise = most_of(0., most_of((d * (1 + MARGIN) - slope) * (end - m),
                                                (slope - d * (1 - MARGIN)) * (m - begin)));
        const double v = above(m), line = slope * m;
        return v - line + rise + ((v + line + rise) * MARGIN + TINY);
    }

    /** An upper bound of f(z) - slope z over [l, u]: as cpu.SmoothCurve. */
    __device__ double intercept_above(float slope, float l, float u) const {
        double most = __dsub_ru(above(l), (double) slope * l);
        if (u <= 0.f) {
            return most_of(most, __dsub_ru(above(u), (double) slope * u));
        }
        const double begin = most_of((double) l, 0.), end = least_of((double) u, flat());
        if (begin < end) {
            most = most_of(most, over_concave(slope, begin, end));
        }
        if (u > flat()) {
            most = most_of(most, __dsub_ru(1., slope * most_of((double) l, flat())));
        }
        return most;
    }

    __device__ Line line_above(float l, float u) const {
        const float slope = slope_above(l, u);
        return {slope, intercept_above(slope, l, u)};
    }
};

// ---- functions of lines -----------------------------------------------------------------------------------------------

/** The line above a leaky ReLU, for an interval of open sign. */
__device__ __forceinline__ Line above_leaky_relu(float own, float l, float u) {
    const double at_lower = (double) own * l;
    const float slope = most_of(own, least_of(1.f, __double2float_rn((u - at_lower) / ((double) u - l))));
    const double first = __dsub_ru(at_lower, (double) slope * l), last = __dsub_ru(u, (double) slope * u);
    return {slope, most_of(most_of(first, last), TINY)}; // above 0, for that marks an open sign
}

/** The line above a clip, as cpu.ClipCurve. */
__device__ __forceinline__ Line above_clip(float low, float high, float l, float u) {
    double slope;
    if (u <= high) {
        slope = ((double) u - low) / ((double) u - l);
    } else {
        const double from_bend = (high - (double) most_of(l, low)) / ((double) high - l);
        slope = (double) u - high < (double) high - l ? from_bend : 0;
    }
    const float chosen = most_of(0.f, least_of(1.f, __double2float_rn(slope)));
    double intercept = most_of(__dsub_ru(most_of(low, least_of(high, l)), (double) chosen * l),
                               __dsub_ru(most_of(low, least_of(high, u)), (double) chosen * u));
    if (l < high && high < u) {
        intercept = most_of(intercept, __dsub_ru(high, (double) chosen * high));
    }
    return {chosen, intercept};
}

/** The number c of both bounds of a function that has them, else NaN. */
__device__ __forceinline__ float bound(int kind, float p, float q, bool upper) {
    if (kind == LEAKY_RELU || (kind == CLIP && !is_known(p, q))) {
        return unknown();
    }
    return kind == CLIP ? (upper ? q : p) : upper ? 1.f : kind == SIGMOID ? 0.f : -1.f;
}

} // namespace

extern "C" __global__ void activate(int kind, float p, float q, const float* x, float* y, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float v = x[i];
        if (kind == LEAKY_RELU) {
            y[i] = v > 0.f ? v : p * v;
        } else if (kind == CLIP) {
            y[i] = v < p ? p : v > q ? q : v;
        } else {
            y[i] = __double2float_rn(Smooth{kind == SIGMOID}.value(v));
        }
    }
}
EXPORT_KERNEL(activate)

extern "C" __global__ void activation_gradient(int kind, float p, float q, const float* __restrict__ y,
                                               float* __restrict__ gradient, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float v = y[i];
        if (kind == LEAKY_RELU) {
            gradient[i] *= v > 0.f ? 1.f : p;
        } else if (kind == CLIP) {
            gradient[i] *= v > p && v < q ? 1.f : 0.f;
        } else {
            gradient[i] *= kind == SIGMOID ? v * (1 - v) : (1 - v) * (1 + v);
        }
    }
}
EXPORT_KERNEL(activation_gradient)

extern "C" __global__ void enclose_activation(int kind, float p, float q, const float* lower, const float* upper,
                                              float* out_lower, float* out_upper, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float l = lower[i], u = upper[i];
        float low = bound(kind, p, q, false), high = bound(kind, p, q, true);
        if (is_known(l, u)) {
            if (kind == LEAKY_RELU) {
                low = l > 0.f ? l : __fmul_rd(p, l);
                high = u > 0.f ? u : __fmul_ru(p, u);
            } else if (kind == CLIP) {
                low = most_of(p, least_of(q, l));
                high = most_of(p, least_of(q, u));
            } else {
                const Smooth f{kind == SIGMOID};
                low = __double2float_rd(f.below(l));
                high = __double2float_ru(f.above(u));
            }
        }
        out_lower[i] = low;
        out_upper[i] = high;
    }
}
EXPORT_KERNEL(enclose_activation)

extern "C" __global__ void relax_activation(int kind, float p, float q, const float* __restrict__ lower,
                                            const float* __restrict__ upper, float* __restrict__ slope_above,
                                            float* __restrict__ intercept_above, float* __restrict__ slope_below,
                                            float* intercept_below, float* __restrict__ magnitude, long long n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const float l = lower[i], u = upper[i];
        const float least = bound(kind, p, q, false), most = bound(kind, p, q, true);
        Line above{most == most ? 0.f : most, most}, below{least == least ? 0.f : least, least};
        if (!is_known(l, u)) {
            // the constants
        } else if (kind == LEAKY_RELU) {
            const float own = u <= 0.f ? p : 1.f;
            const bool open = u > 0.f && l < 0.f;
            above = open ? above_leaky_relu(p, l, u) : Line{own, 0};
            below = {open && !(u > -l) ? p : own, 0};
        } else if (kind == CLIP && (u <= p || l >= q)) {
            above = below = {0.f, u <= p ? p : q};
        } else if (kind == CLIP && l >= p && u <= q) {
            above = below = {1.f, 0};
        } else if (kind == CLIP) {
            const Line mirrored = above_clip(-q, -p, -u, -l);
            below = {mirrored.slope, -mirrored.intercept};
            above = above_clip(p, q, l, u);
        } else {
            const Smooth f{kind == SIGMOID};
            const Line mirrored = f.line_above(-u, -l);
            below = {mirrored.slope, __dsub_rd(f.centre(), mirrored.intercept)};
            above = f.line_above(l, u);
        }
        slope_above[i] = above.slope;
        intercept_above[i] = __double2float_ru(above.intercept);
        slope_below[i] = below.slope;
        if (intercept_below != nullptr) {
            intercept_below[i] = __double2float_rd(below.intercept);
        }
        magnitude[i] = fabsf(l) > fabsf(u) || l != l ? fabsf(l) : fabsf(u);
    }
}
EXPORT_KERNEL(relax_activation)
