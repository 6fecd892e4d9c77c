package dev.bulwark.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.NoiseLaw;
import dev.bulwark.smoothing.Radius;
import dev.bulwark.stats.BinomialBound;
import dev.bulwark.stats.StandardNormal;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RadiusRuleTest {

    private static final String LINE = CertificateRow.FORMAT.write(SampleRows.votes(3, 90, 0.5));

    @Test
    void givenVotesForNoClass_whenRead_thenTheyCountAgainstTheClass() {
        CertificateRow row = SampleRows.votes(3, List.of(90L, 0L), 100, 0.5);
        assertEquals(row, CertificateRow.FORMAT.read(CertificateRow.FORMAT.write(row)));
        assertEquals(SampleRows.votes(3, 90, 0.5).radius(), row.radius());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "\"radius\":[^,]* | \"radius\":99 | radius is 99.0, but p_a_lower and sigma make it",
            "\"radius\":[^,]* | \"radius\":0.1 | radius is 0.1, but p_a_lower and sigma make it",
            "\"sigma\":0.5 | \"sigma\":0.25 | but p_a_lower and sigma make it",
            "\"p_a_lower\":[^,]* | \"p_a_lower\":0.999 | p_a_lower is 0.999, but count, n and alpha make it",
            "\"p_a_lower\":[^,]* | \"p_a_lower\":1.0 | p_a_lower is 1.0, but count, n and alpha make it",
            "\"count\":90,\"counts\":.90,10. | \"count\":80,\"counts\":[80,20] | p_a_lower is",
            "\"n\":100 | \"n\":1000 | samples is 100, but n is 1000",
            "\"n\":100,(.*)\"samples\":100 | \"n\":1000,$1\"samples\":1000 | p_a_lower is",
            "\"sampling\":\"fixed\" | \"sampling\":\"sequential\" | but count, samples and alpha make it",
            "\"alpha\":0.001 | \"alpha\":1e-4 | p_a_lower is",
            "\"alpha\":0.001 | \"alpha\":0.9 | alpha must lie in",
            "\"predict\":0,\"radius\":[^,]* | \"predict\":-1,\"radius\":0.0 | predict is -1, but p_a_lower is 0.7"})
    void givenAFieldThatItsVotesContradict_whenRead_thenRefused(String field, String other, String complaint) {
        String altered = LINE.replaceFirst(field, other);
        assertTrue(!altered.equals(LINE), "nothing was altered");
        String message = assertThrows(IllegalArgumentException.class,
                () -> CertificateRow.FORMAT.read(altered)).getMessage();
        assertTrue(message.contains(complaint) && message.lines().count() == 1, message);
    }

    @Property(tries = 300)
    void whateverVotesCertify_whenReadBack_thenAcceptedAndTheNextNumberAboveIsNot(
            @ForAll @IntRange(min = 1, max = 3_000) int n,
            @ForAll @IntRange(max = 100) int percent, @ForAll @IntRange(min = 1, max = 9_999) int thousandths) {
        long count = (long) percent * n / 100;
        double sigma = thousandths / 1000.0;
        CertificateRow row = SampleRows.votes(1, List.of(count, n - count), n, sigma);
        assertEquals(row, CertificateRow.FORMAT.read(CertificateRow.FORMAT.write(row)));
        if (row.radius() == 0) {
            return;
        }
        CertificateRow more = claiming(row, Math.nextUp(Math.max(sigma, (float) sigma))
                * StandardNormal.quantile(row.pALower()), row.pALower());
        assertThrows(IllegalArgumentException.class, () -> CertificateRow.FORMAT.read(CertificateRow.FORMAT.write(more)));
        CertificateRow surer = claiming(row, row.radius(), Math.nextUp(BinomialBound.lower(count, n, 0.001)));
        assertThrows(IllegalArgumentException.class, () -> CertificateRow.FORMAT.read(CertificateRow.FORMAT.write(surer)));
    }

    private static CertificateRow claiming(CertificateRow row, double radius, double pALower) {
        return CertificateRow.of(row.index(), row.label(), new CertificateRow.Claim(row.predict(), radius, pALower),
                new CertificateRow.Votes(row.count(), row.counts()),
                new CertificateRow.Draws(row.n0(), row.n(), row.alpha(), row.sigma(), row.seed()));
    }

    /** The same radius of Gaussian noise may rest on the float nearest to sigma; discrete noise is drawn with the decimal. */
    @Test
    void givenARadiusThatTheFloatNearestToSigmaSupports_whenNoiseIsDiscrete_thenRefused() {
        CertificateRow row = SampleRows.votes(1, List.of(990L, 10L), 1000, 0.3);
        double more = row.radius() * ((float) 0.3 / 0.3) * (1 - 1e-12);
        for (NoiseLaw law : NoiseLaw.values()) {
            for (double radius : new double[] {row.radius(), more}) {
                String line = CertificateRow.FORMAT.write(CertificateRow.of(row.index(), row.label(),
                        new CertificateRow.Claim(row.predict(), radius, row.pALower()),
                        new CertificateRow.Votes(row.count(), row.counts()), new CertificateRow.Draws(row.n0(), row.n(),
                                row.alpha(), new CertificateRow.Noise(law, 0.3, row.seed()))));
                if (law == NoiseLaw.DISCRETE && radius == more) {
                    assertThrows(IllegalArgumentException.class, () -> CertificateRow.FORMAT.read(line), line);
                } else {
                    assertEquals(law, CertificateRow.FORMAT.read(line).law());
                }
            }
        }
    }

    /** Earlier versions multiplied by the float that noise is drawn with. */
    @ParameterizedTest
    @CsvSource({"0.1", "0.3", "0.7", "0.12", "0.5"})
    void givenARadiusOfAnEarlierVersion_whenRead_thenAccepted(double sigma) {
        double pALower = BinomialBound.lower(90, 100, 0.001);
        double radius = Math.nextDown((float) sigma * StandardNormal.quantile(pALower));
        CertificateRow row = claiming(SampleRows.votes(1, 90, sigma), radius, pALower);
        assertEquals(row, CertificateRow.FORMAT.read(CertificateRow.FORMAT.write(row)));
    }

    @Test
    void givenAPrintedRow_whenItsVotesSayAnythingElse_thenRefused() {
        CertificateRow votes = SampleRows.votes(3, 90, 0.5);
        SmoothingRow printed = votes.withoutVotes();
        RadiusRule.requireSame(printed, votes);
        for (SmoothingRow other : List.of(SampleRows.radius(3, 99), SampleRows.radius(3, printed.radius() + 1e-6),
                SampleRows.wrong(3, printed.radius()),
                SampleRows.abstained(3), new SmoothingRow(3, 1, printed.predict(), printed.radius(), Duration.ZERO))) {
            assertThrows(IllegalArgumentException.class, () -> RadiusRule.requireSame(other, votes), other.toString());
        }
    }

    @Test
    void givenAPrintedRowAlone_whenBeyondWhatAgreeingVotesReach_thenRefused() {
        double largest = Radius.of(10_000, 10_000, 0.25, 0.001).value().orElseThrow();
        RadiusRule.requireInReach(SampleRows.radius(3, largest), 0.25, 10_000, 0.001);
        assertThrows(IllegalArgumentException.class,
                () -> RadiusRule.requireInReach(SampleRows.radius(3, largest + 2e-6), 0.25, 10_000, 0.001));
    }
}
