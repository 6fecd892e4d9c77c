package dev.bulwark.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.files.InUseException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunRecordTest {

    @TempDir
    private Path folder;

    @Test
    void givenTheSameIdentity_whenResumed_thenTimingsAddUp() throws IOException {
        Path file = folder.resolve("run.json");
        Map<String, Object> identity = Map.of("sigmas", List.of(0.25, 1.0), "n", 100);
        try (RunRecord record = RunRecord.open(file, Existing.REFUSE, identity)) {
            record.addSeconds("certify", 1.5);
        }
        try (RunRecord again = RunRecord.open(file, Existing.RESUME, identity)) {
            again.addSeconds("certify", 2);
            again.finish();
        }
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
        RunRecord.open(file, Existing.REFUSE, Map.of("seed", 1)).close();
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
    void givenSomebodysFile_whenReplacedOrStarted_thenItStays() throws IOException {
        for (String text : List.of("", "{", "[]", "{\"identity\":3}", "{\"name\":\"mine\"}")) {
            Path file = Files.writeString(folder.resolve("run.json"), text);
            for (Existing existing : List.of(Existing.REPLACE, Existing.REFUSE)) {
                assertThrows(ExperimentException.class, () -> RunRecord.open(file, existing, Map.of("seed", 2)));
                assertEquals(text, Files.readString(file));
            }
        }
    }

    @Test
    void givenNoRecord_whenResumed_thenNothingToResumeAndNothingIsMade() throws IOException {
        Path file = folder.resolve("typo/run.json");
        String complaint = assertThrows(ExperimentException.class,
                () -> RunRecord.open(file, Existing.RESUME, Map.of())).getMessage();
        assertTrue(complaint.startsWith("nothing to resume: there is no " + file), complaint);
        assertFalse(Files.exists(file.getParent()));
    }

    @Test
    void givenARunThatIsGoingOn_whenOpenedAgain_thenRefused() throws IOException {
        Path file = folder.resolve("run.json");
        try (RunRecord record = RunRecord.open(file, Existing.REFUSE, Map.of())) {
            for (Existing existing : Existing.values()) {
                assertThrows(InUseException.class, () -> RunRecord.open(file, existing, Map.of()));
            }
            record.finish();
        }
        RunRecord.open(file, Existing.RESUME, Map.of()).close();
    }

    @Test
    void givenAFolderThatIsRemoved_whenSaved_thenAnErrorAndItStaysAway() throws IOException {
        Path file = folder.resolve("run/run.json");
        try (RunRecord record = RunRecord.open(file, Existing.REFUSE, Map.of())) {
            Files.delete(file);
            Files.delete(folder.resolve("run/.run.json.lock"));
            Files.delete(file.getParent());
            assertThrows(FileSystemException.class, () -> record.addSeconds("certify", 1));
            assertFalse(Files.exists(file.getParent()));
        }
    }

    @Test
    void givenAFieldOfAnotherKind_whenResumed_thenItIsNamed() throws IOException {
        for (String field : List.of("timings", "started", "scope", "models", "versions")) {
            Path file = Files.writeString(folder.resolve("run.json"), "{\"identity\":{},\"" + field + "\":5}");
            String complaint = assertThrows(ExperimentException.class,
                    () -> RunRecord.open(file, Existing.RESUME, Map.of())).getMessage();
            assertTrue(complaint.contains(field + " is not ") && complaint.lines().count() == 1, complaint);
        }
    }

    /** A record of which a piece is cut out, doubled or replaced opens as what it says, or is refused in one line. */
    @Property(tries = 100)
    void anyMutation_whenResumed_thenACleanAnswer(@ForAll @IntRange(max = 400) int from,
            @ForAll @IntRange(max = 30) int length,
            @ForAll @StringLength(max = 8) @CharRange(from = ' ', to = '~') String other) throws IOException {
        Path made = Files.createTempDirectory("record");
        Path file = made.resolve("run.json");
        try {
            Map<String, Object> identity = Map.of("n", 100, "sigmas", List.of(0.25, 1.0));
            try (RunRecord record = RunRecord.open(file, Existing.REFUSE, identity)) {
                record.addSeconds("certify", 1.5);
                record.put("scope", List.of("one"));
                record.put("models", Map.of("a", "b"));
            }
            String text = Files.readString(file);
            int start = Math.min(from, text.length());
            String mutated = text.substring(0, start) + other + text.substring(Math.min(text.length(), start + length));
            Files.writeString(file, mutated);
            try (RunRecord record = RunRecord.open(file, Existing.RESUME, identity)) {
                record.addSeconds("certify", 2);
                record.finish();
            } catch (ExperimentException e) {
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
                assertEquals(mutated, Files.readString(file));
            }
        } finally {
            Files.delete(file);
            Files.delete(made);
        }
    }
}
