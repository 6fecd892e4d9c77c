package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.device.DeviceException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A GPU that does not answer is named, and nothing waits for it. */
class DevicesCommandTest {

    private static final Path EMULATED = Path.of("target/emulated/libcuda.so.1");

    @Test
    void givenASecondGpuThatHangs_whenListed_thenItIsNamedAndTheRestIsThere() throws Exception {
        List<String> lines = devices(Map.of("BULWARK_EMULATED_DEVICES", "3", "BULWARK_EMULATED_HANGING", "2"), "10");
        int first = indexOf(lines, "cuda:0: ");
        int second = indexOf(lines, "cuda:1: ");
        assertTrue(lines.subList(first, second).stream().anyMatch(line -> line.startsWith("  driver: ")), lines.toString());
        assertTrue(lines.get(second + 1).startsWith("  can't be used: cuda:1 did not answer within 10 s: "),
                lines.toString());
        assertTrue(indexOf(lines, "cuda:2: ") == second + 2 && indexOf(lines, "cpu: ") > second, lines.toString());
    }

    @Test
    void givenACallThatReturns_whenLimited_thenItsValueOrItsFailureComesThrough() {
        TimeLimit limit = new TimeLimit(3600);
        assertEquals(Optional.of(3), limit.on(() -> 3));
        DeviceException failure = new DeviceException("no GPU");
        assertEquals(failure, assertThrows(DeviceException.class, () -> limit.on(() -> {
            throw failure;
        })));
        assertThrows(UnsatisfiedLinkError.class, () -> limit.on(() -> {
            throw new UnsatisfiedLinkError();
        }));
    }

    @Test
    void givenACallThatHangs_whenLimited_thenItIsLeftBehind() {
        CountDownLatch never = new CountDownLatch(1);
        assertEquals(Optional.empty(), new TimeLimit(0.01).on(() -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return 1;
        }));
        never.countDown();
    }

    private static int indexOf(List<String> lines, String start) {
        for (int i = 0; i < lines.size(); ++i) {
            if (lines.get(i).startsWith(start)) {
                return i;
            }
        }
        throw new AssertionError("no line starts with " + start + ": " + lines);
    }

    /** What {@code bulwark devices} prints on the emulated driver, in a process of its own. */
    private static List<String> devices(Map<String, String> environment, String timeout) throws Exception {
        assumeTrue(Files.exists(EMULATED), "no emulated driver: scripts/test builds it");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", System.getProperty("java.class.path"), Main.class.getName(), "devices", "--timeout", timeout));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        builder.environment().put("LD_LIBRARY_PATH", EMULATED.toAbsolutePath().getParent().toString());
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it waited for the GPU");
        assertEquals(0, process.exitValue(), text);
        return text.lines().toList();
    }
}
