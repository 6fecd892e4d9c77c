package dev.bulwark.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One table of several runs: the measured rows of each, at every sigma or epsilon that any has.
 *
 * @param rows sigma or epsilon (empty where it repeats the row above), the run, its cells, its images
 */
public record ComparisonTable(String caption, List<String> header, List<List<String>> rows) {

    public ComparisonTable {
        header = List.copyOf(header);
        rows = rows.stream().map(List::copyOf).toList();
    }

    /** What a run contributes. */
    record Part(String run, ResultTable table) {
    }

    /** @param addition to the caption */
    static ComparisonTable of(List<Part> parts, String addition) {
        ResultTable first = parts.get(0).table;
        List<String> header = new ArrayList<>(first.printed().header());
        header.set(1, "run");
        List<String> names = parts.stream().flatMap(part -> part.table.lines().stream())
                .sorted(Comparator.comparingDouble(ResultTable.Line::at).thenComparing(ResultTable.Line::further)
                        .thenComparingLong(line -> line.samples().orElse(0)))
                .map(ResultTable.Line::name).distinct().toList();
        return new ComparisonTable(first.definition().topic() + ", " + parts.stream().map(part -> part.table.scope())
                .filter(scope -> !scope.labelled()).findFirst().orElse(first.scope()).unit() + addition, header,
                names.stream().flatMap(name -> rows(name, parts).stream()).toList());
    }

    /** What every run has at one sigma or epsilon, whose name stands in the first row only. */
    private static List<List<String>> rows(String name, List<Part> parts) {
        List<List<String>> rows = new ArrayList<>();
        for (Part part : parts) {
            for (PrintedTable.Row printed : part.table.printed().rows()) {
                if (printed.kind() == PrintedTable.Kind.MEASURED && printed.texts().get(0).equals(name)) {
                    List<String> row = new ArrayList<>(printed.texts());
                    row.replaceAll(PrintedTable::unmarked); // each run's own table explains it
                    row.set(0, rows.isEmpty() ? name : "");
                    row.set(1, part.run);
                    rows.add(row);
                }
            }
        }
        return rows;
    }

    /** Aligned, for a terminal; what is too wide for it stands in blocks. */
    public String text(Paint paint, int width) {
        int[] widths = TextTable.widths(Stream.concat(Stream.of(header), rows.stream()).toList());
        List<String> lines = new ArrayList<>(List.of(paint.strong(Paragraph.wrapped(caption, width)), ""));
        if (TextTable.fits(widths, width)) {
            lines.add(paint.faint(TextTable.aligned(header, widths)));
            for (List<String> row : rows) {
                if (!row.get(0).isEmpty()) {
                    lines.add("");
                }
                lines.add(TextTable.aligned(row, widths));
            }
        } else {
            lines.addAll(TextTable.stacked(header, groups(), paint));
        }
        return String.join("\n", lines) + "\n";
    }

    /** For a page. */
    String html() {
        // The parameter is a Greek letter's name, and so is the entity.
        String titles = Stream.concat(Stream.of("&" + header.get(0) + ";"), header.stream().skip(1).map(Markup::text))
                .map(title -> "<th scope=\"col\">" + title + "</th>").collect(Collectors.joining("", "<tr>", "</tr>"));
        String bodies = groups().stream().map(group -> group.stream().map(ComparisonTable::htmlRow)
                .collect(Collectors.joining("", "<tbody>\n", "</tbody>\n"))).collect(Collectors.joining());
        return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" + Markup.text(caption) + "\">\n"
                + "<table class=\"compared\">\n<caption>" + Markup.text(caption) + ".</caption>\n<thead>" + titles
                + "</thead>\n" + bodies + "</table>\n</div>\n";
    }

    private static String htmlRow(List<String> row) {
        return row.stream().limit(2).map(name -> "<th scope=\"row\">" + Markup.text(name) + "</th>")
                .collect(Collectors.joining("", "<tr>", ""))
                + row.stream().skip(2).map(cell -> "<td>" + Markup.text(cell) + "</td>")
                .collect(Collectors.joining("", "", "</tr>\n"));
    }

    /** Rows of one sigma or epsilon together. */
    private List<List<List<String>>> groups() {
        List<List<List<String>>> groups = new ArrayList<>();
        for (List<String> row : rows) {
            if (!row.get(0).isEmpty() || groups.isEmpty()) {
                groups.add(new ArrayList<>());
            }
            groups.get(groups.size() - 1).add(row);
        }
        return groups;
    }
}
