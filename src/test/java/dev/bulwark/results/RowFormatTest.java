package dev.bulwark.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.attack.AttackLoss;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Norm;
import dev.bulwark.report.Share;
import dev.bulwark.smoothing.Radius;
import dev.bulwark.stats.Sampling;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RowFormatTest {

    private static final Duration TIME = Duration.ofNanos(1_234_567_890L);

    @Test
    void givenSmoothingRows_whenWritten_thenLocuslabsHeaderAndCells() {
        assertEquals("idx\tlabel\tpredict\tradius\tcorrect\ttime", SmoothingRow.FORMAT.header().orElseThrow());
        assertEquals("3\t7\t7\t0.799652\t1\t0:00:01.234567",
                SmoothingRow.FORMAT.write(SmoothingRow.certified(3, 7, 7, 0.7996529, TIME)));
        assertEquals("4\t7\t-1\t0.0\t0\t0:00:00", SmoothingRow.FORMAT.write(SmoothingRow.abstained(4, 7, Duration.ZERO)));
        assertEquals("5\t7\t2\t1.0\t0\t0:00:00", SmoothingRow.FORMAT.write(SmoothingRow.certified(5, 7, 2, 1, Duration.ZERO)));
    }

    /** analyze.py reads the file with pandas, delimiter "\t", and means {@code correct & (radius >= r)}. */
    @Test
    void givenSmoothingRows_whenReadTheWayLocuslabsAnalyzeDoes_thenTheTablesCertifiedAccuracy() {
        List<SmoothingRow> rows = List.of(SmoothingRow.certified(0, 7, 7, 0.5, TIME), SmoothingRow.certified(1, 7, 7, 0.25, TIME),
                SmoothingRow.certified(2, 7, 1, 0.9, TIME), SmoothingRow.abstained(3, 7, TIME));
        List<String> columns = List.of(SmoothingRow.FORMAT.header().orElseThrow().split("\t"));
        for (double r : new double[] {0, 0.25, 0.5, 0.75}) {
            double mean = rows.stream().map(row -> SmoothingRow.FORMAT.write(row).split("\t"))
                    .mapToDouble(cells -> Integer.parseInt(cells[columns.indexOf("correct")])
                            * (Double.parseDouble(cells[columns.indexOf("radius")]) >= r ? 1 : 0)).average().orElseThrow();
            assertEquals(Share.certified(rows, row -> row.certifiedAt(r)).orElseThrow().percent(4).doubleValue(), 100 * mean);
        }
    }

    @Test
    void givenPredictionRow_whenWritten_thenLocuslabsHeaderAndCells() {
        assertEquals("idx\tlabel\tpredict\tcorrect\ttime", PredictionRow.FORMAT.header().orElseThrow());
        PredictionRow row = new PredictionRow(0, 1, OptionalInt.empty(), TIME);
        assertEquals("0\t1\t-1\t0\t0:00:01.234567", PredictionRow.FORMAT.write(row));
        assertEquals("0:00:01.234567", PredictionRow.FORMAT.write(PredictionRow.FORMAT.read("0\t1\t1\t1\t0:00:01.234567")).split("\t")[4]);
    }

    @ParameterizedTest
    @CsvSource({"0.7999999,0.799999", "0.25,0.25", "0.3,0.3", "1e-7,0.0", "0.0000019,0.000001", "12,12.0"})
    void givenRadius_whenWritten_thenRoundedDownToSixDecimals(double radius, String printed) {
        assertEquals(printed, SmoothingRow.FORMAT.write(SmoothingRow.certified(0, 0, 0, radius, TIME)).split("\t")[3]);
    }

    @Property(tries = 500)
    void anyRadius_whenWrittenAndRead_thenNeverAboveAndStable(@ForAll @DoubleRange(max = 10) double radius) {
        SmoothingRow row = SmoothingRow.certified(0, 0, 0, radius, TIME);
        String line = SmoothingRow.FORMAT.write(row);
        double read = SmoothingRow.FORMAT.read(line).radius();
        assertTrue(read <= radius && read > radius - 1.0001e-6, read + " for " + radius);
        assertEquals(line, SmoothingRow.FORMAT.write(SmoothingRow.FORMAT.read(line)));
    }

    @Property(tries = 200)
    void anyTime_whenWrittenAndRead_thenSameMicroseconds(@ForAll @LongRange(min = 0, max = 1_000_000_000_000L) long micros) {
        PredictionRow row = new PredictionRow(0, 0, OptionalInt.of(0), Duration.ofNanos(micros * 1000));
        assertEquals(row, PredictionRow.FORMAT.read(PredictionRow.FORMAT.write(row)));
    }

    @ParameterizedTest
    @CsvSource(value = {"P1D|1 day, 0:00:00", "P3DT2H3M4.000005S|3 days, 2:03:04.000005", "PT12M|0:12:00"}, delimiter = '|')
    void givenLongTimes_whenWritten_thenAsPythonPrintsThem(String time, String printed) {
        assertEquals(printed, TabSeparated.timedelta(Duration.parse(time)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1\t2\t2\t0.5\t1", "1\t2\t2\tx\t1\t0:00:00", "1\t2\t2\t0.5\t0\t0:00:00", "1\t2\t-1\t0.5\t0\t0:00:00",
            "1\t2\t2\tNaN\t1\t0:00:00", "1\t2\t2\t0.5\t1\t1.5", "-1\t2\t2\t0.5\t1\t0:00:00", ""})
    void givenBadSmoothingLine_whenRead_thenOneLineComplaint(String line) {
        String complaint = assertThrows(IllegalArgumentException.class, () -> SmoothingRow.FORMAT.read(line)).getMessage();
        assertEquals(1, complaint.lines().count());
    }

    @Test
    void givenCertificate_whenWritten_thenFieldsInOrderAndReadsBack() {
        Radius radius = Radius.of(18, 20, 0.25, 0.001);
        CertificateRow row = CertificateRow.of(3, 1,
                new CertificateRow.Claim(OptionalInt.of(1), radius.value().orElseThrow(), radius.pALower()),
                new CertificateRow.Votes(18, List.of(2L, 18L)), new CertificateRow.Draws(100, 20, 0.001, 0.25, -5));
        String line = "{\"index\":3,\"label\":1,\"predict\":1,\"radius\":" + radius.value().getAsDouble() + ",\"p_a_lower\":"
                + radius.pALower() + ",\"count\":18,"
                + "\"counts\":[2,18],\"n0\":100,\"n\":20,\"alpha\":0.001,\"sigma\":0.25,\"seed\":-5,\"noise\":\"gaussian\",\"sampling\":\"fixed\",\"samples\":20}";
        assertEquals(line, CertificateRow.FORMAT.write(row));
        assertEquals(row, CertificateRow.FORMAT.read(line));
        assertEquals(1, row.mostVoted());
    }

    @Test
    void givenCertificateOfAnEarlierVersion_whenRead_thenItRestsOnAllSamplesAndIsWrittenAsItWas() {
        Radius radius = Radius.of(18, 20, 0.25, 0.001);
        String line = "{\"index\":3,\"label\":1,\"predict\":1,\"radius\":" + radius.value().getAsDouble() + ",\"p_a_lower\":"
                + radius.pALower() + ",\"count\":18,\"counts\":[2,18],\"n0\":100,\"n\":20,\"alpha\":0.001,\"sigma\":0.25,\"seed\":-5}";
        CertificateRow row = CertificateRow.FORMAT.read(line);
        assertEquals(20, row.drawn());
        assertEquals(Sampling.FIXED, row.sampledBy());
        assertEquals(line, CertificateRow.FORMAT.write(row));
    }

    @Test
    void givenSequentialCertificate_whenRead_thenItsBoundIsTheOneForStoppingAtAnyTime() {
        Radius radius = Radius.of(Sampling.SEQUENTIAL, 48, 48, 0.25, 0.001);
        CertificateRow row = CertificateRow.of(3, 1,
                new CertificateRow.Claim(OptionalInt.of(1), radius.value().orElseThrow(), radius.pALower()),
                new CertificateRow.Votes(48, List.of(0L, 48L)), new CertificateRow.Draws(100, 1000, 0.001, 0.25, 0).sequentially(48));
        String line = CertificateRow.FORMAT.write(row);
        assertTrue(line.endsWith("\"n\":1000,\"alpha\":0.001,\"sigma\":0.25,\"seed\":0,\"noise\":\"gaussian\","
                + "\"sampling\":\"sequential\",\"samples\":48}"), line);
        assertEquals(row, CertificateRow.FORMAT.read(line));
        for (String other : List.of(line.replace("sequential", "fixed"), line.replace("\"samples\":48", "\"samples\":1001"),
                line.replace("\"samples\":48", "\"samples\":47"), line.replace("\"samples\":48", "\"samples\":96"),
                line.replace("gaussian", "cauchy"), line.replace("48,\"counts\":[0,48]", "47,\"counts\":[1,47]"))) {
            assertThrows(IllegalArgumentException.class, () -> CertificateRow.FORMAT.read(other), other);
        }
    }

    @Test
    void givenAbstention_whenWritten_thenPredictIsMinusOne() {
        CertificateRow row = CertificateRow.of(3, 1,
                new CertificateRow.Claim(OptionalInt.empty(), 0, Radius.of(5, 10, 1, 0.001).pALower()),
                new CertificateRow.Votes(5, List.of(5L, 5L)), new CertificateRow.Draws(1, 10, 0.001, 1, 0));
        assertTrue(CertificateRow.FORMAT.write(row).contains("\"predict\":-1,\"radius\":0.0,"));
        assertEquals(row, CertificateRow.FORMAT.read(CertificateRow.FORMAT.write(row)));
        assertEquals(0, row.mostVoted(), "the first of equals");
    }

    @Test
    void givenCountsThatDoNotAddUp_whenCertificateMade_thenRefusedWithBothValues() {
        String complaint = assertThrows(IllegalArgumentException.class, () -> CertificateRow.of(0, 0,
                new CertificateRow.Claim(OptionalInt.empty(), 0, 0.2), new CertificateRow.Votes(5, List.of(5L, 6L)),
                new CertificateRow.Draws(1, 10, 0.001, 1, 0))).getMessage();
        assertEquals("counts add up to 11, but n is 10", complaint);
    }

    @Test
    void givenBounds_whenWritten_thenFieldsInOrderAndReadsBack() {
        BoundsRow row = BoundsRow.of(new CleanPrediction(7, 0, 0), 0.1, Method.ALPHA_CROWN,
                BoundsRow.Bounds.of(new float[] {1, -2.5f}, new float[] {3, 1}, new float[] {0, 0.1f}));
        String line = "{\"index\":7,\"label\":0,\"epsilon\":0.1,\"method\":\"alpha-crown\",\"claim\":\"real\",\"clean_prediction\":0,"
                + "\"lower\":[1.0,-2.5],\"upper\":[3.0,1.0],\"margin_lower\":[0.0,0.10000000149011612],"
                + "\"certified\":true,\"certified_by_box\":false}";
        assertEquals(line, BoundsRow.FORMAT.write(row));
        assertEquals(row, BoundsRow.FORMAT.read(line));
    }

    @Test
    void givenBoundsOfEvaluations_whenWritten_thenTheClaimIsThereAndRowsWithoutOneAreReal() {
        BoundsRow real = BoundsRow.of(new CleanPrediction(7, 0, 1), 0.1, Method.CROWN,
                BoundsRow.Bounds.of(new float[] {1, 0}, new float[] {2, 0}, new float[] {0, 1}));
        BoundsRow deployed = real.of(Claim.DEPLOYED);
        String line = BoundsRow.FORMAT.write(deployed);
        assertTrue(line.contains(",\"claim\":\"deployed\","), line);
        assertEquals(deployed, BoundsRow.FORMAT.read(line));
        BoundsRow old = BoundsRow.FORMAT.read(line.replace(",\"claim\":\"deployed\"", ""));
        assertEquals(Claim.REAL, old.speaksOf());
        assertThrows(IllegalArgumentException.class, () -> BoundsRow.FORMAT.read(line.replace("deployed", "some")));
        assertThrows(IllegalArgumentException.class, () -> deployed.with(AttackRow.RealNetwork.STANDS));
    }

    @Test
    void givenACascadesRow_whenWritten_thenItSaysWhatDecidedItOrWhyNothingDidAndReadsBack() {
        BoundsRow falsified = SampleRows.cascade(7, 0, false, Optional.of(Cascade.Stage.ALPHA_CROWN)).timed(1.23456789);
        String line = BoundsRow.FORMAT.write(falsified);
        assertTrue(line.endsWith(",\"certified\":false,\"certified_by_box\":false,\"verdict\":\"falsified\","
                + "\"decided_by\":\"alpha-crown\",\"witness\":[0.5],\"seconds\":1.234568}"), line);
        assertEquals(line, BoundsRow.FORMAT.write(BoundsRow.FORMAT.read(line)));
        assertTrue(BoundsRow.FORMAT.begins(line, false) && BoundsRow.FORMAT.begins(line.substring(0, line.length() - 9), true));
        assertEquals(SampleRows.untimed(line), BoundsRow.FORMAT.write(falsified.untimed()));
        BoundsRow open = SampleRows.cascade(7, 0, false, Optional.empty());
        String reason = BoundsRow.FORMAT.write(open);
        assertTrue(reason.endsWith("\"verdict\":\"undecided\",\"reason\":\"the time is up\"}"), reason);
        assertEquals(open, BoundsRow.FORMAT.read(reason));
        for (String bad : List.of(line.replace("\"decided_by\":\"alpha-crown\",", ""), line.replace("\"cascade\"", "\"exact\""),
                line.replace("1.234568", "-1"), reason.replace("undecided", "falsified"),
                reason.replace("\"reason\"", "\"decided_by\":\"exact\",\"reason\""))) {
            assertThrows(IllegalArgumentException.class, () -> BoundsRow.FORMAT.read(bad), bad);
        }
    }

    /** JSON has no infinity: null is no finite bound, and reads back as the infinity of its side. */
    @Test
    void givenBoundsOverAnL2Ball_whenWritten_thenTheNormIsThereAndReadAgain() {
        BoundsRow inf = BoundsRow.of(new CleanPrediction(7, 0, 0), 0.1, Method.CROWN,
                BoundsRow.Bounds.of(new float[] {1, 0}, new float[] {2, 0}, new float[] {0, 1}));
        BoundsRow two = inf.in(Norm.TWO);
        String line = BoundsRow.FORMAT.write(two);
        assertTrue(line.endsWith(",\"norm\":\"2\"}"), line);
        assertEquals(two, BoundsRow.FORMAT.read(line));
        assertEquals(Norm.TWO, BoundsRow.FORMAT.read(line).ballNorm());
        assertEquals(inf, inf.in(Norm.INF));
        assertFalse(BoundsRow.FORMAT.write(inf).contains("norm"));
        assertThrows(IllegalArgumentException.class, () -> BoundsRow.FORMAT.read(line.replace("\"2\"}", "\"3\"}")));
    }

    @Test
    void givenBoundsThatAreNotKnown_whenWritten_thenTheyAreNullAndReadBack() {
        float inf = Float.POSITIVE_INFINITY;
        BoundsRow row = BoundsRow.of(new CleanPrediction(7, 0, -1), 0.1, Method.IBP,
                BoundsRow.Bounds.of(new float[] {-inf, -1, -inf}, new float[] {inf, inf, -2}, new float[] {0, -inf, 3}));
        String line = "{\"index\":7,\"label\":0,\"epsilon\":0.1,\"method\":\"ibp\",\"claim\":\"real\",\"clean_prediction\":-1,"
                + "\"lower\":[null,-1.0,null],\"upper\":[null,null,-2.0],\"margin_lower\":[0.0,null,3.0],"
                + "\"certified\":false,\"certified_by_box\":false}";
        assertEquals(line, BoundsRow.FORMAT.write(row));
        assertEquals(row, BoundsRow.FORMAT.read(line));
        assertFalse(row.cleanCorrect());
        assertEquals(List.of(Double.NEGATIVE_INFINITY, -1.0, Double.NEGATIVE_INFINITY), row.lower());
        assertEquals(List.of(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, -2.0), row.upper());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"[null,-1.0,null]|[1e400,-1.0,null]", "[null,-1.0,null]|[\"-1\",-1.0,null]",
        "[null,-1.0,null]|null", "[0.0,null,3.0]|[null,null,3.0]", "\"certified\":false|\"certified\":true",
        "[null,null,-2.0]|[null,null,null,-2.0]", "\"clean_prediction\":-1|\"clean_prediction\":-2"})
    void givenBoundsThatAreNone_whenRead_thenRefused(String good, String bad) {
        float inf = Float.POSITIVE_INFINITY;
        String line = BoundsRow.FORMAT.write(BoundsRow.of(new CleanPrediction(7, 0, -1), 0.1, Method.IBP,
                BoundsRow.Bounds.of(new float[] {-inf, -1, -inf}, new float[] {inf, inf, -2}, new float[] {0, -inf, 3})));
        assertTrue(line.contains(good), line);
        assertThrows(IllegalArgumentException.class, () -> BoundsRow.FORMAT.read(line.replace(good, bad)));
        assertThrows(IllegalArgumentException.class, () -> BoundsRow.of(new CleanPrediction(7, 0, 0), 0.1, Method.IBP,
                BoundsRow.Bounds.of(new float[] {inf}, new float[] {inf}, new float[] {0})));
        assertThrows(IllegalArgumentException.class, () -> BoundsRow.of(new CleanPrediction(7, 0, 0), 0.1, Method.IBP,
                BoundsRow.Bounds.of(new float[] {Float.NaN}, new float[] {inf}, new float[] {0})));
    }

    @Test
    void givenMarginOfZero_whenAsked_thenNotCertified() {
        BoundsRow row = BoundsRow.of(new CleanPrediction(0, 1, 1), 0.1, Method.IBP,
                BoundsRow.Bounds.of(new float[] {-1, 1}, new float[] {1, 2}, new float[] {0, 0}));
        assertFalse(row.certified());
        assertFalse(row.certifiedByBox(), "equal ends are no certificate either");
    }

    @Test
    void givenFlagThatContradictsItsBounds_whenRead_thenRefused() {
        String line = BoundsRow.FORMAT.write(BoundsRow.of(new CleanPrediction(0, 1, 1), 0.1, Method.IBP,
                BoundsRow.Bounds.of(new float[] {-1, 1}, new float[] {0, 2}, new float[] {1, 0})));
        String complaint = assertThrows(IllegalArgumentException.class,
                () -> BoundsRow.FORMAT.read(line.replace("\"certified\":true", "\"certified\":false"))).getMessage();
        assertEquals("certified is false, but the other fields say true", complaint);
    }

    @Test
    void givenAttack_whenWritten_thenFieldsInOrderAndReadsBack() {
        AttackRow row = AttackRow.broken(new CleanPrediction(9, 4, 4), 2, 0.1, Optional.of(AttackLoss.MARGIN));
        String line = "{\"index\":9,\"label\":4,\"clean_prediction\":4,\"broken\":true,\"adversarial_prediction\":2,\"linf\":0.1,"
                + "\"loss\":\"margin\"}";
        assertEquals(line, AttackRow.FORMAT.write(row));
        assertEquals(row, AttackRow.FORMAT.read(line));
        assertThrows(IllegalArgumentException.class, () -> AttackRow.broken(new CleanPrediction(9, 4, 4), 4, 0.1, Optional.empty()));
    }

    @Test
    void givenAttackThatFailed_whenWritten_thenItsLossIsNull() {
        AttackRow row = AttackRow.stands(new CleanPrediction(9, 4, 4), 4);
        assertTrue(AttackRow.FORMAT.write(row).endsWith(",\"loss\":null}"), AttackRow.FORMAT.write(row));
        assertEquals(row, AttackRow.FORMAT.read(AttackRow.FORMAT.write(row)));
        String lost = AttackRow.FORMAT.write(row).replace("\"loss\":null", "\"loss\":\"margin\"");
        assertThrows(IllegalArgumentException.class, () -> AttackRow.FORMAT.read(lost));
    }

    @ParameterizedTest
    @EnumSource
    void givenAWordOnTheRealNetwork_whenWritten_thenItIsTheLastFieldAndReadsBack(AttackRow.RealNetwork real) {
        AttackRow row = AttackRow.broken(new CleanPrediction(9, 4, 4), 2, 0.1, Optional.of(AttackLoss.MARGIN));
        String line = AttackRow.FORMAT.write(row).replace("}", ",\"real_network\":\"" + real.text() + "\"}");
        assertEquals(line, AttackRow.FORMAT.write(row.with(real)));
        assertEquals(row.with(real), AttackRow.FORMAT.read(line));
        AttackRow stands = AttackRow.stands(new CleanPrediction(9, 4, 4), 4);
        assertThrows(IllegalArgumentException.class, () -> stands.with(real));
    }

    @Test
    void givenANetworkWithoutAnAnswer_whenAttackWritten_thenMinusOneReadsBackAndIsNeitherRightNorBroken() {
        AttackRow row = AttackRow.stands(new CleanPrediction(9, 4, -1), -1);
        assertEquals("{\"index\":9,\"label\":4,\"clean_prediction\":-1,\"broken\":false,\"adversarial_prediction\":-1,"
                + "\"linf\":null,\"loss\":null}", AttackRow.FORMAT.write(row));
        assertEquals(row, AttackRow.FORMAT.read(AttackRow.FORMAT.write(row)));
        assertFalse(row.cleanCorrect() || row.survived() || row.brokenBy(AttackLoss.MARGIN));
        assertThrows(IllegalArgumentException.class, () -> AttackRow.broken(new CleanPrediction(9, 4, -1), 2, 0, Optional.empty()));
        assertThrows(IllegalArgumentException.class, () -> AttackRow.stands(new CleanPrediction(9, 4, -1), 4));
        assertThrows(IllegalArgumentException.class, () -> AttackRow.broken(new CleanPrediction(9, 4, 4), -1, 0.1, Optional.empty()));
        assertThrows(IllegalArgumentException.class, () -> AttackRow.stands(new CleanPrediction(9, 4, -2), -1));
    }

    @Test
    void givenAttackOfAnEarlierVersion_whenRead_thenNoLossIsClaimed() {
        AttackRow row = AttackRow.FORMAT.read("{\"index\":9,\"label\":4,\"clean_prediction\":4,\"broken\":true,"
                + "\"adversarial_prediction\":2,\"linf\":0.1}");
        assertEquals(AttackRow.broken(new CleanPrediction(9, 4, 4), 2, 0.1, Optional.empty()), row);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "{}", "null", "7",
            "{\"index\":9,\"label\":4,\"clean_prediction\":4,\"broken\":true,\"adversarial_prediction\":2}",
            "{\"index\":9,\"label\":4,\"clean_prediction\":4,\"broken\":true,\"adversarial_prediction\":2,\"linf\":null}",
            "{\"index\":9,\"label\":4,\"clean_prediction\":4,\"broken\":true,\"adversarial_prediction\":2,\"linf\":0.1,\"x\":1}",
            "{\"index\":9,\"label\":4,\"clean_prediction\":4,\"broken\":true,\"adversarial_prediction\":2,\"linf\":0.1,"
                    + "\"loss\":\"hinge\"}",
            "{\"index\":9,\"label\":4,\"clean_prediction\":4,\"broken\":true,\"adversarial_prediction\":2,\"linf\":0.1,"
                    + "\"loss\":\"margin\",\"real_network\":\"wavers\"}",
            "{\"index\":9,\"label\":4,\"clean_prediction\":4,\"broken\":false,\"adversarial_prediction\":4,\"linf\":0,"
                    + "\"loss\":\"margin\"}",
            "{\"index\":9,\"label\":4.5,\"clean_prediction\":4,\"broken\":true,\"adversarial_prediction\":2,\"linf\":0.1}",
            "{\"index\":9,\"label\":4,\"clean_prediction\":4,\"broken\":true,\"adversarial_prediction\":2,\"linf\":0.1}{}"})
    void givenBadAttackLine_whenRead_thenOneLineComplaint(String line) {
        String complaint = assertThrows(IllegalArgumentException.class, () -> AttackRow.FORMAT.read(line)).getMessage();
        assertEquals(1, complaint.lines().count());
    }
}
