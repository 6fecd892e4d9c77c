package dev.bulwark.report;

import dev.bulwark.files.Sha256;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.Gallery;
import dev.bulwark.stats.Sampling;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The report as one HTML file that needs nothing else. Everything from data is escaped, and the page's own policy allows
 * no network and no script but the one it carries.
 */
final class ReportPage {

    private final Measured run;
    private final Experiment.Commentary commentary;
    private final PageData data = new PageData();
    private final Map<String, String> contents = new LinkedHashMap<>();
    private final StringBuilder body = new StringBuilder();
    private int figures;

    private ReportPage(Measured run, Experiment.Commentary commentary) {
        this.run = run;
        this.commentary = commentary;
    }

    /** @param missing what a whole run would have had, a sentence each */
    static String write(Measured run, List<String> missing, Experiment.Commentary commentary) {
        return new ReportPage(run, commentary).write(missing);
    }

    private String write(List<String> missing) {
        Provenance provenance = new Provenance(run.run().run());
        data.addQuantity(run.scope());
        if (!missing.isEmpty()) {
            add("missing", "Missing from this run", Markup.list("plain", missing));
        }
        run.table1().ifPresent(table -> add("smoothing", "Randomized smoothing", smoothing(table)));
        run.table2().ifPresent(table -> add("bounds", "Bounds and attacks", bounds(table)));
        if (!run.further().isEmpty()) {
            add("further", "Other balls", further());
        }
        commentary.analysis().forEach(section -> add(section.id(), section.title(), section.html()));
        run.run().gallery().filter(gallery -> !gallery.smoothed().isEmpty() || !gallery.attacked().isEmpty())
                .ifPresent(gallery -> add("gallery", "Images", gallery(gallery)));
        commentary.end().forEach(section -> add(section.id(), section.title(), section.html()));
        add("provenance", "Provenance", provenance.html());
        return page(new Head("Certified robustness on " + run.scope().title(), provenance.byline(), run.scope().warned(),
                Abstract.write(run.table1(), run.table2(), commentary.summary())), contents, body.toString(), data,
                Stream.concat(run.table1().stream(), run.table2().stream()).map(ResultTable::beside).findFirst()
                        .orElse(Beside.NOTHING));
    }

    /** What stands above the contents. */
    record Head(String title, String byline, Optional<String> warning, String summary) {
    }

    /**
     * Any page of this program: head, contents, sections, data and script.
     *
     * @param beside whose figures the script draws beside the measured ones
     */
    static String page(Head head, Map<String, String> contents, String body, PageData data, Beside beside) {
        String script = Template.fill("report.js", legends(beside));
        return Template.fill("report.html", Map.of(
                "title", Markup.text(head.title),
                "policy", "default-src 'none'; style-src 'unsafe-inline'; script-src '" + digest(script) + "'",
                "style", Template.read("report.css"),
                "warning", head.warning.map(text -> Markup.paragraph("warning", text)).orElse(""),
                "byline", head.byline.isEmpty() ? "" : Markup.paragraph("byline", head.byline),
                "abstract", head.summary.isEmpty() ? "" : Markup.paragraph("abstract", head.summary),
                "contents", contents.entrySet().stream().map(section -> "<li><a href=\"#" + section.getKey() + "\">"
                        + Markup.text(section.getValue()) + "</a></li>").collect(Collectors.joining("\n")),
                "body", body,
                "data", data.inScript(),
                "script", script));
    }

    /** The names of others' figures in the script, and their entries in its legends. */
    private static Map<String, String> legends(Beside beside) {
        String tried = beside.tried().map(source -> source.name().title()).orElse("");
        String compared = beside.compared().map(source -> source.name().title()).orElse("");
        return Map.of("tried", tried, "compared", compared,
                "entries", (tried.isEmpty() ? "" : ", {name: '" + tried + "', kind: 1, shape: 'reported', line: null}")
                        + (compared.isEmpty() ? ""
                                : ",\n        {name: '" + compared + "', kind: 2, shape: 0, solid: false, line: null}"),
                "entry", tried.isEmpty() ? "" : ",\n        {name: '" + tried
                + "', kind: 4, shape: 'reported', line: null}");
    }

    private void add(String id, String title, String content) {
        contents.put(id, title);
        body.append(Markup.section(id, title, content));
    }

    private String smoothing(ResultTable table) {
        run.curves().forEach(curve -> data.addCurve(Phrase.sigma(curve.sigma()), curve));
        data.addTable1(table);
        String drawn = "The same curves lie in figures/certified_accuracy.svg.";
        return Markup.table(table, 1)
                + Markup.figure("curves", ++figures, """
                        Certified %s against L2 radius: the share of all images that %s and are certified at least that far. \
                        Exact steps, nothing smoothed.%s Point at the curves, or focus the figure and use the arrow keys."""
                        .formatted(table.scope().quantity(), table.scope().labelled() ? "are classified correctly"
                                : "keep their prediction", table.lines().stream().anyMatch(ResultTable.Line::stopsEarly)
                                ? " Sampling stopped at the table's radii: elsewhere the curves are lower bounds." : ""), "", drawn)
                + Markup.figure("tradeoff", ++figures, """
                        The trade-off at one radius: what each \u03c3 certifies there.""" + legend(table.beside().sources(), ", where they state that radius"),
                        Template.read("radius.html"), drawn)
                + Markup.figure("abstention", ++figures, """
                        Abstentions, with 95% intervals over the choice of images.""" + legend(table.beside().sources(), ""), "",
                        "Table 1 has the figures.");
    }

    /** Whose figures else a figure shows. */
    private static String legend(List<Beside.Source> sources, String where) {
        return sources.isEmpty() ? "" : " " + sources.stream().map(Beside.Source::name)
                .map(name -> name.mark() + (name == sources.get(0).name() ? " is " : " ") + name.inSentence())
                .collect(Collectors.joining(", ")) + where + ".";
    }

    private String bounds(ResultTable table) {
        data.addTable2(table);
        return Markup.table(table, 2)
                + Markup.figure("gap", ++figures, """
                        Clean, empirical and certified %1$s for each \u03b5, all on the same images. The band between \
                        %2$s and IBP holds the true robust %1$s.%3$s"""
                        .formatted(table.scope().quantity(), AttackRecord.inSentence(table.column(Table2.PGD).title()),
                                legend(table.beside().tried().stream().toList(), "")),
                        "", "The same figure lies in figures/ibp_gap.svg.");
    }

    private String further() {
        StringBuilder html = new StringBuilder();
        int number = 3;
        for (ResultTable table : run.further()) {
            html.append(Markup.table(table, number++));
        }
        run.largest().forEach(largest -> html.append(Markup.paragraph("note", "The curve at every epsilon lies in figures/"
                + largest.name() + ".svg and .csv.")));
        return html.toString();
    }

    private String gallery(Gallery gallery) {
        data.addGallery(gallery, run.run(), run.scope());
        String smoothed = Markup.paragraph("note", """
                Chosen by rule from the rows: for each \u03c3 the largest and the smallest radius, an abstention and the \
                most certain mistake. Beside each image stand its first estimation samples, as the network saw and voted \
                on them; their grey scale runs from \u22122\u03c3 to 1 + 2\u03c3, as noise leaves the range of an image.""");
        String attacked = "<h3>What PGD broke</h3>\n" + Markup.paragraph("note", """
                An image the network had right, what PGD made of it, and the change, from \u2212\u03b5 (black) to \u03b5 \
                (white).""");
        return smoothed + "<ul class=\"exhibits\" id=\"smoothed\"></ul>\n"
                + (gallery.attacked().isEmpty() ? "" : attacked + "<ul class=\"exhibits\" id=\"attacked\"></ul>\n")
                + "<noscript><p class=\"note\">The images need JavaScript; they lie in gallery.json.</p></noscript>\n"
                + Template.read("exhibit.html");
    }

    /** As a content security policy names a script. */
    private static String digest(String script) {
        return "sha256-" + Base64.getEncoder().encodeToString(Sha256.bytes(script));
    }
}
