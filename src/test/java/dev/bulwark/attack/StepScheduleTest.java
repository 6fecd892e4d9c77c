package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Croce and Hein 2020, section 3. */
class StepScheduleTest {

    @Test
    void givenAHundredIterations_whenScheduled_thenCheckpointsAreThePublishedOnes() {
        StepSchedule schedule = new StepSchedule(100, 1, new float[1]);
        List<Integer> checkpoints = new ArrayList<>();
        int interval = schedule.firstInterval();
        for (int at = interval; at <= 100; at += interval) {
            checkpoints.add(at);
            interval = schedule.after(interval);
        }
        List<Integer> published = new ArrayList<>(); // p_(j+1) = p_j + max(p_j - p_(j-1) - 0.03, 0.06), in hundredths
        int before = 0;
        for (int p = 22; p <= 100;) {
            published.add(p);
            int next = p + Math.max(p - before - 3, 6);
            before = p;
            p = next;
        }
        assertEquals(published, checkpoints);
        assertEquals(List.of(22, 41, 57, 70, 80, 87, 93, 99), checkpoints);
    }

    @Test
    void givenCheckpoints_whenLossesRiseTooSeldomOrStayTheSame_thenStepsAreHalved() {
        StepSchedule schedule = new StepSchedule(100, 8, new float[] {0, 0, 0, 0});
        // Of 22 steps, 16 are less than three quarters and 17 are more; the last row's best loss has not changed.
        assertArrayEquals(new int[] {1, 0, 0, 0}, schedule.adapt(22, new int[] {16, 17, 22, 17}, new float[] {1, 1, 1, 0}));
        assertArrayEquals(new float[] {4, 8, 8, 8}, schedule.lengths());
        // Now a row that has not been halved halves where its best loss stays, and the first one, which was, does not.
        assertArrayEquals(new int[] {0, 1, 0, 1}, schedule.adapt(19, new int[] {19, 19, 19, 0}, new float[] {1, 1, 2, 5}));
        schedule.keep(new int[] {1, 3});
        assertArrayEquals(new float[] {4, 4}, schedule.lengths());
        assertArrayEquals(new int[] {0, 1}, schedule.adapt(16, new int[] {16, 12}, new float[] {1, 9}));
        assertArrayEquals(new float[] {4, 2}, schedule.lengths());
    }
}
