package dev.bulwark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bulwark.attack.AttackLoss;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Method;
import dev.bulwark.lab.LabReport;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CleanPrediction;
import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.SampleRows;
import dev.bulwark.results.SigmaRows;
import dev.bulwark.stats.Sampling;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TablesTest {

    private static final RunScope MNIST = new RunScope("mnist", List.of());

    /** Correct with radii .25, .5 - 1e-6, 1; wrong with 2; one abstention; votes say the label in four of five. */
    private static final SigmaRows FIVE = new SigmaRows(
            List.of(SampleRows.radius(0, 0.25), SampleRows.radius(1, 0.499999), SampleRows.radius(2, 1),
                    SampleRows.wrong(3, 2), SampleRows.abstained(4)),
            List.of(SampleRows.votes(0, 90, 1), SampleRows.votes(1, 80, 1), SampleRows.votes(2, 99, 1),
                    SampleRows.votes(3, 1, 1), SampleRows.votes(4, 51, 1)));

    @Test
    void givenFiveImages_whenTable1Made_thenSharesAreTheOnesCountedByHand() {
        ResultTable table = table1(1.0, FIVE);
        assertEquals(List.of("80.0", "60.0", "20.0", "20.0", "20.0"), measured(table));
    }

    @Test
    void givenRadiusEqualToR_whenTable1Made_thenItCounts() {
        ResultTable table = table1(1.0, new SigmaRows(List.of(SampleRows.radius(0, 0.25), SampleRows.radius(1, 0.249999)),
                List.of()));
        assertEquals(List.of("", "50.0", "0.0", "0.0", "0.0"), measured(table));
    }

    @Test
    void givenNearlyAll_whenCertifiedPrinted_thenRoundedDown() {
        ResultTable table = table1(1.0, new SigmaRows(SampleRows.certified(9995, 10_000), List.of()));
        assertEquals("99.9", measured(table).get(1), "99.95 certified");
        assertEquals("0.1", measured(table).get(4), "0.05 abstained, to nearest");
    }

    @Test
    void givenTwoLosses_whenTable2Made_thenWhatTheFirstAloneLeftIsKnown() {
        AttackRow second = AttackRow.broken(new CleanPrediction(3, 0, 0), 1, 0.1, Optional.of(AttackLoss.MARGIN));
        List<AttackRow> both = List.of(SampleRows.attack(0, 0, true), SampleRows.attack(1, 0, false),
                SampleRows.attack(2, 1, true), second);
        assertEquals(List.of("25.0", "50.0"), pgd(both));
        assertEquals(List.of("0.0", ""), pgd(List.of(second)), "nothing says that the first loss was tried");
    }

    /** Accuracy under attack, by all losses and by cross-entropy alone. */
    private static List<String> pgd(List<AttackRow> attacks) {
        ResultTable table = Table2.of(new TreeMap<>(Map.of(0.1, new EpsilonRows(List.of(), attacks))), MNIST,
                LabReport.INSTANCE.beside(Table2.NAME));
        assertTrue(table.printed().header().stream().noneMatch(title -> title.contains("alone")), "for programs only");
        return Stream.of(Table2.PGD, Table2.PGD_BY_CROSS_ENTROPY).map(key -> table.measured(0.1, key)
                .map(share -> share.percent(1).toPlainString()).orElse("")).toList();
    }

    @Test
    void givenSharesAtTheEdge_whenPrinted_thenEachRoundsAgainstItsClaim() {
        assertEquals("99.9", new Share(9996, 10_000, RoundingMode.FLOOR).percent(1).toPlainString());
        assertEquals("100.0", new Share(9996, 10_000, RoundingMode.HALF_UP).percent(1).toPlainString());
        assertEquals("90.1", Share.upperBound(IntStream.range(0, 10_000).boxed().toList(), i -> i < 9001)
                .orElseThrow().percent(1).toPlainString());
        assertEquals("33.3", new Share(1, 3, RoundingMode.FLOOR).percent(1).toPlainString());
    }

    @Test
    void givenEightOfTen_whenIntervalPrinted_thenClopperPearsonOutward() {
        // Textbook interval for 8 of 10 at 95%: 0.44390 to 0.97479.
        Share share = new Share(8, 10, RoundingMode.FLOOR);
        assertEquals("44.3", share.lowerPercent(1).toPlainString());
        assertEquals("97.5", share.upperPercent(1).toPlainString());
    }

    @Test
    void givenNoRows_whenShared_thenNoFigure() {
        assertEquals(Optional.empty(), Share.certified(List.of(), row -> true));
        assertThrows(IllegalArgumentException.class, () -> Share.certified(3, 2));
    }

    @Test
    void givenAttacksOnWhatBoundsLeaveOpen_whenTable2Made_thenAllFiguresStandOnAllImages() {
        // Margins > 0 for two images (one of them by box too), of which one was attacked; one open, one wrong.
        EpsilonRows rows = new EpsilonRows(
                List.of(SampleRows.bounds(0, 0.1, 0, 1, true), SampleRows.bounds(1, 0.1, 0, 1, false),
                        SampleRows.bounds(2, 0.1, 0, -1, false), SampleRows.bounds(3, 0.1, 1, -1, false)),
                List.of(SampleRows.attack(0, 0, false), SampleRows.attack(2, 0, false)));
        ResultTable table = table2(rows);
        assertEquals(List.of("75.0", "50.0", "25.0", "75.0", "25.0"), measured(table));
        assertEquals(List.of("2", "1", "0"), counts(table));
        assertEquals(List.of(), table.printed().footnotes());
        EpsilonRows all = new EpsilonRows(rows.bounds(),
                List.of(SampleRows.attack(0, 0, false), SampleRows.attack(1, 0, false),
                SampleRows.attack(2, 0, false), SampleRows.attack(3, 1, true)));
        assertEquals(measured(table), measured(table2(all)), "as if all had been attacked");
        assertEquals(List.of("3", "2", "0"), counts(table2(all)), "what is wrong is not attacked");
    }

    @Test
    void givenAttacksOnASample_whenTable2Made_thenAllFiguresStandOnTheSampleAndItSaysSo() {
        // Images 0 to 5 are certified, 6 to 8 open, 9 is wrong. The attacks leave 7 out.
        List<BoundsRow> bounds = IntStream.range(0, 10)
                .mapToObj(i -> SampleRows.bounds(i, 0.1, i == 9 ? 1 : 0, i < 6 ? 1 : -1, false)).toList();
        ResultTable table = table2(
                new EpsilonRows(bounds, List.of(SampleRows.attack(0, 0, false), SampleRows.attack(6, 0, true),
                SampleRows.attack(8, 0, false), SampleRows.attack(9, 1, true), SampleRows.attack(20, 0, false))));
        assertEquals(List.of("75.0", "25.0", "0.0", "50.0", "25.0"), measured(table));
        assertEquals(4, table.images());
        assertEquals(List.of("At epsilon 0.10 all figures stand on the 4 images with bounds and an attack; 6 more have "
                + "bounds alone.", "At epsilon 0.10 the figures leave out 1 image with an attack and no bounds."),
                table.printed().footnotes());
    }

    @Test
    void givenAttacksOnOtherImages_whenTable2Made_thenThereIsNoFigureForThem() {
        ResultTable table = table2(new EpsilonRows(List.of(SampleRows.bounds(0, 0.1, 0, 1, false)),
                List.of(SampleRows.attack(1, 0, false))));
        assertEquals(List.of("100.0", "100.0", "0.0", "", ""), measured(table));
        assertTrue(table.printed().footnotes().get(0).contains("no image was both bounded and attacked"),
                table.printed().footnotes().toString());
    }

    @Test
    void givenADifferenceOfClaims_whenTable2Made_thenItCountsAsCertifiedAndAsBroken() {
        List<BoundsRow> bounds = List.of(SampleRows.bounds(0, 0.1, 0, 1, true), SampleRows.bounds(1, 0.1, 0, 1, true),
                SampleRows.bounds(2, 0.1, 1, 1, true), SampleRows.bounds(3, 0.1, 0, -1, false));
        ResultTable table = table2(new EpsilonRows(bounds, List.of(
                SampleRows.attack(1, 0, true).with(AttackRow.RealNetwork.STANDS),
                SampleRows.attack(2, 1, true).with(AttackRow.RealNetwork.STANDS), SampleRows.attack(3, 0, true))));
        assertEquals(List.of("75.0", "75.0", "75.0", "25.0", "0.0"), measured(table), "PGD below certified, by two images");
        assertEquals(List.of("2", "1", "2"), counts(table), "the wrong one can't be attacked");
        assertTrue(table.printed().footnotes().get(0).startsWith("At epsilon 0.10 2 images are certified and yet broken"),
                table.printed().footnotes().toString());
    }

    /**
     * Whatever was attacked: images are the same for all figures, and only differences of claims take PGD below certified.
     */
    @Test
    void givenAnyRows_whenTable2Made_thenPgdLiesBelowCertifiedByDifferencesAlone() {
        for (long seed = 0; seed < 300; ++seed) {
            SplittableRandom random = new SplittableRandom(seed);
            List<BoundsRow> bounds = new ArrayList<>();
            List<AttackRow> attacks = new ArrayList<>();
            int attacked = random.nextInt(4);
            for (int i = 0; i < 12; ++i) {
                boolean certified = random.nextBoolean();
                int clean = !certified && random.nextInt(3) == 0 ? 1 : 0;
                if (random.nextInt(5) > 0) {
                    bounds.add(SampleRows.bounds(i, 0.1, clean, certified ? 1 : -1, random.nextBoolean() && certified));
                }
                if (attacked == 3 || random.nextInt(3) < attacked || attacked == 2 && !certified) {
                    boolean broken = random.nextBoolean();
                    AttackRow row = SampleRows.attack(i, clean, broken || clean == 1);
                    attacks.add(broken && certified ? row.with(AttackRow.RealNetwork.STANDS) : row);
                }
            }
            if (!bounds.isEmpty()) {
                ResultTable table = table2(new EpsilonRows(bounds, attacks));
                ResultTable.Line line = table.lines().get(0);
                assertFalse(line.mixed(), "seed " + seed);
                Share certified = table.measured(0.1, Table2.CERTIFIED).orElseThrow();
                table.measured(0.1, Table2.PGD).ifPresent(pgd -> assertTrue(
                        pgd.hits() >= certified.hits() - line.detail().count(Table2.DIFFERENCES), "a line of " + pgd));
            }
        }
    }

    @Test
    void givenWhatRan_whenTable2Made_thenItIsNamedAndWhereLinesDifferEachIs() {
        EpsilonRows twenty = attackedBy("PGD-20, 3 restarts");
        ResultTable one = Table2.of(new TreeMap<>(Map.of(0.1, twenty, 0.2, twenty)), MNIST,
                LabReport.INSTANCE.beside(Table2.NAME));
        assertEquals("PGD-20, 3 restarts", one.column(Table2.PGD).title());
        assertTrue(one.printed().notes().stream().anyMatch(note -> note.startsWith("PGD-20, 3 restarts: empirical")),
                one.printed().notes().toString());
        ResultTable two = Table2.of(new TreeMap<>(Map.of(0.1, twenty, 0.2, attackedBy("PGD-50, 10 restarts"))), MNIST,
                LabReport.INSTANCE.beside(Table2.NAME));
        assertEquals("PGD", two.column(Table2.PGD).title());
        assertTrue(two.printed().notes().contains("PGD is PGD-20, 3 restarts at epsilon 0.10 and PGD-50, 10 restarts at "
                + "epsilon 0.20."), two.printed().notes().toString());
        assertEquals("PGD", table2(new EpsilonRows(twenty.bounds(), twenty.attacks())).column(Table2.PGD).title());
    }

    private static EpsilonRows attackedBy(String name) {
        return new EpsilonRows(List.of(SampleRows.bounds(0, 0.1, 0, 1, false)), List.of(SampleRows.attack(0, 0, false)),
                new TreeMap<>(), Optional.of(name));
    }

    @Test
    void givenRowsOfFurtherMethods_whenTable2Made_thenTheyHaveColumnsOfTheirOwn() {
        EpsilonRows rows = new EpsilonRows(
                List.of(SampleRows.bounds(0, 0.1, 0, 1, false), SampleRows.bounds(1, 0.1, 0, -1, false),
                        SampleRows.bounds(2, 0.1, 0, -1, false)),
                List.of(SampleRows.attack(1, 0, false), SampleRows.attack(2, 0, true)),
                new TreeMap<>(Map.of(Method.CROWN,
                        List.of(SampleRows.bounds(0, 0.1, 0, 1, false), SampleRows.bounds(1, 0.1, 0, 1, false)))),
                        Optional.empty());
        ResultTable table = table2(rows);
        assertEquals(List.of("100.0", "33.3", "0.0", "66.7", "33.4", "100.0 (2)"), measured(table));
        assertTrue(table.printed().notes().stream().anyMatch(note -> note.startsWith("A number in parentheses")));
        assertEquals("crown_certified", table.definition().columns().get(6).key());
        assertEquals(6, table2(new EpsilonRows(rows.bounds(), rows.attacks())).definition().columns().size());
        assertEquals(List.of("100.0", "", "", "", "", "100.0"),
                measured(table2(new EpsilonRows(List.of(), List.of(), rows.others(), Optional.empty()))));
    }

    /** Ten images: six certified by IBP, one wrong, three open, each of which ends otherwise; PGD attacks the open ones. */
    private static EpsilonRows cascaded(Cascade.Stage by, boolean brokenByPgd, double... seconds) {
        List<BoundsRow> bounds = IntStream.range(0, 10)
                .mapToObj(i -> SampleRows.bounds(i, 0.1, i == 9 ? 1 : 0, i < 6 ? 1 : -1, false)).toList();
        List<BoundsRow> cascade = List.of(SampleRows.cascade(6, 0, true, Optional.of(by)),
                SampleRows.cascade(7, 0, false, Optional.of(Cascade.Stage.ATTACK)), SampleRows.cascade(8, 0, false, Optional.empty()),
                SampleRows.cascade(9, 1, false, Optional.of(Cascade.Stage.ATTACK)));
        SortedMap<String, Double> times = new TreeMap<>();
        IntStream.range(0, seconds.length).forEach(k -> times.put(List.of("ibp", "crown", "exact", "pgd").get(k), seconds[k]));
        return new EpsilonRows(bounds, List.of(SampleRows.attack(6, 0, false), SampleRows.attack(7, 0, brokenByPgd),
                SampleRows.attack(8, 0, false)), Optional.empty(), new TreeMap<>(Map.of(Method.CASCADE, cascade)), Optional.of("PGD-50, 10 restarts"),
                Optional.empty(), times);
    }

    @Test
    void givenACascade_whenTable2Made_thenWhatWeakerMethodsCertifyCountsForStrongerOnes() {
        // Clean, IBP, by box, PGD, gap, CROWN, alpha-CROWN, exact, undecided, strongest attack.
        assertEquals(List.of("90.0", "60.0", "0.0", "90.0", "30.0", "70.0", "70.0", "70.0", "10.0", "80.0"),
                measured(table2(cascaded(Cascade.Stage.CROWN_IBP, false))));
        assertEquals(List.of("90.0", "60.0", "0.0", "80.0", "20.0", "60.0", "60.0", "70.0", "10.0", "80.0"),
                measured(table2(cascaded(Cascade.Stage.EXACT, true))));
        assertEquals(List.of("60.0", "70.0", "70.0"),
                measured(table2(cascaded(Cascade.Stage.ALPHA_CROWN, true))).subList(5, 8));
    }

    /** Whatever finds a point that breaks an image, the image counts as broken; what bounds falsify included. */
    @Test
    void givenFurtherAttacks_whenTable2Made_thenTheStrongestCountsEveryWitness() {
        EpsilonRows rows = cascaded(Cascade.Stage.CROWN, false);
        assertEquals(Set.of(8), rows.open());
        EpsilonRows.Suite standing = new EpsilonRows.Suite("AutoAttack (standard)",
                List.of(SampleRows.attack(3, 0, false), SampleRows.attack(8, 0, false)));
        EpsilonRows.Suite broken = new EpsilonRows.Suite("AutoAttack (standard)",
                List.of(SampleRows.attack(3, 0, false), SampleRows.attack(8, 0, true)));
        assertEquals("80.0", strongest(table2(rows.with(standing))));
        assertEquals("70.0", strongest(table2(rows.with(broken))));
        assertEquals(Set.of(), rows.with(broken).open());
        JsonNode line = JsonTable.tree(table2(rows.with(broken))).path("rows").path(0);
        assertEquals(List.of("90.0", "70.0", "2", "1"), Stream.of("pgd_accuracy", "strongest_attack_accuracy",
                "strongest_attack_attacked", "strongest_attack_cross_checked").map(key -> line.path(key).asText()).toList());
        String note = table2(rows.with(broken)).printed().notes().stream().filter(each -> each.startsWith("Strongest attack"))
                .findFirst().orElseThrow();
        assertTrue(note.contains("PGD, AutoAttack (standard) on what is open by then and the cascade's"), note);

        EpsilonRows alone = new EpsilonRows(rows.bounds(), rows.attacks()).with(broken);
        assertEquals("80.0", strongest(table2(alone)));
        assertEquals("", JsonTable.tree(table2(new EpsilonRows(rows.bounds(), rows.attacks()))).path("rows").path(0)
                .path("strongest_attack_accuracy").asText());
    }

    private static String strongest(ResultTable table) {
        return JsonTable.tree(table).path("rows").path(0).path("strongest_attack_accuracy").asText();
    }

    @Test
    void givenACascadeWithTimes_whenTable2Made_thenFilesHaveThemAndANoteSaysThem() {
        EpsilonRows rows = cascaded(Cascade.Stage.EXACT, true, 1.25, 3.5, 70, 9);
        ResultTable table = table2(rows);
        JsonNode line = JsonTable.tree(table).path("rows").path(0);
        assertEquals(List.of("60.0", "70.0", "10.0", "80.0", "2", "1.25", "null", "3.5", "70.0", "9.0"),
                Stream.of("alpha_crown_certified", "exact_certified", "undecided", "strongest_attack_accuracy", "falsified", "ibp_seconds",
                        "crown_ibp_seconds", "crown_seconds", "exact_seconds", "pgd_seconds").map(key -> line.path(key).asText()).toList());
        List<String> csv = CsvTable.write(table).lines().toList();
        assertEquals(csv.get(0).split(",", -1).length, csv.get(1).split(",", -1).length);
        assertTrue(csv.get(0).contains(",falsified,ibp_seconds,attack_seconds,crown_ibp_seconds,"), csv.get(0));
        assertTrue(table.printed().footnotes().contains("At epsilon 0.10 methods took, in seconds, each on the images that were left "
                + "to it: IBP 1.3, CROWN 3.5, branch and bound 70.0 and PGD 9.0."), table.printed().footnotes().toString());
    }

    /** A run that was stopped has only begun to ask of what IBP leaves open: what it has is no sample. */
    @Test
    void givenACascadeThatStopped_whenTable2Made_thenItHasNoFigures() {
        EpsilonRows whole = cascaded(Cascade.Stage.EXACT, true);
        EpsilonRows begun = new EpsilonRows(whole.bounds(), whole.attacks(),
                new TreeMap<>(Map.of(Method.CASCADE, whole.others().get(Method.CASCADE).subList(0, 1))), whole.attack());
        assertEquals(List.of("", "", "", ""), measured(table2(begun)).subList(5, 9));
    }

    @Test
    void givenACascadeAlone_whenTable2Made_thenItsOwnStagesAreTheColumns() {
        List<BoundsRow> cascade = List.of(SampleRows.cascade(0, 0, true, Optional.of(Cascade.Stage.IBP)),
                SampleRows.cascade(1, 0, true, Optional.of(Cascade.Stage.CROWN)), SampleRows.cascade(2, 0, false, Optional.empty()),
                SampleRows.cascade(3, 0, false, Optional.of(Cascade.Stage.EXACT)));
        SortedMap<Method, List<BoundsRow>> others = new TreeMap<>(Map.of(Method.CASCADE, cascade));
        assertEquals(List.of("100.0", "25.0", "", "", "", "50.0", "50.0", "50.0", "25.0", "75.0"),
                measured(table2(new EpsilonRows(List.of(), List.of(), others, Optional.empty()))));
        List<AttackRow> attacks = List.of(SampleRows.attack(2, 0, true), SampleRows.attack(3, 0, false));
        assertEquals(List.of("100.0", "25.0", "", "75.0", "50.0", "50.0", "50.0", "50.0", "25.0", "50.0"),
                measured(table2(new EpsilonRows(List.of(), attacks, others, Optional.empty()))), "PGD had what is open");
    }

    @Test
    void givenWronglyClassifiedButUnbrokenImage_whenTable2Made_thenNotEmpiricallyRobust() {
        assertEquals(List.of("0.0", "", "", "0.0", ""),
                measured(table2(new EpsilonRows(List.of(), List.of(SampleRows.attack(0, 1, false))))));
    }

    @Test
    void givenAnImageWithoutAPrediction_whenTable2Made_thenNeitherRightNorRobust() {
        AttackRow without = AttackRow.stands(new CleanPrediction(0, 0, -1), -1);
        assertEquals(List.of("50.0", "", "", "50.0", ""),
                measured(table2(new EpsilonRows(List.of(), List.of(without, SampleRows.attack(1, 0, false))))));
    }

    @Test
    void givenSamplesJustEnough_whenAllAgree_thenRadiusIsReached() {
        long enough = Reach.samplesFor(1, 0.25, 0.001).orElseThrow();
        assertTrue(Reach.maxRadius(0.25, enough, 0.001) >= 1);
        assertFalse(Reach.maxRadius(0.25, enough - 1, 0.001) >= 1);
    }

    @Test
    void givenSamplesThatStopAtAnyTime_whenAllAgree_thenMoreAreNeeded() {
        String reason = Reach.reason(Sampling.SEQUENTIAL, 0.25, 1, 10_000, 0.001).orElseThrow();
        assertTrue(reason.contains("r = 1.00 needs n >= 254,892"), reason);
        assertTrue(Reach.maxRadius(Sampling.SEQUENTIAL, 0.25, 254_892, 0.001) >= 1);
        assertFalse(Reach.maxRadius(Sampling.SEQUENTIAL, 0.25, 254_891, 0.001) >= 1);
        assertTrue(Reach.reason(Sampling.SEQUENTIAL, 1, 1, 47, 0.001).isEmpty());
    }

    /** Down to where doubles don't tell the share that all votes show from 1. */
    @ParameterizedTest
    @ValueSource(doubles = {0.12, 0.121, 0.13, 0.05, 1e-3, 1e-9})
    void givenNoiseTooSmallForAnyNumberOfSamples_whenAskedWhy_thenNoNumberIsPromised(double sigma) {
        assertEquals(OptionalLong.empty(), Reach.samplesFor(1, sigma, 0.001));
        String reason = Reach.reason(Sampling.FIXED, sigma, 1, 1000, 0.001).orElseThrow();
        assertTrue(reason.endsWith("; no practical number of samples reaches r = 1.00."), reason);
        assertEquals(OptionalLong.empty(), Reach.samplesFor(1, Math.min(sigma, 0.12), 1 - 1e-12));
    }

    @Test
    void givenTheSmallestNoise_whenAskedForItsReach_thenTenThousandSamplesFallShortAndAMillionDoNot() {
        assertTrue(Table1.outOfReach(Sampling.FIXED, 0.25, 10_000, 0.001));
        assertTrue(Table1.outOfReach(Sampling.FIXED, 0.25, 218_104, 0.001));
        assertFalse(Table1.outOfReach(Sampling.FIXED, 0.25, 218_105, 0.001));
        assertFalse(Table1.outOfReach(Sampling.FIXED, 0.5, 10_000, 0.001));
    }

    private static ResultTable table1(double sigma, SigmaRows rows) {
        return Table1.of(new TreeMap<>(Map.of(sigma, rows)), MNIST, LabReport.INSTANCE.beside(Table1.NAME));
    }

    private static ResultTable table2(EpsilonRows rows) {
        return Table2.of(new TreeMap<>(Map.of(0.1, rows)), MNIST, LabReport.INSTANCE.beside(Table2.NAME));
    }

    /** Attacked, cross-checked, differences of claims, as JSON has them. */
    private static List<String> counts(ResultTable table) {
        JsonNode line = JsonTable.tree(table).path("rows").path(0);
        return Stream.of("pgd_attacked", "pgd_cross_checked", "differences_of_claims").map(key -> line.path(key).asText())
                .toList();
    }

    private static List<String> measured(ResultTable table) {
        List<String> texts = table.printed().rows().get(0).texts();
        return texts.subList(2, texts.size() - 1);
    }
}
