package dev.bulwark.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A booktabs table environment with its notes below, all text escaped. */
final class LatexTable {

    private LatexTable() {
    }

    static String write(ResultTable table) {
        PrintedTable printed = table.printed();
        List<String> lines = new ArrayList<>();
        table.scope().warned().ifPresent(warning -> lines.add("% " + warning));
        lines.addAll(List.of("% needs \\usepackage{booktabs}", "\\begin{table}", "\\centering", "\\footnotesize",
                "\\setlength{\\tabcolsep}{3.5pt}"));
        lines.add("\\caption{" + Escape.LATEX.apply(table.caption())
                + table.scope().warned().map(warning -> ". " + Escape.LATEX.apply(warning)).orElse("") + "}");
        lines.addAll(List.of("\\begin{tabular}{@{}rl" + "r".repeat(printed.header().size() - 2) + "@{}}", "\\toprule"));
        // The parameter is a Greek letter's name, so its title is the command for that letter.
        lines.add("$\\" + table.definition().parameter() + "$ & " + printed.header().stream().skip(1).map(LatexTable::title)
                .collect(Collectors.joining(" & ", "", " \\\\")));
        String separator = "\\midrule";
        for (PrintedTable.Row row : printed.rows()) {
            if (row.kind() == PrintedTable.Kind.MEASURED) {
                lines.add(separator);
                separator = "\\addlinespace";
            }
            lines.add(row(row));
        }
        lines.addAll(List.of("\\bottomrule", "\\end{tabular}", "", "\\medskip",
                "\\begin{minipage}{\\linewidth}\\footnotesize"));
        printed.footnotes().forEach(footnote -> lines.add(Escape.LATEX.apply(footnote) + "\\par"));
        printed.notes().forEach(note -> lines.add(Escape.LATEX.apply(note) + "\\par"));
        lines.addAll(List.of("\\end{minipage}", "\\end{table}"));
        return String.join("\n", lines) + "\n";
    }

    /** On two lines where there is a space to break at, so that the table fits a page's width. */
    private static String title(String title) {
        String text = Escape.LATEX.apply(title);
        int space = text.indexOf(' ');
        return space < 0 ? text : "\\shortstack[r]{" + text.substring(0, space) + "\\\\" + text.substring(space + 1)
                + "}";
    }

    private static String row(PrintedTable.Row row) {
        return row.texts().stream().map(Escape.LATEX::apply)
                .map(text -> row.kind() == PrintedTable.Kind.INTERVAL ? text.replace(" to ", "--") : text)
                .collect(Collectors.joining(" & ", "", " \\\\"));
    }
}
