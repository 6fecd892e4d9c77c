package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.training.Initialisation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code report} of rows of several norms, and of searches. */
class NormReportTest {

    private static final String INDICES = "0,5,14,19,23,1,2,36";

    @TempDir
    private Path folder;

    private String run(Object... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        assertEquals(0, Main.run(Arrays.stream(words).map(Object::toString).toArray(String[]::new), new PrintWriter(out, true),
                new PrintWriter(err, true)), err.toString());
        return out.toString();
    }

    private Path rows(String name, String command, Object... more) {
        Path rows = folder.resolve(name);
        run(Stream.concat(Stream.of(command, folder.resolve("model.safetensors"), "--dataset", "digits", "--indices", INDICES,
                "--device", "cpu", "--quiet", "--out", rows), Arrays.stream(more)).toArray());
        return rows;
    }

    @Test
    void givenRowsOfSeveralNormsAndASearch_whenReported_thenEachNormHasItsTableAndTheSearchACurve() throws IOException {
        ModelFile.write(folder.resolve("model.safetensors"),
                Initialisation.KAIMING_UNIFORM.network(new int[] {784, 24, 10}, 1), Precision.F32, Map.of());
        Path report = folder.resolve("report");
        List<Path> files = List.of(rows("crown.jsonl", "verify", "--epsilon", "1/255", "--method", "crown"),
                rows("crown-l2.jsonl", "verify", "--epsilon", "1/3", "--method", "crown", "--norm", 2),
                rows("pgd-l2.jsonl", "attack", "--epsilon", "1/3", "--norm", 2, "--steps", 2, "--restarts", 1),
                rows("largest.jsonl", "verify", "--largest", "--method", "crown", "--bisections", 6),
                rows("largest-l2.jsonl", "verify", "--largest", "--method", "crown", "--norm", 2, "--bisections", 6));
        String said = run(Stream.concat(Stream.concat(Stream.of("report"), files.stream()), Stream.of("--out", report)).toArray());
        assertTrue(said.contains("CROWN (L-infinity) on "), said);
        assertTrue(said.contains("CROWN and PGD (L2) on "), said);
        assertFalse(said.contains("Interval bound propagation"), said);
        for (Path file : files) { // each is named once, below the table that is made of it
            assertEquals(2, said.split(": " + file.getFileName() + ", of the network", -1).length, said);
        }
        assertTrue(said.contains("1/255") && said.contains("1/3"), said);
        assertTrue(said.lines().noneMatch(line -> line.matches("\\s*(epsilon )?0\\.(00392|333).*")), said); // as lines of tables
        for (String name : List.of("table2", "table2-l2", "largest", "largest-l2")) {
            for (String ending : List.of(".csv", ".md", ".tex", ".json")) {
                assertTrue(Files.exists(report.resolve(name + ending)), name + ending);
            }
        }
        String page = Files.readString(report.resolve("report.html"));
        assertTrue(page.contains("CROWN and PGD (L2)") && page.contains("figures/largest-l2.svg"));
        List<BoundsRow> found = RowFile.read(folder.resolve("largest.jsonl"), BoundsRow.FORMAT);
        List<String> points = Files.readAllLines(report.resolve("figures/largest.csv")).stream()
                .filter(line -> line.startsWith("CROWN,inf,")).toList();
        for (String point : points) {
            String[] cells = point.split(",");
            long count = found.stream().filter(row -> row.largestEpsilon().orElse(-1.0) >= Double.parseDouble(cells[2])).count();
            assertEquals(Math.floor(count * 10_000.0 / found.size()) / 100, Double.parseDouble(cells[3]));
        }
        assertEquals(found.stream().flatMap(row -> row.largestEpsilon().stream()).distinct().count() + 1, points.size());
        String again = run("report", report);
        assertTrue(again.contains("CROWN and PGD (L2) on "), again);
    }
}
