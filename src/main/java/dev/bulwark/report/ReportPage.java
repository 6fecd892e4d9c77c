package dev.bulwark.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The report as one HTML file that needs nothing else: no network, no script. Everything from data is escaped. */
final class ReportPage {

    private static final List<String> SUMMARY = List.of("command", "seed", "device");

    private ReportPage() {
    }

    /**
     * @param figure file name without ending; also keeps the ids of two drawings on one page apart
     * @param svg    the drawing as a file has it; empty where it could not be drawn
     */
    record Section(String title, ResultTable table, String figure, String figureCaption, String svg) {
    }

    static String write(RunFolder run, List<String> missing, List<Section> sections, Literature literature) {
        return """
                <!doctype html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>Certified robustness on %s</title>
                <style>
                %s</style>
                </head>
                <body>
                %s<h1>Certified robustness on %s</h1>
                <p class="lead">What was measured, beside what the lab report states and what has been published.</p>
                %s%s%s%s</body>
                </html>
                """.formatted(text(run.scope().title()), css(),
                run.scope().warning().map(warning -> "<p class=\"warning\">" + text(warning) + "</p>\n").orElse(""),
                text(run.scope().title()),
                missing.isEmpty() ? "" : "<h2>Missing from this run</h2>\n" + list("notes", missing),
                sections.stream().map(ReportPage::section).collect(Collectors.joining()),
                misstatements(literature), provenance(run.run()));
    }

    private static String section(Section section) {
        ResultTable table = section.table;
        return """
                <h2>%s. %s</h2>
                <div class="scroll"><table>
                <thead>%s</thead>
                <tbody>
                %s
                </tbody>
                </table></div>
                %s%s<figure>%s
                <figcaption>%s</figcaption></figure>
                """.formatted(text(section.title), text(table.caption()), header(table),
                table.printed().stream().map(ReportPage::row).collect(Collectors.joining("\n")),
                list("footnotes", table.numberedFootnotes()), list("notes", table.notes()), inline(section), text(section.figureCaption));
    }

    private static String header(ResultTable table) {
        // The parameter is a Greek letter's name, and so is the entity.
        return Stream.concat(Stream.of("&" + table.definition().parameter() + ";"),
                table.header().stream().skip(1).map(ReportPage::text))
                .map(title -> "<th scope=\"col\">" + title + "</th>").collect(Collectors.joining("", "<tr>", "</tr>"));
    }

    private static String row(ResultTable.Printed printed) {
        String kind = printed.kind().name().toLowerCase(Locale.ROOT);
        return printed.texts().stream()
                .map(cell -> "<td" + (cell.endsWith("]") ? " class=\"doubted\"" : "") + ">" + text(cell) + "</td>")
                .collect(Collectors.joining("", "<tr class=\"" + kind + "\">", "</tr>"));
    }

    /** Without the XML prologue, and with ids of its own. */
    private static String inline(Section section) {
        if (section.svg.isEmpty()) {
            return "";
        }
        String drawing = section.svg.substring(section.svg.indexOf("<svg"));
        return drawing.replaceAll("\\bid=\"", "id=\"" + section.figure + "-")
                .replaceAll("url\\(#", "url(#" + section.figure + "-")
                .replaceAll("href=\"#", "href=\"#" + section.figure + "-").strip();
    }

    private static String misstatements(Literature literature) {
        return Stream.concat(Plausibility.objections(literature).stream(), literature.misstatements().stream())
                .map(said -> "<dt>" + text(said.claim()) + "</dt>\n<dd>" + text(said.fact()) + "</dd>\n")
                .collect(Collectors.joining("", "<h2>What the lab report gets wrong</h2>\n<dl class=\"claims\">\n", "</dl>\n"));
    }

    private static String provenance(JsonNode run) {
        String summary = SUMMARY.stream().filter(run::hasNonNull)
                .map(field -> "<dt>" + text(field) + "</dt><dd>" + text(brief(run.get(field))) + "</dd>\n")
                .collect(Collectors.joining());
        return "<h2>Provenance</h2>\n<dl class=\"run\">\n" + summary + "</dl>\n"
                + "<details><summary>Everything in run.json</summary>\n<pre><code>" + text(run.toPrettyString()) + "</code></pre></details>\n";
    }

    private static String brief(JsonNode value) {
        return value.isValueNode() ? value.asText() : value.toString();
    }

    private static String list(String style, List<String> items) {
        return items.isEmpty() ? "" : items.stream().map(item -> "<li>" + text(item) + "</li>\n")
                .collect(Collectors.joining("", "<ul class=\"" + style + "\">\n", "</ul>\n"));
    }

    private static String text(String data) {
        return Escape.HTML.apply(data);
    }

    private static String css() {
        try (InputStream in = ReportPage.class.getResourceAsStream("report.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the built-in report.css can't be read", e);
        }
    }
}
