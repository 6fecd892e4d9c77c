package dev.bulwark.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

    @TempDir
    private Path folder;

    @Test
    void givenAnOlderFile_whenReplaced_thenNewContentAndNothingElse() throws IOException {
        Path file = Files.writeString(folder.resolve("f"), "older and longer");
        AtomicFile.replace(file, "new".getBytes());
        assertEquals("new", Files.readString(file));
        assertEquals(List.of(file), files());
    }

    @Test
    void givenContentThatFails_whenReplaced_thenTheOlderStaysAndTheErrorNamesTheFile() throws IOException {
        Path file = Files.writeString(folder.resolve("f"), "older");
        FileSystemException failure = assertThrows(FileSystemException.class, () -> AtomicFile.replace(file, stream -> {
            stream.write(new byte[100_000]);
            throw new IOException("No space left on device");
        }));
        assertEquals(file + ": no space left on the device: free some, or write elsewhere", failure.getMessage());
        assertEquals("older", Files.readString(file));
        assertEquals(List.of(file), files());
    }

    @Test
    void givenNoFolder_whenReplaced_thenItIsMade() throws IOException {
        Path file = folder.resolve("a/b/f");
        AtomicFile.replace(file, new byte[0]);
        assertTrue(Files.exists(file));
    }

    @Test
    void givenALinkToAFolder_whenReplacedInIt_thenWrittenThere() throws IOException {
        Path real = Files.createDirectory(folder.resolve("real"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), real);
        AtomicFile.replace(link.resolve("f"), new byte[1]);
        assertTrue(Files.exists(real.resolve("f")));
    }

    /** The mode of any other new file: what the umask leaves. */
    @Test
    void givenAnyUmask_whenReplaced_thenTheModeIsThatOfOtherFiles() throws IOException {
        Path plain = Files.createFile(folder.resolve("plain"));
        Path file = folder.resolve("f");
        AtomicFile.replace(file, new byte[1]);
        assertEquals(Files.getPosixFilePermissions(plain), Files.getPosixFilePermissions(file));
    }

    @Test
    void givenManyThreads_whenOneFileReplaced_thenItIsAlwaysOneOfTheirs() throws Exception {
        Path file = folder.resolve("f");
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int k = 0; k < 4; ++k) {
            byte[] content = String.valueOf(k).repeat(10_000).getBytes();
            threads.add(new Thread(() -> {
                try {
                    for (int round = 0; round < 10; ++round) {
                        AtomicFile.replace(file, content);
                        assertEquals(1, Files.readString(file).chars().distinct().count());
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(List.of(), List.copyOf(failures));
        assertEquals(List.of(file), files());
    }

    /** Only those whose writer is no more, and of the files that were asked for. */
    @Test
    void givenDrafts_whenThoseLeftAreDeleted_thenOthersStay() throws Exception {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        Process living = new ProcessBuilder("sleep", "60").start();
        try {
            for (String name : List.of(".1.npy." + ended.pid() + ".tmp", ".1.npy." + ended.pid() + "-2.tmp",
                    ".2.npy." + ProcessHandle.current().pid() + ".tmp")) {
                Files.createFile(folder.resolve(name));
            }
            List<Path> others = new ArrayList<>();
            for (String name : List.of("1.npy", "1.npy." + ended.pid() + ".tmp", ".1.npy.tmp", ".1.npy.x.tmp",
                    ".3.npy." + living.pid() + ".tmp", ".other." + ended.pid() + ".tmp")) {
                others.add(Files.createFile(folder.resolve(name)));
            }
            AtomicFile.deleteLeftDrafts(folder, name -> name.matches("\\d\\.npy"));
            assertEquals(new TreeSet<>(others), new TreeSet<>(files()));
        } finally {
            living.destroy();
        }
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(folder)) {
            return files.toList();
        }
    }
}
