package dev.bulwark.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.lab.LabReport;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.RowException;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.SampleRows;
import dev.bulwark.results.SoundnessException;
import dev.bulwark.results.TradeoffFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.knowm.xchart.XYSeries;

/** A hundred images for each network; the lab report claims 93.8% clean and 64.1% certified at epsilon 0.3. */
class TradeoffReportTest {

    private static final double EPSILON = 0.3;

    @TempDir
    private Path folder;

    private void givenNetwork(String kappa, double epsilon, int clean, int certified) throws IOException {
        try (RowFile<BoundsRow> file = RowFile.create(folder.resolve("ibp/kappa-" + kappa + ".jsonl"), BoundsRow.FORMAT)) {
            for (int i = 0; i < 100; ++i) {
                file.append(SampleRows.bounds(i, epsilon, i < clean ? 0 : 1, i < certified ? 1 : -1, false));
            }
        }
    }

    private void givenRun(String dataset) throws IOException {
        Files.writeString(folder.resolve("run.json"), "{\"dataset\": {\"name\": \"" + dataset + "\"}, \"scope\": []}");
    }

    private JsonNode json() throws IOException {
        return new ObjectMapper().readTree(folder.resolve("tradeoff.json").toFile());
    }

    @Test
    void givenThreeNetworks_whenReported_thenALineAndAPointEachAndTheClaimBesideThem() throws IOException {
        givenRun("mnist");
        givenNetwork("0.00", EPSILON, 83, 67);
        givenNetwork("0.50", EPSILON, 92, 64);
        givenNetwork("1.00", EPSILON, 98, 0);
        TradeoffReport report = TradeoffReport.rebuild(folder, LabReport.INSTANCE);
        assertTrue(TradeoffFolder.isIn(folder));
        assertEquals(List.of(), report.missing());
        List<String> csv = Files.readAllLines(folder.resolve("tradeoff.csv"));
        assertEquals(4, csv.size());
        assertTrue(csv.get(0).startsWith("kappa,images,clean_accuracy,"), csv.get(0));
        assertTrue(csv.get(1).startsWith("0.00,100,83.0000,") && csv.get(1).contains(",93.8,"), csv.get(1));
        assertTrue(csv.get(2).startsWith("0.50,100,92.0000,") && !csv.get(2).contains("93.8"), csv.get(2));
        assertFalse(json().at("/claimed/reached").asBoolean());
        assertEquals(93.8, json().at("/claimed/clean_accuracy").asDouble());
        String markdown = Files.readString(folder.resolve("tradeoff.md"));
        assertTrue(markdown.contains("93.8% clean with 64.1% certified at epsilon 0.30: none of these networks reaches "
                + "both."), markdown);
        assertTrue(markdown.contains("91.95% certified at this epsilon"), markdown);
        for (String figure : List.of("csv", "svg", "png")) {
            assertTrue(report.written().contains(folder.resolve("figures/tradeoff." + figure)), figure);
        }
    }

    @Test
    void givenAClaim_whenDrawn_thenItStandsApartFromTheNetworksPoints() throws IOException {
        givenRun("mnist");
        givenNetwork("0.00", EPSILON, 83, 67);
        givenNetwork("0.50", EPSILON, 92, 64);
        ResultTable table = TradeoffReport.rebuild(folder, LabReport.INSTANCE).table();
        Optional<TradeoffReport.Claim> claim = TradeoffReport.Claim.at(EPSILON, LabReport.INSTANCE.beside(Table2.NAME));
        List<XYSeries> drawn = List.copyOf(Charts.tradeoff(table, EPSILON, claim).getSeriesMap().values());
        assertEquals(2, drawn.size());
        assertArrayEquals(new double[] {83, 92}, drawn.get(0).getXData());
        assertArrayEquals(new double[] {67, 64}, drawn.get(0).getYData());
        assertArrayEquals(new double[] {93.8}, drawn.get(1).getXData());
        assertArrayEquals(new double[] {64.1}, drawn.get(1).getYData());
        assertEquals(1, Charts.tradeoff(table, EPSILON, Optional.empty()).getSeriesMap().size());
    }

    @Test
    void givenANetworkWithBoth_whenReported_thenTheClaimIsReached() throws IOException {
        givenRun("mnist");
        givenNetwork("0.00", EPSILON, 94, 64);
        givenNetwork("0.25", EPSILON, 94, 65);
        TradeoffReport.rebuild(folder, LabReport.INSTANCE);
        assertTrue(json().at("/claimed/reached").asBoolean());
        assertTrue(Files.readString(folder.resolve("tradeoff.md")).contains("reached with kappa 0.25."),
                "64 is less than 64.1");
    }

    @Test
    void givenOtherImages_whenReported_thenAWarningComesFirst() throws IOException {
        givenRun("digits");
        givenNetwork("0.00", EPSILON, 94, 64);
        TradeoffReport.rebuild(folder, LabReport.INSTANCE);
        assertTrue(Files.readString(folder.resolve("tradeoff.csv")).startsWith("# These are not MNIST figures"));
        assertTrue(Files.readString(folder.resolve("tradeoff.json")).lines().findFirst().orElseThrow()
                .contains("not MNIST"));
    }

    @Test
    void givenRowsThatDoNotBelongTogether_whenReported_thenRefused() throws IOException {
        assertThrows(RowException.class, () -> TradeoffReport.rebuild(folder, LabReport.INSTANCE));
        givenNetwork("0.00", EPSILON, 94, 64);
        givenNetwork("0.25", 0.2, 94, 64);
        assertTrue(assertThrows(RowException.class, () -> TradeoffReport.rebuild(folder, LabReport.INSTANCE)).getMessage()
                .contains("several epsilons"));
    }

    @Test
    void givenACertifiedMistake_whenReported_thenItFails() throws IOException {
        givenNetwork("0.00", EPSILON, 60, 61);
        assertThrows(SoundnessException.class, () -> TradeoffReport.rebuild(folder, LabReport.INSTANCE));
    }
}
