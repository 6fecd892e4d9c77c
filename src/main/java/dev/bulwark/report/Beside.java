package dev.bulwark.report;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Figures of others, to stand beside the measured ones of a table. In percent.
 *
 * @param sources in the order in which they stand
 * @param remarks further results, in prose
 */
public record Beside(List<Source> sources, List<String> remarks) {

    /** Beside what no one else has measured. */
    public static final Beside NOTHING = new Beside(List.of(), List.of());

    public Beside {
        sources = List.copyOf(sources);
        remarks = List.copyOf(remarks);
    }

    /**
     * What a source is called.
     *
     * @param key        in files, and in the first column of a printed row
     * @param title      in legends
     * @param inSentence with its article
     * @param mark       that stands for it in figures
     * @param tried      whether its figures are claims that a run puts to the test; others are there to compare with
     */
    public record Name(String key, String title, String inSentence, String mark, boolean tried) {
    }

    /** Figures from one place. */
    public record Source(Name name, String citation, String setting, List<Row> rows) {

        public Source {
            rows = List.copyOf(rows);
        }

        /** The figure of the row for this sigma or epsilon in the column with this key. */
        public Optional<BigDecimal> figure(double at, String column) {
            return row(at).map(row -> row.figures.get(column));
        }

        Stated stated(double at, String column) {
            return new Stated(figure(at, column), row(at).map(row -> row.objections.get(column)));
        }

        private Optional<Row> row(double at) {
            return rows.stream().filter(row -> row.at.doubleValue() == at).findFirst();
        }
    }

    /**
     * @param at         sigma or epsilon
     * @param figures    percentages by column key
     * @param objections why some of them can't be right or are hard to believe, by column key
     */
    public record Row(BigDecimal at, Map<String, BigDecimal> figures, Map<String, String> objections) {

        public Row {
            figures = Map.copyOf(figures);
            objections = Map.copyOf(objections);
        }
    }

    /** One figure of one source, if it has one there, and what is wrong with it. */
    public record Stated(Optional<BigDecimal> figure, Optional<String> objection) {
    }

    /** What each source states for a sigma or epsilon in the column with a key. */
    List<Stated> at(double at, String column) {
        return sources.stream().map(source -> source.stated(at, column)).toList();
    }

    /** The sources without their figures: for a line that is not what they speak of. */
    Beside withoutFigures() {
        return new Beside(sources.stream().map(source -> new Source(source.name, source.citation, source.setting, List.of()))
                .toList(), remarks);
    }

    /** The source whose figures are put to the test, if there is one. */
    public Optional<Source> tried() {
        return sources.stream().filter(source -> source.name.tried).findFirst();
    }

    /** The first of those that are there to compare with. */
    public Optional<Source> compared() {
        return sources.stream().filter(source -> !source.name.tried).findFirst();
    }
}
