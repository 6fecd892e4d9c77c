package dev.bulwark.report;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the lab report claims and what has been published, to stand beside what was measured. In percent. */
public record Literature(Beside table1, Beside table2, List<Misstatement> misstatements) {

    /** Beside what is not the lab report's experiment. */
    static final Literature NONE = new Literature(Beside.NOTHING, Beside.NOTHING, List.of());

    private static final String RESOURCE = "literature.json";

    public Literature {
        misstatements = List.copyOf(misstatements);
    }

    /** The two sources beside one table, and further published results in prose. */
    public record Beside(Source reported, Source published, List<String> remarks) {

        /** Beside what nobody else has measured. */
        static final Beside NOTHING = new Beside(new Source("", "", List.of()), new Source("", "", List.of()), List.of());

        public Beside {
            remarks = List.copyOf(remarks);
        }
    }

    /** Figures from one place. */
    public record Source(String citation, String setting, List<Row> rows) {

        public Source {
            rows = List.copyOf(rows);
        }

        /** The figure of the row for this sigma or epsilon in the column with this key. */
        public Optional<BigDecimal> figure(double at, String column) {
            return rows.stream().filter(row -> row.at.doubleValue() == at).findFirst()
                    .map(row -> row.figures.get(column));
        }
    }

    /**
     * @param at      sigma or epsilon
     * @param figures percentages by column key
     */
    public record Row(BigDecimal at, Map<String, BigDecimal> figures) {
        public Row {
            figures = Map.copyOf(figures);
        }
    }

    /** Something the lab report says that is not so. */
    public record Misstatement(String claim, String fact) {
    }

    /** The figures that come with this program. */
    public static Literature load() {
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
}
