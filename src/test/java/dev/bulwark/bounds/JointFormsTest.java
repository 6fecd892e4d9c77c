package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class JointFormsTest {

    /** At no point is a sum larger than the largest of its inequalities: in exact arithmetic, at random logits. */
    @Test
    void givenAnyWeights_whenInequalitiesAreAdded_thenTheSumIsBelowTheLargest() {
        int exact = 0;
        for (int seed = 1; seed <= 2000; ++seed) {
            SplittableRandom random = new SplittableRandom(seed);
            int classes = random.nextInt(1, 6);
            Specification.Clause clause = clause(random, classes, seed % 2 == 0);
            double[] weights = weights(random, clause.anyOf().size());
            JointForms.Form sum = JointForms.of(clause, weights);
            if (sum.constant() == Float.NEGATIVE_INFINITY) {
                continue;
            }
            ++exact;
            for (int sample = 0; sample < 10; ++sample) {
                float[] logits = RandomCase.values(random, classes, -10, 10);
                BigDecimal largest = clause.anyOf().stream().map(of -> at(of.coefficients(), of.constant(), logits))
                        .max(BigDecimal::compareTo).orElseThrow();
                assertTrue(at(sum.coefficients(), sum.constant(), logits).compareTo(largest) <= 0, "seed " + seed);
            }
        }
        assertTrue(exact > 900, exact + " sums are floats");
    }

    @Test
    void givenASumThatNoFloatHolds_whenAdded_thenItSaysNothing() {
        Specification.Clause clause = new Specification.Clause(List.of(new Specification.Inequality(new float[] {1}, 0),
                new Specification.Inequality(new float[] {0x1p-30f}, 0)));
        assertEquals(Float.NEGATIVE_INFINITY, JointForms.of(clause, new double[] {0.5, 0.5}).constant());
        assertEquals(0, JointForms.of(clause, new double[] {1, 0}).constant(), "one of them alone is a float");
    }

    /** Steps end near the best weights of a game whose value is known: max over w of min over two points. */
    @Test
    void givenTwoPointsThatWantOtherWeights_whenStepped_thenWeightsBalanceThem() {
        // At (1, 0) the first is 1 and the second -1, at (0, 1) the first is -3 and the second 2: w = 3/7 gives -1/7 at both.
        Specification.Clause clause = new Specification.Clause(List.of(new Specification.Inequality(new float[] {1, -3}, 0),
                new Specification.Inequality(new float[] {-1, 2}, 0)));
        double[] weights = JointForms.even(2);
        double best = Double.NEGATIVE_INFINITY;
        for (int t = 1; t <= 30; ++t) {
            double first = 2 * weights[0] - 1;
            double second = 2 - 5 * weights[0];
            best = Math.max(best, Math.min(first, second));
            weights = JointForms.step(clause, weights, first < second ? new float[] {1, 0} : new float[] {0, 1}, t);
            assertEquals(1, Arrays.stream(weights).sum(), 1e-12);
        }
        assertEquals(-1.0 / 7, best, 0.05); // even weights give -1/2
    }

    private static Specification.Clause clause(SplittableRandom random, int classes, boolean grid) {
        List<Specification.Inequality> anyOf = new ArrayList<>();
        for (int k = random.nextInt(2, 6); k > 0; --k) {
            float[] coefficients = RandomCase.values(random, classes, -2, 2);
            for (int c = 0; grid && c < classes; ++c) {
                coefficients[c] = Math.round(8 * coefficients[c]) / 8f;
            }
            anyOf.add(new Specification.Inequality(coefficients, (float) random.nextDouble(-1, 1)));
        }
        return new Specification.Clause(anyOf);
    }

    private static double[] weights(SplittableRandom random, int count) {
        double[] weights = random.doubles(count).toArray();
        double sum = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(weight -> weight / sum).toArray();
    }

    private static BigDecimal at(float[] coefficients, float constant, float[] logits) {
        BigDecimal sum = new BigDecimal(constant);
        for (int c = 0; c < logits.length; ++c) {
            sum = sum.add(new BigDecimal(coefficients[c]).multiply(new BigDecimal(logits[c])));
        }
        return sum;
    }
}
