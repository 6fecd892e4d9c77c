package dev.bulwark.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.Gallery;
import dev.bulwark.results.Picture;
import dev.bulwark.results.Row;
import dev.bulwark.results.RunFolder;
import dev.bulwark.results.RunLayout;
import dev.bulwark.results.SigmaRows;
import dev.bulwark.results.SmoothingRow;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What the page's script draws: shares are printed here, once, so that a page rounds as the tables do. */
final class PageData {

    /** Colours, and as many markers. */
    private static final int KINDS = 4;
    /** Data sets whose classes are called as their labels: a 7, not an image of class 7. */
    private static final Set<String> DIGITS = Set.of("mnist", "digits");

    private final ObjectNode root = JsonNodeFactory.instance.objectNode();

    /** What figures are. */
    void addQuantity(RunScope scope) {
        root.put("quantity", scope.quantity());
    }

    /** A curve by name; the script only draws and counts. */
    void addCurve(String name, CertifiedCurve curve) {
        addCurve(name, curve, root.path("curves").size(), "");
    }

    /**
     * @param kind number of its colour and marker
     * @param line "", "dashed" or "faint"
     */
    void addCurve(String name, CertifiedCurve curve, int kind, String line) {
        ObjectNode node = root.withArray("/curves").addObject();
        node.put("kind", kind % KINDS);
        node.put("line", line);
        node.put("name", name);
        node.put("sigma", RunLayout.decimals(curve.sigma()));
        node.put("images", curve.points().get(0).accuracy().images());
        ArrayNode steps = node.putArray("steps");
        curve.points().forEach(point -> steps.addArray()
                .add(SmoothingRow.roundDown(point.radius()).stripTrailingZeros()).add(point.accuracy().hits()));
    }

    /** What the tables have at their radii, and abstentions. */
    void addTable1(ResultTable table) {
        for (ResultTable.Line line : table.lines().stream().filter(any -> !any.further()).toList()) {
            ObjectNode node = root.withArray("/smoothing").addObject();
            node.put("sigma", RunLayout.decimals(line.at()));
            for (double radius : Table1.RADII) {
                figure(node.putObject(RunLayout.decimals(radius)), table, table.cell(line, Table1.certifiedAt(radius)));
            }
            figure(node.putObject("abstain"), table, table.cell(line, Table1.ABSTAIN));
        }
    }

    /** What table 2 has, and what PGD is called. */
    void addTable2(ResultTable table) {
        root.put("pgd", table.column(Table2.PGD).title());
        for (ResultTable.Line line : table.lines()) {
            ObjectNode node = root.withArray("/bounds").addObject();
            node.put("epsilon", RunLayout.decimals(line.at()));
            node.put("images", line.images());
            for (String key : List.of(Table2.CLEAN, Table2.PGD, Table2.CERTIFIED, Table2.CERTIFIED_BY_BOX, Table2.GAP)) {
                figure(node.putObject(key), table, table.cell(line, key));
            }
        }
    }

    void addGallery(Gallery gallery, RunFolder run, RunScope scope) {
        ObjectNode node = root.putObject("gallery");
        node.put("digits", DIGITS.contains(scope.dataset()));
        node.put("channels", gallery.shape().channels());
        node.put("height", gallery.shape().height());
        node.put("width", gallery.shape().width());
        Map<Double, Map<Integer, SmoothingRow>> rows = byIndex(run, SigmaRows::certified);
        Map<Double, Map<Integer, CertificateRow>> votes = byIndex(run, SigmaRows::certificates);
        ArrayNode smoothed = node.putArray("smoothed");
        for (Gallery.Smoothed image : gallery.smoothed()) {
            ObjectNode shown = smoothed.addObject().put("index", image.index()).put("label", image.label())
                    .put("reason", image.reason().text()).put("at", RunLayout.decimals(image.at()));
            picture(shown, "image", image.image());
            ArrayNode views = shown.putArray("views");
            for (Gallery.View view : image.views()) {
                ObjectNode said = views.addObject().put("sigma", RunLayout.decimals(view.sigma()))
                        .put("vote", view.vote());
                picture(said, "picture", view.picture());
                Optional.ofNullable(rows.getOrDefault(view.sigma(), Map.of()).get(image.index())).ifPresent(row ->
                        said.put("predict", row.predict().orElse(-1)).put("radius", Phrase.radius(row.radius())));
                Optional.ofNullable(votes.getOrDefault(view.sigma(), Map.of()).get(image.index())).ifPresent(row -> {
                    ArrayNode counts = said.putArray("counts");
                    row.counts().forEach(counts::add);
                });
            }
        }
        addAttacked(gallery, run, node.putArray("attacked"));
    }

    private static void addAttacked(Gallery gallery, RunFolder run, ArrayNode attacked) {
        for (Gallery.Attacked image : gallery.attacked()) {
            ObjectNode shown = attacked.addObject().put("index", image.index()).put("label", image.label())
                    .put("epsilon", RunLayout.decimals(image.epsilon())).put("to", image.adversarialPrediction())
                    .put("linf", BigDecimal.valueOf(image.linf()).setScale(4, RoundingMode.HALF_UP).toPlainString());
            picture(shown, "image", image.image());
            picture(shown, "adversarial", image.adversarial());
            Optional.ofNullable(run.ibp().get(image.epsilon())).flatMap(rows -> rows.bounds().stream()
                    .filter(row -> row.index() == image.index()).findFirst())
                    .ifPresent(row -> shown.put("certified", row.certified()));
        }
    }

    /** As the content of a script element: none of its characters can end the element or mean anything to HTML. */
    String inScript() {
        return root.toString().replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
                .replace("\u2028", "\\u2028").replace("\u2029", "\\u2029");
    }

    private static void figure(ObjectNode node, ResultTable table, ResultTable.Cell cell) {
        cell.measured().ifPresent(share -> node.put("measured", share.percent(1)).put("hits", share.hits())
                .put("images", share.images()).put("lower", share.lowerPercent(1)).put("upper", share.upperPercent(1)));
        List<Beside.Source> sources = table.beside().sources();
        IntStream.range(0, sources.size()).forEach(s -> cell.stated().get(s).figure()
                .ifPresent(figure -> node.put(sources.get(s).name().key(), figure)));
        cell.stated().stream().flatMap(stated -> stated.objection().stream()).findFirst()
                .ifPresent(objection -> node.put("objection", objection));
    }

    private static void picture(ObjectNode node, String name, Picture picture) {
        node.putObject(name).put("black", picture.black()).put("white", picture.white()).put("levels", picture.levels());
    }

    private static <R extends Row> Map<Double, Map<Integer, R>> byIndex(
            RunFolder run, Function<SigmaRows, List<R>> rows) {
        return run.smoothing().entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey,
                entry -> rows.apply(entry.getValue()).stream()
                        .collect(Collectors.toMap(Row::index, Function.identity()))));
    }
}
