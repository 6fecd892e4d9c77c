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

    static String write(ResultTable table) {
        List<List<String>> rows = Stream.concat(Stream.of(table.header()),
                table.printed().stream().map(ResultTable.Printed::texts)).toList();
        int[] widths = IntStream.range(0, table.header().size())
                .map(c -> rows.stream().mapToInt(row -> row.get(c).length()).max().orElse(0)).toArray();
        List<String> lines = new ArrayList<>();
        table.scope().warning().ifPresent(lines::add);
        lines.add(table.caption());
        for (List<String> row : rows) {
            if (!row.get(0).isEmpty()) {
                lines.add("");
            }
            lines.add(IntStream.range(0, widths.length).mapToObj(c -> pad(row.get(c), widths[c], c == 1))
                    .collect(Collectors.joining("  ")).stripTrailing());
        }
        lines.add("");
        lines.addAll(table.numberedFootnotes());
        lines.addAll(table.scope().sentences());
        return String.join("\n", lines) + "\n";
    }

    private static String pad(String text, int width, boolean left) {
        String space = " ".repeat(width - text.length());
        return left ? text + space : space + text;
    }
}
