package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalDouble;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A line of progress")
class BarRendererTest {

    private static final String NAME = "certify at sigma 0.25, n = 10000";
    private static final String DETAIL = "loss 0.123, worst case 0.456";

    private final BarRenderer images = new BarRenderer("images", new Pace(500, System::nanoTime));

    private String line(int width) {
        return images.line(NAME, 120, 500, 60, OptionalDouble.of(2), DETAIL, width);
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 30, 40, 50, 60, 70, 79, 100, 132, 200})
    void givenAnyWidth_whenRendered_thenTheTimeLeftIsThereAndTheLineFits(int width) {
        String line = line(width);
        assertTrue(line.contains("3:10 left"), line);
        assertTrue(line.length() <= width, line.length() + ": " + line);
    }

    @Test
    void givenLessAndLessRoom_whenRendered_thenWordsGoFirstThenTheRate() {
        assertTrue(line(132).endsWith("24% 120/500 images 2.0/s 3:10 left " + DETAIL), line(132));
        assertTrue(line(79).endsWith("24% 120/500 images 2.0/s 3:10 left"), line(79));
        assertFalse(line(70).contains("/s"), line(70));
        assertTrue(line(70).contains("24% 120/500 images 3:10 left"), line(70));
    }

    @Test
    void givenHalfDone_whenRendered_thenHalfTheBarIsFull() {
        String line = images.line("x", 50, 100, 10, OptionalDouble.of(5), "", 79);
        assertEquals(15, line.chars().filter(c -> c == '\u2588').count(), line);
        assertEquals(15, line.chars().filter(c -> c == '\u2591').count(), line);
    }

    @Test
    void givenNoRateYet_whenRendered_thenNothingIsSaidOfTheTimeLeft() {
        for (int width : new int[] {20, 79, 200}) {
            String line = images.line(NAME, 1, 500, 60, OptionalDouble.empty(), "", width);
            assertFalse(line.contains("left") || line.contains("/s"), line);
            assertTrue(line.contains("0%") && line.length() <= width, line);
        }
    }

    @Test
    void givenTheEnd_whenRendered_thenTheTimeItTook() {
        String line = images.line("x", 500, 500, 3725, OptionalDouble.empty(), "", 79);
        assertTrue(line.contains("100% 500/500 images") && line.endsWith("1:02:05"), line);
    }
}
