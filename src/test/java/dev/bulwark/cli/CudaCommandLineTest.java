package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.bench.BenchNetwork;
import dev.bulwark.bench.BenchSettings;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Digits;
import dev.bulwark.data.Split;
import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.CudaBackend;
import dev.bulwark.device.cuda.EmulatedDriver.Counter;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import dev.bulwark.device.cuda.EmulatedDriver;
import dev.bulwark.device.cuda.TestGpu;
import dev.bulwark.model.Graph;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.plan.Parameters;
import dev.bulwark.results.SampleRows;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.training.Architecture;
import dev.bulwark.training.Convolution;
import dev.bulwark.training.Initialisation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole commands on emulated GPUs: the CPU's results, whatever number of GPUs and whatever fails in them. */
class CudaCommandLineTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Few images, since every command reads all: as many as the longest of {@link Rows} wants. */
    @TempDir
    private static Path data;

    @TempDir
    private Path folder;
    private Path model;

    /** A command that writes rows, small enough for an emulated GPU; several batches where one image is quick. */
    private enum Rows {
        CERTIFY("certify", 5, "--sigma", 0.5, "--n0", 10, "--n", 60, "--precision", "fp32"),
        CERTIFY_IN_HALF_PRECISION("certify", 5, "--sigma", 0.5, "--n0", 10, "--n", 60, "--precision", "fp16"),
        PREDICT("predict", 5, "--sigma", 0.5, "--n", 60, "--precision", "fp32"),
        VERIFY("verify", 1_010, "--method", "ibp", "--epsilon", 0.01),
        ATTACK("attack", 510, "--epsilon", 0.01, "--steps", 2, "--restarts", 1);

        private final String command;
        private final int images;
        private final List<Object> settings;

        Rows(String command, int images, Object... settings) {
            this.command = command;
            this.images = images;
            this.settings = List.of(settings);
        }
    }

    @BeforeAll
    static void writeImages() throws IOException {
        writeIdx(Digits.generate(0, Split.TRAIN, 100), "train");
        writeIdx(Digits.generate(0, Split.TEST, 1_010), "t10k");
    }

    private static void writeIdx(Dataset images, String stem) throws IOException {
        writeIdx(data, images, stem);
    }

    private static void writeIdx(Path folder, Dataset images, String stem) throws IOException {
        int size = images.imageSize();
        ByteBuffer pixels = ByteBuffer.allocate(16 + images.size() * size).putInt(0x803).putInt(images.size()).putInt(28)
                .putInt(28);
        ByteBuffer labels = ByteBuffer.allocate(8 + images.size()).putInt(0x801).putInt(images.size());
        for (int n = 0; n < images.size(); ++n) {
            for (float pixel : images.pixels(n)) {
                pixels.put((byte) Math.round(255 * pixel));
            }
            labels.put((byte) images.label(n));
        }
        Files.write(folder.resolve(stem + "-images-idx3-ubyte"), pixels.array());
        Files.write(folder.resolve(stem + "-labels-idx1-ubyte"), labels.array());
    }

    @BeforeEach
    void start() {
        assumeFalse(TestGpu.isReal(), "faults and other GPUs need the emulated driver");
        EmulatedDriver.reset();
        model = folder.resolve("model.safetensors");
        ModelFile.write(model, Initialisation.KAIMING_UNIFORM.network(new int[] {784, 24, 10}, 1), Precision.F32, Map.of());
    }

    @AfterEach
    void nothingIsLeft() {
        if (!TestGpu.isReal()) {
            String alive = EmulatedDriver.alive();
            EmulatedDriver.reset();
            assertEquals("", alive);
        }
    }

    private static Outcome done(Object... arguments) {
        return Outcome.of(arguments).done();
    }

    private static void fails(String words, Object... arguments) {
        fails(4, words, arguments);
    }

    private static void fails(int code, String words, Object... arguments) {
        Outcome outcome = Outcome.of(arguments);
        assertEquals(code, outcome.code(), outcome.err());
        List<String> lines = outcome.err().lines().toList();
        String last = lines.get(lines.size() - 1);
        assertTrue(last.startsWith("bulwark: ") && last.contains(words), outcome.err());
    }

    private Object[] line(Rows rows, String device, Path out, Object... more) {
        return line(rows, rows.images, device, out, more);
    }

    private Object[] line(Rows rows, int images, String device, Path out, Object... more) {
        return Stream.of(Stream.of(rows.command, model, "--data", data, "--limit", images, "--device", device,
                "--out", out), rows.settings.stream(), Arrays.stream(more)).flatMap(part -> part).toArray();
    }

    /** The rows without what a clock decides. */
    private static List<String> timeless(Path rows) throws IOException {
        boolean timed = rows.toString().endsWith(".tsv");
        return Files.readAllLines(rows).stream().map(line -> timed ? line.replaceAll("\t[^\t]*$", "") : SampleRows.untimed(line))
                .toList();
    }

    private Path file(Rows rows, String name) {
        boolean timed = rows.command.equals("certify") || rows.command.equals("predict");
        return folder.resolve(name + (timed ? ".tsv" : ".jsonl"));
    }

    private List<String> rowsOn(Rows rows, String device, Object... more) throws IOException {
        Path out = file(rows, "on" + System.nanoTime());
        done(line(rows, device, out, more));
        return timeless(out);
    }

    // ---- how fast -------------------------------------------------------------------------------------------------

    @Test
    void givenAGpu_whenBenchmarked_thenOwnProductsStandBesideCublasAndNoiseBesideCurandWhereThereAreAny()
            throws IOException {
        Path out = folder.resolve("bench.json");
        Outcome outcome = done("bench", "--device", "cuda:0", "--hidden", "20", "--images", 1, "--n", 20, "--batch", 4,
                "--steps", 1, "--epoch", 1, "--normals", 3, "--ceiling", 16, "--repeats", 1, "--seconds", 1e-4, "--out",
                out);
        JsonNode result = JSON.readTree(out.toFile());
        boolean curand = result.has("curand_normals_per_second");
        assertEquals(curand, result.has("noise_over_curand"));
        assertEquals(!curand, outcome.err().contains("noise has no yardstick: libcurand.so.10 does not load"),
                outcome.err());
        boolean cublas = result.get("device").get("libraries").get("products").asText().startsWith("cuBLAS");
        JsonNode products = result.get("training_products");
        // Two layers: forward and weight gradient of each, and the second's input gradient.
        assertEquals(5, products.size());
        for (JsonNode product : products) {
            assertTrue(product.get("own_flops_per_second").asDouble() > 0, product.toString());
            assertEquals(cublas, product.has("own_over_cublas"), product.toString());
        }
        assertEquals("layer 2 input gradient", products.get(4).get("product").asText());
        assertEquals(List.of(4, 20, 10), Stream.of("m", "n", "k").map(name -> products.get(4).get(name).asInt()).toList());
    }

    @Test
    void givenAGpu_whenABenchmarkIsSized_thenItFillsTheGpu() {
        try (Backend gpu = CudaBackend.open(0)) {
            BenchSettings settings = BenchSettings.suiting(gpu, BenchNetwork.dense(List.of(784, 10)),
                    new BenchSettings.Timing(3, 0.5));
            assertEquals(gpu.noisyCopiesPerCall() / 10_000, settings.noisy().images());
            assertEquals(8_192, settings.alone().ceiling());
            assertEquals(0, gpu.imagesPerCall() % 64, "whole tiles");
        }
    }

    // ---- the CPU's results -----------------------------------------------------------------------------------------

    @Test
    void givenOneArithmetic_whenCertifiedOnEither_thenVotesAreTheSameButForTies() throws IOException {
        Path gpu = folder.resolve("gpu.jsonl");
        Path cpu = folder.resolve("cpu.jsonl");
        done(line(Rows.CERTIFY, "cuda", folder.resolve("gpu.tsv"), "--certificates", gpu));
        done(line(Rows.CERTIFY, "cpu", folder.resolve("cpu.tsv"), "--certificates", cpu));
        int moved = 0;
        for (int k = 0; k < Rows.CERTIFY.images; ++k) {
            JsonNode one = JSON.readTree(Files.readAllLines(gpu).get(k)).get("counts");
            JsonNode other = JSON.readTree(Files.readAllLines(cpu).get(k)).get("counts");
            for (int c = 0; c < 10; ++c) {
                moved += Math.abs(one.get(c).asInt() - other.get(c).asInt());
            }
        }
        // The noise is the same bit for bit; of 300 samples one may lie so near a tie that float sums decide otherwise.
        assertTrue(moved <= 2, moved + " votes differ");
    }

    @Test
    void givenFourLayers_whenCertifiedByEachKernel_thenTheRowsAreTheSame() throws IOException {
        Graph network = Initialisation.KAIMING_UNIFORM.network(new int[] {784, 24, 20, 16, 10}, 1);
        ModelFile.write(model, network, Precision.F32, Map.of());
        List<String> layered = rowsOn(Rows.CERTIFY_IN_HALF_PRECISION, "cuda", "--noisy-kernels", "layered");
        assertEquals(layered, rowsOn(Rows.CERTIFY_IN_HALF_PRECISION, "cuda", "--noisy-kernels", "fused"));
        // On a GPU near ties may differ; the emulated tensor cores sum in one order.
        assertEquals(layered, rowsOn(Rows.CERTIFY_IN_HALF_PRECISION, "cuda", "--noisy-kernels", "clustered"));
    }

    @Test
    void givenConvolutions_whenCertifiedAndAttackedOnAGpu_thenTheRecordSaysWhichArithmeticRan() throws IOException {
        Architecture layers = new Architecture(List.of(new Convolution(3, 4, 3, 1), new Convolution(5, 3, 2, 0)), List.of(20));
        ModelFile.write(model, Initialisation.KAIMING_UNIFORM.draw(layers.graph(new ImageShape(1, 28, 28), 10), 1), Precision.F32,
                Map.of());
        Path out = folder.resolve("out.rows");
        done(line(Rows.CERTIFY_IN_HALF_PRECISION, 2, "cuda", out));
        assertEquals("fp16", recorded(out, "precision"));
        done(line(Rows.CERTIFY, 1, "cuda", out, "--overwrite"));
        assertEquals("fp32, step by step", recorded(out, "precision"));
        done(line(Rows.ATTACK, 5, "cuda", out, "--overwrite"));
        assertEquals("fp32, step by step", recorded(out, "gradients"));
        fails(2, "--noisy-kernels is for networks of dense layers",
                line(Rows.CERTIFY_IN_HALF_PRECISION, 2, "cuda", out, "--overwrite", "--noisy-kernels", "fused"));
        fails(2, "--precision fp16 is for networks that a device has kernels of its own for",
                line(Rows.ATTACK, 5, "cuda", out, "--overwrite", "--precision", "fp16"));
    }

    private static String recorded(Path rows, String key) throws IOException {
        return JSON.readTree(rows.resolveSibling(rows.getFileName() + ".run.json").toFile()).findValue(key).asText();
    }

    @Test
    void givenKernelsThatCannotRun_whenAskedFor_thenOneLineAndFour() {
        Path out = folder.resolve("out.tsv");
        fails("a network of 4 layers, not 2",
                line(Rows.CERTIFY_IN_HALF_PRECISION, "cuda", out, "--noisy-kernels", "clustered"));
        fails("--noisy-kernels auto", line(Rows.CERTIFY, "cuda", out, "--noisy-kernels", "clustered"));
    }

    @Test
    void givenANetwork_whenVerifiedOnEither_thenBoundsEncloseEachOthersCentre() throws IOException {
        List<String> gpu = rowsOn(Rows.VERIFY, "cuda");
        List<String> cpu = rowsOn(Rows.VERIFY, "cpu");
        assertEquals(Rows.VERIFY.images, gpu.size());
        for (int k = 0; k < gpu.size(); ++k) {
            JsonNode one = JSON.readTree(gpu.get(k));
            JsonNode other = JSON.readTree(cpu.get(k));
            assertEquals(other.get("index"), one.get("index"));
            for (int c = 0; c < 10; ++c) {
                // Both hold the real network's box, and go beyond it by rounding alone: 800 products of at most 1.
                double lower = one.get("lower").get(c).asDouble();
                double upper = one.get("upper").get(c).asDouble();
                assertTrue(lower < upper, gpu.get(k));
                assertEquals(other.get("lower").get(c).asDouble(), lower, 1e-3);
                assertEquals(other.get("upper").get(c).asDouble(), upper, 1e-3);
            }
        }
    }

    @Test
    void givenANetwork_whenAttackedOnEither_thenAsManyImagesStand() throws IOException {
        // Float sums of another order turn a gradient's sign where it is all but zero: single outcomes may differ.
        assertEquals(standing(rowsOn(Rows.ATTACK, "cpu")), standing(rowsOn(Rows.ATTACK, "cuda")), 5);
    }

    private static long standing(List<String> attacks) {
        return attacks.stream().filter(row -> row.contains("\"broken\":false")).count();
    }

    @ParameterizedTest
    @EnumSource(TrainCase.class)
    void givenARecipe_whenTrainedOnAGpu_thenTheNetworkIsAsGoodAsTheCpus(TrainCase recipe) throws IOException {
        Map<String, String> gpu = trained(recipe, "cuda");
        Map<String, String> cpu = trained(recipe, "cpu");
        assertTrue(gpu.get("device").startsWith("cuda, "), gpu.get("device"));
        assertEquals(cpu.get("recipe_sha256"), gpu.get("recipe_sha256"));
        // The same steps with sums in another order: a little training drifts by some images of 1,010.
        assertEquals(Double.parseDouble(cpu.get("clean_accuracy")), Double.parseDouble(gpu.get("clean_accuracy")), 3);
    }

    /** What to train. */
    private enum TrainCase {
        SMOOTHING("smoothing", "--sigma", 0.25),
        IBP("ibp", "--epsilon", 0.05);

        private final List<Object> words;

        TrainCase(Object... words) {
            this.words = List.of(words);
        }
    }

    private static Object[] training(TrainCase recipe, String device, Path out, Object... more) {
        return Stream.of(Stream.of("train"), recipe.words.stream(), Stream.of("--data", data, "--hidden", 12,
                "--device", device, "--out", out, "--quiet"), Arrays.stream(more)).flatMap(part -> part).toArray();
    }

    private Map<String, String> trained(TrainCase recipe, String device) throws IOException {
        Path out = folder.resolve(device + ".safetensors");
        done(training(recipe, device, out));
        return ModelFile.read(out).metadata();
    }

    @Test
    void givenNetworks_whenReproducedOnAGpu_thenTablesAndProvenanceAreThere() throws IOException {
        Path models = Files.createDirectory(folder.resolve("models"));
        Files.copy(model, models.resolve("smoothing-sigma-0.25.safetensors"));
        Files.copy(model, models.resolve("ibp-epsilon-0.05.safetensors"));
        Path run = folder.resolve("run");
        Object[] command = {"reproduce", "--data", data, "--models", models, "--sigma", "0.25", "--epsilon", "0.05",
            "--n0", 10, "--n", 40, "--steps", 2, "--restarts", 1, "--limit", 6, "--device", "cuda", "--out", run};
        Outcome outcome = done(command);
        assertTrue(outcome.err().contains("running on cuda:0"), outcome.err());
        JsonNode record = JSON.readTree(run.resolve("run.json").toFile());
        assertEquals("cuda", record.get("device").get("kind").asText());
        assertTrue(record.get("devices").asText().contains("cuda:0"), record.toString());
        assertTrue(record.has("finished") && Files.exists(run.resolve("table2.md")));
    }

    /** Networks of the lab report's size: few images, and so one step an epoch, since the GPU is emulated. */
    @Test
    void givenAGpuLostInTraining_whenReproductionIsResumed_thenItEndsWithAllNetworks() throws IOException {
        Path few = Files.createDirectory(folder.resolve("few"));
        writeIdx(few, Digits.generate(0, Split.TRAIN, 4), "train");
        writeIdx(few, Digits.generate(0, Split.TEST, 3), "t10k");
        Path run = folder.resolve("run");
        Object[] command = {"reproduce", "--data", few, "--from-scratch", "--sigma", "0.25", "--epsilon", "0.05",
            "--n0", 4, "--n", 20, "--steps", 1, "--restarts", 1, "--limit", 3, "--device", "cuda", "--training-precision",
            "tf32", "--out", run};
        EmulatedDriver.set(Setting.FAIL_LAUNCH, 200);
        fails("--resume", command);
        EmulatedDriver.reset();
        Outcome outcome = done(Stream.concat(Arrays.stream(command), Stream.of("--resume")).toArray());
        assertTrue(outcome.err().contains("train 2 networks, 2 at a time: "), outcome.err());
        JsonNode record = JSON.readTree(run.resolve("run.json").toFile());
        assertTrue(record.has("finished") && record.get("timings").get("train").asDouble() > 0, record.toString());
        assertTrue(record.at("/training_device/libraries/products").asText().contains("TF32"), record.toString());
        assertFalse(record.at("/device/libraries/products").asText().contains("TF32"), record.toString());
        for (String name : List.of("smoothing-sigma-0.25", "ibp-epsilon-0.05")) {
            StoredNetwork network = ModelFile.read(run.resolve("models").resolve(name + ".safetensors"));
            assertEquals(record.get("models").get(name).asText(), network.sha256());
            assertTrue(network.metadata().get("products").contains("TF32"), network.metadata().toString());
        }
    }

    @Test
    void givenTrainingInTf32_whenTheCpuIsToDoIt_thenOneLineAndTwo() {
        Path out = folder.resolve("m.safetensors");
        Object[] reproduction = {"reproduce", "--data", data, "--from-scratch", "--training-precision", "tf32", "--out",
            folder.resolve("run"), "--device", "cpu"};
        Object[] given = {"reproduce", "--data", data, "--models", folder, "--training-precision", "fp32", "--out",
            folder.resolve("run"), "--device", "cuda", "--sigma", "0.25", "--epsilon", "0.05"};
        for (Object[] command : List.of(training(TrainCase.IBP, "cpu", out, "--training-precision", "tf32"), reproduction,
                given)) {
            Outcome outcome = Outcome.of(command);
            assertEquals(2, outcome.code(), outcome.err());
            List<String> lines = outcome.err().lines().toList();
            assertTrue(lines.get(lines.size() - 1).contains("--training-precision"), outcome.err());
        }
        assertFalse(Files.exists(out));
    }

    // ---- any number of GPUs ----------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void givenSeveralGpus_whenRun_thenRowsAreThoseOfOne(Rows rows) throws IOException {
        EmulatedDriver.set(Setting.DEVICES, 3);
        List<String> one = rowsOn(rows, "cuda:1");
        assertEquals(one, rowsOn(rows, "cuda:2,0"));
        assertEquals(one, rowsOn(rows, "cuda"));
    }

    // ---- faults ----------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void givenAFailedAllocation_whenRun_thenItGoesOnWithLessOrSaysSo(Rows rows) throws IOException {
        Path sound = file(rows, "sound");
        done(line(rows, 5, "cuda", sound));
        List<String> whole = timeless(sound);
        int wentOn = 0;
        for (int n = 1; n <= 24; ++n) {
            Path out = file(rows, "n" + n);
            EmulatedDriver.set(Setting.FAIL_ALLOCATION, n);
            Outcome outcome = Outcome.of(line(rows, 5, "cuda", out));
            EmulatedDriver.set(Setting.FAIL_ALLOCATION, 0);
            assertEquals("", EmulatedDriver.alive(), "allocation " + n);
            if (outcome.code() == 0) {
                assertEquals(whole, timeless(out));
                wentOn += outcome.err().contains("going on with batches of ") ? 1 : 0;
            } else {
                assertEquals(4, outcome.code(), outcome.err()); // there was no batch yet that could be halved
            }
        }
        assertTrue(wentOn > 0, "no batch was ever halved");
    }

    @ParameterizedTest
    @EnumSource
    void givenAGpuLostUnderWay_whenResumed_thenNoRowIsLostOrChanged(Rows rows) throws IOException {
        long before = EmulatedDriver.count(Counter.LAUNCHES);
        List<String> whole = rowsOn(rows, "cuda");
        long launches = EmulatedDriver.count(Counter.LAUNCHES) - before;
        Path out = file(rows, "lost");
        EmulatedDriver.set(Setting.FAIL_LAUNCH, Math.max(1, launches - 1));
        fails("--resume", line(rows, "cuda", out));
        List<String> kept = timeless(out);
        assertEquals(whole.subList(0, kept.size()), kept);
        assertTrue(kept.size() < whole.size());
        EmulatedDriver.reset();
        done(line(rows, "cuda", out, "--resume"));
        assertEquals(whole, timeless(out));
    }

    @ParameterizedTest
    @EnumSource(TrainCase.class)
    void givenAGpuLostInTraining_whenResumed_thenTheNetworkIsTheUninterruptedOne(TrainCase recipe) throws IOException {
        long before = EmulatedDriver.count(Counter.LAUNCHES);
        Path whole = folder.resolve("whole.safetensors");
        done(training(recipe, "cuda", whole));
        long launches = EmulatedDriver.count(Counter.LAUNCHES) - before;
        Path lost = folder.resolve("lost.safetensors");
        EmulatedDriver.set(Setting.FAIL_LAUNCH, launches / 2);
        fails("--resume", training(recipe, "cuda", lost, "--checkpoint-seconds", 0));
        assertTrue(Files.exists(folder.resolve("lost.safetensors.checkpoint")) && !Files.exists(lost));
        EmulatedDriver.reset();
        done(training(recipe, "cuda", lost, "--resume"));
        assertArrayEquals(Parameters.of(ModelFile.read(whole).graph()),
                Parameters.of(ModelFile.read(lost).graph()));
    }

    @Test
    void givenTooLittleMemory_whenTraining_thenItSaysSoAndGivesEverythingBack() {
        for (int n = 1; n <= 21; n += 4) {
            EmulatedDriver.set(Setting.FAIL_ALLOCATION, n);
            fails("OUT_OF_MEMORY", training(TrainCase.IBP, "cuda", folder.resolve("m.safetensors")));
            assertEquals("", EmulatedDriver.alive(), "allocation " + n);
        }
    }

    @Test
    void givenNoGpuThatWillDo_whenAskedFor_thenOneLineAndFour() {
        Path out = folder.resolve("out.jsonl");
        fails("cuda:0", line(Rows.VERIFY, "cuda:7", out));
        fails("fp16 or fp32", line(Rows.ATTACK, "cuda", out, "--precision", "bf16"));
        fails("fp32", line(Rows.ATTACK, "cpu", out, "--precision", "fp16"));
        EmulatedDriver.set(Setting.CAPABILITY, 75);
        fails("compute capability 7.5", line(Rows.VERIFY, "cuda", out));
        EmulatedDriver.reset();
        EmulatedDriver.set(Setting.DRIVER_VERSION, 11_040);
        fails("CUDA 11.4", line(Rows.VERIFY, "cuda", out));
        EmulatedDriver.reset();
        EmulatedDriver.set(Setting.INIT_RESULT, 100);
        fails("finds no GPU", line(Rows.VERIFY, "cuda", out));
        assertFalse(Files.exists(out));
    }

    @Test
    void givenAnOldGpu_whenTheDeviceIsLeftOpen_thenTheCpuWorksAndItIsSaidWhy() throws IOException {
        EmulatedDriver.set(Setting.CAPABILITY, 61);
        Path out = folder.resolve("out.jsonl");
        Outcome outcome = done("verify", model, "--method", "ibp", "--data", data, "--limit", 2, "--epsilon", 0.1, "--out", out);
        assertTrue(outcome.err().contains("running on the CPU") && outcome.err().contains("compute capability 6.1"),
                outcome.err());
        JsonNode record = JSON.readTree(folder.resolve("out.jsonl.run.json").toFile());
        assertEquals("cpu", record.get("device").get("kind").asText());
        assertTrue(record.get("devices").asText().contains("compute capability 6.1"), record.toString());
    }

    @Test
    void givenGpus_whenListed_thenEachSaysWhatItIsAndWhatDoesWhat() {
        EmulatedDriver.set(Setting.DEVICES, 2);
        String text = done("devices").out();
        for (String words : List.of("cuda:0: ", "cuda:1: ", "compute capability", "GiB", "driver: CUDA", "kernels: compute_",
                "machine code: ",
                "products: ", "noisy forward passes: fp16", "cpu: ")) {
            assertTrue(text.contains(words), text);
        }
        EmulatedDriver.set(Setting.CAPABILITY, 75);
        assertTrue(done("devices").out().contains("can't be used: "), "an old GPU");
    }

    @ParameterizedTest
    @CsvSource({"80, 12060, compute_80", "90, 12060, compute_80", "90, 13000, sm_90 by", "120, 13000, sm_120"})
    void givenGpus_whenChecked_thenEveryModuleComputesAndSaysWhatItTakes(int capability, int driver, String code)
            throws IOException {
        EmulatedDriver.set(Setting.CAPABILITY, capability);
        EmulatedDriver.set(Setting.DRIVER_VERSION, driver);
        Outcome outcome = done("devices", "--check", "--debug");
        assertTrue(outcome.out().contains(code), outcome.out());
        assertTrue(outcome.out().contains("bytes of local memory"), outcome.out());
        assertEquals(driver == 12_060, outcome.out().contains("as if compiled"), "what the driver's compiler said");
        try (Stream<Path> sources = Files.list(Path.of("cuda"))) {
            for (String source : sources.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".cu"))
                    .toList()) {
                String module = source.substring(0, source.length() - ".cu".length());
                boolean there = capability == 90 || !module.equals("smoothing_clustered");
                assertEquals(there, outcome.out().contains("  check of " + module + ": ok ("), module + "\n"
                        + outcome.out());
            }
        }
    }

    @Test
    void givenAGpuThatFailsOneCheck_whenChecked_thenItIsNamedAndFour() {
        EmulatedDriver.set(Setting.FAIL_LAUNCH, 2);
        Outcome outcome = Outcome.of("devices", "--check");
        assertEquals(4, outcome.code(), outcome.err());
        assertTrue(outcome.out().contains(": FAILED: "), outcome.out());
        EmulatedDriver.reset();
        EmulatedDriver.set(Setting.CAPABILITY, 75);
        assertEquals(4, Outcome.of("devices", "--check").code(), "one that can't be used");
    }

    // ---- whole processes -------------------------------------------------------------------------------------------

    @Test
    void givenTheDriverOnTheLibraryPath_whenAProcessRuns_thenItFindsTheGpu() throws Exception {
        Path out = folder.resolve("out.jsonl");
        Object[] command = {"verify", model, "--method", "ibp", "--data", data, "--limit", 2, "--epsilon", 0.1, "--out", out};
        assertEquals(0, exit(Path.of("target/emulated").toAbsolutePath().toString(), command));
        assertEquals("cuda", JSON.readTree(folder.resolve("out.jsonl.run.json").toFile()).get("device").get("kind")
                .asText());
    }

    @Test
    void givenNoDriver_whenAGpuIsAskedFor_thenFour() throws Exception {
        assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "this machine has a driver");
        Path out = folder.resolve("out.jsonl");
        assertEquals(4, exit("", "verify", model, "--data", data, "--device", "cuda", "--epsilon", 0.1, "--out", out));
        assertFalse(Files.exists(out));
    }

    private static int exit(String libraries, Object... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", System.getProperty("java.class.path"), Main.class.getName()));
        Arrays.stream(arguments).map(Object::toString).forEach(command::add);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("LD_LIBRARY_PATH", libraries);
        Process process = builder.start();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the process hangs");
        return process.exitValue();
    }
}
