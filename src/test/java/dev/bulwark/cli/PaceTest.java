package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.runs.Monitor;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** The time left, by a clock that the test moves. */
class PaceTest {

    private long nanos = 1_000_000_000_000L;

    private void pass(double seconds) {
        nanos += (long) (seconds * 1e9);
    }

    /** A batch's rows, written one after the other within milliseconds. */
    private void burst(Runnable step, int steps) {
        for (int k = 0; k < steps; ++k) {
            step.run();
            pass(1e-5);
        }
    }

    @Test
    void givenALongStart_whenEstimated_thenItDoesNotCount() {
        Pace pace = new Pace(700, () -> nanos);
        pass(19);
        burst(() -> pace.advance(1), 100);
        assertEquals(OptionalDouble.empty(), pace.left(), "the first result tells nothing");
        for (int batch = 1; batch < 4; ++batch) {
            pass(2);
            burst(() -> pace.advance(1), 100);
        }
        pass(0.5);
        assertEquals(50, pace.rate().orElseThrow(), 0.1);
        assertEquals(6, pace.left().orElseThrow(), 0.1, "three batches of two seconds each");
    }

    @Test
    void givenStepsOfAnEarlierStart_whenEstimated_thenTheyAreDoneAndNoWork() {
        Pace pace = new Pace(1000, () -> nanos);
        pace.found(890);
        pass(19);
        for (int k = 0; k < 11; ++k) {
            pace.found(k == 5 ? 10 : 0); // of a network that is trained beside others
            pace.advance(1);
            pass(1);
        }
        assertEquals(1, pace.rate().orElseThrow(), 1e-6);
        assertEquals(89, pace.left().orElseThrow(), 1e-4);
    }

    @Test
    void givenTooLittle_whenEstimated_thenNoEstimate() {
        Pace quick = new Pace(1000, () -> nanos);
        for (int k = 0; k < 250; ++k) {
            quick.advance(1);
            pass(0.01);
        }
        assertEquals(OptionalDouble.empty(), quick.left(), "less than three seconds");
        Pace slow = new Pace(10, () -> nanos);
        slow.advance(1);
        pass(100);
        slow.advance(1);
        pass(1);
        assertEquals(OptionalDouble.empty(), slow.left(), "one result after the first");
        pass(99);
        slow.advance(1);
        pass(1);
        assertEquals(700, slow.left().orElseThrow(), 1e-3);
    }

    @Test
    void givenStepsWithoutAPause_whenEstimated_thenTheirRate() {
        Pace pace = new Pace(10_000, () -> nanos);
        for (int k = 0; k < 1000; ++k) {
            pace.advance(1);
            pass(0.01);
        }
        assertEquals(100, pace.rate().orElseThrow(), 3);
    }

    @Test
    void givenBatchesForALog_whenALineIsDue_thenTheTimeLeftIsThatOfWholeBatches() {
        StringWriter text = new StringWriter();
        Monitor lines = new PlainLines(new PrintWriter(text, true), () -> nanos);
        try (Monitor.Stage stage = lines.stage("attack", 700, "images")) {
            stage.found(100);
            pass(15);
            burst(() -> stage.advance(1), 100);
            for (int batch = 1; batch < 6; ++batch) {
                pass(4);
                burst(() -> stage.advance(1), 100);
            }
        }
        List<String> said = text.toString().lines().toList();
        assertEquals("attack: 101 of 700 images", said.get(0), "nothing to go by");
        assertTrue(said.get(1).startsWith("attack: 401 of 700 images, 25.0/s, 12.0 s left"), said.get(1));
        assertEquals("attack: 700 of 700 images in 35.0 s", said.get(2));
        assertFalse(text.toString().contains("min"), text.toString());
    }
}
