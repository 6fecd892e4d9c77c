package dev.bulwark.model.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.model.Op;
import dev.bulwark.model.io.onnx.OnnxRuntime;
import dev.bulwark.model.io.vnnlib.Property;
import dev.bulwark.plan.Perceptron;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** Networks of the verification competition, as published: {@code $BULWARK_VNNCOMP/BENCHMARK/onnx/*.onnx.gz}. */
class VnncompTest {

    @Test
    void givenTheCompetitionsNetworks_whenRead_thenTheyGiveOnnxRuntimesLogits() throws Exception {
        String folder = System.getenv("BULWARK_VNNCOMP");
        assumeTrue(folder != null && !folder.isBlank(), "BULWARK_VNNCOMP names no folder of the competition's networks");
        List<Path> files;
        try (Stream<Path> all = Files.walk(Path.of(folder))) {
            files = all.filter(file -> file.toString().endsWith(".onnx.gz")).sorted().toList();
        }
        assertTrue(files.size() >= 20, "networks in " + folder + ": " + files.size());
        for (Path file : files) {
            StoredNetwork network = ModelFile.read(file);
            try (OnnxRuntime runtime = OnnxRuntime.of(unpacked(file))) {
                runtime.assertSame(network.graph(), 1e-5);
            }
            assertEquals(List.of(), network.notes(), file.toString());
            boolean convolutions = network.graph().nodes().stream().anyMatch(node -> node.op() instanceof Op.Conv2d);
            assertEquals(!convolutions, Perceptron.is(network.graph()), file + " " + network.graph().nodes());
        }
    }

    @Test
    void givenTheCompetitionsProperties_whenRead_thenEachHasABoxAndSomethingUnsafe() throws Exception {
        String folder = System.getenv("BULWARK_VNNCOMP");
        assumeTrue(folder != null && !folder.isBlank(), "BULWARK_VNNCOMP names no folder of the competition's properties");
        List<Path> files;
        try (Stream<Path> all = Files.walk(Path.of(folder))) {
            files = all.filter(file -> file.toString().endsWith(".vnnlib.gz")).sorted().toList();
        }
        assertTrue(files.size() >= 50, "properties in " + folder + ": " + files.size());
        for (Path file : files) {
            Property property = PropertyFile.read(file);
            assertTrue(property.queries().size() == 1 && !property.queries().get(0).unsafe().isEmpty(), file.toString());
        }
    }

    private static byte[] unpacked(Path file) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            return in.readAllBytes();
        }
    }
}
