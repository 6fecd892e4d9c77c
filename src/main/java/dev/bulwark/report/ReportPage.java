package dev.bulwark.report;

import dev.bulwark.files.Sha256;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.Gallery;
import dev.bulwark.results.RunFolder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The report as one HTML file that needs nothing else. Everything from data is escaped, and the page's own policy allows
 * no network and no script but the one it carries.
 */
final class ReportPage {

    private final RunFolder run;
    private final Results results;
    private final Provenance provenance;
    private final PageData data = new PageData();
    private final Map<String, String> contents = new LinkedHashMap<>();
    private final StringBuilder body = new StringBuilder();
    private int figures;

    /**
     * What the page shows, measured once.
     *
     * @param curves of table 1's sigmas
     */
    record Results(RunScope scope, Optional<ResultTable> table1, List<CertifiedCurve> curves, Optional<ResultTable> table2,
            List<String> missing, Literature literature) {
        Results {
            curves = List.copyOf(curves);
            missing = List.copyOf(missing);
        }
    }

    private ReportPage(RunFolder run, Results results) {
        this.run = run;
        this.results = results;
        this.provenance = new Provenance(run.run());
    }

    static String write(RunFolder run, Results results) {
        return new ReportPage(run, results).write();
    }

    private String write() {
        List<Discussion> discussions = discussions();
        if (!results.missing().isEmpty()) {
            add("missing", "Missing from this run", Markup.list("plain", results.missing()));
        }
        results.table1().ifPresent(table -> add("smoothing", "Randomized smoothing", smoothing(table)));
        results.table2().ifPresent(table -> add("bounds", "Interval bound propagation", bounds(table)));
        if (!discussions.isEmpty()) {
            add("analysis", "Analysis", Markup.paragraph("note",
                    "The lab report's sections, written anew from this run's rows."
                    + (results.scope().warning().isEmpty() ? " In italics: what the report says, in brief." : ""))
                    + discussions.stream().map(ReportPage::discussion).collect(Collectors.joining()));
        }
        run.gallery().filter(gallery -> !gallery.smoothed().isEmpty() || !gallery.attacked().isEmpty())
                .ifPresent(gallery -> add("gallery", "Images", gallery(gallery)));
        if (results.scope().experiment()) {
            add("misstatements", "What the lab report gets wrong", misstatements(results.literature()));
        }
        add("provenance", "Provenance", provenance.html());
        String title = "Certified robustness on " + results.scope().title();
        return page(title, provenance.byline(), results.scope().warning(),
                Abstract.write(results.table1(), results.table2(), discussions), contents, body.toString(), data);
    }

    /** Any page of this program: head, contents, sections, data and script. */
    static String page(String title, String byline, Optional<String> warning, String summary,
            Map<String, String> contents, String body, PageData data) {
        String script = Template.read("report.js");
        return Template.fill("report.html", Map.of(
                "title", Markup.text(title),
                "policy", "default-src 'none'; style-src 'unsafe-inline'; script-src '" + digest(script) + "'",
                "style", Template.read("report.css"),
                "warning", warning.map(text -> Markup.paragraph("warning", text)).orElse(""),
                "byline", byline.isEmpty() ? "" : Markup.paragraph("byline", byline),
                "abstract", summary.isEmpty() ? "" : Markup.paragraph("abstract", summary),
                "contents", contents.entrySet().stream().map(section -> "<li><a href=\"#" + section.getKey() + "\">"
                        + Markup.text(section.getValue()) + "</a></li>").collect(Collectors.joining("\n")),
                "body", body,
                "data", data.inScript(),
                "script", script));
    }

    private void add(String id, String title, String content) {
        contents.put(id, title);
        body.append(Markup.section(id, title, content));
    }

    private List<Discussion> discussions() {
        List<Discussion> found = new ArrayList<>();
        if (!results.scope().experiment()) {
            return found;
        }
        results.table1().ifPresent(table -> found.add(new TradeoffDiscussion(table, results.curves()).write()));
        results.table2().flatMap(table -> new GapDiscussion(run.ibp(), table).write()).ifPresent(found::add);
        new GuaranteeDiscussion(run).write().ifPresent(found::add);
        if (results.table1().isPresent() && results.table2().isPresent()) {
            found.add(new MethodsDiscussion(run, results.table1().get(), results.table2().get()).write());
        }
        return results.scope().warning().isEmpty() ? found : found.stream().map(Discussion::withoutFindings).toList();
    }

    private String smoothing(ResultTable table) {
        results.curves().forEach(curve -> data.addCurve(Phrase.sigma(curve.sigma()), curve));
        data.addTable1(table);
        String drawn = "The same curves lie in figures/certified_accuracy.svg.";
        return Markup.table(table, 1)
                + Markup.figure("curves", ++figures, """
                        Certified accuracy against L2 radius: the share of all images that are classified correctly and \
                        certified at least that far. Exact steps, nothing smoothed. Point at the curves, or focus the \
                        figure and use the arrow keys.""", "", drawn)
                + Markup.figure("tradeoff", ++figures, """
                        The trade-off at one radius: what each \u03c3 certifies there.""" + others(", where they state that radius"),
                        Template.read("radius.html"), drawn)
                + Markup.figure("abstention", ++figures, """
                        Abstentions, with 95% intervals over the choice of images.""" + others(""), "",
                        "Table 1 has the figures.");
    }

    /** What else a figure shows, where it is the lab report's experiment. */
    private String others(String where) {
        return results.scope().experiment() ? " \u00d7 is the lab report, \u25cb published work" + where + "." : "";
    }

    private String bounds(ResultTable table) {
        data.addTable2(table);
        return Markup.table(table, 2)
                + Markup.figure("gap", ++figures, """
                        Clean, empirical and certified accuracy for each \u03b5, all on the same images. The band between \
                        %s and IBP holds the true robust accuracy.%s"""
                        .formatted(AttackRecord.inSentence(table.column(Table2.PGD).title()),
                                results.scope().experiment() ? " \u00d7 is the lab report." : ""),
                        "", "The same figure lies in figures/ibp_gap.svg.");
    }

    private String gallery(Gallery gallery) {
        data.addGallery(gallery, run, results.scope());
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

    private static String discussion(Discussion discussion) {
        String findings = discussion.findings().stream().map(finding -> "<div class=\"finding "
                + finding.verdict().name().toLowerCase(Locale.ROOT) + "\"><dt>" + Markup.prose(finding.claim())
                + "</dt>\n<dd><b class=\"verdict\">" + Markup.text(finding.verdict().text) + "</b> "
                + Markup.prose(finding.evidence()) + "</dd></div>\n").collect(Collectors.joining());
        return "<h3 id=\"" + discussion.id() + "-discussion\">" + Markup.text(discussion.title()) + "</h3>\n"
                + discussion.prose().stream().map(prose -> "<p>" + Markup.text(prose) + "</p>\n")
                .collect(Collectors.joining())
                + (findings.isEmpty() ? "" : "<dl class=\"findings\">\n" + findings + "</dl>\n");
    }

    private static String misstatements(Literature literature) {
        return Stream.concat(Plausibility.objections(literature).stream(), literature.misstatements().stream())
                .map(said -> "<dt>" + Markup.prose(said.claim()) + "</dt>\n<dd>" + Markup.prose(said.fact()) + "</dd>\n")
                .collect(Collectors.joining("", Markup.paragraph("note",
                        "By arithmetic and by its own tables, whatever is measured.")
                                + "<dl class=\"claims\">\n", "</dl>\n"));
    }

    /** As a content security policy names a script. */
    private static String digest(String script) {
        return "sha256-" + Base64.getEncoder().encodeToString(Sha256.bytes(script));
    }
}
