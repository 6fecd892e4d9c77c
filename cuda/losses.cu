/*
 * losses.cu: cross-entropy, the worst-case logits that it is taken of, and the margin that an attack climbs.
 * Math      see each kernel and Backend
 * Rounding  to nearest; cross-entropy in double within a row, one rounding to float at the end
 * Shapes    matrices [N,C] row-major, labels int [N] in 0 .. C - 1, spread [N,C*C], pairs [C*C,I], weights [C,I]
 * Launch    any 1-D grid; grid-stride loops over elements, over rows with a thread each, or over rows with a warp each
 *           (blocks of whole warps). class_losses: at most MOST_PARTIALS blocks of SUM_THREADS threads; partials
 *           [2,MOST_PARTIALS], scratch; ticket one, 0 before and after
 * Traffic   bound by memory, and at the usual ten classes by the launch
 * Oracle    BackendContract (definitions in double)
 */
#include "sums.cuh"
#include "votes.cuh"

/** This warp's first row in a loop that gives every row a warp, and how far the next one is. */
static __device__ __forceinline__ long long first_row() {
    return grid_first() / WARP;
}

static __device__ __forceinline__ long long row_stride() {
    return grid_stride() / WARP;
}

static __device__ __forceinline__ int lane() {
    return threadIdx.x % WARP;
}

/** Gradients of less than 2^-67 are none: carried back through a few layers they would be denormal. */
constexpr float SMALLEST = 0x1p-44f;

/** The best of the lanes' logits, in all of them. */
static __device__ __forceinline__ Best warp_best(Best best) {
    __syncwarp();
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        const float value = __shfl_xor_sync(ALL_LANES, best.value, distance);
        best = better(best, {value, __shfl_xor_sync(ALL_LANES, best.index, distance)});
    }
    return best;
}

/**
 * A warp's row: its cross-entropy log sum exp z - z[label], with z = logit(c) for class c; put(c, slope) takes the
 * gradient scale (softmax - one-hot), rounded to multiples of 2^-67. A lane asks for and puts its own classes only, and
 * puts after it has asked for the last time; the label's logit reaches the others through registers.
 */
template <class Logit, class Put>
static __device__ __forceinline__ float row_loss(int classes, int label, float scale, const Logit& logit,
                                                 const Put& put) {
    float largest = -INFINITY, of_label = 0;
    for (int c = lane(); c < classes; c += WARP) {
        const float value = logit(c);
        largest = value > largest || value != value ? value : largest;
        of_label = c == label ? value : of_label;
    }
    largest = warp_maximum(largest);
    of_label = __shfl_sync(ALL_LANES, of_label, label % WARP);
    double sum = 0;
    for (int c = lane(); c < classes; c += WARP) {
        sum += exp((double) (logit(c) - largest));
    }
    sum = warp_sum(sum);
    for (int c = lane(); c < classes; c += WARP) {
        const double probability = exp((double) (logit(c) - largest)) / sum;
        const float slope = (float) (scale * (probability - (c == label ? 1 : 0)));
        put(c, (slope + SMALLEST) - SMALLEST);
    }
    return (float) (log(sum) + largest - of_label);
}

/** losses[n] = row n's cross-entropy; gradient = weight / N (softmax - one-hot), which may lie on the logits. */
extern "C" __global__ void cross_entropy(const float* logits, const int* __restrict__ labels, int rows, int classes,
                                         const float* __restrict__ weight, float* gradient,
                                         float* __restrict__ losses) {
    const float scale = weight[0] / rows;
    for (long long n = first_row(); n < rows; n += row_stride()) {
        const float* z = logits + n * classes;
        float* g = gradient + n * classes;
        const float loss = row_loss(classes, labels[n], scale, [=](int c) { return z[c]; },
                                    [=](int c, float slope) { g[c] = slope; });
        if (lane() == 0) {
            losses[n] = loss;
        }
    }
}
EXPORT_KERNEL(cross_entropy)

/**
 * gradient = e_c - e_label with c the best class but the label, the lowest at a tie; 0 in a row with a NaN or without
 * another class. The gradient may lie on the logits: a thread has read all of its row before it writes there.
 */
extern "C" __global__ void margin_gradient(const float* logits, const int* __restrict__ labels, int rows, int classes,
                                           float* gradient) {
    for (long long n = grid_first(); n < rows; n += grid_stride()) {
        const float* z = logits + n * classes;
        const int label = labels[n];
        int best = -1;
        bool known = true;
        for (int c = 0; c < classes; ++c) {
            known = known && z[c] == z[c];
            best = c != label && (best < 0 || z[c] > z[best]) ? c : best;
        }
        const bool climbs = known && best >= 0;
        for (int c = 0; c < classes; ++c) {
            gradient[n * classes + c] = !climbs ? 0.f : c == best ? 1.f : c == label ? -1.f : 0.f;
        }
    }
}
EXPORT_KERNEL(margin_gradient)

/** Whether all of a row's logits are finite. */
static __device__ __forceinline__ bool all_finite(const float* z, int classes) {
    bool finite = true;
    for (int c = 0; c < classes; ++c) {
        finite = finite && fabsf(z[c]) < INFINITY;
    }
    return finite;
}

/** The classes of a row's four largest logits, the lower one first at a tie; -1 where there are fewer. */
struct Leaders {
    int first = -1, second = -1, third = -1, fourth = -1;

    __device__ __forceinline__ void take(const float* z, int c) {
        const auto ahead = [&](int other) { return other < 0 || z[c] > z[other]; };
        if (ahead(first)) {
            fourth = third, third = second, second = first, first = c;
        } else if (ahead(second)) {
            fourth = third, third = second, second = c;
        } else if (ahead(third)) {
            fourth = third, third = c;
        } else if (ahead(fourth)) {
            fourth = c;
        }
    }
};

/** Where an attack is to lead: the best other class, or a row's target; and what its loss is over. */
enum class Ratio { NONE, DLR, TARGETED_DLR };

/** One row of a difference of logits, z[other] - z[label], over 1 or over differences of the largest; z may be the gradient. */
template <Ratio RATIO>
static __device__ __forceinline__ void logit_ratio(const float* z, int label, int target, int classes, float* gradient,
                                                   float* loss) {
    const bool known = all_finite(z, classes) && (RATIO != Ratio::DLR || classes > 1);
    Leaders order;
    for (int c = 0; c < classes && known; ++c) {
        order.take(z, c);
    }
    float value = NAN, below = 1.f, third = 0.f, fourth = 0.f;
    int other = target;
    if (known) {
        if (RATIO == Ratio::DLR) {
            other = order.first == label ? order.second : order.first;
        }
        if (RATIO != Ratio::NONE && classes > 2) {
            third = RATIO == Ratio::DLR || classes < 4 ? 1.f : 0.5f;
            fourth = 1.f - third;
            const float lesser = third * z[order.third] + (fourth == 0.f ? 0.f : fourth * z[order.fourth]);
            below = z[order.first] - lesser + 1e-12f;
        }
        value = (z[other] - z[label]) / below;
    }
    const float slope = third == 0.f ? 0.f : value / below;
    for (int c = 0; c < classes; ++c) {
        float sum = 0.f;
        if (known) {
            sum += c == other ? 1 / below : 0.f;
            sum -= c == label ? 1 / below : 0.f;
            sum -= third != 0.f && c == order.first ? slope : 0.f;
            sum += third != 0.f && c == order.third ? third * slope : 0.f;
            sum += fourth != 0.f && third != 0.f && c == order.fourth ? fourth * slope : 0.f;
        }
        gradient[c] = sum;
    }
    *loss = value;
}

/** Croce and Hein's difference of logits ratio, and its gradient. */
extern "C" __global__ void dlr(const float* logits, const int* __restrict__ labels, int rows, int classes, float* gradient,
                               float* __restrict__ losses) {
    for (long long n = grid_first(); n < rows; n += grid_stride()) {
        logit_ratio<Ratio::DLR>(logits + n * classes, labels[n], -1, classes, gradient + n * classes, losses + n);
    }
}
EXPORT_KERNEL(dlr)

/** The same toward a target. */
extern "C" __global__ void targeted_dlr(const float* logits, const int* __restrict__ labels, const int* __restrict__ targets,
                                        int rows, int classes, float* gradient, float* __restrict__ losses) {
    for (long long n = grid_first(); n < rows; n += grid_stride()) {
        logit_ratio<Ratio::TARGETED_DLR>(logits + n * classes, labels[n], targets[n], classes, gradient + n * classes, losses + n);
    }
}
EXPORT_KERNEL(targeted_dlr)

/** The target's logit less the label's, and its gradient. */
extern "C" __global__ void targeted_margin(const float* logits, const int* __restrict__ labels, const int* __restrict__ targets,
                                           int rows, int classes, float* gradient, float* __restrict__ losses) {
    for (long long n = grid_first(); n < rows; n += grid_stride()) {
        logit_ratio<Ratio::NONE>(logits + n * classes, labels[n], targets[n], classes, gradient + n * classes, losses + n);
    }
}
EXPORT_KERNEL(targeted_margin)

/** The best other logit less the label's. */
extern "C" __global__ void margins(const float* __restrict__ logits, const int* __restrict__ labels, int rows, int classes,
                                   float* __restrict__ losses) {
    for (long long n = grid_first(); n < rows; n += grid_stride()) {
        const float* z = logits + n * classes;
        const int label = labels[n];
        float best = classes > 1 ? -INFINITY : NAN;
        for (int c = 0; c < classes; ++c) {
            best = z[c] != z[c] || best != best ? NAN : c != label && z[c] > best ? z[c] : best;
        }
        losses[n] = best - z[label];
    }
}
EXPORT_KERNEL(margins)

/** worst = centre + radius, and centre - radius at the label. */
extern "C" __global__ void worst_case_logits(const float* __restrict__ centre, const float* __restrict__ radius,
                                             const int* __restrict__ labels, int rows, int classes,
                                             float* __restrict__ worst) {
    const long long size = (long long) rows * classes;
    for (long long k = grid_first(); k < size; k += grid_stride()) {
        const long long n = k / classes;
        worst[k] = k - n * classes == labels[n] ? centre[k] - radius[k] : centre[k] + radius[k];
    }
}
EXPORT_KERNEL(worst_case_logits)

/** gradient_centre = gradient_worst, which may be the same; gradient_radius too, negative at the label. */
extern "C" __global__ void worst_case_logits_gradient(const float* gradient_worst, const int* __restrict__ labels,
                                                      int rows, int classes, float* gradient_centre,
                                                      float* __restrict__ gradient_radius) {
    const long long size = (long long) rows * classes;
    for (long long k = grid_first(); k < size; k += grid_stride()) {
        const long long n = k / classes;
        const float g = gradient_worst[k];
        gradient_centre[k] = g;
        gradient_radius[k] = k - n * classes == labels[n] ? -g : g;
    }
}
EXPORT_KERNEL(worst_case_logits_gradient)

/** target[y C + c, i] = |weight[c,i] - weight[y,i]|. */
extern "C" __global__ void pairwise_differences(const float* __restrict__ weight, int classes, int in,
                                                float* __restrict__ target) {
    const long long size = (long long) classes * classes * in;
    for (long long k = grid_first(); k < size; k += grid_stride()) {
        const long long pair = k / in, i = k - pair * in, y = pair / classes, c = pair - y * classes;
        target[k] = fabsf(weight[c * in + i] - weight[y * in + i]);
    }
}
EXPORT_KERNEL(pairwise_differences)

/**
 * Adds to gradient_weight[c,i] the sum over y of sign(weight[c,i] - weight[y,i]) (g[y C + c, i] + g[c C + y, i]): class c
 * is the one subtracted from in the first, the one subtracted in the second.
 */
extern "C" __global__ void pairwise_differences_gradient(const float* __restrict__ weight,
                                                         const float* __restrict__ gradient_target, int classes, int in,
                                                         float* __restrict__ gradient_weight) {
    const long long size = (long long) classes * in;
    for (long long k = grid_first(); k < size; k += grid_stride()) {
        const long long c = k / in, i = k - c * in;
        const float w = weight[k];
        float sum = 0;
        for (long long y = 0; y < classes; ++y) {
            sum += sign(w - weight[y * in + i])
                    * (gradient_target[(y * classes + c) * in + i] + gradient_target[(c * classes + y) * in + i]);
        }
        gradient_weight[k] += sum;
    }
}
EXPORT_KERNEL(pairwise_differences_gradient)

/** worst[n,c] = centre[n,c] - centre[n,y] + spread[n, y C + c], 0 at c = y = labels[n]. */
extern "C" __global__ void elided_logits(const float* __restrict__ centre_logits, const float* __restrict__ spread,
                                         const int* __restrict__ labels, int rows, int classes,
                                         float* __restrict__ worst) {
    const long long size = (long long) rows * classes;
    for (long long k = grid_first(); k < size; k += grid_stride()) {
        const long long n = k / classes, c = k - n * classes, y = labels[n];
        const float of_pair = spread[(n * classes + y) * classes + c], of_label = centre_logits[n * classes + y];
        worst[k] = c == y ? 0.f : centre_logits[k] + (of_pair - of_label);
    }
}
EXPORT_KERNEL(elided_logits)

/**
 * Gradients of elided_logits. gradient_centre may lie on gradient_worst: a lane reads and writes its own classes only.
 * All of gradient_spread is written, the pairs of other labels with 0.
 */
extern "C" __global__ void elided_logits_gradient(const float* gradient_worst, const int* __restrict__ labels, int rows,
                                                  int classes, float* gradient_centre,
                                                  float* __restrict__ gradient_spread) {
    for (long long n = first_row(); n < rows; n += row_stride()) {
        const int y = labels[n];
        float* pairs = gradient_spread + n * classes * classes;
        for (long long k = lane(); k < (long long) classes * classes; k += WARP) {
            if (k / classes != y) {
                pairs[k] = 0.f;
            }
        }
        float others = 0;
        for (int c = lane(); c < classes; c += WARP) {
            const float g = c == y ? 0.f : gradient_worst[n * classes + c];
            pairs[(long long) y * classes + c] = g;
            gradient_centre[n * classes + c] = g;
            others += g;
        }
        others = warp_sum(others);
        if (lane() == y % WARP) {
            gradient_centre[n * classes + y] = -others;
        }
    }
}
EXPORT_KERNEL(elided_logits_gradient)

/** The vote of a warp's row of logits, in all lanes. */
template <class Logit> static __device__ __forceinline__ int row_vote(int classes, const Logit& logit) {
    Best best = before_any_logit();
    for (int c = lane(); c < classes; c += WARP) {
        best = better(best, as_best(logit(c), c));
    }
    return vote_of(warp_best(best));
}

/** Boxes of the last layer: its values at their centres [N,C], and their radii [N,C], or [N,C*C] where it is elided. */
struct LastLayer {
    const float *centre, *radius;
    int classes;
    bool elided;

    /** As worst_case_logits and elided_logits have it. */
    __device__ __forceinline__ float worst(long long n, int c, int label) const {
        const float* z = centre + n * classes;
        if (elided) {
            const float of_pair = radius[(n * classes + label) * classes + c];
            return c == label ? 0.f : z[c] + (of_pair - z[label]);
        }
        const float r = radius[n * classes + c];
        return c == label ? z[c] - r : z[c] + r;
    }
};

/** From gradients g(c) with respect to worst-case logits, which lie in `centre` [C], to those of centre and radius. */
static __device__ __forceinline__ void worst_gradient(int classes, int label, bool elided, float* centre,
                                                      float* radius) {
    if (!elided) {
        for (int c = lane(); c < classes; c += WARP) {
            radius[c] = c == label ? -centre[c] : centre[c];
        }
        return;
    }
    for (long long k = lane(); k < (long long) classes * classes; k += WARP) {
        if (k / classes != label) {
            radius[k] = 0.f;
        }
    }
    float others = 0;
    for (int c = lane(); c < classes; c += WARP) {
        const float g = c == label ? 0.f : centre[c];
        radius[(long long) label * classes + c] = g;
        others += g;
    }
    others = warp_sum(others);
    if (lane() == label % WARP) {
        centre[label] = -others;
    }
}

/**
 * Both losses of a batch with all that follows, a warp for each row: of its `natural` images from their logits, the first
 * rows of `points`, and of its `worst` boxes around them, the rows behind; either number may be 0. Gradients lie as their
 * operands do. Sums of rows' losses are taken as in reductions.cu, of floats; a sum without rows stays as it is.
 */
extern "C" __global__ void __launch_bounds__(SUM_THREADS, 2) class_losses(
        const float* __restrict__ points, const float* __restrict__ radius, const int* __restrict__ labels, int natural,
        int worst, int classes, int elided, const float* __restrict__ natural_weight,
        const float* __restrict__ worst_weight, float* gradient, float* gradient_radius,
        int* __restrict__ natural_votes, int* __restrict__ worst_votes, float* natural_sum, float* worst_sum,
        double* partials, unsigned* ticket) {
    const LastLayer boxes{points + (long long) natural * classes, radius, classes, elided != 0};
    const float natural_scale = natural_weight[0] / natural, worst_scale = worst_weight[0] / worst;
    double natural_loss = 0, worst_loss = 0;
    for (long long row = first_row(); row < (long long) natural + worst; row += row_stride()) {
        float* g = gradient + row * classes;
        const auto put = [=](int c, float slope) { g[c] = slope; };
        if (row < natural) {
            const float* z = points + row * classes;
            const auto logit = [=](int c) { return z[c]; };
            const int vote = row_vote(classes, logit);
            const float loss = row_loss(classes, labels[row], natural_scale, logit, put);
            if (lane() == 0) {
                natural_votes[row] = vote;
                natural_loss += loss;
            }
        } else {
            const long long n = row - natural;
            const int label = labels[n];
            const auto logit = [=](int c) { return boxes.worst(n, c, label); };
            const int vote = row_vote(classes, logit);
            const float loss = row_loss(classes, label, worst_scale, logit, put);
            worst_gradient(classes, label, boxes.elided, g,
                           gradient_radius + n * classes * (boxes.elided ? classes : 1));
            if (lane() == 0) {
                worst_votes[n] = vote;
                worst_loss += loss;
            }
        }
    }
    natural_loss = block_sum(natural_loss);
    worst_loss = block_sum(worst_loss);
    if (threadIdx.x == 0) {
        partials[blockIdx.x] = natural_loss;
        partials[MOST_PARTIALS + blockIdx.x] = worst_loss;
    }
    if (last_block(ticket, gridDim.x)) {
        natural_loss = sum_of_partials(partials);
        worst_loss = sum_of_partials(partials + MOST_PARTIALS);
        if (threadIdx.x == 0 && natural > 0) {
            natural_sum[0] = (float) natural_loss;
        }
        if (threadIdx.x == 0 && worst > 0) {
            worst_sum[0] = (float) worst_loss;
        }
    }
}
EXPORT_KERNEL(class_losses)

/** What turns a copy's logits into log-softmax: its largest logit, which goes off first, and the sum's logarithm. */
struct Normaliser {
    double largest, log_sum;

    __device__ double log_softmax(float logit) const { return logit - largest - log_sum; }
};

/** One class over the copies: the mean of their softmax, and what each unit of it adds to the penalty. */
struct Agreement {
    double mean, cost;
};

/** Of one copy of one image, in all lanes. */
static __device__ Normaliser normaliser_of(const float* z, int classes) {
    float largest = -INFINITY;
    for (int c = lane(); c < classes; c += WARP) {
        largest = z[c] > largest || z[c] != z[c] ? z[c] : largest;
    }
    largest = warp_maximum(largest);
    double sum = 0;
    for (int c = lane(); c < classes; c += WARP) {
        sum += exp((double) z[c] - largest);
    }
    return {largest, log(warp_sum(sum))};
}

/** Of the class whose logits in the copies are z[0], z[copy_stride], ... */
static __device__ Agreement agreement(const float* z, long long copy_stride, const Normaliser* normalisers, int copies,
                                      double lambda, double eta) {
    double largest = -INFINITY, sum_of_logs = 0;
    for (int i = 0; i < copies; ++i) {
        const double log_softmax = normalisers[i].log_softmax(z[i * copy_stride]);
        largest = fmax(largest, log_softmax);
        sum_of_logs += log_softmax;
    }
    double sum = 0;
    for (int i = 0; i < copies; ++i) {
        sum += exp(normalisers[i].log_softmax(z[i * copy_stride]) - largest);
    }
    const double log_mean = largest + log(sum / copies);
    return {exp(log_mean), lambda * (log_mean - sum_of_logs / copies) - eta * log_mean};
}

/**
 * With F the mean over copies of softmax F_i and v = lambda (log F - mean of log F_i) - eta log F:
 * losses[n] = mean of CE(F_i), penalties[n] = F . v = lambda mean of KL(F || F_i) + eta H(F), and copy j's
 * gradient = weight / (N copies) (F_j - one-hot + lambda (F_j - F) + F_j (v - F_j . v)), rounded as cross_entropy's.
 * Logits and gradient [copies,N,C]. The copies' normalisers stay in shared memory, a set for each warp; v is computed
 * anew where it is needed: with few copies that is a handful of exponentials.
 */
extern "C" __global__ void consistency_loss(const float* __restrict__ logits, const int* __restrict__ labels,
                                            int copies, int rows, int classes, float lambda, float eta,
                                            const float* __restrict__ weight, float* __restrict__ gradient,
                                            float* __restrict__ losses, float* __restrict__ penalties) {
    DYNAMIC_SHARED(Normaliser, all_normalisers);
    Normaliser* normalisers = all_normalisers + (long long) (threadIdx.x / WARP) * copies;
    const double scale = (double) (weight[0] / rows) / copies;
    const long long copy_stride = (long long) rows * classes;
    for (long long n = first_row(); n < rows; n += row_stride()) {
        const float* image = logits + n * classes;
        const int label = labels[n];
        __syncwarp(); // the row before this one is done with its normalisers
        double of_labels = 0;
        for (int i = 0; i < copies; ++i) {
            const Normaliser normaliser = normaliser_of(image + i * copy_stride, classes);
            of_labels += normaliser.log_softmax(image[i * copy_stride + label]);
            if (lane() == 0) {
                normalisers[i] = normaliser;
            }
        }
        __syncwarp();
        double penalty = 0;
        for (int c = lane(); c < classes; c += WARP) {
            const Agreement at = agreement(image + c, copy_stride, normalisers, copies, lambda, eta);
            penalty += at.mean * at.cost;
        }
        penalty = warp_sum(penalty);
        for (int j = 0; j < copies; ++j) {
            const float* z = image + j * copy_stride;
            double expected = 0;
            for (int c = lane(); c < classes; c += WARP) {
                expected += exp(normalisers[j].log_softmax(z[c]))
                        * agreement(image + c, copy_stride, normalisers, copies, lambda, eta).cost;
            }
            expected = warp_sum(expected);
            for (int c = lane(); c < classes; c += WARP) {
                const Agreement at = agreement(image + c, copy_stride, normalisers, copies, lambda, eta);
                const double probability = exp(normalisers[j].log_softmax(z[c]));
                const float slope = (float) (scale * (probability - (c == label ? 1 : 0)
                        + lambda * (probability - at.mean) + probability * (at.cost - expected)));
                gradient[j * copy_stride + n * classes + c] = (slope + SMALLEST) - SMALLEST;
            }
        }
        if (lane() == 0) {
            losses[n] = (float) (-of_labels / copies);
            penalties[n] = (float) penalty;
        }
    }
}
EXPORT_KERNEL(consistency_loss)
