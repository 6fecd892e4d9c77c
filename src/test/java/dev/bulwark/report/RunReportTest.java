package dev.bulwark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.bounds.Method;
import dev.bulwark.lab.LabReport;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.CleanPrediction;
import dev.bulwark.results.RowException;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.SampleRows;
import dev.bulwark.results.SmoothingRow;
import dev.bulwark.results.SoundnessException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {

    private static final List<String> EVERYTHING = List.of(
            "table1.csv", "table1.md", "table1.tex", "table1.json",
            "figures/certified_accuracy.csv", "figures/certified_accuracy.svg", "figures/certified_accuracy.png",
            "table2.csv", "table2.md", "table2.tex", "table2.json",
            "figures/ibp_gap.csv", "figures/ibp_gap.svg", "figures/ibp_gap.png", "report.html");

    @TempDir
    private Path folder;

    @Test
    void givenWholeRun_whenRebuilt_thenEverythingIsWrittenAndNothingElse() throws IOException {
        givenSmoothing();
        givenBounds(0, 1);
        givenAttack(SampleRows.attack(0, 0, false));
        givenRun("mnist", "every 20th image");
        RunReport report = RunReport.rebuild(folder, LabReport::of);
        assertEquals(EVERYTHING.stream().map(folder::resolve).toList(), report.written());
        assertEquals(List.of(
                "Table 1 lacks sigma 0.50, which the lab report has: there are no rows for it.",
                "Table 1 lacks sigma 1.00, which the lab report has: there are no rows for it.",
                "Table 2 lacks epsilon 0.05, which the lab report has: there are no rows for it.",
                "Table 2 lacks epsilon 0.20, which the lab report has: there are no rows for it.",
                "Table 2 lacks epsilon 0.30, which the lab report has: there are no rows for it."), report.missing());
        try (Stream<Path> files = Files.walk(folder)) {
            assertEquals(EVERYTHING.size() + 5, files.filter(Files::isRegularFile).count(),
                    "outputs, four row files, run.json");
        }
        assertTrue(Files.readString(folder.resolve("table1.md")).contains("every 20th image"));
    }

    @Test
    void givenSameRows_whenRebuiltTwice_thenSameBytes() throws IOException {
        givenSmoothing();
        givenBounds(0, 1);
        RunReport.rebuild(folder, LabReport::of);
        String page = Files.readString(folder.resolve("report.html"));
        RunReport.rebuild(folder, LabReport::of);
        assertEquals(page, Files.readString(folder.resolve("report.html")));
    }

    @Test
    void givenOnlyVotes_whenRebuilt_thenTable1AndWhatIsMissing() throws IOException {
        try (RowFile<CertificateRow> file = RowFile.create(folder.resolve("smoothing/sigma-0.50.jsonl"),
                CertificateRow.FORMAT)) {
            file.append(SampleRows.votes(0, 60, 0.5));
        }
        RunReport report = RunReport.rebuild(folder, LabReport::of);
        assertTrue(report.table2().isEmpty());
        assertEquals(List.of("run.json is missing, so the data set and what was left out are unknown.",
                "smoothing/sigma-0.50.tsv is missing.",
                "Table 1 lacks sigma 0.25, which the lab report has: there are no rows for it.",
                "Table 1 lacks sigma 1.00, which the lab report has: there are no rows for it.",
                "There are neither bounds nor attacks, so there is no table 2."), report.missing());
        assertEquals("100.0", report.table1().orElseThrow().printed().rows().get(0).texts().get(6),
                "the only image abstains");
        assertTrue(Files.readString(folder.resolve("table1.csv")).startsWith("# No record says which data set"));
    }

    @Test
    void givenTwoFilesOfOneSigmaWithOtherSamples_whenRebuilt_thenTwoRows() throws IOException {
        givenVotes("sigma-0.50", 0, 100);
        givenVotes("sigma-0.50-n-5000", 0, 5000);
        givenVotes("sigma-0.50-n-700", 0, 700);
        givenVotes("sigma-1.00-n-300", 0, 300);
        ResultTable table = RunReport.rebuild(folder, LabReport::of).table1().orElseThrow();
        assertEquals(List.of("0.50", "0.50, n = 700", "0.50, n = 5,000", "1.00"),
                table.lines().stream().map(ResultTable.Line::name).toList());
        assertEquals(List.of(100L, 700L, 5000L, 300L), table.lines().stream().map(line -> line.samples().orElseThrow())
                .toList());
        assertTrue(Files.readString(folder.resolve("report.html")).contains("0.50, n = 5,000"));
    }

    @Test
    void givenSamplesThatContradictTheName_whenRebuilt_thenRefused() throws IOException {
        givenVotes("sigma-0.50-n-5000", 0, 100);
        assertTrue(assertThrows(RowException.class, () -> RunReport.rebuild(folder, LabReport::of)).getMessage()
                .contains("is not what the file's folder and name say"));
    }

    @Test
    void givenOtherSamplesInOneFile_whenRebuilt_thenRefused() throws IOException {
        givenVotes("sigma-0.50", 0, 100);
        givenVotes("sigma-0.50", 1, 200);
        assertTrue(assertThrows(RowException.class, () -> RunReport.rebuild(folder, LabReport::of)).getMessage()
                .contains("rows of different n, alpha, sampling or noise"));
    }

    /** A row at sigma 0.5, or 1 if the name says so, that n votes certify. */
    private void givenVotes(String name, int index, long n) throws IOException {
        try (RowFile<CertificateRow> file = RowFile.resume(folder.resolve("smoothing/" + name + ".jsonl"),
                CertificateRow.FORMAT)) {
            file.append(SampleRows.votes(index, List.of(n, 0L), n, name.contains("1.00") ? 1 : 0.5));
        }
    }

    @Test
    void givenAPrintedRadiusThatIsNotItsVotes_whenRebuilt_thenRefused() throws IOException {
        givenSmoothing();
        Path file = folder.resolve("smoothing/sigma-0.25.tsv");
        String rows = Files.readString(file);
        for (String radius : List.of("99.0", "0.75", "0.0")) {
            Files.writeString(file, rows.replaceFirst("(?m)^60\t0\t0\t[^\t]*", "60\t0\t0\t" + radius));
            String message = assertThrows(RowException.class, () -> RunReport.rebuild(folder, LabReport::of)).getMessage();
            assertTrue(message.startsWith(file + ": the row for index 60 has label 0, predict 0 and radius " + radius),
                    message);
        }
    }

    @Test
    void givenPrintedRowsAlone_whenTheRecordSaysOnWhatTheyRest_thenNoRadiusIsBeyondReach() throws IOException {
        Path file = folder.resolve("smoothing/sigma-0.25.tsv");
        try (RowFile<SmoothingRow> rows = RowFile.create(file, SmoothingRow.FORMAT)) {
            rows.append(SampleRows.radius(7, 0.79));
        }
        for (String identity : List.of("\"n\":10000,\"alpha\":0.001", "\"n\":9000,\"alpha\":0.001",
                "\"n\":10000,\"alpha\":0.0005")) {
            Files.writeString(folder.resolve("run.json"), "{\"identity\":{" + identity + "}}");
            RunReport.rebuild(folder, LabReport::of); // at most 0.7997, 0.7930 and 0.7945
        }
        for (String identity : List.of("\"n\":1000,\"alpha\":0.001", "\"n\":10000,\"alpha\":1e-9")) {
            Files.writeString(folder.resolve("run.json"), "{\"identity\":{" + identity + "}}");
            String message = assertThrows(RowException.class, () -> RunReport.rebuild(folder, LabReport::of)).getMessage();
            assertTrue(message.startsWith(file + ": the row for index 7 has radius 0.79, but no votes support more than"),
                    message);
        }
    }

    @Test
    void givenAPathThatIsNoRunFolder_whenRebuilt_thenOneLineSaysSo() throws IOException {
        assertEquals(folder.resolve("absent") + ": no such folder",
                assertThrows(RowException.class, () -> RunReport.rebuild(folder.resolve("absent"), LabReport::of))
                .getMessage());
        Path file = Files.writeString(folder.resolve("file"), "");
        assertEquals(file + ": is not a folder: name a run's",
                assertThrows(RowException.class, () -> RunReport.rebuild(file, LabReport::of)).getMessage());
    }

    @Test
    void givenFieldsOfRunJsonThatMakeNoSense_whenRebuilt_thenTheFieldIsNamed() throws IOException {
        givenBounds(0, 1);
        for (String field : List.of("\"timings\":5", "\"timings\":{\"certify\":\"long\"}", "\"timings\":{\"certify\":-1}",
                "\"timings\":{\"certify\":1e999}", "\"scope\":{}", "\"scope\":[1]", "\"models\":[]", "\"seed\":1.5",
                "\"command\":[]", "\"identity\":1", "\"dataset\":\"mnist\"", "\"device\":7")) {
            Files.writeString(folder.resolve("run.json"), "{" + field + "}");
            String message = assertThrows(RowException.class, () -> RunReport.rebuild(folder, LabReport::of)).getMessage();
            assertTrue(message.startsWith(folder.resolve("run.json") + ": " + field.split("\"")[1] + " is not "), message);
        }
    }

    @Test
    void givenNoRows_whenRebuilt_thenOneLineError() {
        String message = assertThrows(RowException.class, () -> RunReport.rebuild(folder, LabReport::of)).getMessage();
        assertEquals(1, message.lines().count());
        assertTrue(message.startsWith(folder + ": holds no rows"), message);
    }

    @Test
    void givenCertifiedAndBrokenImage_whenRebuilt_thenFailureAndNothingWritten() throws IOException {
        givenBounds(0, 1);
        givenAttack(SampleRows.attack(0, 0, true));
        assertThrows(SoundnessException.class, () -> RunReport.rebuild(folder, LabReport::of));
        assertFalse(Files.exists(folder.resolve("table2.json")));
        assertFalse(Files.exists(folder.resolve("report.html")));
    }

    @Test
    void givenCertifiedAndBrokenImage_whenTheRealNetworkStands_thenReportedAsADifferenceOfClaims() throws IOException {
        givenBounds(0, 1);
        givenAttack(SampleRows.attack(0, 0, true).with(AttackRow.RealNetwork.STANDS));
        ResultTable table = RunReport.rebuild(folder, LabReport::of).table2().orElseThrow();
        JsonNode line = new ObjectMapper().readTree(folder.resolve("table2.json").toFile()).path("rows").path(0);
        assertEquals(100, line.path("ibp_certified").asDouble());
        assertEquals(0, line.path("pgd_accuracy").asDouble());
        assertEquals(1, line.path("differences_of_claims").asInt());
        for (String said : List.of(table.text(Paint.PLAIN, Integer.MAX_VALUE), line.path("notes").toString(),
                Files.readString(folder.resolve("report.html")), Files.readString(folder.resolve("table2.tex")))) {
            assertTrue(said.contains("1 image is certified and yet broken"), said);
        }
    }

    @Test
    void givenCertifiedAndBrokenImage_whenTheRealNetworkBreaksToo_thenFailureNamesImageAndFile() throws IOException {
        givenBounds(0, 1);
        givenAttack(SampleRows.attack(0, 0, true).with(AttackRow.RealNetwork.BREAKS));
        String message = assertThrows(SoundnessException.class, () -> RunReport.rebuild(folder, LabReport::of)).getMessage();
        assertTrue(message.startsWith(folder.resolve("pgd/epsilon-0.10.jsonl") + ": ") && message.contains("image 0 "),
                message);
        assertFalse(Files.exists(folder.resolve("table2.json")));
    }

    @Test
    void givenARunThatAttackedASample_whenRebuilt_thenAllFiguresStandOnItAndPgdIsNamed() throws IOException {
        givenBounds(SampleRows.bounds(0, 0.1, 0, 1, true), SampleRows.bounds(1, 0.1, 0, -1, false),
                SampleRows.bounds(2, 0.1, 0, 1, true));
        givenAttack(SampleRows.attack(0, 0, false));
        givenIdentity("\"pgd_steps\":20,\"pgd_restarts\":3,\"pgd_loss\":\"both\"");
        ResultTable table = RunReport.rebuild(folder, LabReport::of).table2().orElseThrow();
        assertEquals("PGD-20, 3 restarts", table.column(Table2.PGD).title());
        assertEquals(1, table.images());
        assertTrue(table.printed().footnotes().get(0).contains("stand on the 1 image with bounds and an attack; 2 more"),
                table.printed().footnotes().toString());
        assertTrue(Files.readString(folder.resolve("report.html")).contains("\"pgd\":\"PGD-20, 3 restarts\""));
        assertTrue(Charts.certificationGap(table).getSeriesMap().containsKey("PGD-20, 3 restarts"), "the legend");
    }

    @Test
    void givenARunThatChoseByCertificates_whenRowsAreMissing_thenNoFigureForPgdAndItSaysWhich() throws IOException {
        String chosen = "\"pgd_steps\":20,\"pgd_restarts\":1,\"pgd_loss\":\"both\",\"pgd_images\":\"right and not "
                + "certified\"";
        givenIdentity(chosen);
        givenBounds(SampleRows.bounds(0, 0.1, 0, 1, true), SampleRows.bounds(1, 0.1, 0, -1, false),
                SampleRows.bounds(2, 0.1, 0, -1, false), SampleRows.bounds(3, 0.1, 1, -1, false));
        givenAttack(SampleRows.attack(1, 0, false));
        RunReport report = RunReport.rebuild(folder, LabReport::of);
        assertTrue(report.missing().contains("pgd/epsilon-0.10.jsonl lacks 1 image, right and not certified, so there is "
                + "no figure for PGD: resume its run."), report.missing().toString());
        assertEquals(Optional.empty(), report.table2().orElseThrow().measured(0.1, Table2.PGD));
        assertEquals(4, report.table2().orElseThrow().images());

        givenAttack(SampleRows.attack(2, 0, true));
        assertEquals("50.0", RunReport.rebuild(folder, LabReport::of).table2().orElseThrow().measured(0.1, Table2.PGD)
                .orElseThrow().percent(1).toPlainString());

        givenAttack(SampleRows.attack(9, 0, true));
        report = RunReport.rebuild(folder, LabReport::of);
        assertTrue(report.missing().stream().anyMatch(text -> text.startsWith("ibp/epsilon-0.10.jsonl lacks 1 image of "
                + "pgd/epsilon-0.10.jsonl")), report.missing().toString());
        assertEquals(Optional.empty(), report.table2().orElseThrow().measured(0.1, Table2.PGD));

        // Rows that the attack command wrote there are another matter: their own record says what they are.
        Files.writeString(folder.resolve("pgd/epsilon-0.10.jsonl.run.json"),
                "{\"identity\":{\"run\":\"attack\",\"steps\":7,\"restarts\":1,\"loss\":\"margin\"}}");
        ResultTable table = RunReport.rebuild(folder, LabReport::of).table2().orElseThrow();
        assertEquals("PGD-7, 1 restart, margin", table.column(Table2.PGD).title());
        assertTrue(table.measured(0.1, Table2.PGD).isPresent());
    }

    @Test
    void givenARunThatChoseByCertificates_whenNothingWasLeftToAttack_thenPgdStandsOnTheBoundsAlone() throws IOException {
        givenIdentity("\"pgd_steps\":20,\"pgd_restarts\":1,\"pgd_images\":\"right and not certified\"");
        givenBounds(SampleRows.bounds(0, 0.1, 1, -1, false), SampleRows.bounds(1, 0.1, 1, -1, false));
        assertTrue(RunReport.rebuild(folder, LabReport::of).missing().contains("pgd/epsilon-0.10.jsonl is missing."));
        RowFile.create(folder.resolve("pgd/epsilon-0.10.jsonl"), AttackRow.FORMAT).close();
        RunReport report = RunReport.rebuild(folder, LabReport::of);
        assertTrue(report.missing().stream().noneMatch(text -> text.contains("pgd/")), report.missing().toString());
        ResultTable table = report.table2().orElseThrow();
        assertEquals("PGD-20, 1 restart", table.column(Table2.PGD).title());
        assertEquals(0, table.measured(0.1, Table2.PGD).orElseThrow().hits());

        Files.delete(folder.resolve("ibp/epsilon-0.10.jsonl"));
        givenBounds(SampleRows.bounds(0, 0.1, 0, -1, false));
        assertTrue(RunReport.rebuild(folder, LabReport::of).missing().stream()
                .anyMatch(text -> text.startsWith("pgd/epsilon-0.10.jsonl lacks 1 "
                + "image, right")));
    }

    private void givenIdentity(String fields) throws IOException {
        Files.writeString(folder.resolve("run.json"), "{\"dataset\":{\"name\":\"mnist\"},\"identity\":{" + fields + "}}");
    }

    private void givenBounds(BoundsRow... rows) throws IOException {
        try (RowFile<BoundsRow> file = RowFile.create(folder.resolve("ibp/epsilon-0.10.jsonl"), BoundsRow.FORMAT)) {
            for (BoundsRow row : rows) {
                file.append(row);
            }
        }
    }

    @Test
    void givenRowsOfCrown_whenRebuilt_thenTheyStandBesideThoseOfIbpAndAreCheckedAlike() throws IOException {
        givenBounds(0, -1);
        givenCrown("crown");
        givenAttack(SampleRows.attack(0, 0, false));
        RunReport.rebuild(folder, LabReport::of);
        JsonNode line = new ObjectMapper().readTree(folder.resolve("table2.json").toFile()).path("rows").path(0);
        assertEquals(0.0, line.path("ibp_certified").asDouble());
        assertEquals(100.0, line.path("crown_certified").asDouble());
        assertTrue(line.path("alpha_crown_certified").isMissingNode());

        Files.delete(folder.resolve("pgd/epsilon-0.10.jsonl"));
        givenAttack(SampleRows.attack(0, 0, true));
        assertThrows(SoundnessException.class, () -> RunReport.rebuild(folder, LabReport::of));
    }

    @Test
    void givenRowsOfCrownInAnotherMethodsFolder_whenRebuilt_thenRefused() throws IOException {
        givenBounds(0, 1);
        givenCrown("alpha-crown");
        String message = assertThrows(RowException.class, () -> RunReport.rebuild(folder, LabReport::of)).getMessage();
        assertTrue(message.contains("epsilon-0.10.jsonl: the row for index 0"), message);
    }

    /** Labels of the one are no labels of the other: predictions stand in place of labels that are not there. */
    @Test
    void givenMethodsThatDifferInAnImagesLabel_whenRebuilt_thenRefusedInOneLine() throws IOException {
        givenBounds(SampleRows.bounds(4, 0.1, 0, -1, false), SampleRows.bounds(0, 0.1, 1, -1, false));
        givenCrown("crown");
        RunReport.rebuild(folder, LabReport::of);

        Files.delete(folder.resolve("ibp/epsilon-0.10.jsonl"));
        BoundsRow row = SampleRows.bounds(0, 0.1, 1, -1, false);
        givenBounds(SampleRows.bounds(4, 0.1, 0, -1, false), BoundsRow.of(new CleanPrediction(0, 1, 0), row.epsilon(), Method.IBP,
                new BoundsRow.Bounds(row.lower(), row.upper(), List.of(-1.0, 0.0))));
        String message = assertThrows(RowException.class, () -> RunReport.rebuild(folder, LabReport::of)).getMessage();
        assertTrue(message.contains("crown/epsilon-0.10.jsonl") && message.contains(
                "image 0 has label 0 in the bounds by crown, but 1 in those by ibp: "), message);
    }

    private void givenCrown(String method) throws IOException {
        try (RowFile<BoundsRow> file = RowFile.create(folder.resolve(method + "/epsilon-0.10.jsonl"), BoundsRow.FORMAT)) {
            BoundsRow row = SampleRows.bounds(0, 0.1, 0, 1, false);
            file.append(BoundsRow.of(new CleanPrediction(row.index(), row.label(), row.cleanPrediction()), row.epsilon(),
                    Method.CROWN, new BoundsRow.Bounds(row.lower(), row.upper(), row.marginLower())));
        }
    }

    @Test
    void givenRowsOfAnotherEpsilon_whenRebuilt_thenRefused() throws IOException {
        try (RowFile<BoundsRow> file = RowFile.create(folder.resolve("ibp/epsilon-0.20.jsonl"), BoundsRow.FORMAT)) {
            file.append(SampleRows.bounds(3, 0.1, 0, 1, true));
        }
        String message = assertThrows(RowException.class, () -> RunReport.rebuild(folder, LabReport::of)).getMessage();
        assertTrue(message.contains("epsilon-0.20.jsonl: the row for index 3"), message);
    }

    @Test
    void givenBrokenRunJson_whenRebuilt_thenErrorNamesTheLine() throws IOException {
        givenBounds(0, 1);
        Files.writeString(folder.resolve("run.json"), "{\n\"seed\": ,\n}");
        String message = assertThrows(RowException.class, () -> RunReport.rebuild(folder, LabReport::of)).getMessage();
        assertEquals(folder.resolve("run.json") + ", line 2: is not JSON", message);
    }

    @Test
    void givenHostileRunJson_whenRebuilt_thenThePageEscapesIt() throws IOException {
        givenSmoothing();
        givenRun("<img src=x>", "<script>alert(1)</script>");
        RunReport.rebuild(folder, LabReport::of);
        String page = Files.readString(folder.resolve("report.html"));
        assertFalse(page.contains("<script>alert") || page.contains("<img"));
        assertTrue(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assertTrue(page.contains("<p class=\"warning\">These are not MNIST figures"));
    }

    @Test
    void givenWholeRun_whenRebuilt_thenThePageStandsAlone() throws IOException {
        givenSmoothing();
        givenBounds(0, 1);
        givenRun("mnist", "all");
        RunReport.rebuild(folder, LabReport::of);
        String page = Files.readString(folder.resolve("report.html"));
        assertTrue(page.contains("Impossible: with n = 10,000"));
        assertFalse(page.contains("%s") || page.contains("{{"), "every place is filled");
        assertTrue(page.contains("prefers-color-scheme: dark"));
        assertTrue(page.contains("content=\"default-src &#39;none&#39;") || page.contains("content=\"default-src 'none'"));
        assertFalse(page.contains("src=") || page.contains("<link") || page.contains("@import") || page.contains("url("));
        assertEquals(2, page.split("<script").length - 1, "the data and the one script");
    }

    @Test
    void givenFigures_whenDrawn_thenTheCurveReachesTheBitmap() throws IOException {
        givenSmoothing();
        RunReport.rebuild(folder, LabReport::of);
        BufferedImage image = ImageIO.read(folder.resolve("figures/certified_accuracy.png").toFile());
        long blue = 0;
        for (int y = 0; y < image.getHeight(); ++y) {
            for (int x = 0; x < image.getWidth(); ++x) {
                blue += (image.getRGB(x, y) & 0xFFFFFF) == 0x0072B2 ? 1 : 0;
            }
        }
        assertTrue(blue > 1000, blue + " pixels in the first curve's colour");
    }

    @Test
    void givenTenThousandImagesOfDifferentRadii_whenRebuilt_thenThePageStaysSmall() throws IOException {
        for (String sigma : List.of("0.25", "0.50", "1.00")) {
            try (RowFile<SmoothingRow> rows = RowFile.create(folder.resolve("smoothing/sigma-" + sigma + ".tsv"),
                    SmoothingRow.FORMAT)) {
                for (int i = 0; i < 10_000; ++i) {
                    rows.append(SampleRows.radius(i, i * 3.1985e-4 * Double.parseDouble(sigma)));
                }
            }
        }
        RunReport.rebuild(folder, LabReport::of);
        assertTrue(Files.size(folder.resolve("report.html")) < 5_000_000, Files.size(folder.resolve("report.html"))
                + " bytes");
        String page = Files.readString(folder.resolve("report.html"));
        for (String last : List.of("0.799545", "1.59909", "3.19818")) {
            assertTrue(page.contains("[" + last + ",1]"), "every curve has its last step: " + last);
        }
    }

    private void givenSmoothing() throws IOException {
        try (RowFile<SmoothingRow> rows = RowFile.create(folder.resolve("smoothing/sigma-0.25.tsv"), SmoothingRow.FORMAT);
                RowFile<CertificateRow> votes =
                        RowFile.create(folder.resolve("smoothing/sigma-0.25.jsonl"), CertificateRow.FORMAT)) {
            for (int i = 0; i < 4; ++i) {
                CertificateRow certificate = SampleRows.votes(20 * i, 60 + 10 * i, 0.25);
                votes.append(certificate);
                rows.append(certificate.withoutVotes());
            }
        }
    }

    private void givenBounds(int cleanPrediction, float margin) throws IOException {
        try (RowFile<BoundsRow> file = RowFile.create(folder.resolve("ibp/epsilon-0.10.jsonl"), BoundsRow.FORMAT)) {
            file.append(SampleRows.bounds(0, 0.1, cleanPrediction, margin, true));
        }
    }

    private void givenAttack(AttackRow row) throws IOException {
        try (RowFile<AttackRow> file = RowFile.resume(folder.resolve("pgd/epsilon-0.10.jsonl"), AttackRow.FORMAT)) {
            file.append(row);
        }
    }

    private void givenRun(String dataset, String scope) throws IOException {
        Files.writeString(folder.resolve("run.json"), "{\"dataset\":{\"name\":\"" + dataset + "\"},\"scope\":[\"" + scope
                + "\"],\"command\":\"bulwark reproduce\",\"seed\":1,\"device\":\"cpu\"}");
    }
}
