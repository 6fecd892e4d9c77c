package dev.bulwark.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.bounds.Method;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLayoutTest {

    @TempDir
    private Path folder;

    @Test
    void givenNumbers_whenNamed_thenAtLeastTwoDecimals() {
        assertEquals("0.10", RunLayout.decimals(0.1));
        assertEquals("0.125", RunLayout.decimals(0.125));
        assertEquals("0.0001", RunLayout.decimals(1e-4));
        assertEquals("12.00", RunLayout.decimals(12));
    }

    @Test
    void givenFilesByTheirNames_whenLookedFor_thenFoundWithTheirValuesAndNothingElse() throws IOException {
        RunLayout layout = new RunLayout(folder);
        List<Path> rows = List.of(layout.certificates(0.5, 700), layout.certificates(0.5),
                layout.bounds(Method.IBP, 0.1), layout.bounds(Method.ALPHA_CROWN, 0.125), layout.attacks(0.3));
        List<Path> others = List.of(layout.tradeoff(0.25), layout.attacks(0.3).resolveSibling(".epsilon-0.40.jsonl.lock"),
                RunLayout.recordOf(layout.attacks(0.3)));
        for (Path file : Stream.concat(rows.stream(), others.stream()).toList()) {
            Files.createDirectories(file.getParent());
            Files.createFile(file);
        }
        assertEquals(rows, layout.rows());
        assertEquals(Set.of(0.5), layout.sigmas());
        assertEquals(List.of(new RunLayout.Sampled(0.5, 700)), layout.sampled());
        assertEquals(Set.of(0.1, 0.125, 0.3), layout.epsilons());
        assertEquals(Set.of(0.25), layout.kappas());
        assertEquals(List.of(layout.tradeoff(0.25)), layout.tradeoffFiles());
        assertEquals("alpha-crown/epsilon-0.125.jsonl", RunLayout.place(layout.bounds(Method.ALPHA_CROWN, 0.125)));
    }

    @Test
    void givenRunsOfOneSecond_whenFoldersAreMade_thenEachHasItsOwn() throws IOException {
        LocalDateTime now = LocalDateTime.of(2026, 1, 2, 3, 4, 5);
        Path runs = folder.resolve("runs");
        assertEquals(Stream.of("2026-01-02-030405", "2026-01-02-030405-2", "2026-01-02-030405-3")
                        .map(runs::resolve).toList(),
                List.of(RunLayout.newUnder(runs, now), RunLayout.newUnder(runs, now), RunLayout.newUnder(runs, now)));
    }

    @Test
    void givenSeveralRuns_whenTheLatestIsSought_thenItsTheOneWrittenLast() throws IOException {
        assertTrue(RunLayout.latestUnder(folder.resolve("none")).isEmpty());
        for (String name : List.of("b", "a")) {
            Files.createFile(new RunLayout(Files.createDirectory(folder.resolve(name))).record());
        }
        assertTrue(folder.resolve("b/run.json").toFile().setLastModified(1_000_000));
        assertEquals(folder.resolve("a"), RunLayout.latestUnder(folder).orElseThrow());
    }
}
