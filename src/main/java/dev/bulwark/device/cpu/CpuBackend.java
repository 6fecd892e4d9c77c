package dev.bulwark.device.cpu;

import static dev.bulwark.device.cpu.Spans.Operand.in;
import static dev.bulwark.device.cpu.Spans.Operand.inOut;
import static dev.bulwark.device.cpu.Spans.Operand.out;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BareProducts;
import dev.bulwark.device.ComposedInputGradients;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.Philox;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.Relaxation;
import dev.bulwark.device.cpu.LaneNoisyClassifier.Sources;
import dev.bulwark.device.cpu.PackedNetwork.Overflow;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntUnaryOperator;

/** The seam on the host's processor, all cores. */
public final class CpuBackend implements Backend {

    private final Workers workers;
    private final SharedProducts products;
    /** Products in float, for bounds. */
    private final SharedProducts floats;
    /** For one worker's forward passes where there is no oneDNN. */
    private final Products blocks;
    private final NoiseRows noise;
    private final Precision precision;
    private final AtomicLong live;
    private final Spans spans;
    private final Rows rows;
    private final ColumnSums columnSums;
    private final Convolutions convolutions;
    private final Resampling resampling;
    private final Losses losses;
    private final TrainingIntervals intervals;
    private final Optimisers optimisers;
    private final OutwardIntervals outward;
    private final LinearRelaxations relaxations;

    private CpuBackend(Workers workers, AtomicLong live, Products blocks, SharedProducts products, NoiseRows noise,
                       Precision precision) {
        this.workers = workers;
        this.live = live;
        this.blocks = blocks;
        this.floats = new FloatProducts(workers, blocks);
        this.products = products;
        this.noise = noise;
        this.precision = precision;
        this.spans = new Spans(workers);
        this.rows = new Rows(workers);
        this.columnSums = new ColumnSums(workers);
        this.resampling = new Resampling(rows);
        this.losses = new Losses(rows);
        this.intervals = new TrainingIntervals(spans);
        this.optimisers = new Optimisers(spans);
        this.outward = new OutwardIntervals(spans, workers, blocks);
        this.convolutions = new Convolutions(workers,
                blocks instanceof JavaProducts ? new JavaConvolution() : new OneDnnConvolution(), outward);
        this.relaxations = new LinearRelaxations(rows);
    }

    /** All cores, the fastest libraries that load, and noisy forward passes in bf16 where the processor has it. */
    public static CpuBackend create() {
        return create(Libraries.products(), Libraries.noise(), Libraries.fastestPrecision());
    }

    /**
     * As {@link #create()}, with noisy forward passes in {@code precision}.
     *
     * @throws DeviceException if this processor or its libraries can't
     */
    public static CpuBackend create(Precision precision) {
        if (precision == Precision.FLOAT16 || precision == Precision.BFLOAT16
                && Libraries.fastestPrecision() != Precision.BFLOAT16) {
            throw new DeviceException("this processor has no native " + precision + " products: use --precision fp32");
        }
        return create(Libraries.products(), Libraries.noise(), precision);
    }

    /**
     * This backend with matrix products in {@code products}, for training; it shares this one's threads and is closed
     * with it.
     *
     * @throws DeviceException if this processor or its libraries can't
     */
    public CpuBackend withProducts(ProductPrecision products) {
        return new CpuBackend(workers, live, blocks, Libraries.products(products, workers), noise, precision);
    }

    /** Whether {@link #withProducts} has such products on this processor. */
    public static boolean has(ProductPrecision products) {
        return Libraries.has(products);
    }

    /** Nothing but plain Java: the fallback, made explicit for tests. */
    public static CpuBackend plainJava() {
        return create(new JavaProducts(), new ScalarNoise(), Precision.FLOAT32);
    }

    private static CpuBackend create(Products blocks, NoiseRows noise, Precision precision) {
        Workers workers = new Workers(Runtime.getRuntime().availableProcessors());
        return new CpuBackend(workers, new AtomicLong(), blocks, new FloatProducts(workers, blocks), noise,
                precision);
    }

    @Override
    public Backend unrounded() {
        return products instanceof Bfloat16Products ? withProducts(ProductPrecision.FLOAT32) : this;
    }

    @Override
    public DeviceInfo info() {
        Map<String, String> libraries = new LinkedHashMap<>();
        libraries.put(DeviceInfo.PRODUCTS, products.name());
        libraries.put("noise", "Philox4x32-10, " + noise.name());
        libraries.put("noisy forward passes", precision.toString());
        libraries.put("gradients of attacks", hasOneDnn() ? precision.toString() : "fp32");
        return new DeviceInfo("cpu", Libraries.processorName(), workers.count(), libraries);
    }

    // ---- memory ----------------------------------------------------------------------------------------------------

    @Override
    public DeviceBuffer allocate(long length) {
        return DeviceBuffer.owning(new CpuMemory(length, live), length);
    }

    @Override
    public long liveBytes() {
        return live.get();
    }

    @Override
    public void write(float[] source, DeviceBuffer target) {
        CpuMemory.floatsToWrite(target.require("target", source.length)).put(0, source);
    }

    @Override
    public void write(int[] source, DeviceBuffer target) {
        CpuMemory.intsToWrite(target.require("target", source.length)).put(0, source);
    }

    @Override
    public void read(DeviceBuffer source, float[] target) {
        CpuMemory.floats(source.require("source", target.length)).get(0, target);
    }

    @Override
    public void read(DeviceBuffer source, int[] target) {
        CpuMemory.ints(source.require("source", target.length)).get(0, target);
    }

    @Override
    public void copy(DeviceBuffer source, long length, DeviceBuffer target) {
        IntBuffer from = CpuMemory.ints(source.require("source", length));
        CpuMemory.intsToWrite(target.require("target", length)).put(0, from, 0, (int) length);
    }

    @Override
    public void fill(DeviceBuffer target, float value) {
        spans.apply(target.length(), (s, count) -> Arrays.fill(s[0], 0, count, value),
                out(target, target.length()));
    }

    @Override
    public void zeroInts(DeviceBuffer target) {
        fill(target, 0f);
    }

    @Override
    public void gather(DeviceBuffer source, DeviceBuffer indices, int count, int columns, DeviceBuffer target) {
        IntBuffer from = CpuMemory.ints(source);
        IntBuffer to = CpuMemory.intsToWrite(target.require("target", (long) count * columns));
        int[] picked = Rows.loadInts(indices, 0, count, 1);
        rows.run(count, (first, block) -> {
            for (int n = first; n < first + block; ++n) {
                to.put(n * columns, from, picked[n] * columns, columns);
            }
        });
    }

    @Override
    public void gatherColumns(DeviceBuffer source, int count, int width, DeviceBuffer columns, int picked,
                              DeviceBuffer target) {
        FloatBuffer from = CpuMemory.floats(source.require("source", (long) count * width));
        FloatBuffer to = CpuMemory.floatsToWrite(target.require("target", (long) count * picked));
        int[] places = Rows.loadInts(columns, 0, picked, 1);
        rows.run(count, (first, block) -> {
            float[] row = new float[width];
            float[] shown = new float[picked];
            for (int n = first; n < first + block; ++n) {
                from.get(n * width, row);
                for (int k = 0; k < picked; ++k) {
                    shown[k] = row[places[k]];
                }
                to.put(n * picked, shown);
            }
        });
    }

    @Override
    public void resample(DeviceBuffer source, DeviceBuffer maps, DeviceBuffer indices, int count, int height, int width,
                         DeviceBuffer target) {
        resampling.resample(source, maps, indices, count, height, width, target);
    }

    @Override
    public void copyRows(DeviceBuffer row, int advance, RowCopy... copies) {
        if (copies.length > MOST_ROW_COPIES) {
            throw new IllegalArgumentException(copies.length + " copies of rows, of which " + MOST_ROW_COPIES + " go at a time");
        }
        IntBuffer number = CpuMemory.intsToWrite(row.require("row", 1));
        int k = number.get(0);
        for (RowCopy copy : copies) {
            copy(copy.source().slice(k * copy.sourceStride(), copy.length()), copy.length(),
                    copy.target().slice(k * copy.targetStride(), copy.length()));
        }
        number.put(0, k + advance);
    }

    @Override
    public void synchronize() {
        // Every operation has finished when its call returns.
    }

    @Override
    public Replay record(Runnable operations) {
        return new Replay() {
            @Override
            public void run() {
                operations.run();
            }

            @Override
            public void close() {
                // Nothing was recorded.
            }
        };
    }

    // ---- products --------------------------------------------------------------------------------------------------

    @Override
    public void multiply(boolean transposeA, boolean transposeB, int m, int n, int k,
                         DeviceBuffer a, DeviceBuffer b, float beta, DeviceBuffer c) {
        products.multiply(transposeA, transposeB, m, n, k, a, b, beta, c);
    }

    @Override
    public void affine(DeviceBuffer x, int count, Affine layer, boolean relu, DeviceBuffer y) {
        products.affine(x, count, layer, relu, y);
    }

    @Override
    public void columnSums(DeviceBuffer x, int count, int columns, float beta, DeviceBuffer sums) {
        columnSums.add(x, count, columns, beta, sums);
    }

    @Override
    public Convolutions convolutions() {
        return convolutions;
    }

    // ---- element by element ----------------------------------------------------------------------------------------

    @Override
    public void relu(DeviceBuffer x, long length) {
        spans.apply(length, (s, count) -> {
            float[] values = s[0];
            for (int i = 0; i < count; ++i) {
                values[i] = Math.max(values[i], 0f);
            }
        }, inOut(x, length));
    }

    @Override
    public void relu(DeviceBuffer x, long length, DeviceBuffer y) {
        spans.apply(length, (s, count) -> {
            float[] from = s[0];
            float[] to = s[1];
            for (int i = 0; i < count; ++i) {
                to[i] = Math.max(from[i], 0f);
            }
        }, in(x, length), out(y, length));
    }

    @Override
    public void reluGradient(DeviceBuffer y, long length, DeviceBuffer gradient) {
        spans.apply(length, (s, count) -> {
            float[] output = s[0];
            float[] g = s[1];
            for (int i = 0; i < count; ++i) {
                g[i] *= Masks.positive(output[i]);
            }
        }, in(y, length), inOut(gradient, length));
    }

    @Override
    public void absolute(DeviceBuffer x, long length, DeviceBuffer target) {
        spans.apply(length, (s, count) -> {
            float[] from = s[0];
            float[] to = s[1];
            for (int i = 0; i < count; ++i) {
                to[i] = Math.abs(from[i]);
            }
        }, in(x, length), out(target, length));
    }

    @Override
    public void addSigned(DeviceBuffer x, DeviceBuffer signs, long length, DeviceBuffer target) {
        spans.apply(length, (s, count) -> {
            float[] value = s[0];
            float[] sign = s[1];
            float[] to = s[2];
            for (int i = 0; i < count; ++i) {
                to[i] += value[i] * Masks.sign(sign[i]);
            }
        }, in(x, length), in(signs, length), inOut(target, length));
    }

    // ---- losses ----------------------------------------------------------------------------------------------------

    @Override
    public void crossEntropy(DeviceBuffer logits, DeviceBuffer labels, int count, int classes, DeviceBuffer weight,
                             DeviceBuffer gradient, DeviceBuffer perRow) {
        losses.crossEntropy(logits, labels, count, classes, weight, gradient, perRow);
    }

    @Override
    public void consistencyLoss(DeviceBuffer logits, DeviceBuffer labels, int copies, int count, int classes,
                                float lambda, float eta, DeviceBuffer weight,
                                DeviceBuffer gradient, DeviceBuffer perRow, DeviceBuffer penalties) {
        losses.consistencyLoss(logits, labels, copies, count, classes, lambda, eta, weight, gradient, perRow, penalties);
    }

    @Override
    public void marginGradient(DeviceBuffer logits, DeviceBuffer labels, int count, int classes, DeviceBuffer gradient) {
        losses.marginGradient(logits, labels, count, classes, gradient);
    }

    @Override
    public void sumOfSquares(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        accumulate(sum, beta, spans.reduce(length, (s, count) -> {
            double total = 0;
            for (int i = 0; i < count; ++i) {
                total += (double) s[0][i] * s[0][i];
            }
            return total;
        }, in(x, length)));
    }

    @Override
    public void sum(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        accumulate(sum, beta, spans.reduce(length, (s, count) -> TrainingIntervals.sum(s[0], count), in(x, length)));
    }

    private static void accumulate(DeviceBuffer sum, float beta, double value) {
        FloatBuffer target = CpuMemory.floatsToWrite(sum.require("sum", 1));
        double before = beta == 0f ? 0 : beta * (double) target.get(0);
        target.put(0, (float) (before + value));
    }

    // ---- intervals for training --------------------------------------------------------------------------------------

    @Override
    public void boxAround(DeviceBuffer x, long length, DeviceBuffer epsilon, DeviceBuffer centre, DeviceBuffer radius) {
        intervals.boxAround(x, length, epsilon, centre, radius);
    }

    @Override
    public void intervalRelu(DeviceBuffer centre, DeviceBuffer radius, long length,
                             DeviceBuffer outCentre, DeviceBuffer outRadius) {
        intervals.relu(centre, radius, length, outCentre, outRadius);
    }

    @Override
    public void intervalReluGradient(DeviceBuffer centre, DeviceBuffer radius, long length,
                                     DeviceBuffer gradientCentre, DeviceBuffer gradientRadius) {
        intervals.reluGradient(centre, radius, length, gradientCentre, gradientRadius);
    }

    @Override
    public void worstCaseLogits(DeviceBuffer centre, DeviceBuffer radius, DeviceBuffer labels, int count, int classes,
                                DeviceBuffer worst) {
        losses.worstCaseLogits(centre, radius, labels, count, classes, worst);
    }

    @Override
    public void worstCaseLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int count, int classes,
                                        DeviceBuffer gradientCentre, DeviceBuffer gradientRadius) {
        losses.worstCaseLogitsGradient(gradientWorst, labels, count, classes, gradientCentre, gradientRadius);
    }

    @Override
    public void pairwiseDifferences(DeviceBuffer weight, int classes, int in, DeviceBuffer target) {
        losses.pairwiseDifferences(weight, classes, in, target);
    }

    @Override
    public void pairwiseDifferencesGradient(DeviceBuffer weight, DeviceBuffer gradientTarget, int classes, int in,
                                            DeviceBuffer gradientWeight) {
        losses.pairwiseDifferencesGradient(weight, gradientTarget, classes, in, gradientWeight);
    }

    @Override
    public void elidedLogits(DeviceBuffer centreLogits, DeviceBuffer spread, DeviceBuffer labels, int count, int classes,
                             DeviceBuffer worst) {
        losses.elidedLogits(centreLogits, spread, labels, count, classes, worst);
    }

    @Override
    public void elidedLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int count, int classes,
                                     DeviceBuffer gradientCentre, DeviceBuffer gradientSpread) {
        losses.elidedLogitsGradient(gradientWorst, labels, count, classes, gradientCentre, gradientSpread);
    }

    @Override
    public void intervalRegulariser(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer inputRadius,
                                    float tau, DeviceBuffer weight, DeviceBuffer gradientCentre,
                                    DeviceBuffer gradientRadius, DeviceBuffer loss) {
        intervals.regulariser(centre, radius, length, inputRadius, tau, weight, gradientCentre, gradientRadius, loss);
    }

    // ---- optimisers ------------------------------------------------------------------------------------------------

    @Override
    public void clipFactor(DeviceBuffer sumOfSquares, float maxNorm, DeviceBuffer factor) {
        double norm = Math.sqrt(CpuMemory.floats(sumOfSquares).get(0));
        CpuMemory.floatsToWrite(factor).put(0, norm > maxNorm ? (float) (maxNorm / norm) : 1f);
    }

    @Override
    public void adam(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer mean, DeviceBuffer square, long length,
                     float beta1, float beta2, float tiny, float weightDecay, DeviceBuffer step, DeviceBuffer factor) {
        optimisers.adam(parameters, gradient, mean, square, length, beta1, beta2, tiny, weightDecay, step, factor);
    }

    @Override
    public void sgd(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer velocity, long length,
                    float momentum, float weightDecay, DeviceBuffer step, DeviceBuffer factor) {
        optimisers.sgd(parameters, gradient, velocity, length, momentum, weightDecay, step, factor);
    }

    @Override
    public void average(DeviceBuffer parameters, long length, float share, DeviceBuffer average) {
        optimisers.average(parameters, length, share, average);
    }

    // ---- random numbers --------------------------------------------------------------------------------------------

    @Override
    public void addNoise(DeviceBuffer x, DeviceBuffer images, DeviceBuffer samples, int count, int columns, float sigma,
                         NoiseKey key, DeviceBuffer target) {
        int[] image = Rows.loadInts(images, 0, count, 1);
        int[] sample = Rows.loadInts(samples, 0, count, 1);
        noisyRows(x, columns, count, n -> image[n], n -> sample[n], columns, sigma, key, target);
    }

    @Override
    public void noisyCopies(DeviceBuffer x, int image, int firstSample, int count, int columns, float sigma, NoiseKey key,
                            DeviceBuffer target) {
        noisyRows(x, 0, count, n -> image, n -> firstSample + n, columns, sigma, key, target);
    }

    private void noisyRows(DeviceBuffer x, int stride, int count, IntUnaryOperator image,
                           IntUnaryOperator sample, int columns, float sigma, NoiseKey key,
                           DeviceBuffer target) {
        FloatBuffer from = CpuMemory.floats(x.require("x", stride == 0 ? columns : (long) count * columns));
        FloatBuffer to = CpuMemory.floatsToWrite(target.require("target", (long) count * columns));
        rows.run(count, (first, block) -> {
            int[] words = new int[Philox.paddedLength(columns)];
            float[] z = new float[words.length];
            float[] row = new float[columns];
            for (int n = first; n < first + block; ++n) {
                noise.normals(key, image.applyAsInt(n), sample.applyAsInt(n), columns, words, z);
                from.get(n * stride, row);
                for (int e = 0; e < columns; ++e) {
                    row[e] = Math.fma(sigma, z[e], row[e]);
                }
                to.put(n * columns, row);
            }
        });
    }

    @Override
    public void uniformInBox(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer images, DeviceBuffer samples,
                             int count, int columns, NoiseKey key, DeviceBuffer target) {
        int[] image = Rows.loadInts(images, 0, count, 1);
        int[] sample = Rows.loadInts(samples, 0, count, 1);
        rows.run(count, (first, block) -> {
            float[] low = Rows.load(lower, first, block, columns);
            float[] high = Rows.load(upper, first, block, columns);
            int[] words = new int[Philox.paddedLength(columns)];
            for (int n = 0; n < block; ++n) {
                noise.words(key, image[first + n], sample[first + n], columns, words);
                for (int e = 0; e < columns; ++e) {
                    int k = n * columns + e;
                    low[k] = Math.min(Math.fma(Philox.uniform(words[e]), high[k] - low[k], low[k]), high[k]);
                }
            }
            Rows.store(low, target, first, columns);
        });
    }

    // ---- votes and attacks -------------------------------------------------------------------------------------------

    @Override
    public void argMax(DeviceBuffer logits, int count, int classes, DeviceBuffer target) {
        losses.argMax(logits, count, classes, target);
    }

    @Override
    public void countArgMax(DeviceBuffer logits, int count, int classes, DeviceBuffer counts) {
        float[] values = Rows.load(logits, 0, count, classes);
        IntBuffer votes = CpuMemory.intsToWrite(counts.require("counts", classes));
        for (int n = 0; n < count; ++n) {
            int best = Losses.argMax(values, n * classes, classes);
            if (best >= 0) {
                votes.put(best, votes.get(best) + 1);
            }
        }
    }

    @Override
    public void signedStep(DeviceBuffer x, DeviceBuffer gradient, long length, float step,
                           DeviceBuffer lower, DeviceBuffer upper) {
        spans.apply(length, (s, count) -> {
            float[] values = s[0];
            float[] g = s[1];
            float[] low = s[2];
            float[] high = s[3];
            for (int i = 0; i < count; ++i) {
                g[i] = step * Masks.sign(g[i]);
            }
            for (int i = 0; i < count; ++i) {
                if (Float.isNaN(g[i])) { // in a loop of its own, for it is not vectorised
                    g[i] = 0f;
                }
            }
            for (int i = 0; i < count; ++i) {
                values[i] = Math.max(low[i], Math.min(high[i], values[i] + g[i]));
            }
        }, inOut(x, length), in(gradient, length), in(lower, length), in(upper, length));
    }

    @Override
    public void keepMisclassified(DeviceBuffer x, DeviceBuffer predictions, DeviceBuffer labels, int count, int columns,
                                  DeviceBuffer kept, DeviceBuffer keptPredictions) {
        FloatBuffer from = CpuMemory.floats(x.require("x", (long) count * columns));
        FloatBuffer to = CpuMemory.floatsToWrite(kept.require("kept", (long) count * columns));
        IntBuffer found = CpuMemory.ints(predictions.require("predictions", count));
        IntBuffer truth = CpuMemory.ints(labels.require("labels", count));
        IntBuffer noted = CpuMemory.intsToWrite(keptPredictions.require("keptPredictions", count));
        rows.run(count, (first, block) -> {
            for (int n = first; n < first + block; ++n) {
                if (found.get(n) >= 0 && found.get(n) != truth.get(n)) {
                    to.put(n * columns, from, n * columns, columns);
                    noted.put(n, found.get(n));
                }
            }
        });
    }

    @Override
    public NoisyClassifier noisyClassifier(List<Affine> layers) {
        int rows = LaneNoisyClassifier.CHUNK;
        Sources sources = hasOneDnn()
                ? new Sources(Headroom.largestInput(layers), () -> packed(layers, rows, Overflow.EXCLUDED),
                        () -> careful(layers, rows))
                : Sources.careful(() -> plain(layers, rows));
        return new LaneNoisyClassifier(workers, noise, precision, layers, sources);
    }

    @Override
    public BareProducts bareProducts(int edge) {
        return BareLanes.of(this, workers, edge,
                (layers, rows) -> hasOneDnn() ? packed(layers, rows, Overflow.EXCLUDED) : plain(layers, rows));
    }

    private Lanes packed(List<Affine> layers, int rows, Overflow overflow) {
        PackedNetwork packed = new PackedNetwork(noise, layers, rows, precision, overflow);
        return new Lanes(packed::lane, packed::close);
    }

    /**
     * Where sums may overflow they are float whatever was asked for: bf16's instructions add two products before they
     * round, and two that overflow may cancel there instead of being the NaN that they are elsewhere.
     */
    private Lanes careful(List<Affine> layers, int rows) {
        return precision == Precision.FLOAT32 ? packed(layers, rows, Overflow.KEPT) : plain(layers, rows);
    }

    private Lanes plain(List<Affine> layers, int rows) {
        return new Lanes(() -> new PlainLane(blocks, layers, rows), () -> { });
    }

    /** Packed networks turn NaN into 0: they are for those that images can't make overflow. */
    @Override
    public InputGradients inputGradients(List<Affine> layers, int capacity) {
        return hasOneDnn() && Headroom.largestInput(layers) >= 1
                ? new PackedInputGradients(workers, layers, capacity, precision)
                : new ComposedInputGradients(this, layers, capacity);
    }

    /** At least a chunk of input gradients for each worker. */
    @Override
    public int imagesPerCall() {
        return Math.max(Backend.super.imagesPerCall(), PackedInputGradients.CHUNK * workers.count());
    }

    private boolean hasOneDnn() {
        return !(blocks instanceof JavaProducts);
    }

    // ---- intervals for certificates ----------------------------------------------------------------------------------

    @Override
    public void outwardBox(DeviceBuffer x, long length, float centreError, double epsilon, DeviceBuffer lower,
                           DeviceBuffer upper) {
        outward.box(x, length, centreError, epsilon, lower, upper);
    }

    @Override
    public void outwardAffine(DeviceBuffer lower, DeviceBuffer upper, int count, Affine layer,
                              DeviceBuffer outLower, DeviceBuffer outUpper) {
        outward.affine(lower, upper, count, layer, outLower, outUpper);
    }

    @Override
    public void outwardMargins(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer labels, int count, Affine layer,
                               DeviceBuffer margins) {
        outward.margins(lower, upper, labels, count, layer, margins);
    }

    // ---- linear relaxations for certificates -------------------------------------------------------------------------

    /**
     * oneDNN's and plain Java's sums are float sums in some order, which is all that the error allowed asks for; training's
     * products may be coarser.
     */
    @Override
    public void backwardAffine(DeviceBuffer a, int count, Affine layer, DeviceBuffer target) {
        floats.multiply(false, false, count, layer.in(), layer.out(), a, layer.weight(), 0f, target);
    }

    @Override
    public void backwardRelu(DeviceBuffer coefficients, int count, DeviceBuffer owners, Relaxation relaxation,
                             DeviceBuffer slopes, DeviceBuffer slopeRows, DeviceBuffer bias, DeviceBuffer target,
                             DeviceBuffer constants) {
        relaxations.backwardRelu(coefficients, count, owners, relaxation, slopes, slopeRows, bias, target, constants);
    }

    @Override
    public void formMinima(DeviceBuffer coefficients, int count, DeviceBuffer owners, DeviceBuffer lower, DeviceBuffer upper,
                           int columns, DeviceBuffer constants, DeviceBuffer minima) {
        relaxations.minima(coefficients, count, owners, lower, upper, columns, constants, minima);
    }

    @Override
    public void formCorners(DeviceBuffer coefficients, int count, DeviceBuffer owners, DeviceBuffer lower,
                            DeviceBuffer upper, int columns, DeviceBuffer corners) {
        relaxations.corners(coefficients, count, owners, lower, upper, columns, corners);
    }

    @Override
    public void relaxedRelu(DeviceBuffer coefficients, int count, DeviceBuffer owners, Relaxation relaxation,
                            DeviceBuffer slopes, DeviceBuffer z, DeviceBuffer gradient) {
        relaxations.relaxedRelu(coefficients, count, owners, relaxation, slopes, z, gradient);
    }

    @Override
    public void clamp(DeviceBuffer x, long length, float low, float high) {
        spans.apply(length, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                s[0][i] = Math.max(low, Math.min(high, s[0][i]));
            }
        }, inOut(x, length));
    }

    @Override
    public void close() {
        workers.close();
    }
}
