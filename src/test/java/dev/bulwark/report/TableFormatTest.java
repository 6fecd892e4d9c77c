package dev.bulwark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
        assertEquals(List.of("sigma", "images", "clean_accuracy", "certified", "abstain_rate", "image_counts", "intervals",
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
                "pgd_gap", "pgd_accuracy_by_loss", "image_counts", "intervals", "reported", "published", "notes"), names(row));
        assertEquals(100, row.get("ibp_certified").asDouble());
        assertEquals(0, row.get("ibp_certified_by_box").asDouble());
        assertEquals(2, row.get("image_counts").get("ibp_certified").asInt());
        assertEquals(1, row.get("image_counts").get("pgd_accuracy").asInt());
        assertEquals(91.3, row.get("reported").get("ibp_certified").asDouble());
        assertTrue(row.get("published").get("pgd_accuracy").isNull());
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
        ResultTable table = Table1.of(new TreeMap<>(Map.of(0.25, new Table1.Rows(Rows.certified(1, 1), List.of()))),
                new RunScope("mnist", List.of(HOSTILE)), Literature.load());
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
    void givenColours_whenTakenAway_thenThePlainText() {
        String coloured = table1("digits").text(Paint.ANSI);
        assertTrue(coloured.contains("\033[31m2.1 [1]\033[0m"), coloured);
        assertEquals(TableFormat.TEXT.write(table1("digits")), coloured.replaceAll("\033\\[[0-9]*m", ""));
    }

    private static ResultTable table1(String dataset) {
        return Table1.of(new TreeMap<>(Map.of(0.25, new Table1.Rows(Rows.certified(3, 4), List.of()))),
                new RunScope(dataset, List.of()), Literature.load());
    }

    private static ResultTable table2() {
        return Table2.of(new TreeMap<>(Map.of(0.1, new Table2.Rows(
                List.of(Rows.bounds(0, 0.1, 0, 1, false), Rows.bounds(1, 0.1, 0, 1, false)),
                List.of(Rows.attack(0, 0, false))))), new RunScope("mnist", List.of()), Literature.load());
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
