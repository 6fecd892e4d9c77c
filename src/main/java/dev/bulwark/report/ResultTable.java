package dev.bulwark.report;

import dev.bulwark.results.RunLayout;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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

        /** Whether {@link #samples} is only the most that an image was given. */
        public boolean stopsEarly() {
            return detail.figures.getOrDefault(Table1.MEAN_SAMPLES, Optional.empty())
                    .filter(mean -> samples.isPresent() && mean < samples.getAsLong()).isPresent();
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
     * @param figures for programs, likewise, such as seconds; missing where nothing says
     * @param remarks what a reader must know of this line alone
     * @param typed   the parameter as it was typed, where no double prints as it: {@code 8/255}
     */
    public record Detail(Map<String, Long> counts, Map<String, Optional<Double>> figures, List<String> remarks,
            Optional<String> typed) {

        static final Detail NONE = new Detail(Map.of(), Map.of(), List.of(), Optional.empty());

        public Detail {
            figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
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

        Stream<String> objections() {
            return stated.stream().flatMap(figure -> figure.objection().stream());
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
        return definition.topic() + " on " + scope.title() + ", " + scope.unit();
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

    /** As readers see it. */
    PrintedTable printed() {
        return new PrintedTable(this);
    }

    private int position(String key) {
        return IntStream.range(0, definition.columns().size()).filter(c -> definition.columns().get(c).key().equals(key))
                .findFirst().orElseThrow(() -> new IllegalArgumentException(name() + " has no column " + key));
    }

}
