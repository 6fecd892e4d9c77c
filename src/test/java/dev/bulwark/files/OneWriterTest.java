package dev.bulwark.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OneWriterTest {

    @TempDir
    private Path folder;
    private Path target;
    private Path lock;

    @BeforeEach
    void name() {
        target = folder.resolve("rows.tsv");
        lock = folder.resolve(".rows.tsv.lock");
    }

    /** Another process that writes until it is told to end, or is ended. */
    public static final class Holder {

        public static void main(String[] arguments) throws IOException {
            OneWriter.of(Path.of(arguments[0]));
            System.out.println("held");
            System.in.read();
        }
    }

    private Process hold() throws IOException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", System.getProperty("java.class.path"), Holder.class.getName(), target.toString()).start();
        assertEquals("held", new BufferedReader(new InputStreamReader(process.getInputStream())).readLine());
        return process;
    }

    @Test
    void givenAnotherProcess_whenItWrites_thenRefusedByItsNumberAndCommandUntilItIsKilled() throws Exception {
        Process process = hold();
        String complaint = assertThrows(InUseException.class, () -> OneWriter.of(target)).getMessage();
        assertTrue(complaint.startsWith(target + ": process " + process.pid() + " (")
                && complaint.contains("Holder " + target)
                && complaint.lines().count() == 1, complaint);
        process.destroyForcibly().waitFor();
        assertTrue(Files.exists(lock), "a killed process can't tidy up");
        OneWriter.of(target).close();
        assertFalse(Files.exists(lock));
    }

    @Test
    void givenAnotherProcess_whenToldToEnd_thenItsLockIsGone() throws Exception {
        Process process = hold();
        process.destroy();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertFalse(Files.exists(lock));
    }

    @Test
    void givenThisProcess_whenItWritesAlready_thenRefusedAndTheLockStays() throws IOException {
        try (OneWriter writer = OneWriter.of(target)) {
            for (int k = 0; k < 3; ++k) {
                assertThrows(InUseException.class, () -> OneWriter.of(target));
            }
            Files.createSymbolicLink(folder.resolve("link"), Files.writeString(target, ""));
            assertThrows(InUseException.class, () -> OneWriter.of(folder.resolve("link")), "under another name");
            writer.write(() -> { });
        }
        OneWriter.of(target).close();
    }

    @Test
    void givenAStaleLock_whenTaken_thenItIsNoObstacle() throws IOException {
        Files.writeString(lock, "process 1 (of yesterday)");
        try (OneWriter writer = OneWriter.of(target)) {
            writer.write(() -> Files.writeString(target, "x"));
        }
        try (var files = Files.list(folder)) {
            assertEquals(List.of(target), files.toList());
        }
    }

    @Test
    void givenAFolderThatIsRemovedOrReplaced_whenWritten_thenAnErrorAndNothingIsWritten() throws IOException {
        Path inside = folder.resolve("run/run.json");
        try (OneWriter writer = OneWriter.of(inside)) {
            Files.delete(folder.resolve("run/.run.json.lock"));
            Files.delete(folder.resolve("run"));
            for (int k = 0; k < 2; ++k) {
                String complaint = assertThrows(FileSystemException.class, () -> writer.write(() -> {
                    throw new AssertionError("must not run");
                })).getMessage();
                assertTrue(complaint.startsWith(inside + ": its folder"), complaint);
                Files.createDirectories(folder.resolve("run"));
                Files.writeString(folder.resolve("run/.run.json.lock"), "somebody else's");
            }
        }
        assertTrue(Files.exists(folder.resolve("run/.run.json.lock")), "it is not ours to remove");
    }

    @Test
    void givenAFileInPlaceOfTheFolder_whenTaken_thenTheErrorNamesTheTarget() throws IOException {
        Path inside = Files.writeString(target, "").resolve("x");
        String complaint = assertThrows(FileSystemException.class, () -> OneWriter.of(inside)).getMessage();
        assertTrue(complaint.startsWith(inside + ": "), complaint);
    }
}
