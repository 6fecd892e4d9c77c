package dev.bulwark.device.cuda;

import dev.bulwark.device.Activation;
import dev.bulwark.device.Affine;
import dev.bulwark.device.BoundarySteps;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Halfspaces;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.IntervalLayer;
import dev.bulwark.device.IntervalLayer.Spread;
import dev.bulwark.device.Layer;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.PatchForms;
import dev.bulwark.device.Patches;
import dev.bulwark.device.Pooling;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.SmoothingNoise;
import dev.bulwark.device.SquareProposals;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import jcuda.driver.CUfunction_attribute;

/**
 * One small launch from each module on one GPU, whose result is known beforehand: does this GPU with this driver load all
 * kernels, and compute?
 */
public final class SelfTest {

    private static final int HOPPER = 90;
    /** Of numbers that are not exact. */
    private static final float TOLERANCE = 1e-6f;

    private final Gpu gpu;
    private final ModuleStore store = new ModuleStore(true);
    private final List<Result> results = new ArrayList<>();

    /**
     * What became of a module.
     *
     * @param module  the source's name
     * @param failure what went wrong; empty if nothing did
     * @param code    which machine code it was loaded from, or why none, and what its kernels take
     * @param log     what the driver's compiler said, if it compiled
     */
    public record Result(String module, String failure, String code, String log) {

        public boolean passed() {
            return failure.isEmpty();
        }
    }

    /** What a module is asked, and what it must answer. */
    private record Question(String module, float[] expected, BiFunction<CudaBackend, DeviceMemory, DeviceBuffer> ask) {
    }

    private SelfTest(Gpu gpu) {
        this.gpu = gpu;
    }

    /** @throws DeviceException if the GPU can't be opened at all */
    public static List<Result> run(Gpu gpu) {
        SelfTest test = new SelfTest(gpu);
        CudaOptions own = CudaOptions.DEFAULT.withoutCublas();
        try (GpuContext context = new GpuContext(gpu.ordinal()); ModuleStore.Share modules = test.store.share(context)) {
            test.ask(own, modules, test.ofAll());
            test.ask(own.withProducts(ProductPrecision.TF32), modules, List.of(product("products_tf32")));
        }
        return test.results;
    }

    private void ask(CudaOptions options, ModuleStore.Share modules, List<Question> questions) {
        try (CudaBackend backend = CudaBackend.open(gpu.ordinal(), options, store)) {
            for (Question question : questions) {
                results.add(ask(backend, modules, question));
            }
        } catch (DeviceException e) { // lost before: what there are results of is still told
            results.add(failed(questions.get(0), e));
        }
    }

    private static Result ask(CudaBackend backend, ModuleStore.Share modules, Question question) {
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            LoadedModule module = modules.module(question.module);
            String code = module.machineCode() + "; " + resources(module);
            float[] actual = new float[question.expected.length];
            backend.read(question.ask.apply(backend, memory), actual);
            boolean right = true;
            for (int i = 0; i < actual.length; ++i) {
                right &= Math.abs(actual[i] - question.expected[i]) <= TOLERANCE; // false for NaN
            }
            String failure = right ? "" : "computes " + Arrays.toString(actual) + " instead of "
                    + Arrays.toString(question.expected);
            return new Result(question.module, failure, code, module.log());
        } catch (DeviceException e) {
            return failed(question, e);
        }
    }

    private static Result failed(Question question, DeviceException e) {
        return new Result(question.module, e.getMessage(), "", "");
    }

    /** The most that any kernel of the module takes; local memory is where registers go that there is no room for. */
    private static String resources(LoadedModule module) {
        Map<String, Integer> most = new LinkedHashMap<>();
        List<String> kernels = module.kernels();
        for (String kernel : kernels) {
            most.merge("registers", module.attribute(kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS), Math::max);
            most.merge("bytes of local memory",
                    module.attribute(kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES), Math::max);
        }
        StringBuilder text = new StringBuilder(kernels.size() + " kernels, at most");
        most.forEach((what, number) -> text.append(' ').append(number).append(' ').append(what).append(','));
        return text.substring(0, text.length() - 1);
    }

    // ---- questions ----------------------------------------------------------------------------------------------------

    private List<Question> ofAll() {
        List<Question> questions = new ArrayList<>(List.of(
                question("elementwise", (backend, memory) -> {
                    DeviceBuffer x = memory.holding(-1, 2);
                    backend.elementwise().relu(x, 2);
                    return x;
                }, 0, 2),
                question("activations", (backend, memory) -> {
                    DeviceBuffer y = memory.holding(-4, 3);
                    backend.activations().apply(new Activation.LeakyRelu(0.25f), y, 2, y);
                    return y;
                }, -1, 3),
                question("max_pooling", (backend, memory) -> {
                    DeviceBuffer y = memory.allocate(2);
                    backend.maxPooling().apply(memory.holding(1, -2, 5, 3), 1,
                            Pooling.ofMaxima(new ImageShape(1, 2, 2), new Windows(new Windows.Axis(1, 1, 0, 0, 1),
                                    new Windows.Axis(2, 1, 0, 0, 1))), y);
                    return y;
                }, 1, 5),
                question("multipliers", (backend, memory) -> {
                    DeviceBuffer a = memory.holding(2, -1);
                    backend.multipliers().apply(new Halfspaces(memory.holding(new int[] {1, 0}), memory.holding(0, 0),
                                    memory.holding(-1, 1), memory.holding(1, 2), 2), memory.holding(3, 0.5f), 1,
                            memory.holding(new int[1]), memory.zeros(2), memory.zeros(2), 2, a, memory.zeros(1));
                    return a;
                }, 1, 2),
                question("resampling", (backend, memory) -> {
                    DeviceBuffer target = memory.allocate(4);
                    backend.indexing().resample(memory.holding(0.1f, 0.2f, 0.3f, 0.4f), memory.holding(1, 0, 0, 0, 1, 0),
                            memory.holding(new int[] {0}), 1, new ImageShape(1, 2, 2), target);
                    return target;
                }, 0.1f, 0.2f, 0.3f, 0.4f),
                question("reductions", (backend, memory) -> {
                    DeviceBuffer sum = memory.zeros(1);
                    backend.reductions().sum(memory.holding(1, 2, 4), 3, 0f, sum);
                    return sum;
                }, 7),
                product("products"),
                question("convolutions", (backend, memory) -> {
                    DeviceBuffer y = memory.allocate(1);
                    backend.convolutions().apply(memory.holding(1, 2, 3, 4), 1, Convolution.over(new ImageShape(1, 2, 2),
                            memory.holding(1, -1, 0.5f, 2), memory.holding(1f), 1, Windows.square(2, 1), 1), false, y);
                    return y;
                }, 9.5f),
                question("channelwise", (backend, memory) -> {
                    DeviceBuffer y = memory.allocate(1);
                    backend.channelwise().average(memory.holding(1, 2, 3, 4), 1,
                            new Pooling(new ImageShape(1, 2, 2), Windows.square(2, 1), true), false, y);
                    return y;
                }, 2.5f),
                question("losses", (backend, memory) -> {
                    DeviceBuffer gradient = memory.allocate(2);
                    backend.losses().marginGradient(memory.holding(1, 3), memory.holding(new int[] {0}), 1, 2, gradient);
                    return gradient;
                }, -1, 1),
                question("ball_steps", (backend, memory) -> {
                    DeviceBuffer x = memory.holding(0.5f, 0.5f);
                    backend.ballSteps().step(x, memory.holding(3, 4), memory.holding(0.5f, 0.5f), memory.holding(0.25f),
                            memory.holding(0.125f), 1, 2);
                    return x;
                }, 0.575f, 0.6f),
                question("ascent_steps", (backend, memory) -> {
                    DeviceBuffer x = memory.holding(0.5f, 0.5f);
                    backend.ascentSteps().signedStep(x, memory.holding(0.5f, 0.5f), memory.holding(3, -2), memory.holding(0.25f), 0.75f,
                            memory.zeros(2), memory.holding(0.6f, 0.6f), 1, 2);
                    return x;
                }, 0.575f, 0.3125f),
                question("boundary_steps", (backend, memory) -> {
                    DeviceBuffer x = memory.holding(0.5f, 0.5f);
                    backend.boundarySteps().step(x, memory.holding(0.5f, 0.5f), memory.holding(3, 4), memory.holding(-0.5f),
                            BoundarySteps.Settings.published(BoundarySteps.Distance.L2), 1, 2);
                    return x;
                }, 0.563f, 0.584f),
                question("square_proposals", (backend, memory) -> {
                    DeviceBuffer x = memory.allocate(1);
                    DeviceBuffer numbers = memory.holding(new int[1]);
                    backend.squareProposals().squares(memory.zeros(1), memory.holding(1), memory.holding(1),
                            new SquareProposals.Draws(numbers, numbers, numbers, new NoiseKey(1, NoiseKey.Stream.SQUARE)), 1,
                            new ImageShape(1, 1, 1), 1, x);
                    return x;
                }, 1),
                question("training_intervals", (backend, memory) -> {
                    DeviceBuffer box = memory.holding(-1, 3); // [-4, 2], and [0, 2] after the ReLU
                    backend.trainingIntervals().relu(box.slice(0, 1), box.slice(1, 1), 1, box.slice(0, 1), box.slice(1, 1));
                    return box;
                }, 1, 1),
                question("interval_layers", (backend, memory) -> {
                    DeviceBuffer y = memory.allocate(4);
                    Affine affine = network(memory, 1).get(0);
                    backend.trainingOperations().forward(IntervalLayer.allocate(memory, affine, affine, Spread.OUTPUTS),
                            new BoxRows(memory.holding(3, 1), memory.holding(1, 1), 0, 1, 2),
                            new BoxRows(y.slice(0, 2), y.slice(2, 2), 0, 1, 2));
                    return y;
                }, 5, -4, 3, 2),
                question("optimisers", (backend, memory) -> {
                    DeviceBuffer factor = memory.allocate(1);
                    backend.optimisers().clipFactor(memory.holding(16), 2f, factor);
                    return factor;
                }, 0.5f),
                question("noise", (backend, memory) -> {
                    DeviceBuffer copies = memory.allocate(4);
                    backend.noise().noisyCopies(memory.holding(1, 2), 0, 0, 2, 2, 0f, key(), copies);
                    return copies;
                }, 1, 2, 1, 2),
                question("noise", (backend, memory) -> {
                    DeviceBuffer copies = memory.allocate(4);
                    // So little noise that no byte becomes another one.
                    SmoothingNoise next = SmoothingNoise.of(NoiseLaw.DISCRETE, 1e-6, memory);
                    backend.noise().noisyCopies(memory.holding(1, 51 / 255f), 0, 0, 2, 2, next, key(), copies);
                    return copies;
                }, 1, 51 / 255f, 1, 51 / 255f),
                question("votes", (backend, memory) -> {
                    DeviceBuffer kept = memory.zeros(2);
                    backend.votes().keepMisclassified(memory.holding(1, 2), memory.holding(new int[] {1}),
                            memory.holding(new int[] {0}), 1, 2, kept, memory.holding(new int[] {0}));
                    return kept;
                }, 1, 2),
                question("outward_intervals", (backend, memory) -> {
                    DeviceBuffer box = memory.allocate(2);
                    backend.outwardIntervals().box(memory.holding(0.5f), 1, 0f, 0.25, box.slice(0, 1), box.slice(1, 1));
                    return box;
                }, 0.25f, 0.75f),
                question("relu_relaxation", (backend, memory) -> {
                    DeviceBuffer magnitudes = memory.allocate(2);
                    backend.reluRelaxations().magnitudes(memory.holding(-2, 1), memory.holding(1, 3), 2, magnitudes);
                    return magnitudes;
                }, 2, 3),
                question("linear_relaxation", (backend, memory) -> {
                    DeviceBuffer form = memory.allocate(2);
                    backend.linearRelaxations().enterUnits(2, memory.holding(new int[] {3}), 1, form, memory.allocate(1));
                    return form;
                }, 0, -1),
                question("patches", (backend, memory) -> {
                    DeviceBuffer form = memory.allocate(2);
                    backend.patchForms().enterUnits(new PatchForms.Batch(Patches.ofUnits(new ImageShape(2, 1, 1)),
                            memory.holding(new int[1]), memory.holding(new int[] {3}), 1), form, memory.allocate(1));
                    return form;
                }, 0, -1),
                question("input_gradients", SelfTest::gradients, 1, 2),
                question("smoothing_layers", (backend, memory) ->
                        logits(backend.smoothing().layered(network(memory, 1)), memory), 5, -4),
                question("smoothing_convolutions", (backend, memory) ->
                        logits(backend.smoothing().chain(chain(memory)), memory), 5, -4),
                question("smoothing_fused", (backend, memory) ->
                        votes(backend.smoothing().fused(network(memory, 1), 32), backend, memory), 1, 0)));
        if (gpu.capability() == HOPPER) {
            questions.add(question("smoothing_clustered", (backend, memory) ->
                    votes(backend.smoothing().clustered(network(memory, 4)), backend, memory), 1, 0));
        }
        return questions;
    }

    private static Question question(String module, BiFunction<CudaBackend, DeviceMemory, DeviceBuffer> ask,
            float... expected) {
        return new Question(module, expected, ask);
    }

    private static Question product(String module) {
        return question(module, (backend, memory) -> {
            DeviceBuffer product = memory.allocate(1);
            backend.linear().multiply(false, false, 1, 1, 2, memory.holding(1, 2), memory.holding(3, 4), 0f, product);
            return product;
        }, 11);
    }

    private static NoiseKey key() {
        return new NoiseKey(0, NoiseKey.Stream.BENCHMARK);
    }

    /** Inputs (a, b) to (a + 2 b, - a - b), and through identities after that. */
    private static List<Affine> network(DeviceMemory memory, int layers) {
        List<Affine> network = new ArrayList<>();
        network.add(new Affine(memory.holding(1, 2, -1, -1), memory.zeros(2), 2, 2));
        while (network.size() < layers) {
            network.add(new Affine(memory.holding(1, 0, 0, 1), memory.zeros(2), 2, 2));
        }
        return network;
    }

    /** The same as a convolution of one window. */
    private static List<Layer> chain(DeviceMemory memory) {
        Affine affine = network(memory, 1).get(0);
        return List.of(new Layer.Convolve(Convolution.over(new ImageShape(1, 2, 1), affine.weight(), affine.bias(), 2,
                new Windows(new Windows.Axis(2, 1, 0, 0, 1), new Windows.Axis(1, 1, 0, 0, 1)), 1), false));
    }

    private static DeviceBuffer logits(NoisyClassifier classifier, DeviceMemory memory) {
        try (classifier) {
            DeviceBuffer logits = memory.allocate(2);
            classifier.logits(memory.holding(3, 1), 1, logits);
            return logits;
        }
    }

    /** One vote under next to no noise, as it fell to each class. */
    private static DeviceBuffer votes(NoisyClassifier classifier, CudaBackend backend, DeviceMemory memory) {
        try (classifier) {
            DeviceBuffer counts = memory.holding(new int[2]);
            classifier.countVotes(memory.holding(3, 1), new int[] {0}, TOLERANCE, key(), 0, 1, counts);
            int[] votes = new int[2];
            backend.read(counts, votes);
            return memory.holding(votes[0], votes[1]);
        }
    }

    /** Of the first logit with respect to the inputs. */
    private static DeviceBuffer gradients(CudaBackend backend, DeviceMemory memory) {
        try (InputGradients network = backend.inputGradients(network(memory, 2), 1)) {
            DeviceBuffer gradients = memory.allocate(2);
            network.forward(memory.holding(3, 1), 1, memory.allocate(2));
            network.backward(memory.holding(1, 0), 1, gradients);
            return gradients;
        }
    }
}
