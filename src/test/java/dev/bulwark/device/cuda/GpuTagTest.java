package dev.bulwark.device.cuda;

import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** scripts/gpu-check finds on a machine with a GPU every test that was written for one: by its tag. */
class GpuTagTest {

    private static final Path TESTS = Path.of("src", "test", "java");

    @Test
    void givenTestsThatUseAGpu_whenListed_thenEachIsTagged() throws IOException {
        try (Stream<Path> files = Files.walk(TESTS)) {
            Set<String> untagged = files.filter(file -> file.toString().endsWith("Test.java"))
                    .filter(file -> !file.getFileName().toString().equals("GpuTagTest.java"))
                    .filter(file -> text(file).contains("TestGpu.open(") && !isTagged(text(file)))
                    .map(file -> TESTS.relativize(file).toString())
                    .collect(toCollection(TreeSet::new));
            assertEquals(Set.of(), untagged);
        }
    }

    /** Tags are inherited. */
    private static boolean isTagged(String source) {
        return source.contains("@GpuTest") || source.contains("extends CudaBackendTest");
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
