package dev.bulwark.lab;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.bulwark.report.Beside;
import dev.bulwark.report.ResultTable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/** What the lab report claims and what has been published, to stand beside what was measured. In percent. */
record Literature(Table table1, Table table2, List<Misstatement> misstatements) {

    static final Beside.Name REPORTED = new Beside.Name("reported", "lab report", "the lab report", "\u00d7", true);
    static final Beside.Name PUBLISHED = new Beside.Name("published", "published", "published work", "\u25cb", false);

    private static final String RESOURCE = "literature.json";

    Literature {
        misstatements = List.copyOf(misstatements);
    }

    /** The two sources beside one table, and further published results in prose. */
    record Table(Figures reported, Figures published, List<String> remarks) {

        Table {
            remarks = List.copyOf(remarks);
        }

        /** @param objections to a reported figure, by sigma or epsilon and column */
        Beside beside(BiFunction<Double, String, Optional<String>> objections) {
            return new Beside(List.of(reported.source(REPORTED, objections),
                    published.source(PUBLISHED, (at, column) -> Optional.empty())), remarks);
        }
    }

    /** Figures from one place. */
    record Figures(String citation, String setting, List<Row> rows) {

        Figures {
            rows = List.copyOf(rows);
        }

        /** The figure of the row for this sigma or epsilon in the column with this key. */
        Optional<BigDecimal> figure(double at, String column) {
            return rows.stream().filter(row -> row.at.doubleValue() == at).findFirst().map(row -> row.figures.get(column));
        }

        private Beside.Source source(Beside.Name name, BiFunction<Double, String, Optional<String>> objections) {
            return new Beside.Source(name, citation, setting, rows.stream().map(row -> {
                Map<String, String> found = new HashMap<>();
                row.figures.keySet().forEach(column -> objections.apply(row.at.doubleValue(), column)
                        .ifPresent(objection -> found.put(column, objection)));
                return new Beside.Row(row.at, row.figures, found);
            }).toList());
        }
    }

    /**
     * @param at      sigma or epsilon
     * @param figures percentages by column key
     */
    record Row(BigDecimal at, Map<String, BigDecimal> figures) {

        Row {
            figures = Map.copyOf(figures);
        }
    }

    /** Something the lab report says that is not so. */
    record Misstatement(String claim, String fact) {
    }

    /** The figures that come with this program. */
    static Literature load() {
        try (InputStream in = Literature.class.getResourceAsStream(RESOURCE)) {
            return JsonMapper.builder()
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                    .build()
                    .readValue(in, Literature.class);
        } catch (IOException e) {
            throw new UncheckedIOException("the built-in " + RESOURCE + " can't be read", e);
        }
    }

    /** What the lab report states for a line of a table in the column with a key. */
    static Optional<BigDecimal> reported(ResultTable table, double at, String column) {
        return table.beside().tried().flatMap(source -> source.figure(at, column));
    }

    /** What has been published there. */
    static Optional<BigDecimal> published(ResultTable table, double at, String column) {
        return table.beside().compared().flatMap(source -> source.figure(at, column));
    }
}
