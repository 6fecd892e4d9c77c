package dev.bulwark.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.BiFunction;

/**
 * What a table shows, once for every format that it is written in.
 *
 * @param name         file name without ending
 * @param topic        start of the caption
 * @param parameter    what a line is for: {@code sigma} or {@code epsilon}
 * @param columns      what is measured on the rows of one sigma or epsilon
 * @param explanations what the columns mean, a sentence each
 */
public record TableDefinition<R>(String name, String topic, String parameter, List<Column<R>> columns,
        List<String> explanations) {

    public TableDefinition {
        columns = List.copyOf(columns);
        explanations = List.copyOf(explanations);
    }

    /**
     * Measures every column for every sigma or epsilon.
     *
     * @param objection what is wrong with the reported figure for a sigma or epsilon in the column with a key
     */
    ResultTable measure(SortedMap<Double, R> rows, RunScope scope, Literature.Beside beside,
            BiFunction<Double, String, Optional<String>> objection) {
        List<ResultTable.Line> lines = new ArrayList<>();
        rows.forEach((at, measured) -> lines.add(new ResultTable.Line(at, columns.stream()
                .map(column -> new ResultTable.Cell(column.measure().apply(measured),
                        beside.reported().figure(at, column.key()), beside.published().figure(at, column.key()),
                        objection.apply(at, column.key())))
                .toList())));
        return new ResultTable(this, scope, lines, beside);
    }
}
