package dev.bulwark.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunRecordTest {

    @TempDir
    private Path folder;

    @Test
    void givenTheSameIdentity_whenResumed_thenTimingsAddUp() throws IOException {
        Path file = folder.resolve("run.json");
        Map<String, Object> identity = Map.of("sigmas", List.of(0.25, 1.0), "n", 100);
        RunRecord.open(file, Existing.REFUSE, identity).addSeconds("certify", 1.5);
        RunRecord again = RunRecord.open(file, Existing.RESUME, identity);
        again.addSeconds("certify", 2);
        again.finish();
        JsonNode content = new ObjectMapper().readTree(file.toFile());
        assertEquals(3.5, content.path("timings").path("certify").asDouble());
        assertTrue(content.has("started") && content.has("finished"));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.count(), "no temporary file is left");
        }
    }

    @Test
    void givenAnotherIdentity_whenResumed_thenBothValuesAreNamed() throws IOException {
        Path file = folder.resolve("run.json");
        RunRecord.open(file, Existing.REFUSE, Map.of("seed", 1));
        String complaint = assertThrows(ExperimentException.class,
                () -> RunRecord.open(file, Existing.RESUME, Map.of("seed", 2))).getMessage();
        assertTrue(complaint.contains("has seed 1, now it is 2"), complaint);
    }

    @Test
    void givenSomethingElse_whenResumed_thenItIsNoRecord() throws IOException {
        for (String text : List.of("", "{", "[]", "{\"identity\":3}")) {
            Path file = Files.writeString(folder.resolve("run.json"), text);
            assertThrows(ExperimentException.class, () -> RunRecord.open(file, Existing.RESUME, Map.of("seed", 2)));
            assertEquals(text, Files.readString(file));
        }
    }

    @Test
    void givenSeveralRuns_whenTheLatestIsSought_thenItsTheOneWrittenLast() throws IOException {
        assertTrue(RunRecord.latestUnder(folder.resolve("none")).isEmpty());
        RunRecord.open(folder.resolve("b/run.json"), Existing.REFUSE, Map.of());
        RunRecord.open(folder.resolve("a/run.json"), Existing.REFUSE, Map.of());
        assertTrue(folder.resolve("b/run.json").toFile().setLastModified(1_000_000));
        assertEquals(folder.resolve("a"), RunRecord.latestUnder(folder).orElseThrow());
    }
}
