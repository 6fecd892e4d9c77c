package dev.bulwark.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.report.ResultTable;
import dev.bulwark.report.RunReport;
import dev.bulwark.report.RunScope;
import dev.bulwark.report.Table1;
import dev.bulwark.report.Table2;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CollectedRows;
import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.RunLayout;
import dev.bulwark.results.SampleRows;
import dev.bulwark.results.SigmaRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabReportTest {

    private static final RunScope MNIST = new RunScope("mnist", List.of());

    @Test
    void givenReportedAndPublishedFigures_whenTablesMade_thenTheyStandBesideOurs() {
        ResultTable.Line line = table1(0.5).lines().get(0);
        assertEquals("78.9", line.cells().get(1).stated().get(0).figure().orElseThrow().toPlainString());
        assertEquals("89.8", line.cells().get(3).stated().get(1).figure().orElseThrow().toPlainString());
        ResultTable.Line atTenth = table2(new EpsilonRows(List.of(), List.of(SampleRows.attack(0, 0, false)))).lines()
                .get(0);
        assertEquals("91.3", atTenth.cells().get(1).stated().get(0).figure().orElseThrow().toPlainString());
        assertEquals("97.77", atTenth.cells().get(1).stated().get(1).figure().orElseThrow().toPlainString());
    }

    @Test
    void givenGapsReported_whenComparedWithTheirAccuracies_thenTheyAreTheDifference() {
        for (Literature.Row row : Literature.load().table2().reported().rows()) {
            assertEquals(row.figures().get(Table2.GAP),
                    row.figures().get(Table2.PGD).subtract(row.figures().get(Table2.CERTIFIED)), "epsilon " + row.at());
        }
    }

    @Test
    void givenTheImpossibleCell_whenTable1Made_thenItsNoteIsComputed() {
        String note = table1(0.25).lines().get(0).cells().get(3).stated().get(0).objection().orElseThrow();
        assertTrue(note.startsWith("Impossible: with n = 10,000 and alpha = 0.001"), note);
        assertTrue(note.contains("0.999309") && note.contains("0.7997 at sigma 0.25") && note.contains("218,105"), note);
    }

    @Test
    void givenOtherCells_whenTable1Made_thenOnlyAbstentionsAreDoubted() {
        List<Boolean> doubted = table1(0.5).lines().get(0).cells().stream()
                .map(cell -> cell.stated().get(0).objection().isPresent()).toList();
        assertEquals(List.of(false, false, false, false, true), doubted);
    }

    @Test
    void givenTheLabReport_whenReviewed_thenOneImpossibleAndThreeImplausibleFigures() {
        List<String> facts = LabReport.objections().stream().map(Literature.Misstatement::fact).toList();
        assertEquals(4, facts.size());
        assertEquals(1, facts.stream().filter(fact -> fact.startsWith("Impossible")).count());
    }

    @Test
    void givenRowsOfAUsersOwnNetwork_whenReported_thenNothingOfTheLabReportStandsThere(
            @TempDir Path folder) throws IOException {
        Path rows = folder.resolve("mine.jsonl");
        try (RowFile<BoundsRow> file = RowFile.create(rows, BoundsRow.FORMAT)) {
            file.append(SampleRows.bounds(0, 0.1, 0, 1, true));
        }
        Files.writeString(RunLayout.recordOf(rows),
                "{\"identity\":{\"run\":\"verify\",\"epsilon\":0.1,\"dataset\":\"mnist\"}}");
        Path report = folder.resolve("report");
        CollectedRows.into(report, List.of(rows));
        RunReport written = RunReport.rebuild(report, LabReport::of);
        assertEquals(List.of(), written.missing());
        for (Path file : written.written()) {
            if (!file.toString().endsWith(".png")) {
                String text = Files.readString(file);
                assertFalse(text.contains("lab report") || text.contains("reported_") || text.contains("\"reported\""),
                        file.toString());
            }
        }
    }

    private static ResultTable table1(double sigma) {
        return Table1.of(new TreeMap<>(Map.of(sigma, new SigmaRows(SampleRows.certified(1, 2), List.of()))), MNIST,
                LabReport.INSTANCE.beside(Table1.NAME));
    }

    private static ResultTable table2(EpsilonRows rows) {
        return Table2.of(new TreeMap<>(Map.of(0.1, rows)), MNIST, LabReport.INSTANCE.beside(Table2.NAME));
    }
}
