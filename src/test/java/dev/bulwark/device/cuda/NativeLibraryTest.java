package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jcuda.JCudaVersion;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where JCuda's native libraries are taken from: each process here finds files in the temporary folder, or in its cache,
 * that would end it or load the wrong one.
 */
class NativeLibraryTest {

    private static final Path EMULATED = Path.of("target", "emulated").toAbsolutePath();

    @TempDir
    private Path folder;
    private Path temporary;
    private Path cache;

    /** What may lie where JCuda unpacks its library. */
    private enum Planted {
        EMPTY,
        TRUNCATED,
        /** A library of another user's making; here one that JCuda's class can't use. */
        FOREIGN;

        void put(Path file) throws IOException {
            byte[] sound = driverBinding();
            Files.write(file, switch (this) {
                case EMPTY -> new byte[0];
                case TRUNCATED -> Arrays.copyOf(sound, sound.length / 2);
                case FOREIGN -> library("JCublas2");
            });
        }
    }

    private static String name(String library) {
        return "lib" + library + "-" + JCudaVersion.get() + "-linux-x86_64.so";
    }

    private static byte[] library(String name) throws IOException {
        try (InputStream in = NativeLibraryTest.class.getResourceAsStream("/lib/" + name(name))) {
            return in.readAllBytes();
        }
    }

    private static byte[] driverBinding() throws IOException {
        return library("JCudaDriver");
    }

    @BeforeEach
    void makeFolders() throws IOException {
        temporary = Files.createDirectory(folder.resolve("tmp"));
        cache = folder.resolve("cache");
    }

    /** What {@code devices} prints on the emulated driver. */
    private String devices() throws Exception {
        assumeTrue(Files.exists(EMULATED), "no emulated driver: scripts/test builds it");
        return devices(EMULATED.toString());
    }

    private String devices(String libraries) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + temporary, "-cp", System.getProperty("java.class.path"), "dev.bulwark.cli.Main",
                "devices").redirectErrorStream(true);
        builder.environment().put("LD_LIBRARY_PATH", libraries);
        builder.environment().put("XDG_CACHE_HOME", cache.toString());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    /** The one driver binding in the cache. */
    private Path cached() throws IOException {
        try (Stream<Path> files = Files.walk(cache)) {
            List<Path> found = files.filter(file -> file.getFileName().toString().equals(name("JCudaDriver"))).toList();
            assertEquals(1, found.size(), found::toString);
            return found.get(0);
        }
    }

    private static boolean leftIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.anyMatch(file -> file.getFileName().toString().contains("bulwark"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void givenAPlantedFileAmongTheTemporaryOnes_whenStarted_thenItIsNotTouched(Planted planted) throws Exception {
        Path file = temporary.resolve(name("JCudaDriver"));
        planted.put(file);
        byte[] before = Files.readAllBytes(file);
        String output = devices();
        assertTrue(output.contains("cuda:0: emulated GPU"), output);
        assertArrayEquals(before, Files.readAllBytes(file));
        assertArrayEquals(driverBinding(), Files.readAllBytes(cached()));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(cached().getParent())));
    }

    @ParameterizedTest
    @EnumSource
    void givenADamagedFileInTheCache_whenStarted_thenItIsReplaced(Planted planted) throws Exception {
        devices();
        planted.put(cached());
        String output = devices();
        assertTrue(output.contains("cuda:0: emulated GPU"), output);
        assertArrayEquals(driverBinding(), Files.readAllBytes(cached()));
    }

    @Test
    void givenAFolderThatOthersCanWrite_whenStarted_thenNothingIsTakenFromIt() throws Exception {
        devices();
        Path shared = cached().getParent();
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThrows(IOException.class, () -> NativeLibrary.privateFolder(shared));
        Planted.EMPTY.put(cached());
        String output = devices();
        assertTrue(output.contains("cuda:0: emulated GPU"), output);
        assertEquals(0, Files.size(cached()), "it was not used");
        assertFalse(leftIn(temporary));
    }

    @Test
    void givenNoFolderForTheCache_whenStarted_thenTemporaryFilesServeAndAreGone() throws Exception {
        Files.writeString(cache, "a file where a folder should be");
        String output = devices();
        assertTrue(output.contains("cuda:0: emulated GPU"), output);
        assertFalse(leftIn(temporary));
    }

    @Test
    void givenALinkToAFolder_whenItShouldBePrivate_thenItIsRefused() throws IOException {
        Path target = Files.createDirectory(folder.resolve("target"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), target);
        assertThrows(IOException.class, () -> NativeLibrary.privateFolder(link));
        assertTrue(Files.isDirectory(NativeLibrary.privateFolder(folder.resolve("new")), LinkOption.NOFOLLOW_LINKS));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "relative"})
    void givenNoAbsoluteCacheHome_whenLookedFor_thenItIsInTheHome(String named) {
        assertEquals(Path.of("/h/.cache/bulwark/natives"), NativeLibrary.cache(Map.of("XDG_CACHE_HOME", named),
                Path.of("/h")));
        assertEquals(Path.of("/c/bulwark/natives"), NativeLibrary.cache(Map.of("XDG_CACHE_HOME", "/c"), Path.of("/h")));
    }

    @Test
    void givenNoDriver_whenStarted_thenTheLinkersCauseIsNamed() throws Exception {
        assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "this machine has a driver");
        String output = devices("");
        assertTrue(output.contains("no CUDA driver on this machine (libcuda.so.1: cannot open shared object file"), output);
    }

    @Test
    void givenADriverThatIsDamaged_whenStarted_thenItIsToldFromNone() throws Exception {
        Path libraries = Files.createDirectory(folder.resolve("libraries"));
        Files.createFile(libraries.resolve("libcuda.so.1"));
        String output = devices(libraries.toString());
        assertFalse(output.contains("no CUDA driver"), output);
        assertTrue(output.contains("file too short"), output);
    }
}
