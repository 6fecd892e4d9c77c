package dev.bulwark.report;

import dev.bulwark.report.ResultTable.Cell;
import dev.bulwark.report.ResultTable.Line;
import dev.bulwark.results.RunLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A {@link ResultTable} as readers see it: rows of text with one decimal, whose figures carry the numbers of footnotes, and
 * the sentences below them.
 */
final class PrintedTable {

    private final ResultTable table;
    /** What the numbered footnotes say, in the order in which a reader meets their numbers. */
    private final List<String> numbered;

    PrintedTable(ResultTable table) {
        this.table = table;
        this.numbered = table.lines().stream().flatMap(PrintedTable::explained).distinct().toList();
    }

    /** What stands in one row. */
    enum Kind {
        MEASURED, INTERVAL, STATED
    }

    /**
     * One row.
     *
     * @param source of a row that is stated
     * @param texts  sigma or epsilon, what kind of row, a text for each column, the number of images
     */
    record Row(Kind kind, Optional<Beside.Name> source, List<String> texts) {

        /** What tells rows of this kind apart in pages. */
        String style() {
            return source.map(Beside.Name::key).orElse(kind.name().toLowerCase(Locale.ROOT));
        }

        boolean tried() {
            return source.filter(Beside.Name::tried).isPresent();
        }
    }

    List<String> header() {
        return around(table.definition().parameter().toString(), "",
                table.definition().columns().stream().filter(Column::printed).map(Column::title).toList(), "Images");
    }

    List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (Line line : table.lines()) {
            rows.add(new Row(Kind.MEASURED, Optional.empty(), around(line.name(), "measured",
                    texts(line, cell -> measured(cell, line)), Long.toString(line.images()))));
            addUnlessEmpty(rows, Kind.INTERVAL, Optional.empty(), "95% interval", texts(line, PrintedTable::interval));
            for (int s = 0; s < table.beside().sources().size(); ++s) {
                int source = s;
                Beside.Name name = table.beside().sources().get(s).name();
                addUnlessEmpty(rows, Kind.STATED, Optional.of(name), name.key(),
                        texts(line, cell -> stated(cell.stated().get(source))));
            }
        }
        return rows;
    }

    /**
     * Which measured figures can't be others, what is wrong with stated ones, and what else there is to say of a line, as
     * it stands below the table.
     */
    List<String> footnotes() {
        return Stream.concat(numbered.stream().map(this::withNumber),
                table.lines().stream().flatMap(line -> line.detail().remarks().stream()).distinct()).toList();
    }

    /** The footnotes of one line, as they stand below the table or below the line. */
    List<String> footnotes(Line line) {
        return Stream.concat(explained(line).distinct().map(this::withNumber), line.detail().remarks().stream()).toList();
    }

    /** Whether a footnote says why a measured figure can't be another: nothing is wrong there. */
    boolean isOfLimit(String footnote) {
        return table.lines().stream().flatMap(line -> line.cells().stream()).flatMap(cell -> cell.limit().stream())
                .anyMatch(limit -> withNumber(limit).equals(footnote));
    }

    /** What a reader must know: what was left out, what the columns mean, where the other figures come from. */
    List<String> notes() {
        return Stream.of(
                table.scope().sentencesOn(table.name()).stream(),
                samples(),
                table.definition().explanations().stream(),
                Stream.of("Intervals are two-sided 95% Clopper-Pearson intervals over the choice of test images."),
                Stream.of("A number in parentheses counts the images of a figure that rests on fewer than its row.")
                        .filter(note -> table.lines().stream().anyMatch(Line::mixed)),
                table.beside().sources().stream().map(source -> Phrase.capital(source.name().key()) + ": " + source.citation() + "; " + source.setting() + "."),
                table.beside().remarks().stream()).flatMap(note -> note).toList();
    }

    /** A printed figure without the number of its footnote, for places that do not show the footnote. */
    static String unmarked(String printed) {
        return printed.replaceAll(" \\[\\d+]", "");
    }

    private List<String> texts(Line line, Function<Cell, String> text) {
        return IntStream.range(0, line.cells().size()).filter(c -> table.definition().columns().get(c).printed())
                .mapToObj(c -> text.apply(line.cells().get(c))).toList();
    }

    private static void addUnlessEmpty(List<Row> rows, Kind kind, Optional<Beside.Name> source, String name,
            List<String> texts) {
        if (texts.stream().anyMatch(text -> !text.isEmpty())) {
            rows.add(new Row(kind, source, around("", name, texts, "")));
        }
    }

    private static List<String> around(String at, String name, List<String> texts, String images) {
        return Stream.of(Stream.of(at, name), texts.stream(), Stream.of(images)).flatMap(text -> text).toList();
    }

    private String measured(Cell cell, Line line) {
        return cell.measured().map(share -> share.percent(1)
                + cell.limit().map(limit -> " " + mark(limit)).orElse("")
                + (share.images() == line.images() ? "" : " (" + share.images() + ")")).orElse("");
    }

    private static String interval(Cell cell) {
        return cell.interval().map(share -> share.lowerPercent(1) + " to " + share.upperPercent(1)).orElse("");
    }

    private String stated(Beside.Stated stated) {
        return stated.figure().map(figure -> figure + stated.objection().map(text -> " " + mark(text)).orElse(""))
                .orElse("");
    }

    /** Measured figures stand above stated ones. */
    private static Stream<String> explained(Line line) {
        return Stream.concat(line.cells().stream().flatMap(cell -> cell.limit().stream()),
                line.cells().stream().flatMap(Cell::objections));
    }

    private String withNumber(String note) {
        return mark(note) + " " + note;
    }

    private String mark(String note) {
        return "[" + (numbered.indexOf(note) + 1) + "]";
    }

    /** How many noise samples stand behind an answer, where no line's name says so. */
    private Stream<String> samples() {
        List<Line> named = table.lines().stream().filter(line -> !line.further() && line.samples().isPresent()).toList();
        List<String> counts = named.stream().map(PrintedTable::samples).distinct().toList();
        if (counts.size() < 2) {
            return counts.stream().map(n -> n
                    + (table.lines().stream().anyMatch(Line::further) ? ", unless a row names another n." : "."));
        }
        return named.stream().map(line -> samples(line) + " at " + table.definition().parameter() + " "
                + RunLayout.decimals(line.at()) + ".");
    }

    private static String samples(Line line) {
        return "n = " + Phrase.count(line.samples().orElseThrow()) + " noise samples for each image"
                + (line.stopsEarly() ? " at most" : "");
    }
}
