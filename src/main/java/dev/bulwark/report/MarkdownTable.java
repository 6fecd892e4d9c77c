package dev.bulwark.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A pipe table, four rows for each sigma or epsilon, and what must be said about it. */
final class MarkdownTable {

    private MarkdownTable() {
    }

    static String write(ResultTable table) {
        PrintedTable printed = table.printed();
        List<String> lines = new ArrayList<>();
        table.scope().warned().ifPresent(warning -> lines.addAll(List.of("**" + Escape.MARKDOWN.apply(warning) + "**", "")));
        lines.addAll(List.of("### " + Escape.MARKDOWN.apply(table.caption()), ""));
        lines.add(row(printed.header()));
        lines.add("|---:|:---|" + "---:|".repeat(printed.header().size() - 2));
        printed.rows().forEach(row -> lines.add(row(row.texts())));
        lines.add("");
        for (String footnote : printed.footnotes()) {
            lines.addAll(List.of(Escape.MARKDOWN.apply(footnote), ""));
        }
        printed.notes().forEach(note -> lines.add("- " + Escape.MARKDOWN.apply(note)));
        return String.join("\n", lines) + "\n";
    }

    private static String row(List<String> texts) {
        return texts.stream().map(Escape.MARKDOWN::apply).collect(Collectors.joining(" | ", "| ", " |"));
    }
}
