package dev.bulwark.report;

import dev.bulwark.bounds.Method;
import dev.bulwark.data.Norm;
import dev.bulwark.results.RunLayout;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Figures, drawn for screens and print on white. */
final class Charts {

    private static final int WIDTH = 880;
    private static final int HEIGHT = 520;
    /** Pixels per point of the bitmap, so that it stays sharp on dense screens. */
    private static final int SCALE = 2;

    /** Okabe and Ito's colours without the yellow: told apart with any colour vision, and dark enough on white. */
    private static final List<Color> COLORS = List.of(new Color(0x0072B2), new Color(0xD55E00), new Color(0x009E73),
            new Color(0xCC79A7), new Color(0x56B4E9), new Color(0xE69F00), new Color(0x222222));
    private static final List<Marker> MARKERS = List.of(SeriesMarkers.CIRCLE, SeriesMarkers.SQUARE, SeriesMarkers.DIAMOND,
            SeriesMarkers.TRIANGLE_UP);
    private static final float LINE = 2.2f;
    private static final BasicStroke SOLID = new BasicStroke(LINE, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
    private static final BasicStroke DASHED =
            new BasicStroke(LINE, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {7, 5}, 0);
    /** A step that the eye can tell apart, as a share of the horizontal axis. */
    private static final double FINEST_STEP = 1.0 / WIDTH;
    private static final Color INK = new Color(0x333333);
    private static final Color FAINT = new Color(0xE4E4E4);

    private Charts() {
    }

    /** Certified accuracy against radius, a line for each sigma. */
    static XYChart certifiedAccuracy(List<CertifiedCurve> curves, RunScope scope) {
        XYChart chart = blank(certified(scope) + (scope.labelled() ? " of" : " by") + " the smoothed classifier on " + scope.title(),
                "L2 radius r", certified(scope) + " (%)");
        double furthest = curves.stream().flatMap(curve -> curve.points().stream())
                .mapToDouble(CertifiedCurve.Point::radius).max().orElse(0);
        double right = Math.max(0.25, Math.ceil(furthest * 4) / 4);
        for (CertifiedCurve curve : curves) {
            addSteps(chart, "\u03c3 = " + RunLayout.decimals(curve.sigma()), curve.points(), right);
        }
        frame(chart, right, 0, LegendPosition.InsideNE);
        return chart;
    }

    /** Certified accuracy against epsilon, a line for each method. */
    static XYChart largestEpsilons(LargestEpsilons largest, RunScope scope) {
        XYChart chart = blank(certified(scope) + " by bounds on " + scope.title(), symbol(largest.norm()) + " radius \u03b5",
                certified(scope) + " (%)");
        double right = largest.furthest() > 0 ? largest.furthest() * 1.05 : 1;
        largest.curves().forEach(curve -> addSteps(chart, curve.name(), curve.points(), right));
        frame(chart, right, 0, LegendPosition.InsideNE);
        chart.getStyler().setXAxisDecimalPattern("0.00###");
        return chart;
    }

    private static String certified(RunScope scope) {
        return "Certified " + scope.quantity();
    }

    private static String symbol(Norm norm) {
        return norm == Norm.INF ? "L\u221e" : norm.words().toUpperCase(Locale.ROOT);
    }

    /** A step curve up to the last of its points. */
    private static void addSteps(XYChart chart, String name, List<CertifiedCurve.Point> points, double right) {
        List<Double> radii = new ArrayList<>();
        List<Double> accuracies = new ArrayList<>();
        double from = 0;
        for (CertifiedCurve.Point point : visible(points, right * FINEST_STEP)) {
            double accuracy = point.accuracy().percent(TableFormat.DECIMALS).doubleValue();
            radii.addAll(List.of(from, point.radius()));
            accuracies.addAll(List.of(accuracy, accuracy));
            from = point.radius();
        }
        radii.add(from);
        accuracies.add(0.0);
        add(chart, name, radii, accuracies, SOLID, SeriesMarkers.NONE);
    }

    /** Clean, empirical and certified accuracy against epsilon; what is no guarantee is dashed. */
    static XYChart certificationGap(ResultTable table2) {
        XYChart chart = blank("Certificates by bounds and PGD attacks on " + table2.scope().title(), "L\u221e radius \u03b5",
                Phrase.capital(table2.scope().quantity()) + " (%)");
        double lowest = 100;
        List<String> others = Stream.of(Method.CROWN, Method.ALPHA_CROWN).map(Table2::certifiedKey)
                .filter(key -> table2.definition().columns().stream().anyMatch(column -> column.key().equals(key))).toList();
        for (String key : Stream.concat(Stream.of(Table2.CLEAN, Table2.PGD, Table2.CERTIFIED, Table2.CERTIFIED_BY_BOX),
                others.stream()).toList()) {
            List<Double> epsilons = new ArrayList<>();
            List<Double> accuracies = new ArrayList<>();
            for (ResultTable.Line line : table2.lines()) {
                table2.cell(line, key).measured().ifPresent(share -> {
                    epsilons.add(line.at());
                    accuracies.add(share.percent(TableFormat.DECIMALS).doubleValue());
                });
            }
            if (!epsilons.isEmpty()) {
                lowest = Math.min(lowest, Collections.min(accuracies));
                add(chart, table2.column(key).title(), epsilons, accuracies, key.equals(Table2.PGD) ? DASHED : SOLID,
                        MARKERS.get(chart.getSeriesMap().size() % MARKERS.size()));
            }
        }
        double last = table2.lines().get(table2.lines().size() - 1).at();
        frame(chart, Math.ceil(last * 20) / 20 + 0.02, Math.max(0, Math.floor((lowest - 5) / 10) * 10),
                LegendPosition.InsideSW);
        return chart;
    }

    /** Certified against clean accuracy, a point for each weight of the natural loss. */
    static XYChart tradeoff(ResultTable table, double epsilon, Optional<TradeoffReport.Claim> claim) {
        XYChart chart = blank("What certificates at \u03b5 = " + RunLayout.decimals(epsilon) + " cost on "
                + table.scope().title(), "Clean accuracy (%)", "IBP certified accuracy (%)");
        List<Double> clean = new ArrayList<>();
        List<Double> certified = new ArrayList<>();
        for (ResultTable.Line line : table.lines()) {
            clean.add(percent(table.cell(line, Table2.CLEAN)));
            certified.add(percent(table.cell(line, Table2.CERTIFIED)));
        }
        add(chart, "measured; \u03ba: final weight of the natural loss", clean, certified, SOLID, MARKERS.get(0));
        List<Double> across = new ArrayList<>(clean);
        claim.ifPresent(both -> {
            across.add(both.clean().doubleValue());
            add(chart, "claimed by " + both.by(), List.of(both.clean().doubleValue()),
                    List.of(both.certified().doubleValue()), SeriesLines.NONE, SeriesMarkers.CROSS);
        });
        double left = Math.max(0, Math.floor(Collections.min(across) / 5 - 0.5) * 5);
        double right = Math.min(100, Math.ceil(Collections.max(across) / 5 + 0.5) * 5);
        frame(chart, right, 0, LegendPosition.OutsideS); // points may lie in any corner
        chart.getStyler().setLegendLayout(LegendLayout.Horizontal);
        // Room for labels to the right of the points, and on the edge as in the other figures.
        chart.getStyler().setXAxisMin(left - 0.01 * (right - left)).setXAxisMax(right + 0.05 * (right - left))
                .setXAxisDecimalPattern("0").setAnnotationTextFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12))
                .setAnnotationTextFontColor(INK);
        for (int k = 0; k < clean.size(); ++k) {
            chart.addAnnotation(new AnnotationText("\u03ba = " + table.lines().get(k).name(),
                    clean.get(k) + 0.042 * (right - left), certified.get(k) + 2, false));
        }
        return chart;
    }

    private static double percent(ResultTable.Cell cell) {
        return cell.measured().orElseThrow().percent(TableFormat.DECIMALS).doubleValue();
    }

    /** Steps too narrow to be seen are left out of the drawing, which then shows the lower accuracy of the next. */
    private static List<CertifiedCurve.Point> visible(List<CertifiedCurve.Point> points, double finest) {
        List<CertifiedCurve.Point> kept = new ArrayList<>();
        double from = Double.NEGATIVE_INFINITY;
        for (int p = 0; p < points.size(); ++p) {
            boolean last = p == points.size() - 1;
            if (last || points.get(p).radius() - from >= finest) {
                kept.add(points.get(p));
                from = points.get(p).radius();
            }
        }
        return kept;
    }

    static byte[] png(XYChart chart) throws IOException {
        BufferedImage image = new BufferedImage(WIDTH * SCALE, HEIGHT * SCALE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        try {
            graphics.scale(SCALE, SCALE);
            chart.paint(graphics, WIDTH, HEIGHT);
        } finally {
            graphics.dispose();
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }

    /** Two decimals of a point suffice, and ids that are counted let equal rows give equal files. */
    static String svg(XYChart chart) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        VectorGraphicsEncoder.saveVectorGraphic(chart, bytes, VectorGraphicsFormat.SVG);
        Map<String, String> ids = new HashMap<>();
        String counted = Pattern.compile("\\bclip\\d+\\b").matcher(bytes.toString(StandardCharsets.UTF_8))
                .replaceAll(id -> ids.computeIfAbsent(id.group(), unused -> "clip" + ids.size()));
        return counted.replaceAll("(\\d\\.\\d\\d)\\d+", "$1");
    }

    private static XYChart blank(String title, String x, String y) {
        XYChart chart = new XYChart(WIDTH, HEIGHT);
        chart.setTitle(title);
        chart.setXAxisTitle(x);
        chart.setYAxisTitle(y);
        XYStyler styler = chart.getStyler();
        styler.setBaseFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13))
                .setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 16))
                .setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13))
                .setChartBackgroundColor(Color.WHITE).setPlotBackgroundColor(Color.WHITE).setChartFontColor(INK)
                .setChartTitlePadding(12).setChartPadding(14)
                .setPlotBorderVisible(false)
                .setLegendBorderColor(FAINT).setLegendPadding(10)
                .setLegendSeriesLineLength(28).setPlotContentSize(1).setMarkerSize(8).setAntiAlias(true);
        styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14))
                .setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12))
                .setAxisTickLabelsColor(INK).setAxisTickMarksColor(INK).setAxisTitlePadding(12)
                .setPlotGridLinesColor(FAINT).setPlotGridLinesStroke(new BasicStroke(1))
                .setXAxisDecimalPattern("0.00").setYAxisDecimalPattern("0")
                .setXAxisTickMarkSpacingHint(90).setYAxisTickMarkSpacingHint(40);
        return chart;
    }

    /** Room of one percent around the data: ticks on the very edge would lose their labels, markers would be cut. */
    private static void frame(XYChart chart, double right, double bottom, LegendPosition legend) {
        chart.getStyler().setLegendPosition(legend);
        chart.getStyler().setXAxisMin(-0.01 * right).setXAxisMax(1.01 * right)
                .setYAxisMin(bottom - 0.01 * (100 - bottom)).setYAxisMax(100 + 0.01 * (100 - bottom));
    }

    private static void add(XYChart chart, String name, List<Double> x, List<Double> y, BasicStroke stroke, Marker marker) {
        Color color = COLORS.get(chart.getSeriesMap().size() % COLORS.size());
        XYSeries series = chart.addSeries(name, x, y);
        series.setLineColor(color);
        series.setLineStyle(stroke);
        series.setMarkerColor(color);
        series.setMarker(marker);
    }
}
