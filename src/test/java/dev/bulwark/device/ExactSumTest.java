package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExactSumTest {

    @Test
    void givenProductsOfAnyMagnitudeAndSign_whenSummed_thenTheSumIsThatOfBigDecimals() {
        SplittableRandom random = new SplittableRandom(3);
        for (int round = 0; round < 50; ++round) {
            double bias = random.nextDouble() - 0.5;
            ExactSum sum = new ExactSum(bias);
            BigDecimal expected = new BigDecimal(bias);
            for (int k = 0; k < 200; ++k) {
                float a = (float) Math.scalb(random.nextDouble() - 0.5, random.nextInt(-40, 40));
                float b = (float) Math.scalb(random.nextDouble() - 0.5, random.nextInt(-40, 40));
                sum.addProduct(a, b);
                expected = expected.add(new BigDecimal(a).multiply(new BigDecimal(b)));
            }
            assertEquals(0, expected.compareTo(sum.value()), "round " + round);
        }
    }

    @Test
    void givenTermsThatCancel_whenSummed_thenWhatIsLeftIsExact() {
        ExactSum sum = new ExactSum(1);
        for (double x : new double[] {0x1p100, 0x1p-100, -0x1p100, -1, 0x1p-200, -0x1p-100}) {
            sum.add(x);
        }
        assertEquals(0, new BigDecimal(0x1p-200).compareTo(sum.value()));
    }
}
