package dev.bulwark.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Aligned columns for a terminal: measured above reported above published. */
final class TextTable {

    private TextTable() {
    }

    static String write(ResultTable table, Paint paint) {
        List<ResultTable.Printed> rows = table.printed();
        int[] widths = widths(Stream.concat(Stream.of(table.header()), rows.stream().map(ResultTable.Printed::texts))
                .toList());
        List<String> lines = new ArrayList<>();
        table.scope().warning().map(paint::alarm).ifPresent(lines::add);
        lines.add(paint.strong(table.caption()));
        lines.add("");
        lines.add(paint.faint(aligned(table.header(), widths)));
        for (ResultTable.Printed row : rows) {
            if (row.kind() == ResultTable.Kind.MEASURED) {
                lines.add("");
            }
            lines.add(painted(row, aligned(row.texts(), widths), paint));
        }
        lines.add("");
        table.footnotes().stream().map(note -> note.startsWith(ResultTable.STAR) ? note : paint.alarm(note)).forEach(lines::add);
        lines.addAll(table.scope().sentences());
        return String.join("\n", lines) + "\n";
    }

    /** The width of each column's widest cell. */
    static int[] widths(List<List<String>> rows) {
        return IntStream.range(0, rows.get(0).size())
                .map(c -> rows.stream().mapToInt(row -> row.get(c).length()).max().orElse(0)).toArray();
    }

    /** A line of cells; the second stands to the left, as it names the row. */
    static String aligned(List<String> cells, int[] widths) {
        return IntStream.range(0, widths.length).mapToObj(c -> pad(cells.get(c), widths[c], c == 1))
                .collect(Collectors.joining("  ")).stripTrailing();
    }

    private static String painted(ResultTable.Printed row, String line, Paint paint) {
        return switch (row.kind()) {
            case MEASURED -> paint.strong(line);
            case INTERVAL, PUBLISHED -> paint.faint(line);
            case REPORTED -> line.replaceAll("\\S+ \\[\\d+]", paint.alarm("$0"));
        };
    }

    private static String pad(String text, int width, boolean left) {
        String space = " ".repeat(width - text.length());
        return left ? text + space : space + text;
    }
}
