package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.model.io.onnx.OnnxRuntime;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.ImageShape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NamedArchitectureTest {

    private static final ImageShape MNIST = new ImageShape(1, 28, 28);

    @TempDir
    private Path folder;

    /** Sizes by hand; CTBench counts 13.26 million parameters of CNN7. */
    @ParameterizedTest
    @CsvSource({
        "MLP, 784-1024-512-256-10, 1462538",
        "MLP_CONV, 784-1024-512-256-10, 659498",
        "CNN, 784-6272-3136-256-10, 839018",
        "CNN_MEDIUM, 784-21632-4608-6400-1024-512-512-10, 893418",
        "CNN7, 784-50176-50176-25088-25088-25088-512-10, 13257290",
        "LENET, 784-3920-2450-500-10, 1256080",
        "RESNET, 784-3136-1568-1568-256-10, 437322",
    })
    void givenAName_whenMadeAGraphOfMnistsImages_thenItsSizesAreTheKnownOnes(NamedArchitecture name, String widths,
                                                                           long parameters) {
        String words = name.architecture().words(MNIST, 10);
        assertEquals(widths, words.split(",")[0]);
        assertEquals(parameters, name.architecture().graph(MNIST, 10).parameters());
    }

    /** ONNX Runtime reads what a network in safetensors was converted to, and says of an image what this program says. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RESNET")
    void givenAName_whenWrittenReadAndConverted_thenTheLogitsAreTheSame(NamedArchitecture name) throws Exception {
        Graph graph = ModelFile.roundedToHalf(
                Initialisation.KAIMING_UNIFORM.draw(name.architecture().graph(MNIST, 10), 3));
        Path own = folder.resolve("n.safetensors");
        ModelFile.write(own, graph, Precision.F16, Map.of());
        Graph read = ModelFile.read(own).graph();

        float[] logits = assertSameAsOnnx(read);

        assertArrayEquals(logits, logits(graph, image()));
    }

    /** Blocks add, which safetensors files have no place for. */
    @Test
    void givenResidualBlocks_whenWrittenAsOnnx_thenTheLogitsAreTheSame() throws Exception {
        assertSameAsOnnx(Initialisation.KAIMING_UNIFORM.draw(NamedArchitecture.RESNET.architecture().graph(MNIST, 10), 3));
    }

    private float[] assertSameAsOnnx(Graph graph) throws Exception {
        Path converted = folder.resolve("n.onnx");
        ModelFile.writeOnnx(converted, graph, Map.of());
        float[] logits = logits(graph, image());
        assertArrayEquals(logits, logits(ModelFile.read(converted).graph(), image()));
        try (OnnxRuntime judge = OnnxRuntime.of(Files.readAllBytes(converted))) {
            double[] expected = judge.outputs(image());
            for (int c = 0; c < logits.length; ++c) {
                assertEquals(expected[c], logits[c], 1e-5); // logits are of order 0.1, sums of up to 25,088 products
            }
        }
        return logits;
    }

    private static float[] image() {
        float[] image = new float[MNIST.size()];
        Random random = new Random(1);
        for (int k = 0; k < image.length; ++k) {
            image[k] = random.nextFloat();
        }
        return image;
    }

    private static float[] logits(Graph graph, float[] image) {
        try (Backend backend = CpuBackend.create(); DeviceMemory memory = new DeviceMemory(backend)) {
            Plan plan = memory.owning(Plan.load(backend, graph));
            Logits forward = new Logits(memory, plan, 1);
            return HostArrays.read(backend, forward.of(memory.holding(image), 1).slice(0, plan.classes()));
        }
    }
}
