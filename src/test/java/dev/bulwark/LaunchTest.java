package dev.bulwark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The flags that scripts/lib/launch.sh gives the JVM: each JDK has those that it knows and needs. */
class LaunchTest {

    private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";
    private static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";

    private static List<String> flags(String home, int major) throws Exception {
        assumeTrue(Files.exists(Path.of("scripts/lib/launch.sh")), "no scripts here");
        return lines("bash", "-c", "source scripts/lib/launch.sh; java_command \"$0\" $1 x; "
                + "printf '%s\\n' \"${java[@]}\"", home, Integer.toString(major));
    }

    private static List<String> lines(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), text);
        return text.lines().toList();
    }

    @Test
    void givenAJdk_whenStarted_thenItGetsTheFlagsThatItKnows() throws Exception {
        assertFalse(flags("/jdk", 17).contains(NATIVE) || flags("/jdk", 21).contains(UNSAFE));
        assertTrue(flags("/jdk", 22).contains(NATIVE) && !flags("/jdk", 22).contains(UNSAFE));
        assertTrue(flags("/jdk", 25).containsAll(List.of(NATIVE, UNSAFE)));
    }

    @Test
    void givenALauncher_whenCalled_thenItTellsTheProgramItsName() throws Exception {
        assumeTrue(Files.exists(Path.of("scripts/lib/launch.sh")), "no scripts here");
        assertEquals(List.of("../my/bulwark", "/home"),
                lines("bash", "-c", "source scripts/lib/launch.sh; java=(printenv); main=(); "
                + "run_bulwark /home BULWARK_LAUNCHER BULWARK_HOME", "../my/bulwark"));
    }

    @Test
    void givenThisJdk_whenStarted_thenItTakesItsFlagsAndSaysNothing() throws Exception {
        List<String> command = new ArrayList<>(flags(System.getProperty("java.home"), Runtime.version().feature()));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.bulwark.cli.Main", "bench", "--device",
                "cpu", "--hidden", "20", "--images", "1", "--n", "20", "--batch", "4", "--steps", "1", "--epoch", "1",
                "--normals", "3", "--ceiling", "16", "--repeats", "1", "--seconds", "1e-4", "--quiet"));
        List<String> printed = lines(command.toArray(String[]::new));
        assertTrue(printed.stream().noneMatch(line -> line.toLowerCase(Locale.ROOT).contains("warning")),
                printed.toString());
    }
}
