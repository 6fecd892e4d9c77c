package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.DiscreteNoises.Tie;
import dev.bulwark.device.NoiseKey.Stream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import org.apache.commons.math3.distribution.ChiSquaredDistribution;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoundedGaussianTest {

    private static final NoiseKey KEY = new NoiseKey(0x0123_4567_89AB_CDEFL, Stream.ESTIMATION);

    /**
     * {@code Q((k + 1/2) / (255 sigma))}, cut off after 62 places: made in Python's decimals of 130 digits, by the Taylor series
     * of erf up to 3 standard deviations and beyond by Laplace's continued fraction of Mills' ratio; at 3.0001 both gave the
     * same 70 places.
     */
    @ParameterizedTest
    @CsvSource({
        "0.25, 0, 0.49687107301728150291173894371366668531374929794108206073567795",
        "0.25, 1, 0.49061398888999666942969258569915119201537581461476475468551229",
        "0.25, 63, 0.15960601932637129639117008741907583790921185338295206890335042",
        "0.25, 200, 0.00083015590048362446313208619669187286665604433667236998302291",
        "0.25, 400, 0.00000000016674333949883567924757507947039849758829042871097946",
        "0.25, 637, 0.00000000000000000000000761985302416052606597334325159930836350",
        "0.1, 0, 0.49217810355912588185860378533020245953513342680999107088162773",
        "0.1, 30, 0.11583297681555345655884548290409970825701533381388113207732553",
        "0.1, 152, 0.00000000111300529987767867073696803299098912291133915011361180",
        "1, 0, 0.49921776073574966703835080847988377192720130355962346724810271",
        "1, 254, 0.15913017148158956739266188127149135286312183664491050655503986",
        "1, 1784, 0.00000000000129784723320469026054448131946450047774392693302743",
        "0.5, 5, 0.48279606090478909811196121037364310530088030004975121643585473",
        "0.5, 1019, 0.00000000000000064222289840608294223256618916813825641113562947"})
    void givenValuesOfAnotherMethod_whenCompared_thenAllDigitsOfBothTailsAreTheirs(String sigma, int k, String tail) {
        BigInteger expected = new BigDecimal(tail).multiply(new BigDecimal(BigInteger.ONE.shiftLeft(160))).toBigInteger();
        BigInteger next = new BigDecimal(tail).add(new BigDecimal("1e-62"))
                .multiply(new BigDecimal(BigInteger.ONE.shiftLeft(160))).toBigInteger();
        assertEquals(expected, next, "the constant has too few digits");
        assertEquals(expected, new NormalTail(new BigDecimal(sigma), k).floor(160));
        RoundedGaussian law = RoundedGaussian.of(Double.parseDouble(sigma));
        int reach = law.thresholds() / 2;
        assertEquals(expected, threshold(law, reach - 1 - k), "P(K < -k)");
        BigInteger above = new BigDecimal(BigInteger.ONE.shiftLeft(160))
                .subtract(new BigDecimal(tail).multiply(new BigDecimal(BigInteger.ONE.shiftLeft(160))))
                .setScale(0, RoundingMode.FLOOR).toBigInteger();
        assertEquals(above, threshold(law, reach + k), "P(K <= k)");
    }

    /** 160 bits of threshold {@code number}, from the tables. */
    private static BigInteger threshold(RoundedGaussian law, int number) {
        int[] tables = law.tables();
        int firsts = 1 << RoundedGaussian.CELL_BITS;
        BigInteger value = BigInteger.valueOf(Integer.toUnsignedLong(tables[firsts + number]));
        for (int i = 0; i < 4; ++i) {
            value = value.shiftLeft(32).or(BigInteger.valueOf(
                    Integer.toUnsignedLong(tables[firsts + law.thresholds() + 4 * number + i])));
        }
        return value;
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.001, 0.01, 0.12, 0.25, 0.5, 1, 3})
    void givenAnySigma_whenTabulated_thenThresholdsAscendAndAreTheNormalDistribution(double sigma) {
        RoundedGaussian law = RoundedGaussian.of(sigma);
        assertEquals(Math.ceil(1530 * sigma), law.clip());
        assertEquals(2 * (law.clip() + 255), law.thresholds());
        NormalDistribution normal = new NormalDistribution(0, 255 * sigma);
        BigInteger last = BigInteger.ZERO;
        for (int k = 0; k < law.thresholds(); ++k) {
            BigInteger threshold = threshold(law, k);
            assertTrue(threshold.compareTo(last) >= 0, "threshold " + k);
            last = threshold;
            assertEquals(normal.cumulativeProbability(k - law.thresholds() / 2 + 0.5),
                    threshold.doubleValue() * 0x1p-160, 1e-12, "threshold " + k);
        }
    }

    /** At each threshold's first word and beside it, and at each edge of a cell. */
    @ParameterizedTest
    @ValueSource(doubles = {0.001, 0.03, 0.25, 1, 3})
    void givenACell_whenItDecides_thenTheSearchSaysTheSame(double sigma) {
        RoundedGaussian law = RoundedGaussian.of(sigma);
        int[] tables = law.tables();
        int decided = 0;
        for (int k = 0; k < (1 << RoundedGaussian.CELL_BITS) + law.thresholds(); ++k) {
            int edge = k < 1 << RoundedGaussian.CELL_BITS ? k << RoundedGaussian.REST_BITS : tables[k];
            for (int word = edge - 1; word != edge + 2; ++word) {
                int cell = law.cells()[word >>> RoundedGaussian.REST_BITS];
                int rest = word & (1 << RoundedGaussian.REST_BITS) - 1;
                int turn = cell & (1 << RoundedGaussian.REST_BITS) - 1;
                if (cell != RoundedGaussian.SEARCH && rest != turn) {
                    ++decided;
                    assertEquals(law.search(word, KEY, 0, 0, 0), (cell >> RoundedGaussian.REST_BITS) + (rest > turn ? 1 : 0),
                            Integer.toHexString(word));
                }
            }
        }
        assertTrue(decided > 1 << RoundedGaussian.CELL_BITS, decided + " words");
    }

    @ParameterizedTest
    @EnumSource(Tie.class)
    void givenAWordThatIsAThresholds_whenDrawn_thenFurtherBitsDecide(Tie tie) {
        RoundedGaussian law = DiscreteNoises.tied(tie, KEY, 7, 1234, 500);
        assertEquals(tie.noise, law.noise(KEY, 7, 1234, 500));
        assertEquals(tie == Tie.EQUAL, Float.isNaN(law.sample(0.2f, law.noise(KEY, 7, 1234, 500))));
    }

    /** Statistic of Pearson over 2^20 draws; a right generator fails once in a million seeds. */
    @ParameterizedTest
    @ValueSource(doubles = {0.02, 0.25})
    void givenManyDraws_whenCounted_thenFrequenciesAreTheRoundedNormals(double sigma) {
        RoundedGaussian law = RoundedGaussian.of(sigma);
        int draws = 1 << 20;
        int widest = (int) (255 * sigma * 3);
        long[] counts = new long[2 * widest + 1];
        double sum = 0;
        double squares = 0;
        for (int k = 0; k < draws; ++k) {
            int noise = law.noise(KEY, 5, k >> 10, k & 1023);
            ++counts[Math.max(-widest, Math.min(widest, noise)) + widest];
            sum += noise;
            squares += (double) noise * noise;
        }
        NormalDistribution normal = new NormalDistribution(0, 255 * sigma);
        double statistic = 0;
        for (int k = -widest; k <= widest; ++k) {
            double expected = draws * ((k == widest ? 1 : normal.cumulativeProbability(k + 0.5))
                    - (k == -widest ? 0 : normal.cumulativeProbability(k - 0.5)));
            assertTrue(expected > 20, "too few expected at " + k);
            statistic += Math.pow(counts[k + widest] - expected, 2) / expected;
        }
        assertTrue(statistic < new ChiSquaredDistribution(2 * widest).inverseCumulativeProbability(1 - 1e-6), "" + statistic);
        double variance = Math.pow(255 * sigma, 2) + 1 / 12.0; // Sheppard's correction
        assertEquals(0, sum / draws, 5 * Math.sqrt(variance / draws));
        assertEquals(variance, squares / draws, 5 * variance * Math.sqrt(2.0 / draws));
    }

    @Test
    void givenPixels_whenAskedForBytes_thenTheNearestFloatOfEachAloneIsOne() {
        for (int b = 0; b < 256; ++b) {
            float pixel = b / 255f;
            assertTrue(RoundedGaussian.isByte(pixel));
            assertEquals(b, RoundedGaussian.byteOf(pixel));
            assertFalse(RoundedGaussian.isByte(Math.nextUp(pixel)));
            assertFalse(RoundedGaussian.isByte(Math.nextDown(pixel)));
        }
        assertFalse(RoundedGaussian.isByte(Float.NaN));
        assertFalse(RoundedGaussian.isByte(256 / 255f));
        assertFalse(RoundedGaussian.isByte(-1 / 255f));
    }

    @Test
    void givenNoise_whenAdded_thenTheSumIsClippedAndScaledWithOneRounding() {
        RoundedGaussian law = RoundedGaussian.of(0.01); // C = ceil(15.3)
        assertEquals(16, law.clip());
        assertEquals(100 / 255f, law.sample(103 / 255f, -3));
        assertEquals(-16 / 255f, law.sample(3 / 255f, -20));
        assertEquals(-16 / 255f, law.sample(1f, -271));
        assertEquals(271 / 255f, law.sample(250 / 255f, 22));
        assertEquals(271 / 255f, law.sample(0f, 271));
        assertTrue(law.largest() > 271 / 255f);
    }

    @Test
    void givenASigmaWithoutALaw_whenAskedFor_thenItIsRefused() {
        for (double sigma : new double[] {0, -1, 16.5, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(IllegalArgumentException.class, () -> RoundedGaussian.of(sigma), "" + sigma);
        }
    }
}
