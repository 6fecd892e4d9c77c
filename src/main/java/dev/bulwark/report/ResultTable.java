package dev.bulwark.report;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measured shares, each beside what was reported and published: a line for each sigma or epsilon. {@link TableFormat}
 * turns it into text.
 *
 * @param scope  what the figures are about
 * @param lines  in ascending order of the parameter, each with a cell for every column
 * @param beside where the other figures come from
 */
public record ResultTable(TableDefinition<?> definition, RunScope scope, List<Line> lines, Literature.Beside beside) {

    public ResultTable {
        lines = List.copyOf(lines);
        if (lines.isEmpty()) {
            throw new IllegalArgumentException(definition.name() + " needs at least one line");
        }
        for (Line line : lines) {
            if (line.cells.size() != definition.columns().size()) {
                throw new IllegalArgumentException(definition.name() + " has " + definition.columns().size()
                        + " columns, but a line of " + line.cells.size() + " cells");
            }
        }
    }

    /**
     * @param at    sigma or epsilon
     * @param cells one for each column
     */
    public record Line(double at, List<Cell> cells) {

        public Line {
            cells = List.copyOf(cells);
        }

        /** Most images that any cell rests on. */
        long images() {
            return shares().mapToLong(Share::images).max().orElse(0);
        }

        /** Whether some cells rest on fewer images than others. */
        boolean mixed() {
            return shares().anyMatch(share -> share.images() != images());
        }

        private Stream<Share> shares() {
            return cells.stream().flatMap(cell -> cell.measured.stream());
        }
    }

    /**
     * @param measured  empty where the rows for it are missing
     * @param objection why the reported figure can't be right or is hard to believe
     */
    public record Cell(Optional<Share> measured, Optional<BigDecimal> reported, Optional<BigDecimal> published,
            Optional<String> objection) {
    }

    /** What stands in one row of the printed table. */
    enum Kind {
        MEASURED("measured"), INTERVAL("95% interval"), REPORTED("reported"), PUBLISHED("published");

        final String text;

        Kind(String text) {
            this.text = text;
        }
    }

    /** One printed row: sigma or epsilon, the kind, a text for each column, the number of images. */
    record Printed(Kind kind, List<String> texts) {
    }

    /** Sigma or epsilon with at least two decimals, as file names have it. */
    static String parameter(double at) {
        BigDecimal exact = BigDecimal.valueOf(at);
        return exact.setScale(Math.max(2, exact.stripTrailingZeros().scale())).toPlainString();
    }

    /** Aligned, for a terminal. */
    public String text(Paint paint) {
        return TextTable.write(this, paint);
    }

    String name() {
        return definition.name();
    }

    String caption() {
        return definition.topic() + " on " + scope.title() + ", accuracy in %";
    }

    Column<?> column(String key) {
        return definition.columns().get(position(key));
    }

    Cell cell(Line line, String key) {
        return line.cells.get(position(key));
    }

    /** What was measured for a sigma or epsilon in the column with a key. */
    Optional<Share> measured(double at, String key) {
        return lines.stream().filter(line -> line.at == at).findFirst().flatMap(line -> cell(line, key).measured);
    }

    /** What the lab report states there. */
    Optional<BigDecimal> reported(double at, String key) {
        return beside.reported().figure(at, key);
    }

    /** What has been published there. */
    Optional<BigDecimal> published(double at, String key) {
        return beside.published().figure(at, key);
    }

    /** Most images that any line rests on. */
    long images() {
        return lines.stream().mapToLong(Line::images).max().orElse(0);
    }

    List<String> header() {
        return Stream.of(Stream.of(definition.parameter(), ""),
                definition.columns().stream().filter(Column::printed).map(Column::title),
                Stream.of("Images")).flatMap(title -> title).toList();
    }

    /** The rows as readers see them, one decimal each. A reported figure that is objected to carries its footnote's number. */
    List<Printed> printed() {
        List<String> footnotes = footnotes();
        List<Printed> rows = new ArrayList<>();
        for (Line line : lines) {
            for (Kind kind : Kind.values()) {
                List<String> texts = IntStream.range(0, line.cells.size()).filter(c -> definition.columns().get(c).printed())
                        .mapToObj(c -> text(line.cells.get(c), kind, line, footnotes)).toList();
                if (kind == Kind.MEASURED) {
                    rows.add(new Printed(kind, around(parameter(line.at), kind, texts, Long.toString(line.images()))));
                } else if (texts.stream().anyMatch(text -> !text.isEmpty())) {
                    rows.add(new Printed(kind, around("", kind, texts, "")));
                }
            }
        }
        return rows;
    }

    /** Objections in the order in which cells refer to them. */
    private List<String> footnotes() {
        return lines.stream().flatMap(line -> line.cells.stream()).flatMap(cell -> cell.objection.stream())
                .distinct().toList();
    }

    /** Objections as they stand below the table. */
    List<String> numberedFootnotes() {
        return lines.stream().flatMap(line -> numberedFootnotes(line).stream()).distinct().toList();
    }

    /** The objections to one line's reported figures, as they stand below the table or below the line. */
    List<String> numberedFootnotes(Line line) {
        List<String> footnotes = footnotes();
        return line.cells.stream().flatMap(cell -> cell.objection.stream()).distinct()
                .map(objection -> "[" + (footnotes.indexOf(objection) + 1) + "] " + objection).toList();
    }

    /** What a reader must know: what was left out, what the columns mean, where the other figures come from. */
    List<String> notes() {
        return Stream.of(
                scope.sentences().stream(),
                definition.explanations().stream(),
                Stream.of("Intervals are two-sided 95% Clopper-Pearson intervals over the choice of test images."),
                Stream.of("A number in parentheses counts the images of a figure that rests on fewer than its row.")
                        .filter(note -> lines.stream().anyMatch(Line::mixed)),
                Stream.of(source("Reported", beside.reported()), source("Published", beside.published())),
                beside.remarks().stream()).flatMap(note -> note).toList();
    }

    private int position(String key) {
        return IntStream.range(0, definition.columns().size()).filter(c -> definition.columns().get(c).key().equals(key))
                .findFirst().orElseThrow(() -> new IllegalArgumentException(name() + " has no column " + key));
    }

    private static List<String> around(String at, Kind kind, List<String> texts, String images) {
        return Stream.of(Stream.of(at, kind.text), texts.stream(), Stream.of(images)).flatMap(text -> text).toList();
    }

    private static String text(Cell cell, Kind kind, Line line, List<String> footnotes) {
        return switch (kind) {
            case MEASURED -> cell.measured.map(share -> share.percent(1)
                    + (share.images() == line.images() ? "" : " (" + share.images() + ")")).orElse("");
            case INTERVAL -> cell.measured.map(share -> share.lowerPercent(1) + " to " + share.upperPercent(1))
                    .orElse("");
            case REPORTED -> cell.reported.map(figure -> figure
                    + cell.objection.map(text -> " [" + (footnotes.indexOf(text) + 1) + "]").orElse("")).orElse("");
            case PUBLISHED -> cell.published.map(BigDecimal::toPlainString).orElse("");
        };
    }

    private static String source(String kind, Literature.Source source) {
        return kind + ": " + source.citation() + "; " + source.setting() + ".";
    }
}
