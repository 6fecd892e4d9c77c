package dev.bulwark.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Method;
import dev.bulwark.lab.Discussion.Finding;
import dev.bulwark.lab.Discussion.Verdict;
import dev.bulwark.report.Abstract;
import dev.bulwark.report.CertifiedCurve;
import dev.bulwark.report.ResultTable;
import dev.bulwark.report.RunReport;
import dev.bulwark.report.RunScope;
import dev.bulwark.report.Table1;
import dev.bulwark.report.Table2;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CleanPrediction;
import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.RunFolder;
import dev.bulwark.results.SampleRows;
import dev.bulwark.results.SigmaRows;
import dev.bulwark.results.SmoothingRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ten images at each sigma or epsilon, so that every share can be counted in the head. */
class DiscussionTest {

    private static final RunScope MNIST = new RunScope("mnist", List.of());

    @Test
    void givenCurvesThatCross_whenDiscussed_thenTheBestSigmaAtEachRadius() {
        // 0.25: nine images to r = 0.6. 0.50: eight to r = 1.2. 1.00: five to r = 3.
        Discussion discussion = tradeoff(Map.of(0.25, images(9, 0.6), 0.5, images(8, 1.2), 1.0, images(5, 3)));
        String prose = discussion.prose().get(0).replace('\u00a0', ' ');
        assertTrue(prose.contains("\u03c3 = 0.25 at r = 0.25 (90.0%), \u03c3 = 0.25 at r = 0.50 (90.0%) and "
                + "\u03c3 = 0.50 at r = 1.00 (80.0%)."), prose);
        assertTrue(prose.contains("\u03c3 = 0.25 is ahead for the last time at r = 0.6000 and \u03c3 = 0.50 is ahead "
                + "for the "
                + "last time at r = 1.2000; from there on it is \u03c3 = 1.00."), prose);
        assertTrue(discussion.prose().get(1).replace('\u00a0', ' ').contains("0.6000 at \u03c3 = 0.25, by 90.0%"));
        assertEquals(Verdict.DISAGREES, verdict(discussion, "is best at"), "0.25 is, with 90 to 80%");
        assertEquals(Verdict.DISAGREES, verdict(discussion, "bounded by"), "0.6 at sigma 0.25 exceeds it");
        assertEquals(Verdict.IMPOSSIBLE, verdict(discussion, "certifies 2.1%"));
        assertEquals(Verdict.AGREES, verdict(discussion, "certifies 42.3%"),
                "five of ten have the interval 18.7 to 81.3");
    }

    @Test
    void givenMiddleSigmaBest_whenDiscussed_thenTheReportIsRightAboutItAndItsOwnTableContradictsIt() {
        Discussion discussion = tradeoff(Map.of(0.25, images(6, 0.2), 0.5, images(9, 0.7), 1.0, images(5, 2)));
        Finding best = finding(discussion, "is best at");
        assertEquals(Verdict.AGREES, best.verdict());
        assertTrue(best.evidence().contains("The report's own table has more at \u03c3 = 1.00: 66.8%"), best.evidence());
    }

    @Test
    void givenMoreSamples_whenDiscussed_thenWhatTheyReachStandsWithWhatTheOthersCannot() {
        SortedMap<Double, SigmaRows> rows = new TreeMap<>(Map.of(0.25, new SigmaRows(images(9, 0.6), List.of())));
        RunFolder.Further further = new RunFolder.Further(0.25, 1_000_000, new SigmaRows(images(6, 1.05), List.of()));
        Discussion discussion =
                new TradeoffDiscussion(Table1.of(rows, List.of(further), MNIST, LabReport.INSTANCE.beside(Table1.NAME)),
                List.of(CertifiedCurve.of(0.25, rows.get(0.25).certified()))).write();
        assertTrue(finding(discussion, "certifies 2.1%").evidence().contains("With n = 1,000,000: 60.0%"),
                finding(discussion, "certifies 2.1%").evidence());
    }

    @Test
    void givenOneSigma_whenDiscussed_thenNothingIsCompared() {
        Discussion discussion = tradeoff(Map.of(0.5, images(6, 0.4)));
        assertEquals(1, discussion.prose().size());
        assertFalse(discussion.findings().stream().anyMatch(finding -> finding.claim().contains("best")));
    }

    @Test
    void givenGrowingGaps_whenDiscussed_thenTheReportAgreesAndTheCountsAreOfCommonImages() {
        SortedMap<Double, EpsilonRows> rows = new TreeMap<>(Map.of(0.1, gap(0.1, 9, 8), 0.3, gap(0.3, 8, 5)));
        Discussion discussion = new GapDiscussion(rows, Table2.of(rows, MNIST, LabReport.INSTANCE.beside(Table2.NAME)))
                .write().orElseThrow();
        assertTrue(discussion.prose().get(0).replace('\u00a0', ' ')
                .contains("1 of 10 at \u03b5 = 0.10 (10.0 points) and 3 of 10 at \u03b5 = 0.30 (30.0 points)"),
                discussion.prose().get(0));
        assertEquals(Verdict.AGREES, verdict(discussion, "The gap grows"));
        Finding gap = finding(discussion, "29.7 points");
        assertEquals(Verdict.IMPOSSIBLE, gap.verdict());
        assertTrue(gap.evidence().contains("82.7 \u2212 64.1 = 18.6")
                && gap.evidence().contains("Measured: 30.0 points to PGD, 50.0 to"),
                gap.evidence());
    }

    /** Ten images at 0.1, of which four stand that IBP does not certify; stronger methods decide them. */
    private static Discussion cascaded(int certified, int falsified) {
        List<BoundsRow> bounds = IntStream.range(0, 10).mapToObj(i -> SampleRows.bounds(i, 0.1, 0, i < 6 ? 1 : -1, false)).toList();
        List<BoundsRow> cascade = IntStream.range(6, 10).mapToObj(i -> SampleRows.cascade(i, 0, i < 6 + certified, i < 6 + certified
                + falsified ? Optional.of(Cascade.Stage.EXACT) : Optional.empty())).toList();
        List<AttackRow> attacks = IntStream.range(6, 10).mapToObj(i -> SampleRows.attack(i, 0, false)).toList();
        SortedMap<Double, EpsilonRows> rows = new TreeMap<>(Map.of(0.1, new EpsilonRows(bounds, attacks,
                new TreeMap<>(Map.of(Method.CASCADE, cascade)), Optional.empty())));
        return new GapDiscussion(rows, Table2.of(rows, MNIST, LabReport.INSTANCE.beside(Table2.NAME))).write().orElseThrow();
    }

    @Test
    void givenACascade_whenDiscussed_thenTheVerdictOnTheGapIsWhatItFoundThere() {
        assertEquals(Verdict.AGREES, verdict(cascaded(4, 0), "looseness"));
        assertEquals(Verdict.PARTLY, verdict(cascaded(2, 2), "looseness"));
        assertEquals(Verdict.PARTLY, verdict(cascaded(0, 1), "looseness"), "three may be robust");
        assertEquals(Verdict.DISAGREES, verdict(cascaded(0, 4), "looseness"));
        Discussion discussion = cascaded(2, 1);
        assertTrue(finding(discussion, "looseness").evidence().startsWith("Of the 4 images in it, stronger methods certify 2, which "
                + "interval bounds miss, and falsify 1, which PGD misses; 1 stay undecided."), finding(discussion, "looseness").evidence());
        String prose = String.join(" ", discussion.prose()).replace('\u00a0', ' ');
        assertTrue(prose.contains("The images in the gap came out as 2 certified, 1 falsified and 1 undecided at \u03b5 = 0.10. "
                + "IBP, CROWN, alpha-CROWN and branch and bound certify 60.0, 60.0, 60.0 and 80.0% at \u03b5 = 0.10."), prose);
    }

    /** Ten images at 0.1, of which six are certified and four stand against PGD; further attacks have these. */
    @Test
    void givenFurtherAttacks_whenDiscussed_thenPgdsErrorIsWhatElseWasFound() {
        Discussion found = overestimation(true);
        String prose = String.join(" ", found.prose()).replace('\u00a0', ' ');
        assertTrue(prose.startsWith("AutoAttack (standard) took the images that PGD had left standing, that no bound certifies and that "
                + "the cascade had not falsified: 3 at \u03b5 = 0.10. It broke 1 at"), prose);
        assertTrue(prose.contains("leaves 80.0% at \u03b5 = 0.10 standing, PGD alone 100.0% at") && prose.contains("by 2 images at")
                && prose.contains("robust or not: 2 images at"), prose);
        assertEquals(Verdict.AGREES, verdict(found, "single attack family"));
        assertEquals(Verdict.DISAGREES, verdict(overestimation(false), "single attack family"));
        SortedMap<Double, EpsilonRows> without = new TreeMap<>(Map.of(0.1, images(false)));
        assertTrue(new OverestimationDiscussion(without, Table2.of(without, MNIST, LabReport.INSTANCE.beside(Table2.NAME))).write()
                .isEmpty());
    }

    private static EpsilonRows images(boolean falsified) {
        List<BoundsRow> bounds = IntStream.range(0, 10).mapToObj(i -> SampleRows.bounds(i, 0.1, 0, i < 6 ? 1 : -1, false)).toList();
        List<AttackRow> attacks = IntStream.range(6, 10).mapToObj(i -> SampleRows.attack(i, 0, false)).toList();
        List<BoundsRow> cascade = IntStream.range(6, 10).mapToObj(i -> SampleRows.cascade(i, 0, false,
                i == 9 && falsified ? Optional.of(Cascade.Stage.EXACT) : Optional.empty())).toList();
        return new EpsilonRows(bounds, attacks, new TreeMap<>(Map.of(Method.CASCADE, cascade)), Optional.empty());
    }

    private static Discussion overestimation(boolean broken) {
        SortedMap<Double, EpsilonRows> rows = new TreeMap<>(Map.of(0.1, images(broken).with(new EpsilonRows.Suite(
                "AutoAttack (standard)", List.of(SampleRows.attack(0, 0, false), SampleRows.attack(6, 0, broken),
                SampleRows.attack(7, 0, false), SampleRows.attack(8, 0, false))))));
        return new OverestimationDiscussion(rows, Table2.of(rows, MNIST, LabReport.INSTANCE.beside(Table2.NAME))).write().orElseThrow();
    }

    @Test
    void givenTwoLosses_whenDiscussed_thenTheSecondsBreaksAreCountedApart() {
        List<AttackRow> attacks = List.of(SampleRows.attack(0, 0, true), SampleRows.attack(1, 0, true),
                SampleRows.attack(2, 0, false),
                AttackRow.broken(new CleanPrediction(3, 0, 0), 1, 0.1, Optional.of(AttackLoss.MARGIN)),
                SampleRows.attack(4, 1, true));
        SortedMap<Double, EpsilonRows> rows = new TreeMap<>(Map.of(0.1, new EpsilonRows(
                IntStream.range(0, 5).mapToObj(i -> SampleRows.bounds(i, 0.1, i == 4 ? 1 : 0, -1, false)).toList(),
                attacks)));
        String prose = String.join(" ",
                new GapDiscussion(rows, Table2.of(rows, MNIST, LabReport.INSTANCE.beside(Table2.NAME))).write()
                .orElseThrow().prose());
        assertTrue(prose.contains("2 fell to the cross-entropy, and 1 more"), prose);
    }

    @Test
    void givenOpenImagesAndASampleOfTheCertified_whenDiscussed_thenItSaysWhatWasAttacked() {
        // Seven certified, of which one was attacked; two open, of which one broke; one wrong.
        List<BoundsRow> bounds = IntStream.range(0, 10)
                .mapToObj(i -> SampleRows.bounds(i, 0.1, i == 9 ? 1 : 0, i < 7 ? 1 : -1,
                false)).toList();
        SortedMap<Double, EpsilonRows> rows = new TreeMap<>(Map.of(0.1, new EpsilonRows(bounds,
                List.of(SampleRows.attack(0, 0, false), SampleRows.attack(7, 0, true), SampleRows.attack(8, 0, false)),
                new TreeMap<>(), Optional.of("PGD-20, 3 restarts"))));
        ResultTable table = Table2.of(rows, MNIST, LabReport.INSTANCE.beside(Table2.NAME));
        String prose = String.join(" ", new GapDiscussion(rows, table).write().orElseThrow().prose()).replace('\u00a0', ' ');
        assertTrue(prose.contains("what PGD-20 (3 restarts) leaves standing") && prose.contains("1 of 10 at"), prose);
        assertTrue(prose.contains("right and not certified (2 at \u03b5 = 0.10) and, to check the certificates, of the "
                + "certified ones 1 of 7 at \u03b5 = 0.10."), prose);
        assertFalse(prose.contains("broken all the same"), prose);
        assertTrue(Abstract.write(Optional.empty(), Optional.of(table), Optional.empty()).contains(
                "projected gradient descent, PGD-20 (3 restarts), attacked 1 image with a certificate and broke none."));
    }

    @Test
    void givenADifferenceOfClaims_whenDiscussed_thenItIsExplained() {
        SortedMap<Double, EpsilonRows> rows = new TreeMap<>(Map.of(0.1, new EpsilonRows(
                List.of(SampleRows.bounds(0, 0.1, 0, 1, false), SampleRows.bounds(1, 0.1, 0, 1, false)),
                List.of(SampleRows.attack(0, 0, false), SampleRows.attack(1, 0, true).with(AttackRow.RealNetwork.STANDS)))));
        ResultTable table = Table2.of(rows, MNIST, LabReport.INSTANCE.beside(Table2.NAME));
        String prose = String.join(" ", new GapDiscussion(rows, table).write().orElseThrow().prose()).replace('\u00a0', ' ');
        assertTrue(prose.contains("broken all the same: 1 at \u03b5 = 0.10."), prose);
        assertTrue(Abstract.write(Optional.empty(), Optional.of(table), Optional.empty()).contains(
                "1 image with a certificate is misclassified, by the float network's rounding alone."));
    }

    @Test
    void givenAttacksOfOtherImages_whenDiscussed_thenThereIsNoGap() {
        SortedMap<Double, EpsilonRows> rows = new TreeMap<>(Map.of(0.1, new EpsilonRows(
                List.of(SampleRows.bounds(0, 0.1, 0, 1, true)), List.of(SampleRows.attack(1, 0, false)))));
        assertTrue(new GapDiscussion(rows, Table2.of(rows, MNIST, LabReport.INSTANCE.beside(Table2.NAME))).write()
                .isEmpty());
    }

    @Test
    void givenOtherImagesThanMnist_whenReported_thenTheReportsClaimsAreNotJudged(@TempDir Path folder)
            throws IOException {
        try (RowFile<SmoothingRow> file = RowFile.create(folder.resolve("smoothing/sigma-0.25.tsv"),
                SmoothingRow.FORMAT)) {
            for (SmoothingRow row : images(9, 0.6)) {
                file.append(row);
            }
        }
        for (Map.Entry<String, Boolean> judged : Map.of("mnist", true, "digits", false).entrySet()) {
            Files.writeString(folder.resolve("run.json"), "{\"dataset\":{\"name\":\"" + judged.getKey() + "\"}}");
            RunReport.rebuild(folder, LabReport::of);
            String page = Files.readString(folder.resolve("report.html"));
            assertEquals(judged.getValue(), page.contains("class=\"verdict\""), judged.getKey());
            assertEquals(judged.getValue(), page.contains("(the lab report has"), judged.getKey());
        }
    }

    @Test
    void givenBothTables_whenSummarised_thenTheirLeadingFigures() {
        SortedMap<Double, EpsilonRows> rows = new TreeMap<>(Map.of(0.1, gap(0.1, 9, 8), 0.3, gap(0.3, 8, 5)));
        SortedMap<Double, SigmaRows> smoothing = new TreeMap<>(Map.of(1.0, new SigmaRows(images(5, 3), List.of())));
        Discussion discussion = new Discussion("id", "title", List.of(),
                List.of(new Finding("claim", Verdict.PARTLY, "evidence")));
        assertEquals("Randomized smoothing certifies 50.0% of 10 images at an L2 radius of 1.00, with \u03c3 = 1.00 (the "
                + "lab report has 42.3% there, published work 79.9%). Interval bounds certify 80.0 and 50.0% of 10 images "
                + "at L\u221e radii of 0.10 and 0.30 (lab report: 91.3 and 64.1%), and projected gradient descent, PGD, "
                        + "attacked 13 images with a "
                + "certificate and broke none. Of 1 claim of the lab report that these rows can speak to, 0 agree, 1 agree "
                        + "in part, 0 disagree and 0 cannot be true.",
                Abstract.write(Optional.of(Table1.of(smoothing, MNIST, LabReport.INSTANCE.beside(Table1.NAME))),
                        Optional.of(Table2.of(rows, MNIST, LabReport.INSTANCE.beside(Table2.NAME))),
                        LabReport.summary(List.of(discussion))).replace('\u00a0', ' '));
    }

    private Discussion tradeoff(Map<Double, List<SmoothingRow>> bySigma) {
        SortedMap<Double, SigmaRows> rows = new TreeMap<>();
        bySigma.forEach((sigma, certified) -> rows.put(sigma, new SigmaRows(certified, List.of())));
        return new TradeoffDiscussion(Table1.of(rows, MNIST, LabReport.INSTANCE.beside(Table1.NAME)),
                rows.entrySet().stream()
                .map(entry -> CertifiedCurve.of(entry.getKey(), entry.getValue().certified())).toList()).write();
    }

    /** Of ten images this many certified up to a radius, the others not at all. */
    private static List<SmoothingRow> images(int certified, double radius) {
        List<SmoothingRow> rows = new ArrayList<>();
        for (int i = 0; i < 10; ++i) {
            rows.add(i < certified ? SampleRows.radius(i, radius) : SampleRows.abstained(i));
        }
        return rows;
    }

    /** Ten attacked images, and ten more that were only bounded. */
    private static EpsilonRows gap(double epsilon, int survived, int certified) {
        List<BoundsRow> bounds = new ArrayList<>();
        List<AttackRow> attacks = new ArrayList<>();
        for (int i = 0; i < 20; ++i) {
            bounds.add(SampleRows.bounds(i, epsilon, 0, i < certified ? 1 : -1, i < certified));
            if (i < 10) {
                attacks.add(SampleRows.attack(i, 0, i >= survived));
            }
        }
        return new EpsilonRows(bounds, attacks);
    }

    private static Verdict verdict(Discussion discussion, String claim) {
        return finding(discussion, claim).verdict();
    }

    private static Finding finding(Discussion discussion, String claim) {
        return discussion.findings().stream().filter(finding -> finding.claim().contains(claim)).findFirst()
                .orElseThrow(() -> new AssertionError("no finding on " + claim + " in " + discussion.findings()));
    }
}
