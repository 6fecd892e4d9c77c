package dev.bulwark.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;

/**
 * What a table shows, once for every format that it is written in.
 *
 * @param name         file name without ending
 * @param topic        start of the caption
 * @param parameter    what a line is for
 * @param columns      what is measured on the rows of one value of the parameter
 * @param explanations what the columns mean, a sentence each
 */
public record TableDefinition<R>(String name, String topic, Parameter parameter, List<Column<R>> columns,
        List<String> explanations) {

    /** What a table has a line for each value of: a Greek letter, which prints as its name. */
    public enum Parameter {
        SIGMA, EPSILON, KAPPA;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public TableDefinition {
        columns = List.copyOf(columns);
        explanations = List.copyOf(explanations);
    }

    /** Whether answers rest on noise samples, of which lines may have more or fewer. */
    boolean sampled() {
        return parameter == Parameter.SIGMA;
    }

    /** The same table with columns that only some runs have. */
    TableDefinition<R> with(List<Column<R>> otherColumns, List<String> otherExplanations) {
        return new TableDefinition<>(name, topic, parameter, otherColumns, otherExplanations);
    }

    /** Measures every column for every value of the parameter. */
    ResultTable measure(SortedMap<Double, R> rows, RunScope scope, Beside beside) {
        List<ResultTable.Line> lines = new ArrayList<>();
        rows.forEach((at, measured) -> lines.add(line(at, measured, beside)));
        return new ResultTable(this, scope, lines, beside);
    }

    /** Measures every column for one value of the parameter. */
    ResultTable.Line line(double at, R rows, Beside beside) {
        return new ResultTable.Line(at, OptionalLong.empty(), false, columns.stream()
                .map(column -> new ResultTable.Cell(column.measure().apply(rows), beside.at(at, column.key()),
                        Optional.empty()))
                .toList());
    }
}
