package dev.bulwark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.lab.LabReport;
import dev.bulwark.results.RowException;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.RunLayout;
import dev.bulwark.results.SampleRows;
import dev.bulwark.results.SmoothingRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunComparisonTest {

    @TempDir
    private Path folder;

    @Test
    void givenTwoRuns_whenCompared_thenTheSameColumnsForEach() throws IOException {
        Path first = givenRun("first", "mnist", 0.25, 3);
        Path second = givenRun("second", "mnist", 0.25, 1);
        RunComparison comparison = RunComparison.write(List.of(first, second), folder.resolve("out"), LabReport::of);
        ComparisonTable table = comparison.tables().get(0);
        assertEquals(List.of("sigma", "run", "Clean", "Certified @ r=0.25"), table.header().subList(0, 4));
        assertEquals(List.of(List.of("0.25", "first", "", "75.0"), List.of("", "second", "", "25.0")),
                table.rows().stream().map(row -> row.subList(0, 4)).toList());
        List<String> csv = Files.readAllLines(folder.resolve("out/table1.csv"));
        assertTrue(csv.get(0).startsWith("run,dataset,sigma,images,clean_accuracy,"), csv.get(0));
        assertTrue(csv.get(2).startsWith("second,mnist,0.25,4,"), csv.get(2));
        assertTrue(Files.readString(folder.resolve("out/comparison.html")).contains("<th scope=\"row\">second</th>"));
    }

    @Test
    void givenAnotherSigmaAndOtherImages_whenCompared_thenALineEachAndAWarningFirst() throws IOException {
        Path first = givenRun("first", "mnist", 0.25, 3);
        Path second = givenRun("second", "digits", 0.5, 1);
        RunComparison comparison = RunComparison.write(List.of(first, second), folder.resolve("out"), LabReport::of);
        assertEquals(List.of(List.of("0.25", "first"), List.of("0.50", "second [not MNIST]")),
                comparison.tables().get(0).rows().stream().map(row -> row.subList(0, 2)).toList());
        assertTrue(Files.readAllLines(folder.resolve("out/table1.csv")).get(0)
                .startsWith("# second [not MNIST]: These are not"));
    }

    @Test
    void givenMoreSamplesInOneRun_whenCompared_thenThoseRowsStandApart() throws IOException {
        Path first = givenRun("first", "mnist", 0.25, 3);
        Path second = givenRun("second", "mnist", 0.25, 1);
        Files.copy(first.resolve("smoothing/sigma-0.25.tsv"), second.resolve("smoothing/sigma-0.25-n-50000.tsv"));
        RunComparison comparison = RunComparison.write(List.of(first, second), folder.resolve("out"), LabReport::of);
        assertEquals(List.of(List.of("0.25", "first"), List.of("", "second"), List.of("0.25, n = 50,000", "second")),
                comparison.tables().get(0).rows().stream().map(row -> row.subList(0, 2)).toList());
        List<String> csv = Files.readAllLines(folder.resolve("out/table1.csv"));
        assertTrue(csv.get(0).endsWith(",n,unreachable,mean_samples,average_certified_radius")
                && csv.get(3).endsWith(",50000,,,0.75"), csv.toString());
    }

    @Test
    void givenMarkupInARunsName_whenCompared_thenEscaped() throws IOException {
        Path first = givenRun("<img src=x>", "mnist", 0.25, 3);
        RunComparison.write(List.of(first, givenRun("second", "mnist", 0.25, 3)), folder.resolve("out"), LabReport::of);
        String page = Files.readString(folder.resolve("out/comparison.html"));
        assertFalse(page.contains("<img"));
        assertTrue(page.contains("&lt;img src=x&gt;") && page.contains("\\u003cimg src=x\\u003e, "));
    }

    @Test
    void givenTwoFoldersOfOneName_whenCompared_thenPathsTellThemApart() throws IOException {
        Path first = givenRun("a/run", "mnist", 0.25, 3);
        Path second = givenRun("b/run", "mnist", 0.25, 3);
        assertEquals(List.of(first.toString(), second.toString()),
                RunComparison.write(List.of(first, second), folder.resolve("out"), LabReport::of).tables().get(0).rows()
                .stream().map(row -> row.get(1)).toList());
    }

    @Test
    void givenNoRun_whenCompared_thenRefusedAndNothingWritten() throws IOException {
        Path first = givenRun("first", "mnist", 0.25, 3);
        Path broken = givenRun("second", "mnist", 0.25, 3);
        Files.writeString(broken.resolve("smoothing/sigma-0.25.tsv"), "something else\nand more\n");
        assertThrows(RowException.class, () -> RunComparison.write(List.of(first, broken), folder.resolve("out"),
                LabReport::of));
        assertFalse(Files.exists(folder.resolve("out")));
    }

    private Path givenRun(String name, String dataset, double sigma, int certified) throws IOException {
        Path run = Files.createDirectories(folder.resolve(name));
        try (RowFile<SmoothingRow> rows = RowFile.create(
                run.resolve("smoothing/sigma-" + RunLayout.decimals(sigma) + ".tsv"), SmoothingRow.FORMAT)) {
            for (SmoothingRow row : SampleRows.certified(certified, 4)) {
                rows.append(row);
            }
        }
        Files.writeString(run.resolve("run.json"), "{\"dataset\":{\"name\":\"" + dataset + "\"}}");
        return run;
    }
}
