package dev.bulwark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.lab.LabReport;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.RunFolder;
import dev.bulwark.results.SampleRows;
import dev.bulwark.results.SigmaRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TableFormatTest {

    private static final String HOSTILE = "a_b & 50% <i>$x$</i> | {\\y} #1 ~^ \"q\"";

    @Test
    void givenTable1_whenWrittenAsJson_thenFieldsAsOthersReadThem() throws JsonProcessingException {
        JsonNode json = new ObjectMapper().readTree(TableFormat.JSON.write(table1("mnist")));
        assertEquals(List.of("dataset", "images", "scope", "rows", "notes"), names(json));
        assertEquals("mnist", json.get("dataset").asText());
        assertEquals(4, json.get("images").asInt());
        JsonNode row = json.get("rows").get(0);
        assertEquals(List.of("sigma", "images", "clean_accuracy", "certified", "abstain_rate", "mean_samples",
                "average_certified_radius", "image_counts", "intervals",
                "reported", "published", "notes"), names(row));
        assertEquals(List.of("0.25", "0.50", "1.00"), names(row.get("certified")));
        assertEquals(0.25, row.get("sigma").asDouble());
        assertEquals(75, row.get("certified").get("1.00").asDouble());
        assertEquals(25, row.get("abstain_rate").asDouble());
        assertTrue(row.get("clean_accuracy").isNull(), "no votes, no clean accuracy");
        assertEquals(2.1, row.get("reported").get("certified").get("1.00").asDouble());
        assertEquals(List.of("clean_accuracy", "certified", "abstain_rate"), names(row.get("published")));
        assertEquals(2, row.get("intervals").get("certified").get("0.25").size());
        assertTrue(row.get("notes").get(0).asText().startsWith("Impossible"));
    }

    @Test
    void givenTable2_whenWrittenAsJson_thenFieldsAsOthersReadThem() throws JsonProcessingException {
        JsonNode row = new ObjectMapper().readTree(TableFormat.JSON.write(table2())).get("rows").get(0);
        assertEquals(List.of("epsilon", "images", "clean_accuracy", "ibp_certified", "ibp_certified_by_box", "pgd_accuracy",
                "pgd_gap", "pgd_accuracy_by_loss", "pgd_attacked", "pgd_cross_checked", "differences_of_claims",
                "image_counts", "intervals", "reported", "published", "notes"), names(row));
        assertEquals(100, row.get("ibp_certified").asDouble());
        assertEquals(0, row.get("ibp_certified_by_box").asDouble());
        assertEquals(2, row.get("image_counts").get("ibp_certified").asInt());
        assertEquals(2, row.get("image_counts").get("pgd_accuracy").asInt());
        List<String> csv = TableFormat.CSV.write(table2()).lines().toList();
        assertTrue(csv.get(0).endsWith(",pgd_attacked,pgd_cross_checked,differences_of_claims"), csv.get(0));
        assertTrue(csv.get(1).endsWith(",1,1,0"), csv.get(1));
        assertEquals(91.3, row.get("reported").get("ibp_certified").asDouble());
        assertTrue(row.get("published").get("pgd_accuracy").isNull());
    }

    @Test
    void givenTwoLinesOfOneSigma_whenWritten_thenEachSaysItsSamplesAndWhatTheyCannotReach() throws JsonProcessingException {
        ResultTable table = deep();
        List<String> csv = TableFormat.CSV.write(table).lines().toList();
        assertEquals(3, csv.size());
        assertTrue(csv.get(0).endsWith(",n,unreachable,mean_samples,average_certified_radius"), csv.get(0));
        assertTrue(csv.get(1).startsWith("0.25,2,") && csv.get(1).contains(",10000,\"0 by arithmetic: with n = 10,000"),
                csv.get(1));
        assertTrue(csv.get(2).startsWith("0.25,1,") && csv.get(2).endsWith(",1000000,,1000000.0,1.08"), csv.get(2));
        JsonNode rows = new ObjectMapper().readTree(TableFormat.JSON.write(table)).get("rows");
        assertEquals(List.of(10_000, 1_000_000), List.of(rows.get(0).get("n").asInt(), rows.get(1).get("n").asInt()));
        assertEquals(List.of("certified/1.00"), names(rows.get(0).get("unreachable")));
        assertFalse(rows.get(1).has("unreachable"));
        assertTrue(rows.get(1).get("reported").get("certified").get("1.00").isNull(), "said of the line above");
        String markdown = TableFormat.MARKDOWN.write(table);
        assertTrue(markdown.contains("| 0.0 \\[1\\] |") && markdown.contains("\n\\[1\\] 0 by arithmetic"), markdown);
        assertTrue(markdown.contains("| 0.25, n = 1,000,000 | measured |"), markdown);
        assertTrue(markdown.contains("n = 10,000 noise samples for each image, unless a row names another n."), markdown);
        assertTrue(TableFormat.LATEX.write(table).contains("0.25, n = 1,000,000 & measured"));
        assertTrue(TableFormat.TEXT.write(table).contains("needs n >= 218,105"));
        String html = Markup.table(table, 1);
        assertTrue(html.contains("0.25, n = 1,000,000") && html.contains("<td>0.0<sup>[1]</sup></td>"), html);
    }

    @Test
    void givenFiguresThatAreZeroByArithmetic_whenWritten_thenNumberedInReadingOrderAndWithoutAnInterval()
            throws JsonProcessingException {
        CertificateRow quarter = SampleRows.votes(0, List.of(100L, 0L), 100, 0.25);
        CertificateRow half = SampleRows.votes(0, List.of(100L, 0L), 100, 0.5);
        ResultTable table = Table1.of(
                new TreeMap<>(Map.of(0.25, new SigmaRows(List.of(quarter.withoutVotes()), List.of(quarter)),
                0.5, new SigmaRows(List.of(half.withoutVotes()), List.of(half)))), new RunScope("mnist", List.of()),
                LabReport.INSTANCE.beside(Table1.NAME));
        List<String> notes = table.printed().footnotes();
        List<String> marks = new ArrayList<>();
        table.printed().rows().forEach(row -> row.texts().stream().filter(text -> text.endsWith("]"))
                .forEach(text -> marks.add(text.substring(text.indexOf('[')))));
        assertEquals(marks.stream().distinct().sorted().toList(), marks.stream().distinct().toList(),
                "in the order of reading");
        assertEquals(marks.stream().distinct().toList(), notes.stream().map(note -> note.substring(0, note.indexOf(' ')))
                .toList());
        assertEquals(notes.size(), notes.stream().distinct().count());
        List<String> measured = table.printed().rows().get(0).texts();
        List<String> intervals = table.printed().rows().get(1).texts();
        assertTrue(measured.stream().anyMatch(text -> text.matches("0\\.0 \\[\\d]")), measured.toString());
        for (int c = 2; c < measured.size() - 1; ++c) {
            assertEquals(measured.get(c).contains("["), intervals.get(c).isEmpty(), measured + " " + intervals);
        }
        JsonNode row = new ObjectMapper().readTree(TableFormat.JSON.write(table)).at("/rows/0");
        assertTrue(row.at("/intervals/certified/1.00").isNull() && !row.at("/intervals/certified/0.25").isNull(),
                row.toString());
    }

    @Test
    void givenSentencesOfBothTables_whenWritten_thenEachTableHasItsOwn() {
        List<String> smoothing = List.of("Randomized smoothing on 1 of 2 images.", "Certificates with n = 9.",
                "smoothing/sigma-0.25.tsv: x", "smoothing/sigma-0.25-n-1000000.jsonl: x");
        List<String> bounds = List.of("PGD: 2 steps.", "PGD attacks all.", "IBP and PGD on 1.", "ibp/epsilon-0.10.jsonl: x",
                "alpha-crown/epsilon-0.00392156862745098.jsonl: x", "pgd/epsilon-1.0E-4.jsonl: x");
        List<String> others = List.of("crown/epsilon-0.20-l2.jsonl: x", "crown/largest.jsonl: x", "crown/largest-l1.jsonl: x");
        List<String> all = new ArrayList<>(smoothing);
        all.addAll(bounds);
        all.addAll(others);
        all.add("Networks: preset x.");
        RunScope scope = new RunScope("mnist", all);
        ResultTable first = Table1.of(new TreeMap<>(Map.of(0.25, new SigmaRows(SampleRows.certified(3, 4), List.of()))),
                scope, LabReport.INSTANCE.beside(Table1.NAME));
        ResultTable second =
                Table2.of(new TreeMap<>(Map.of(0.1, new EpsilonRows(List.of(), List.of(SampleRows.attack(0, 0, false))))),
                scope, LabReport.INSTANCE.beside(Table2.NAME));
        for (TableFormat format : List.of(TableFormat.TEXT, TableFormat.MARKDOWN, TableFormat.LATEX, TableFormat.JSON)) {
            String one = format.write(first);
            String two = format.write(second);
            smoothing.forEach(sentence -> assertTrue(one.contains(sentence) && !two.contains(sentence), sentence));
            bounds.forEach(sentence -> assertTrue(two.contains(sentence) && !one.contains(sentence), sentence));
            others.forEach(sentence -> assertTrue(!one.contains(sentence) && !two.contains(sentence), sentence));
            assertTrue(one.contains("Networks: preset x.") && two.contains("Networks: preset x."));
        }
    }

    /** Not accuracies, where no label says what is right. */
    @Test
    void givenPredictionsForLabels_whenWritten_thenCaptionsSayWhatIsShown() {
        RunScope scope = new RunScope("mine", List.of(), Optional.of(new RunScope.Warning("labels: predictions", "No labels.")), false);
        ResultTable first = Table1.of(new TreeMap<>(Map.of(0.25, new SigmaRows(SampleRows.certified(3, 4), List.of()))),
                scope, Beside.NOTHING);
        ResultTable second = Table2.of(new TreeMap<>(Map.of(0.1, new EpsilonRows(List.of(),
                List.of(SampleRows.attack(0, 0, false))))), scope, Beside.NOTHING);
        for (ResultTable table : List.of(first, second)) {
            assertTrue(table.caption().endsWith(" on mine (labels: predictions), share of images that keep their prediction in %"),
                    table.caption());
        }
        assertEquals("PGD (L-infinity)", second.definition().topic());
        assertEquals("Certified share of images (%)", Charts.certifiedAccuracy(List.of(), scope).getYAxisTitle());
        assertEquals("Share of images (%)", Charts.certificationGap(second).getYAxisTitle());
    }

    /** At sigma 0.25, two images with 10,000 samples each, and one of them with a million, which certify it at 1. */
    private static ResultTable deep() {
        CertificateRow few = certificate(0, 10_000, 0.79);
        CertificateRow many = certificate(0, 1_000_000, 1.08);
        SigmaRows main = new SigmaRows(List.of(few.withoutVotes(), SampleRows.abstained(1)), List.of(few));
        SigmaRows further = new SigmaRows(List.of(many.withoutVotes()), List.of(many));
        return Table1.of(new TreeMap<>(Map.of(0.25, main)), List.of(new RunFolder.Further(0.25, 1_000_000, further)),
                new RunScope("mnist", List.of()), LabReport.INSTANCE.beside(Table1.NAME));
    }

    private static CertificateRow certificate(int index, long n, double radius) {
        return CertificateRow.of(index, 0, new CertificateRow.Claim(OptionalInt.of(0), radius, 0.99),
                new CertificateRow.Votes(n, List.of(n, 0L)), new CertificateRow.Draws(100, n, 0.001, 0.25, 1));
    }

    @ParameterizedTest
    @EnumSource(TableFormat.class)
    void givenAnotherDataSet_whenWritten_thenFirstLineSaysSo(TableFormat format) {
        assertTrue(firstLine(format.write(table1("digits"))).contains("These are not MNIST figures"));
        assertFalse(format.write(table1("mnist")).contains("not MNIST"));
    }

    @ParameterizedTest
    @EnumSource(TableFormat.class)
    void givenLineBreakInTheDataSetsName_whenWritten_thenNoLineOfItsOwn(TableFormat format) {
        assertFalse(format.write(table1("x\n\\input{secret}")).lines().anyMatch(line -> line.startsWith("\\input")));
    }

    @Test
    void givenCsv_whenRead_thenHeaderAndCells() {
        List<String> lines = TableFormat.CSV.write(table1("mnist")).lines().toList();
        assertEquals(2, lines.size());
        assertTrue(lines.get(0).startsWith("sigma,images,clean_accuracy,clean_accuracy_lower,clean_accuracy_upper,"
                + "clean_accuracy_images,reported_clean_accuracy,published_clean_accuracy,note_on_reported_clean_accuracy,"
                + "certified_0.25,"));
        assertTrue(lines.get(1).startsWith("0.25,4,,,,,97.3,99.2,,75.0000,"), lines.get(1));
        assertTrue(lines.get(1).contains(",\"Impossible: with n = 10,000"), "a cell with commas is quoted");
    }

    @Test
    void givenHostileText_whenEscaped_thenNoMarkupIsLeft() {
        assertEquals("a_b &amp; 50% &lt;i&gt;$x$&lt;/i&gt; | {\\y} #1 ~^ &quot;q&quot;", Escape.HTML.apply(HOSTILE));
        assertEquals("a\\_b \\& 50\\% \\textless{}i\\textgreater{}\\$x\\$\\textless{}/i\\textgreater{} | "
                + "\\{\\textbackslash{}y\\} \\#1 \\textasciitilde{}\\textasciicircum{} ''q''", Escape.LATEX.apply(HOSTILE));
        assertEquals("a\\_b &amp; 50% &lt;i&gt;$x$&lt;/i&gt; \\| {\\\\y} #1 ~^ \"q\"", Escape.MARKDOWN.apply(HOSTILE));
    }

    @Test
    void givenHostileScope_whenWritten_thenEveryFormatEscapesIt() {
        ResultTable table = Table1.of(new TreeMap<>(Map.of(0.25, new SigmaRows(SampleRows.certified(1, 1), List.of()))),
                new RunScope("mnist", List.of(HOSTILE)), LabReport.INSTANCE.beside(Table1.NAME));
        assertTrue(TableFormat.LATEX.write(table).contains(Escape.LATEX.apply(HOSTILE)));
        assertFalse(TableFormat.LATEX.write(table).contains("<i>"));
        assertTrue(TableFormat.MARKDOWN.write(table).contains(Escape.MARKDOWN.apply(HOSTILE)));
    }

    @Test
    void givenLatex_whenWritten_thenBooktabsAndEqualColumns() {
        String latex = TableFormat.LATEX.write(table1("mnist"));
        assertTrue(latex.contains("\\toprule") && latex.contains("\\midrule") && latex.contains("\\bottomrule"));
        assertTrue(latex.contains("$\\sigma$ &"));
        latex.lines().filter(line -> line.endsWith("\\\\"))
                .forEach(line -> assertEquals(7, line.chars().filter(c -> c == '&').count(), line));
    }

    @Test
    void givenText_whenWritten_thenColumnsEndTogether() {
        List<String> lines = TableFormat.TEXT.write(table2()).lines().filter(line -> line.contains("reported")
                || line.contains("published")).toList();
        assertEquals(2, lines.size());
        assertEquals(lines.get(0).indexOf("91.3") + 4, lines.get(1).indexOf("97.77") + 5);
    }

    @Test
    void givenANarrowTerminal_whenWritten_thenEveryFigureIsThereAndNoLineIsTooLong() {
        String narrow = table1("mnist").text(Paint.PLAIN, 80);
        narrow.lines().forEach(line -> assertTrue(line.length() <= 80, line));
        for (String word : TableFormat.TEXT.write(table1("mnist")).split("\\s+")) {
            assertTrue(narrow.contains(word), word + " is missing:\n" + narrow);
        }
    }

    @Test
    void givenColours_whenTakenAway_thenThePlainText() {
        String coloured = table1("digits").text(Paint.ANSI, Integer.MAX_VALUE);
        assertTrue(coloured.contains("\033[31m2.1 [1]\033[0m"), coloured);
        assertEquals(TableFormat.TEXT.write(table1("digits")), coloured.replaceAll("\033\\[[0-9]*m", ""));
    }

    private static ResultTable table1(String dataset) {
        return Table1.of(new TreeMap<>(Map.of(0.25, new SigmaRows(SampleRows.certified(3, 4), List.of()))),
                RunScope.of(dataset, List.of(), LabReport.INSTANCE), LabReport.INSTANCE.beside(Table1.NAME));
    }

    private static ResultTable table2() {
        return Table2.of(new TreeMap<>(Map.of(0.1, new EpsilonRows(
                List.of(SampleRows.bounds(0, 0.1, 0, 1, false), SampleRows.bounds(1, 0.1, 0, 1, false)),
                List.of(SampleRows.attack(0, 0, false))))), new RunScope("mnist", List.of()),
                LabReport.INSTANCE.beside(Table2.NAME));
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElseThrow();
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
