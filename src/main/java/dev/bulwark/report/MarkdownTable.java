package dev.bulwark.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A pipe table, four rows for each sigma or epsilon, and what must be said about it. */
final class MarkdownTable {

    private MarkdownTable() {
    }

    static String write(ResultTable table) {
        List<String> lines = new ArrayList<>();
        table.scope().warned().ifPresent(warning -> lines.addAll(List.of("**" + Escape.MARKDOWN.apply(warning) + "**", "")));
        lines.addAll(List.of("### " + Escape.MARKDOWN.apply(table.caption()), ""));
        lines.add(row(table.header()));
        lines.add("|---:|:---|" + "---:|".repeat(table.header().size() - 2));
        table.printed().forEach(printed -> lines.add(row(printed.texts())));
        lines.add("");
        for (String footnote : table.footnotes()) {
            lines.addAll(List.of(Escape.MARKDOWN.apply(footnote), ""));
        }
        table.notes().forEach(note -> lines.add("- " + Escape.MARKDOWN.apply(note)));
        return String.join("\n", lines) + "\n";
    }

    private static String row(List<String> texts) {
        return texts.stream().map(Escape.MARKDOWN::apply).collect(Collectors.joining(" | ", "| ", " |"));
    }
}
