package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {

    private static final Progress EPOCH = new Progress(1, 9, 4, 101, 0.75, Optional.of(new Progress.Term(0.5, 0.9)),
            Optional.empty(), 0.1, 0.3, 1e-3, 2.5);

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

        String message = assertThrows(CheckpointException.class,
                () -> new Checkpoint("recipe", "data", List.of(), Map.of()).write(blocked)).getMessage();

        assertTrue(message.contains("can't be written"), message);
    }

    private void assertRefused(String reason) {
        String message = assertThrows(CheckpointException.class, () -> Checkpoint.read(file)).getMessage();
        assertTrue(message.contains(reason), message);
    }
}
