package dev.bulwark.report;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Pieces of HTML that several parts of a page share. Every argument but content is text, and is escaped here. */
public final class Markup {

    private Markup() {
    }

    public static String text(String data) {
        return Escape.HTML.apply(data);
    }

    /** Text with the names of Greek letters as letters, and comparisons as signs; options and names of files stay. */
    public static String prose(String data) {
        return text(greek(greek(greek(data, "sigma", "\u03c3"), "epsilon", "\u03b5"), "alpha", "\u03b1")
                .replace(">=", "\u2265").replace("p_A", "p"));
    }

    private static String greek(String data, String name, String letter) {
        return data.replaceAll("(?<![-/\\w])" + name + "(?![-\\w])", letter);
    }

    public static String paragraph(String style, String text) {
        return "<p class=\"" + style + "\">" + text(text) + "</p>\n";
    }

    static String list(String style, List<String> items) {
        return items.isEmpty() ? "" : items.stream().map(item -> "<li>" + prose(item) + "</li>\n")
                .collect(Collectors.joining("", "<ul class=\"" + style + "\">\n", "</ul>\n"));
    }

    /** @param content HTML */
    static String section(String id, String title, String content) {
        return """
                <section id="%s" aria-labelledby="%s-title">
                <h2 id="%s-title">%s</h2>
                %s</section>
                """.formatted(id, id, id, text(title), content);
    }

    /**
     * A figure that the page's script draws from the page's data; without scripts it says where the drawing lies.
     *
     * @param controls HTML above the drawing
     * @param drawn    what lies in the run's folder instead
     */
    static String figure(String id, int number, String caption, String controls, String drawn) {
        return """
                <figure id="%s">
                %s<div class="plot"></div>
                <noscript><p class="note">This drawing needs JavaScript. %s</p></noscript>
                <figcaption><b>Figure %s.</b> %s</figcaption>
                </figure>
                """.formatted(id, controls, text(drawn), number, text(caption));
    }

    /**
     * A result table: what others state below what was measured, and what is wrong with it right below.
     *
     * @param number how the caption counts it
     */
    static String table(ResultTable table, int number) {
        return """
                <div class="scroll" tabindex="0" role="region" aria-labelledby="%s-caption">
                <table id="%s">
                <caption id="%s-caption"><b>Table %s.</b> %s</caption>
                <thead>%s</thead>
                %s</table>
                </div>
                <details class="notes"><summary>What the columns mean, and where the figures come from</summary>
                %s</details>
                """.formatted(table.name(), table.name(), table.name(), number, text(table.caption() + "."), header(table),
                bodies(table), list("plain", table.printed().notes()));
    }

    private static String header(ResultTable table) {
        // The parameter is a Greek letter's name, and so is the entity.
        return Stream.concat(
                Stream.of("&" + table.definition().parameter() + ";", "<span class=\"unseen\">Source</span>"),
                table.printed().header().stream().skip(2).map(Markup::text))
                .map(title -> "<th scope=\"col\">" + title + "</th>").collect(Collectors.joining("", "<tr>", "</tr>"));
    }

    /** A body for each sigma or epsilon. */
    private static String bodies(ResultTable table) {
        StringBuilder html = new StringBuilder();
        PrintedTable printed = table.printed();
        List<PrintedTable.Row> open = printed.rows();
        int from = 0;
        for (ResultTable.Line line : table.lines()) {
            int to = from + 1;
            while (to < open.size() && open.get(to).kind() != PrintedTable.Kind.MEASURED) {
                ++to;
            }
            List<String> footnotes = printed.footnotes(line);
            html.append("<tbody>\n").append(rows(open.subList(from, to), !footnotes.isEmpty()));
            if (!footnotes.isEmpty()) {
                html.append("<tr class=\"objection\"><td colspan=\"").append(printed.header().size() - 1).append("\">")
                        .append(footnotes.stream().map(footnote -> "<p>" + prose(footnote) + "</p>")
                                .collect(Collectors.joining())).append("</td></tr>\n");
            }
            html.append("</tbody>\n");
            from = to;
        }
        return html.toString();
    }

    private static String rows(List<PrintedTable.Row> rows, boolean footnoted) {
        String first = "<th scope=\"rowgroup\" rowspan=\"" + (rows.size() + (footnoted ? 1 : 0)) + "\">"
                + text(rows.get(0).texts().get(0)) + "</th>";
        return rows.stream().map(row -> "<tr class=\"" + row.style() + "\">"
                + (row == rows.get(0) ? first : "") + "<th scope=\"row\">" + text(row.texts().get(1)) + "</th>"
                + row.texts().stream().skip(2).map(text -> cell(text, row.tried())).collect(Collectors.joining())
                + "</tr>\n").collect(Collectors.joining());
    }

    private static String cell(String printed, boolean tried) {
        if (!printed.endsWith("]")) {
            return "<td>" + text(printed) + "</td>";
        }
        int mark = printed.lastIndexOf(" [");
        return (tried ? "<td class=\"doubted\">" : "<td>") + text(printed.substring(0, mark)) + "<sup>"
                + text(printed.substring(mark + 1)) + "</sup></td>";
    }
}
