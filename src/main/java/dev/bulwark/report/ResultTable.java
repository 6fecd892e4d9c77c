package dev.bulwark.report;

import dev.bulwark.results.RunLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measured shares, each beside what others state: a line for each sigma or epsilon. {@link TableFormat}
 * turns it into text.
 *
 * @param scope  what the figures are about
 * @param lines  in ascending order of the parameter, each with a cell for every column
 * @param beside where the other figures come from
 */
public record ResultTable(TableDefinition<?> definition, RunScope scope, List<Line> lines, Beside beside) {

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
     * @param at      sigma or epsilon
     * @param samples noise samples behind each image's answer; empty where there are none, or nothing says how many
     * @param further whether a line before it has the same sigma, with other samples: then its name says how many
     * @param cells   one for each column
     * @param detail  what no column has
     */
    public record Line(double at, OptionalLong samples, boolean further, List<Cell> cells, Detail detail) {

        public Line {
            cells = List.copyOf(cells);
            if (further && samples.isEmpty()) {
                throw new IllegalArgumentException("a further line of " + at + " must say how many samples it has");
            }
        }

        public Line(double at, OptionalLong samples, boolean further, List<Cell> cells) {
            this(at, samples, further, cells, Detail.NONE);
        }

        Line with(Detail other) {
            return new Line(at, samples, further, cells, other);
        }

        /** What readers see in the first column. */
        public String name() {
            return detail.typed.orElseGet(() -> RunLayout.decimals(at)) + (further ? ", n = " + Phrase.count(samples.orElseThrow()) : "");
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
     * What stands beside a line's figures.
     *
     * @param counts  of images, for programs, by the names they have in JSON and CSV; the same names in every line
     * @param remarks what a reader must know of this line alone
     * @param typed   the parameter as it was typed, where no double prints as it: {@code 8/255}
     */
    public record Detail(Map<String, Long> counts, List<String> remarks, Optional<String> typed) {

        static final Detail NONE = new Detail(Map.of(), List.of(), Optional.empty());

        public Detail {
            counts = Collections.unmodifiableMap(new LinkedHashMap<>(counts));
            remarks = List.copyOf(remarks);
        }

        /** The count with a name, 0 if there is none. */
        public long count(String name) {
            return counts.getOrDefault(name, 0L);
        }
    }

    /**
     * @param measured empty where the rows for it are missing
     * @param stated   by each source, in the order of {@link Beside}
     * @param limit    why the measured share can't be anything but 0
     */
    public record Cell(Optional<Share> measured, List<Beside.Stated> stated, Optional<String> limit) {

        public Cell {
            stated = List.copyOf(stated);
        }

        /** The share that an interval stands beside: none beside a figure that is no measurement. */
        Optional<Share> interval() {
            return limit.isPresent() ? Optional.empty() : measured;
        }

        Cell withLimit(Optional<String> other) {
            return new Cell(measured, stated, other);
        }

        private Stream<String> objections() {
            return stated.stream().flatMap(figure -> figure.objection().stream());
        }
    }

    /** What stands in one row of the printed table. */
    enum Kind {
        MEASURED, INTERVAL, STATED
    }

    /**
     * One printed row: sigma or epsilon, what kind of row, a text for each column, the number of images.
     *
     * @param source of a row that is stated
     */
    record Printed(Kind kind, Optional<Beside.Name> source, List<String> texts) {

        /** What tells rows of this kind apart in pages. */
        String style() {
            return source.map(Beside.Name::key).orElse(kind.name().toLowerCase(Locale.ROOT));
        }

        boolean tried() {
            return source.filter(Beside.Name::tried).isPresent();
        }
    }

    /** Aligned, for a terminal. */
    public String text(Paint paint, int width) {
        return TextTable.write(this, paint, width);
    }

    String name() {
        return definition.name();
    }

    public String caption() {
        return definition.topic() + " on " + scope.title() + ", accuracy in %";
    }

    public Column<?> column(String key) {
        return definition.columns().get(position(key));
    }

    public Cell cell(Line line, String key) {
        return line.cells.get(position(key));
    }

    /** What was measured for a sigma or epsilon in the column with a key. */
    public Optional<Share> measured(double at, String key) {
        return lines.stream().filter(line -> line.at == at).findFirst().flatMap(line -> cell(line, key).measured);
    }

    /** Most images that any line rests on. */
    public long images() {
        return lines.stream().mapToLong(Line::images).max().orElse(0);
    }

    List<String> header() {
        return Stream.of(Stream.of(definition.parameter(), ""),
                definition.columns().stream().filter(Column::printed).map(Column::title),
                Stream.of("Images")).flatMap(title -> title).toList();
    }

    /** The rows as readers see them, one decimal each. A figure with a footnote carries its number. */
    List<Printed> printed() {
        List<String> explained = explained();
        List<Printed> rows = new ArrayList<>();
        for (Line line : lines) {
            rows.add(new Printed(Kind.MEASURED, Optional.empty(), around(line.name(), "measured",
                    texts(line, cell -> measured(cell, line, explained)), Long.toString(line.images()))));
            addUnlessEmpty(rows, Kind.INTERVAL, Optional.empty(), "95% interval", texts(line, ResultTable::interval));
            for (int s = 0; s < beside.sources().size(); ++s) {
                int source = s;
                Beside.Name name = beside.sources().get(s).name();
                addUnlessEmpty(rows, Kind.STATED, Optional.of(name), name.key(),
                        texts(line, cell -> stated(cell.stated.get(source), explained)));
            }
        }
        return rows;
    }

    private List<String> texts(Line line, Function<Cell, String> text) {
        return IntStream.range(0, line.cells.size()).filter(c -> definition.columns().get(c).printed())
                .mapToObj(c -> text.apply(line.cells.get(c))).toList();
    }

    private static void addUnlessEmpty(List<Printed> rows, Kind kind, Optional<Beside.Name> source, String name,
            List<String> texts) {
        if (texts.stream().anyMatch(text -> !text.isEmpty())) {
            rows.add(new Printed(kind, source, around("", name, texts, "")));
        }
    }

    /** What the numbered footnotes say, in the order in which a reader meets their numbers. */
    private List<String> explained() {
        return lines.stream().flatMap(ResultTable::explained).distinct().toList();
    }

    /** Measured figures stand above stated ones. */
    private static Stream<String> explained(Line line) {
        return Stream.concat(line.cells.stream().flatMap(cell -> cell.limit.stream()),
                line.cells.stream().flatMap(Cell::objections));
    }

    /**
     * Which measured figures can't be others, what is wrong with stated ones, and what else there is to say of a line, as
     * it stands below the table.
     */
    List<String> footnotes() {
        List<String> explained = explained();
        return Stream.concat(explained.stream().map(note -> numbered(note, explained)),
                lines.stream().flatMap(line -> line.detail.remarks.stream()).distinct()).toList();
    }

    /** What there is to say so about one line, as it stands below the table or below the line. */
    List<String> footnotes(Line line) {
        List<String> explained = explained();
        return Stream.concat(explained(line).distinct().map(note -> numbered(note, explained)),
                line.detail.remarks.stream()).toList();
    }

    /** Whether a footnote says why a measured figure can't be another: nothing is wrong there. */
    boolean isOfLimit(String footnote) {
        List<String> explained = explained();
        return lines.stream().flatMap(line -> line.cells.stream()).flatMap(cell -> cell.limit.stream())
                .anyMatch(limit -> numbered(limit, explained).equals(footnote));
    }

    private static String numbered(String note, List<String> explained) {
        return mark(note, explained) + " " + note;
    }

    private static String mark(String note, List<String> explained) {
        return "[" + (explained.indexOf(note) + 1) + "]";
    }

    /** A printed figure without the number of its footnote, for where the footnote is not. */
    static String unmarked(String printed) {
        return printed.replaceAll(" \\[\\d+]", "");
    }

    /** How many noise samples stand behind an answer, where no line's name says so. */
    private Stream<String> samples() {
        List<Line> named = lines.stream().filter(line -> !line.further && line.samples.isPresent()).toList();
        List<String> counts = named.stream().map(line -> Phrase.count(line.samples.orElseThrow())).distinct().toList();
        return counts.size() < 2 ? counts.stream().map(n -> "n = " + n + " noise samples for each image"
                + (lines.stream().anyMatch(Line::further) ? ", unless a row names another n." : "."))
                : named.stream().map(line -> "n = " + Phrase.count(line.samples.orElseThrow())
                        + " noise samples for each image at " + definition.parameter() + " " + RunLayout.decimals(line.at) + ".");
    }

    /** What a reader must know: what was left out, what the columns mean, where the other figures come from. */
    List<String> notes() {
        return Stream.of(
                scope.sentencesOn(name()).stream(),
                samples(),
                definition.explanations().stream(),
                Stream.of("Intervals are two-sided 95% Clopper-Pearson intervals over the choice of test images."),
                Stream.of("A number in parentheses counts the images of a figure that rests on fewer than its row.")
                        .filter(note -> lines.stream().anyMatch(Line::mixed)),
                beside.sources().stream().map(source -> source.name().key().substring(0, 1).toUpperCase(Locale.ROOT)
                        + source.name().key().substring(1) + ": " + source.citation() + "; " + source.setting() + "."),
                beside.remarks().stream()).flatMap(note -> note).toList();
    }

    private int position(String key) {
        return IntStream.range(0, definition.columns().size()).filter(c -> definition.columns().get(c).key().equals(key))
                .findFirst().orElseThrow(() -> new IllegalArgumentException(name() + " has no column " + key));
    }

    private static List<String> around(String at, String name, List<String> texts, String images) {
        return Stream.of(Stream.of(at, name), texts.stream(), Stream.of(images)).flatMap(text -> text).toList();
    }

    private static String measured(Cell cell, Line line, List<String> explained) {
        return cell.measured.map(share -> share.percent(1)
                + cell.limit.map(limit -> " " + mark(limit, explained)).orElse("")
                + (share.images() == line.images() ? "" : " (" + share.images() + ")")).orElse("");
    }

    private static String interval(Cell cell) {
        return cell.interval().map(share -> share.lowerPercent(1) + " to " + share.upperPercent(1)).orElse("");
    }

    private static String stated(Beside.Stated stated, List<String> explained) {
        return stated.figure().map(figure -> figure
                + stated.objection().map(text -> " " + mark(text, explained)).orElse("")).orElse("");
    }
}
