package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.files.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {

    private static final Progress EPOCH = new Progress(new Progress.Epoch(1, 9, 4, 101),
            new Progress.Losses(0.75, Optional.of(new Progress.Term(0.5, 0.9)), Optional.empty()),
            new Progress.Settings(0.1, 0.3, 1e-3), 2.5);

    @TempDir
    private Path folder;
    private Path file;

    @BeforeEach
    void write() {
        file = folder.resolve("new").resolve("run.checkpoint");
        new Checkpoint("recipe", "data", List.of(EPOCH),
                Map.of("parameters", new float[] {1.5f, -0f, Float.MIN_VALUE}, "mean", new float[0])).write(file);
    }

    @Test
    void givenACheckpoint_whenWrittenAndRead_thenEveryBitReturns() {
        Checkpoint read = Checkpoint.read(file);

        assertEquals(List.of(EPOCH), read.history());
        assertArrayEquals(new float[] {1.5f, -0f, Float.MIN_VALUE}, read.state().get("parameters"));
        assertArrayEquals(new float[0], read.state().get("mean"));
    }

    @Test
    void givenAnEarlierCheckpoint_whenWritten_thenItIsReplacedAndNoDraftRemains() throws IOException {
        new Checkpoint("recipe", "data", List.of(), Map.of()).write(file);

        assertEquals(List.of(), Checkpoint.read(file).history());
        try (var files = Files.list(file.getParent())) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void givenAnyFlippedBit_whenRead_thenTheChecksumTells() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        for (int at = 8; at < whole.length; ++at) {
            byte[] harmed = whole.clone();
            harmed[at] ^= 0x10;
            Files.write(file, harmed);
            assertRefused("is truncated or damaged");
        }
    }

    @Test
    void givenAnyTruncation_whenRead_thenTheChecksumTells() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        for (int length = 8; length < whole.length; ++length) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertRefused("is truncated or damaged");
        }
    }

    @Test
    void givenACheckpointOfAnotherVersion_whenRead_thenItSaysSoAndMayBeThrownAway() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        whole[7] = '1';
        Files.write(file, whole);
        assertRefused("is of another version of this program");
        new CheckpointPolicy(file, Duration.ZERO).discard();
        assertFalse(Files.exists(file));
    }

    @Test
    void givenAnotherKindOfFile_whenRead_thenItIsCalledThat() throws IOException {
        Files.writeString(file, "a letter");
        assertRefused("is not a checkpoint");
        Files.write(file, new byte[0]);
        assertRefused("is not a checkpoint");
    }

    @Test
    void givenAFolderInTheWay_whenWritten_thenOneLineSaysSo() throws IOException {
        Path blocked = Files.createDirectory(folder.resolve("taken")).resolve("x");
        Files.createDirectories(blocked.resolve("inside"));

        String message = assertThrows(UncheckedIOException.class,
                () -> new Checkpoint("recipe", "data", List.of(), Map.of()).write(blocked)).getMessage();

        assertTrue(message.startsWith(blocked + ": is a folder"), message);
        try (var files = Files.list(blocked.getParent())) {
            assertEquals(List.of(blocked), files.toList(), "no draft is left");
        }
    }

    /**
     * A user who can alter a file can also renew its checksum: what is read must be checked even where the checksum fits.
     */
    @Test
    void givenAnyByteAlteredAndSignedAgain_whenRead_thenItIsRefusedInOneLineOrMakesSense() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        for (int at = 8; at < whole.length - 32; ++at) {
            for (int change : new int[] {0x01, 0x40, 0x80, 0xFF}) {
                byte[] altered = whole.clone();
                altered[at] ^= change;
                assertReadsOrRefuses(signed(Arrays.copyOf(altered, whole.length - 32)));
            }
        }
    }

    @Test
    void givenAnyTruncationOrExtensionSignedAgain_whenRead_thenRefused() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        for (int length = 8; length < whole.length + 5; ++length) {
            if (length != whole.length - 32) {
                Files.write(file, signed(Arrays.copyOf(Arrays.copyOf(whole, whole.length - 32), length)));
                assertRefused("delete it to start afresh");
            }
        }
    }

    @Property(tries = 300)
    void anyBytesSignedAgain_whenRead_thenRefusedInOneLineOrMakeSense(@ForAll @Size(max = 200) byte[] bytes)
            throws IOException {
        folder = Files.createTempDirectory("checkpoint");
        try {
            write();
            byte[] magic = Arrays.copyOf(Files.readAllBytes(file), 8);
            byte[] content = Arrays.copyOf(magic, 8 + bytes.length);
            System.arraycopy(bytes, 0, content, 8, bytes.length);
            assertReadsOrRefuses(signed(content));
        } finally {
            Files.delete(file);
            Files.delete(file.getParent());
            Files.delete(folder);
        }
    }

    @Test
    void givenTensorsOfAnotherRun_whenAskedFor_thenBothAreNamed() {
        Checkpoint read = Checkpoint.read(file);
        assertEquals(read.state(), read.stateOf(file, Map.of("parameters", 3L, "mean", 0L)));
        for (Map<String, Long> other : List.of(Map.of("parameters", 3L), Map.of("parameters", 4L, "mean", 0L),
                Map.of("parameters", 3L, "variance", 0L))) {
            String message = assertThrows(CheckpointException.class, () -> read.stateOf(file, other)).getMessage();
            assertTrue(message.contains("has tensors {") && message.lines().count() == 1, message);
        }
    }

    private void assertReadsOrRefuses(byte[] content) throws IOException {
        Files.write(file, content);
        try {
            Checkpoint.read(file);
        } catch (CheckpointException e) {
            assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        }
    }

    private static byte[] signed(byte[] content) {
        byte[] whole = Arrays.copyOf(content, content.length + Sha256.BYTES);
        System.arraycopy(Sha256.start().digest(content), 0, whole, content.length, Sha256.BYTES);
        return whole;
    }

    private void assertRefused(String reason) {
        String message = assertThrows(CheckpointException.class, () -> Checkpoint.read(file)).getMessage();
        assertTrue(message.contains(reason), message);
    }
}
