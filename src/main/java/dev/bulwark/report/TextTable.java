package dev.bulwark.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Aligned columns for a terminal: what others state below what was measured. Where the lines are too long for it, each line
 * of the table becomes a block: its figures below one another, what others state beside what was measured.
 */
final class TextTable {

    private static final String GAP = "  ";

    private TextTable() {
    }

    /** @param width that no line exceeds, but for words that are longer */
    static String write(ResultTable table, Paint paint, int width) {
        PrintedTable printed = table.printed();
        List<String> lines = new ArrayList<>();
        table.scope().warned().map(warning -> paint.alarm(Paragraph.wrapped(warning, width))).ifPresent(lines::add);
        lines.add(paint.strong(Paragraph.wrapped(table.caption(), width)));
        lines.add("");
        int[] widths = widths(Stream.concat(Stream.of(printed.header()), printed.rows().stream()
                .map(PrintedTable.Row::texts)).toList());
        if (fits(widths, width)) {
            lines.addAll(wide(printed, widths, paint));
        } else {
            lines.addAll(stacked(printed.header(), groups(printed.rows()), paint));
        }
        lines.add("");
        for (String note : printed.footnotes()) {
            String wrapped = Paragraph.wrapped(note, width);
            lines.add(printed.isOfLimit(note) ? wrapped : paint.alarm(wrapped));
        }
        table.scope().sentencesOn(table.name()).stream().map(sentence -> Paragraph.wrapped(sentence, width))
                .forEach(lines::add);
        return String.join("\n", lines) + "\n";
    }

    private static List<String> wide(PrintedTable table, int[] widths, Paint paint) {
        List<String> lines = new ArrayList<>();
        lines.add(paint.faint(aligned(table.header(), widths)));
        for (PrintedTable.Row row : table.rows()) {
            if (row.kind() == PrintedTable.Kind.MEASURED) {
                lines.add("");
            }
            lines.add(painted(row, aligned(row.texts(), widths), paint));
        }
        return lines;
    }

    /** Whether lines of columns so wide have at most {@code width} characters. */
    static boolean fits(int[] widths, int width) {
        return IntStream.of(widths).asLongStream().sum() + (long) GAP.length() * (widths.length - 1) <= width;
    }

    /** A measured row with those that stand beside it. */
    private static List<List<List<String>>> groups(List<PrintedTable.Row> rows) {
        List<List<List<String>>> groups = new ArrayList<>();
        for (PrintedTable.Row row : rows) {
            if (row.kind() == PrintedTable.Kind.MEASURED) {
                groups.add(new ArrayList<>());
            }
            groups.get(groups.size() - 1).add(row.texts());
        }
        return groups;
    }

    /** A block for each group of rows. */
    static List<String> stacked(List<String> header, List<List<List<String>>> groups, Paint paint) {
        return groups.stream().flatMap(group -> block(header, group, paint).stream()).toList();
    }

    /** What the first row is about, then a line a figure: its name, and the rows' values side by side. */
    private static List<String> block(List<String> header, List<List<String>> rows, Paint paint) {
        List<List<String>> figures = new ArrayList<>();
        for (int column = 2; column < header.size(); ++column) {
            int c = column;
            if (rows.stream().anyMatch(row -> !row.get(c).isEmpty())) {
                figures.add(Stream.concat(Stream.of("", header.get(c)), rows.stream().map(row -> row.get(c))).toList());
            }
        }
        List<String> names = Stream.concat(Stream.of("", header.get(0) + " " + rows.get(0).get(0).strip()),
                rows.stream().map(row -> row.get(1))).toList();
        int[] widths = widths(Stream.concat(Stream.of(names), figures.stream()).toList());
        List<String> lines = new ArrayList<>(List.of("", paint.strong(aligned(names, widths))));
        figures.forEach(figure -> lines.add(aligned(figure, widths)));
        return lines;
    }

    /** The width of each column's widest cell. */
    static int[] widths(List<List<String>> rows) {
        return IntStream.range(0, rows.get(0).size())
                .map(c -> rows.stream().mapToInt(row -> row.get(c).length()).max().orElse(0)).toArray();
    }

    /** A line of cells; the second stands to the left, as it names the row. */
    static String aligned(List<String> cells, int[] widths) {
        return IntStream.range(0, widths.length).mapToObj(c -> pad(cells.get(c), widths[c], c == 1))
                .collect(Collectors.joining(GAP)).stripTrailing();
    }

    private static String painted(PrintedTable.Row row, String line, Paint paint) {
        return switch (row.kind()) {
            case MEASURED -> paint.strong(line);
            case INTERVAL -> paint.faint(line);
            case STATED -> row.tried() ? line.replaceAll("\\S+ \\[\\d+]", paint.alarm("$0")) : paint.faint(line);
        };
    }

    private static String pad(String text, int width, boolean left) {
        String space = " ".repeat(width - text.length());
        return left ? text + space : space + text;
    }
}
