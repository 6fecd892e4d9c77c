package dev.bulwark.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;

/**
 * What a table shows, once for every format that it is written in.
 *
 * @param name         file name without ending
 * @param topic        start of the caption
 * @param parameter    what a line is for: {@code sigma} or {@code epsilon}
 * @param columns      what is measured on the rows of one sigma or epsilon
 * @param explanations what the columns mean, a sentence each
 * @param sampled      whether answers rest on noise samples, of which lines may have more or fewer
 */
public record TableDefinition<R>(String name, String topic, String parameter, List<Column<R>> columns,
        List<String> explanations, boolean sampled) {

    public TableDefinition {
        columns = List.copyOf(columns);
        explanations = List.copyOf(explanations);
    }

    /** Measures every column for every sigma or epsilon. */
    ResultTable measure(SortedMap<Double, R> rows, RunScope scope, Beside beside) {
        List<ResultTable.Line> lines = new ArrayList<>();
        rows.forEach((at, measured) -> lines.add(line(at, measured, beside)));
        return new ResultTable(this, scope, lines, beside);
    }

    /** Measures every column for one sigma or epsilon. */
    ResultTable.Line line(double at, R rows, Beside beside) {
        return new ResultTable.Line(at, OptionalLong.empty(), false, columns.stream()
                .map(column -> new ResultTable.Cell(column.measure().apply(rows), beside.at(at, column.key()), Optional.empty()))
                .toList());
    }
}
