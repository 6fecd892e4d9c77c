package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.shapes.ImageShape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Andriushchenko et al. 2020, section 5: the share of the image that a window covers, and what l2's windows hold. */
class SquarePatternTest {

    @ParameterizedTest
    @CsvSource({"0,1", "10,1", "11,2", "50,2", "51,4", "200,4", "201,8", "500,8", "501,16", "1000,16", "1001,32", "2000,32", "2001,64",
        "4000,64", "4001,128", "4999,128", "6001,256", "8001,512", "9999,512"})
    void givenAQuery_whenItsWindowIsSized_thenTheShareIsThePublishedOne(int query, int halved) {
        assertEquals(0.8 / halved, SquarePattern.share(query), 1e-15);
    }

    @Test
    void givenQueries_whenTheShareChanges_thenItIsForetold() {
        for (int query = 0; query < 10_000; ++query) {
            int next = SquarePattern.nextChange(query);
            assertEquals(SquarePattern.share(query), SquarePattern.share(Math.min(next, 20_000) - 1));
            assertTrue(next == Integer.MAX_VALUE || SquarePattern.share(next) < SquarePattern.share(query));
        }
    }

    @Test
    void givenImages_whenWindowsAreSized_thenTheyFit() {
        assertEquals(25, SquarePattern.side(0, new ImageShape(1, 28, 28), false)); // sqrt(.8 784) = 25.04
        assertEquals(2, SquarePattern.side(4999, new ImageShape(1, 28, 28), false)); // sqrt(.8 784 / 128) = 2.2
        assertEquals(3, SquarePattern.side(4999, new ImageShape(1, 28, 28), true));
        assertEquals(29, SquarePattern.side(0, new ImageShape(3, 32, 32), false)); // sqrt(.8 1024) = 28.6
        assertEquals(29, SquarePattern.side(0, new ImageShape(3, 32, 32), true));
        assertEquals(1, SquarePattern.side(0, new ImageShape(1, 1, 784), false));
        assertEquals(1, SquarePattern.side(0, new ImageShape(1, 1, 784), true));
    }

    @ParameterizedTest
    @CsvSource({"3,true", "5,true", "25,true", "3,false", "9,false", "1,true"})
    void givenAWindow_whenFilled_thenItsNormIsOneAndItsHalvesHaveOppositeSigns(int side, boolean euclidean) {
        float[] bumps = SquarePattern.bumps(side, euclidean);
        double norm = 0;
        for (int k = 0; k < bumps.length; ++k) {
            norm += euclidean ? bumps[k] * bumps[k] : Math.abs(bumps[k]);
            assertTrue(k / side < side / 2 ? bumps[k] > 0 : bumps[k] < 0, "element " + k);
        }
        assertEquals(1, norm, 1e-6);
    }

    /** By hand: of 1 row and 3 columns 1/4 + 1, with 1 + 1/4 in the middle, and of 2 rows alike, each of norm 1, then both. */
    @Test
    void givenTheSmallestWindow_whenFilled_thenItIsTheSumOfGrowingRectangles() {
        double[] upper = {0.25, 1.25, 0.25};
        double[] lower = {0.25, 0.25, 0.25, 0.25, 1.25, 0.25};
        float[] bumps = SquarePattern.bumps(3, true);
        for (int k = 0; k < 9; ++k) {
            double[] half = k < 3 ? upper : lower;
            double squares = 0;
            for (double each : half) {
                squares += each * each;
            }
            double expected = (k < 3 ? upper[k] : -lower[k - 3]) / Math.sqrt(squares) / Math.sqrt(2);
            assertEquals(expected, bumps[k], 1e-6, "element " + k);
        }
    }
}
