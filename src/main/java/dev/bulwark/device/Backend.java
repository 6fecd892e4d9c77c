package dev.bulwark.device;

import java.util.List;
import java.util.Optional;

/**
 * Everything the algorithms ask of hardware: buffers, and operations on them. Written once against this, training,
 * smoothing, interval propagation and attacks run on every device.
 *
 * <p><b>Conventions.</b> Matrices are row-major; {@code [N,I]} means N rows of I elements. Elements are floats unless a
 * parameter says {@code int}. Outputs are overwritten unless the text says they are added to. Inputs and outputs may be
 * the same buffer only where the text says "in place". Operations on one backend happen in the order of the calls;
 * {@link #read} waits for what it needs. A backend is used by one thread at a time and shares out the work itself.
 *
 * <p><b>Scalars on the device.</b> What changes from training step to training step (epsilon, learning rate, weights of
 * loss terms) is read from one-element buffers, so that a recorded step can be replayed with new values.
 *
 * <p><b>Determinism.</b> The same calls on the same machine give the same bits.
 *
 * <p><b>Rounding.</b> Operations named <i>outward</i> enclose the real-number result: their lower bounds are never above
 * it, their upper bounds never below. The others round to nearest and must not be used for a certificate.
 */
public interface Backend extends AutoCloseable {

    DeviceInfo info();

    /**
     * Another backend on the same device with the same arithmetic, whose work may run beside this one's: for one more
     * thread, where the work of one leaves the device idle. Results are those of this backend, bit for bit. The caller
     * closes it. Empty where one backend fills the device already.
     *
     * @throws OutOfDeviceMemoryException when there is no memory left
     */
    default Optional<Backend> sibling() {
        return Optional.empty();
    }

    /**
     * This device with matrix products in fp32, for what is measured rather than trained; it is closed with this backend.
     * A backend without such a choice, or whose products are in fp32, is its own answer.
     */
    default Backend unrounded() {
        return this;
    }

    // ---- memory ----------------------------------------------------------------------------------------------------

    /** {@code length} elements with unspecified content. @throws OutOfDeviceMemoryException when there is no memory left */
    DeviceBuffer allocate(long length);

    /** Bytes allocated and not yet closed. */
    long liveBytes();

    /** Copies {@code source} to the start of {@code target}. */
    void write(float[] source, DeviceBuffer target);

    /** Copies {@code source} to the start of {@code target}. */
    void write(int[] source, DeviceBuffer target);

    /** Fills {@code target} from the start of {@code source}. */
    void read(DeviceBuffer source, float[] target);

    /** Fills {@code target} from the start of {@code source}. */
    void read(DeviceBuffer source, int[] target);

    /** Copies {@code length} elements of either kind. */
    void copy(DeviceBuffer source, long length, DeviceBuffer target);

    /** Sets all of {@code target} to {@code value}. */
    void fill(DeviceBuffer target, float value);

    /** Sets all of the {@code int} buffer {@code target} to zero. */
    void zeroInts(DeviceBuffer target);

    /** {@code target[n,:] = source[rows[n],:]}, elements of either kind; {@code rows} is {@code int [count]}. */
    void gather(DeviceBuffer source, DeviceBuffer rows, int count, int columns, DeviceBuffer target);

    /**
     * {@code target[n,k] = source[n,columns[k]]}.
     *
     * @param source  {@code [rows,width]}
     * @param columns {@code int [count]}
     * @param target  {@code [rows,count]}, not the source
     */
    void gatherColumns(DeviceBuffer source, int rows, int width, DeviceBuffer columns, int count, DeviceBuffer target);

    /**
     * Images through affine maps: with {@code [a, b, c, d, e, f] = maps[rows[n]]}, the pixel (u, v) of {@code target[n]} is
     * the bilinear interpolation of {@code source[rows[n]]} at {@code (a u + b v + c, d u + e v + f)}, kept in [0, 1], and 0
     * outside the image. u and x count columns, v and y rows. Equal on all backends, bit for bit.
     *
     * @param source {@code [M,height,width]}
     * @param maps   {@code [M,6]}
     * @param rows   {@code int [count]}
     * @param target {@code [count,height,width]}, not the source
     */
    void resample(DeviceBuffer source, DeviceBuffer maps, DeviceBuffer rows, int count, int height, int width,
                  DeviceBuffer target);

    /**
     * Rows that a number on the device selects, so that a recorded step can find its own: with {@code k = row[0]}, each copy
     * does {@code target[k targetStride + i] = source[k sourceStride + i]} for i below its length; then
     * {@code row[0] = k + advance}.
     *
     * @param row    {@code int [1]}; the caller sees to it that the rows lie inside their buffers
     * @param copies {@link #MOST_ROW_COPIES} at most, with targets that overlap neither one another nor a source
     */
    void copyRows(DeviceBuffer row, int advance, RowCopy... copies);

    /** How many copies {@link #copyRows} takes. */
    int MOST_ROW_COPIES = 3;

    /**
     * One of the copies of {@link #copyRows}, of elements of either kind.
     *
     * @param sourceStride elements from one row to the next; 0 where the source is the row
     * @param targetStride likewise
     * @param length       elements to copy
     */
    record RowCopy(DeviceBuffer source, long sourceStride, DeviceBuffer target, long targetStride, long length) {

        public RowCopy {
            source.require("source", length);
            target.require("target", length);
        }
    }

    /** Waits for all work; reports what went wrong in it. */
    void synchronize();

    /**
     * Turns a fixed sequence of operations into something that replays: a CUDA graph, or the sequence itself.
     * The operations may not allocate, write or read.
     */
    Replay record(Runnable operations);

    /** A recorded sequence of operations. */
    interface Replay extends AutoCloseable {
        void run();

        @Override
        void close();
    }

    // ---- products --------------------------------------------------------------------------------------------------

    /**
     * {@code c = op(a) op(b) + beta c}, with op(a) {@code [m,k]}, op(b) {@code [k,n]}, c {@code [m,n]}.
     * A transposed operand is stored as {@code [k,m]} or {@code [n,k]}.
     */
    void multiply(boolean transposeA, boolean transposeB, int m, int n, int k,
                  DeviceBuffer a, DeviceBuffer b, float beta, DeviceBuffer c);

    /**
     * {@code y = x W^T + b}, then {@code max(y, 0)} where {@code relu}; x {@code [rows,in]}, y {@code [rows,out]}. NaN stays
     * NaN, or an overflow would become a prediction.
     */
    void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y);

    /** {@code sums[c] = beta sums[c] + sum over n of x[n,c]}; x {@code [rows,columns]}. */
    void columnSums(DeviceBuffer x, int rows, int columns, float beta, DeviceBuffer sums);

    /** Convolutions, as {@link #affine} and its like are for dense layers. */
    Convolutions convolutions();

    // ---- element by element ------------------------------------------------------------------------------------------

    /** {@code x = max(x, 0)}, in place, on {@code length} elements; NaN stays NaN, or an unknown bound would become 0. */
    void relu(DeviceBuffer x, long length);

    /** {@code y = max(x, 0)} on {@code length} elements, as {@link #relu(DeviceBuffer, long)} does it in place. */
    default void relu(DeviceBuffer x, long length, DeviceBuffer y) {
        copy(x, length, y);
        relu(y, length);
    }

    /** {@code gradient = 0} where {@code y <= 0}, in place; y is the ReLU's input or output. */
    void reluGradient(DeviceBuffer y, long length, DeviceBuffer gradient);

    /** {@code target = |x|}. */
    void absolute(DeviceBuffer x, long length, DeviceBuffer target);

    /** {@code target += sign(signs) x}, with sign(0) = 0. */
    void addSigned(DeviceBuffer x, DeviceBuffer signs, long length, DeviceBuffer target);

    // ---- losses ------------------------------------------------------------------------------------------------------

    /**
     * Softmax cross-entropy. {@code losses[n]} is row n's loss; {@code gradient = weight/rows (softmax - one-hot)}.
     *
     * @param logits {@code [rows,classes]}; gradient may be the same buffer
     * @param labels {@code int [rows]}
     * @param weight one element
     */
    void crossEntropy(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer weight,
                      DeviceBuffer gradient, DeviceBuffer losses);

    /**
     * Cross-entropy over noisy copies of each row's image, and a penalty where the copies disagree (Jeong and Shin 2020,
     * "Consistency regularization for certified robustness of smoothed classifiers"). With {@code F_i} the
     * softmax of copy i's logits and F the mean of them,
     * <pre>  losses[n] = mean over i of CE(F_i, labels[n])
     *  penalties[n] = lambda mean over i of KL(F || F_i) + eta H(F)</pre>
     * and {@code gradient = weight/rows} times that of {@code losses[n] + penalties[n]}. Where a logit is not finite, its
     * row's penalty is not either.
     *
     * @param logits   {@code [copies,rows,classes]}, as is gradient, which is another buffer
     * @param labels   {@code int [rows]}
     * @param weight   one element
     */
    void consistencyLoss(DeviceBuffer logits, DeviceBuffer labels, int copies, int rows, int classes,
                         float lambda, float eta, DeviceBuffer weight,
                         DeviceBuffer gradient, DeviceBuffer losses, DeviceBuffer penalties);

    /**
     * Gradient of the margin {@code max over c != y of logits[n,c] - logits[n,y]}, y = labels[n], which Carlini and Wagner
     * 2017 ascend: 1 at the best other class, the lowest index at a tie, -1 at the label, and 0 elsewhere. A row with a
     * NaN, or without another class, has the gradient 0. Unlike {@link #crossEntropy}'s it never vanishes otherwise,
     * however far apart the logits lie.
     *
     * @param logits {@code [rows,classes]}; gradient may be the same buffer
     * @param labels {@code int [rows]}
     */
    void marginGradient(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer gradient);

    /** {@code sum[0] = beta sum[0] + sum of x^2}. */
    void sumOfSquares(DeviceBuffer x, long length, float beta, DeviceBuffer sum);

    /** {@code sum[0] = beta sum[0] + sum of x}. */
    void sum(DeviceBuffer x, long length, float beta, DeviceBuffer sum);

    // ---- intervals for training, rounded to nearest --------------------------------------------------------------------

    /** Centre and radius of the box {@code [max(x - epsilon, 0), min(x + epsilon, 1)]}; epsilon has one element. */
    void boxAround(DeviceBuffer x, long length, DeviceBuffer epsilon, DeviceBuffer centre, DeviceBuffer radius);

    /** Centre and radius of the box after a ReLU; outputs may be the inputs. */
    void intervalRelu(DeviceBuffer centre, DeviceBuffer radius, long length,
                      DeviceBuffer outCentre, DeviceBuffer outRadius);

    /**
     * Gradient of {@link #intervalRelu} in place: from gradients with respect to its outputs to gradients with respect
     * to its inputs. {@code centre} and {@code radius} are the inputs it was given.
     */
    void intervalReluGradient(DeviceBuffer centre, DeviceBuffer radius, long length,
                              DeviceBuffer gradientCentre, DeviceBuffer gradientRadius);

    /**
     * Worst-case logits of an output box (the label's lower bound, every other class's upper bound).
     * All matrices {@code [rows,classes]}.
     */
    void worstCaseLogits(DeviceBuffer centre, DeviceBuffer radius, DeviceBuffer labels, int rows, int classes,
                         DeviceBuffer worst);

    /** Gradient of {@link #worstCaseLogits}; {@code gradientCentre} may be {@code gradientWorst} itself. */
    void worstCaseLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int rows, int classes,
                                 DeviceBuffer gradientCentre, DeviceBuffer gradientRadius);

    /** {@code target[y C + c, i] = |W[c,i] - W[y,i]|}: radii of every logit difference's coefficients, {@code [C*C,I]}. */
    void pairwiseDifferences(DeviceBuffer weight, int classes, int in, DeviceBuffer target);

    /** Gradient of {@link #pairwiseDifferences}, added to {@code gradientWeight} {@code [C,I]}. */
    void pairwiseDifferencesGradient(DeviceBuffer weight, DeviceBuffer gradientTarget, int classes, int in,
                                     DeviceBuffer gradientWeight);

    /**
     * Worst-case logit differences with the last layer elided (Gowal et al. 2019, section 3):
     * {@code worst[n,c] = centreLogits[n,c] - centreLogits[n,y] + spread[n, y C + c]}, 0 at c = y = labels[n].
     *
     * @param centreLogits {@code [rows,classes]}, the last layer at the box's centre
     * @param spread       {@code [rows,classes^2]}, the box's radius times {@link #pairwiseDifferences}
     */
    void elidedLogits(DeviceBuffer centreLogits, DeviceBuffer spread, DeviceBuffer labels, int rows, int classes,
                      DeviceBuffer worst);

    /** Gradient of {@link #elidedLogits}; {@code gradientCentre} may be {@code gradientWorst} itself. */
    void elidedLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int rows, int classes,
                              DeviceBuffer gradientCentre, DeviceBuffer gradientSpread);

    /**
     * The regularisers of Shi et al. 2021 ("Fast certified robust training with short warmup", section 4.3) at one
     * pre-activation box: bounds should not widen from the input on, and active and inactive units should balance.
     *
     * <p>With means over all elements, {@code tight = relu(tau - inputRadius / mean(radius))}; with the sums and the
     * variances of the centres above and below zero, {@code balance = relu(tau - min(a, 1/a)) + relu(tau - min(v, 1/v))}.
     * Adds {@code weight/tau (tight + balance)} to {@code loss[0]} and its gradients to the two gradients. A side without
     * elements has no balance term.
     *
     * @param inputRadius mean radius of the input box, one element
     * @param weight      one element
     */
    void intervalRegulariser(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer inputRadius, float tau,
                             DeviceBuffer weight, DeviceBuffer gradientCentre, DeviceBuffer gradientRadius,
                             DeviceBuffer loss);

    // ---- optimisers ----------------------------------------------------------------------------------------------------

    /** {@code factor[0] = min(1, maxNorm / sqrt(sumOfSquares[0]))}. */
    void clipFactor(DeviceBuffer sumOfSquares, float maxNorm, DeviceBuffer factor);

    /**
     * One step of Adam (Kingma and Ba 2015) with L2 weight decay added to the gradient.
     *
     * @param step     {@code [learningRate, 1 - beta1^t, 1 - beta2^t]}
     * @param factor   one element, multiplied into the gradient first
     */
    void adam(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer mean, DeviceBuffer square, long length,
              float beta1, float beta2, float tiny, float weightDecay, DeviceBuffer step, DeviceBuffer factor);

    /**
     * One step of SGD with momentum and L2 weight decay: {@code v = momentum v + g; p -= learningRate v}.
     *
     * @param step   {@code [learningRate]}
     * @param factor one element, multiplied into the gradient first
     */
    void sgd(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer velocity, long length,
             float momentum, float weightDecay, DeviceBuffer step, DeviceBuffer factor);

    /** {@code average += share (parameters - average)}: one step of an exponential average, in fp32 on every backend. */
    void average(DeviceBuffer parameters, long length, float share, DeviceBuffer average);

    /** The operations of a training step, in the device's fastest way. */
    default TrainingOperations trainingOperations() {
        return new ComposedTrainingOperations(this);
    }

    // ---- random numbers --------------------------------------------------------------------------------------------------

    /**
     * {@code target[n,:] = x[n,:] + sigma z(images[n], samples[n])}, fused: one rounding of the sum.
     *
     * @param images  {@code int [rows]}
     * @param samples {@code int [rows]}
     */
    void addNoise(DeviceBuffer x, DeviceBuffer images, DeviceBuffer samples, int rows, int columns, float sigma,
                  NoiseKey key, DeviceBuffer target);

    /** {@code target[s,:] = x + sigma z(image, firstSample + s)} for {@code rows} samples of one image {@code [columns]}. */
    void noisyCopies(DeviceBuffer x, int image, int firstSample, int rows, int columns, float sigma, NoiseKey key,
                     DeviceBuffer target);

    /** {@code target[n,e] = lower[n,e] + u (upper[n,e] - lower[n,e])}, kept inside the box, u uniform in [0, 1). */
    void uniformInBox(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer images, DeviceBuffer samples,
                      int rows, int columns, NoiseKey key, DeviceBuffer target);

    /**
     * A vendor's generator to measure this backend's noise against; empty where there is none for such a device.
     *
     * @throws DeviceException if there is one and it can't be used here; the message says why
     */
    default Optional<LibraryNormals> libraryNormals() {
        return Optional.empty();
    }

    // ---- votes and attacks -------------------------------------------------------------------------------------------------

    /**
     * {@code target[n]} = {@code int} index of row n's largest logit, the lowest at a tie of finite ones. It is -1 for a row
     * with a NaN, with +infinity more than once, or with nothing but -infinity: the rule of {@link NoisyClassifier}.
     */
    void argMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer target);

    /** Adds one to {@code counts[argMax]} ({@code int [classes]}) for each row whose {@link #argMax} is a class. */
    void countArgMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer counts);

    /** {@code x = clamp(x + step sign(gradient), lower, upper)}, in place; the sign of NaN is 0. */
    void signedStep(DeviceBuffer x, DeviceBuffer gradient, long length, float step,
                    DeviceBuffer lower, DeviceBuffer upper);

    /**
     * Where row n's prediction is a class and not its label, {@code kept[n,:] = x[n,:]} and
     * {@code keptPredictions[n] = predictions[n]}; the other rows stay as they were, those without a prediction (-1) too.
     *
     * @param x           {@code [rows,columns]}
     * @param predictions {@code int [rows]}, as are labels and keptPredictions
     */
    void keepMisclassified(DeviceBuffer x, DeviceBuffer predictions, DeviceBuffer labels, int rows, int columns,
                           DeviceBuffer kept, DeviceBuffer keptPredictions);

    /** The base classifier for smoothing: affine maps with a ReLU between each two, in the device's fastest way. */
    default NoisyClassifier noisyClassifier(List<Affine> layers) {
        return new ComposedNoisyClassifier(this, layers);
    }

    /**
     * Products of a large layer, as {@link #noisyClassifier} has them.
     *
     * @param edge inputs and outputs of the layer
     */
    default BareProducts bareProducts(int edge) {
        return new ComposedBareProducts(this, edge);
    }

    /**
     * The network prepared for gradients with respect to its inputs, in the device's fastest way; for attacks only, so that
     * inputs lie in [0, 1]. Logits that are NaN in its arithmetic come out as NaN.
     *
     * @param capacity rows that a batch may have
     */
    default InputGradients inputGradients(List<Affine> layers, int capacity) {
        return new ComposedInputGradients(this, layers, capacity);
    }

    /** Noisy copies that one call of a {@link NoisyClassifier} should at least count, for the device to be busy between rows. */
    default int noisyCopiesPerCall() {
        return 40_000;
    }

    /**
     * Images that an attack or a verification should at least hold at a time, for the device to be busy. Bounds do not
     * depend on it; attacks do as far as products of other shapes round otherwise.
     */
    default int imagesPerCall() {
        return 250;
    }

    // ---- intervals for certificates, rounded outward -----------------------------------------------------------------------

    // A bound that is unknown is NaN. An interval is known at both ends or at neither: what an unknown one counts in, and
    // what has an end beyond the largest float, is unknown. A weight of exactly 0 takes no part in a sum, so that nothing is
    // unknown for what it does not depend on.

    /**
     * The box {@code [c - epsilon, c + epsilon]} cut to [0, 1], outward, for every real c with
     * {@code |c - x| <= centreError x}.
     *
     * @param centreError 0 or a power of two
     * @param epsilon     not below the distance meant
     */
    void outwardBox(DeviceBuffer x, long length, float centreError, double epsilon, DeviceBuffer lower, DeviceBuffer upper);

    /** The box of {@code W x + b} over a box of x, outward; inputs {@code [rows,in]}, outputs {@code [rows,out]}. */
    void outwardAffine(DeviceBuffer lower, DeviceBuffer upper, int rows, Affine layer,
                       DeviceBuffer outLower, DeviceBuffer outUpper);

    /**
     * Lower bounds, outward, of {@code logit[label] - logit[c]} over a box of the last layer's inputs, as one affine map
     * (the last layer elided); 0 at c = label.
     *
     * @param margins {@code [rows,out]}
     */
    void outwardMargins(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer labels, int rows, Affine layer,
                        DeviceBuffer margins);

    // ---- linear relaxations for certificates ---------------------------------------------------------------------------------

    /** What {@link #backwardAffine} adds to absolute values: more than any underflow, less than a float's last bit of 1. */
    double NEGLIGIBLE = 0x1p-50;

    /**
     * {@code target = a W}, to nearest, with a bounded error: of element [r,i] at most
     * {@code productError(out) * sum over j of (|a[r,j]| + NEGLIGIBLE) (|W[j,i]| + NEGLIGIBLE)}, or it is infinite or NaN.
     * The sum is over those j at which neither factor is 0: a product with 0 is exact.
     *
     * @param a      {@code [rows,out]}
     * @param target {@code [rows,in]}
     */
    void backwardAffine(DeviceBuffer a, int rows, Affine layer, DeviceBuffer target);

    /**
     * The relative error of a float sum of {@code terms} products in any order, fused or not, with some to spare (Higham
     * 2002, section 3.1), rounded up.
     */
    static double productError(int terms) {
        double roundings = (terms + 8) * 0x1p-24;
        if (roundings >= 0.5) {
            throw new IllegalArgumentException("no error is known of float sums of " + terms + " products");
        }
        return roundings / (1 - roundings) * (1 + 0x1p-40);
    }

    /**
     * Takes affine forms in a layer's ReLUs h back to forms in its pre-activations z, which bound them from below, and
     * those through the layer's bias and the product that follows. With a = coefficients[r,j], n = owners[r], and s the
     * lower slope where a is positive, the upper one where it is negative, {@code target[r,j] = a s}, rounded to t; and
     * {@code constants[r]} gains at most
     *
     * <pre>  sum over j of min(a, 0) upperIntercept + t bias - |a s - t| magnitude - (|t| + NEGLIGIBLE) productError</pre>
     *
     * <p>What is multiplied by a = 0, t = 0 or a s - t = 0 takes no part, NaN or not; anything else that is NaN makes the
     * constant NaN or -infinity.
     *
     * <p>Then {@code a h + c >= target z + ...} holds in real numbers; and what {@link #backwardAffine} makes of target
     * is, with the new constant, a lower bound of the old form as well.
     *
     * @param coefficients {@code [rows,units]}
     * @param owners       {@code int [rows]}: the row of {@code relaxation} that a form belongs to
     * @param slopes       {@code [any,units]}: lower slopes; those outside [0, 1] count as the nearer of 0 and 1, NaN stays
     * @param slopeRows    {@code int [rows]}: a form's row of {@code slopes}
     * @param bias         {@code [units]}
     * @param target       {@code [rows,units]}; may be {@code coefficients}
     * @param constants    {@code [rows]}, in place
     */
    void backwardRelu(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation, DeviceBuffer slopes,
                      DeviceBuffer slopeRows, DeviceBuffer bias, DeviceBuffer target, DeviceBuffer constants);

    /**
     * {@code minima[r]} = least value, rounded down, of {@code constants[r] + coefficients[r,:] x} over the box of
     * row {@code owners[r]}.
     *
     * @param coefficients {@code [rows,columns]}
     * @param owners       {@code int [rows]}
     * @param lower        {@code [N,columns]}, as is {@code upper}
     * @param minima       {@code [rows]}; may be {@code constants}
     */
    void formMinima(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer lower, DeviceBuffer upper,
                    int columns, DeviceBuffer constants, DeviceBuffer minima);

    // ---- slopes of linear relaxations, rounded to nearest: any slope gives a bound -----------------------------------------------

    /** {@code corners[r,:]} = where in its box form r is least: arguments as of {@link #formMinima}. */
    void formCorners(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer lower, DeviceBuffer upper,
                     int columns, DeviceBuffer corners);

    /**
     * The lines that {@link #backwardRelu} took, at a point: {@code z[r,j]} becomes {@code s z}, plus the upper intercept
     * where the coefficient a is negative. {@code gradient[r,j] = -max(a, 0) z} where the unit's sign is open, else 0: the
     * bound's derivative with respect to the lower slope, negated, where z is what the corners become on these lines.
     *
     * @param coefficients {@code [rows,units]}, as they were before {@link #backwardRelu}
     * @param slopes       {@code [rows,units]}, in [0, 1]
     * @param z            {@code [rows,units]}, in place
     */
    void relaxedRelu(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation, DeviceBuffer slopes,
                     DeviceBuffer z, DeviceBuffer gradient);

    /** {@code x = max(low, min(high, x))}, in place; NaN stays NaN. */
    void clamp(DeviceBuffer x, long length, float low, float high);

    @Override
    void close();
}
