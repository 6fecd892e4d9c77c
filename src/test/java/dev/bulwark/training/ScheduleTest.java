package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.training.Objective.GaussianAugmentation;
import dev.bulwark.training.Objective.IntervalBounds.Kappa;
import dev.bulwark.training.Objective.IntervalBounds.Rise;
import dev.bulwark.training.Objective.IntervalBounds;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleTest {

    private static final double EXACT = 1e-15;

    @Test
    void givenSteps_whenMilestonesPass_thenTheRateIsMultiplied() {
        LearningRate rate = LearningRate.steps(0.01, 0.1, 30, 60);

        assertEquals(0.01, rate.at(0, 90), EXACT);
        assertEquals(0.01, rate.at(29.999, 90), EXACT);
        assertEquals(0.001, rate.at(30, 90), EXACT);
        assertEquals(0.0001, rate.at(89.9, 90), EXACT);
    }

    @Test
    void givenCosine_whenHalfway_thenTheRateIsTheMiddle() {
        LearningRate rate = LearningRate.cosine(0.8, 0.5).withWarmUp(2);

        assertEquals(0, rate.at(0, 12), EXACT);
        assertEquals(0.2, rate.at(0.5, 12), EXACT);
        assertEquals(0.8, rate.at(2, 12), EXACT);
        assertEquals(0.6, rate.at(7, 12), EXACT);
        assertEquals(0.4, rate.at(12, 12), EXACT);
    }

    @Test
    void givenTheSmoothRamp_whenEvaluated_thenQuarticAndLineMeet() {
        assertEquals(0, Ramp.SMOOTH.at(1, 1, 8), EXACT);
        assertEquals(1.0 / 208, Ramp.SMOOTH.at(2, 1, 8), EXACT);
        assertEquals(1.0 / 13, Ramp.SMOOTH.at(3, 1, 8), EXACT);
        assertEquals(1.0 / 13, Ramp.SMOOTH.at(3 - 1e-12, 1, 8), 1e-11);
        assertEquals(5.0 / 13, Ramp.SMOOTH.at(5, 1, 8), EXACT);
        assertEquals(1, Ramp.SMOOTH.at(9, 1, 8), EXACT);
        assertEquals(1, Ramp.SMOOTH.at(50, 1, 8), EXACT);
    }

    @Test
    void givenARampOfNoLength_whenItsEpochComes_thenItJumps() {
        assertEquals(0, Ramp.LINEAR.at(0.99, 1, 0), EXACT);
        assertEquals(1, Ramp.LINEAR.at(1, 1, 0), EXACT);
    }

    @Test
    void givenIntervalBounds_whenEpochsPass_thenRadiusAndWeightsFollow() {
        IntervalBounds bounds = IntervalBounds.of(0.1).rising(new Rise(2, 1, 4, Ramp.LINEAR))
                .withKappa(new Kappa(1, 0.5, 2, 4)).withRegulariser(0.8);

        assertEquals(0, bounds.epsilonAt(1), EXACT);
        assertEquals(0.1, bounds.epsilonAt(3), EXACT);
        assertEquals(0.2, bounds.epsilonAt(100), EXACT);
        assertEquals(1, bounds.kappaAt(2), EXACT);
        assertEquals(0.75, bounds.kappaAt(3), EXACT);
        assertEquals(0.5, bounds.kappaAt(4), EXACT);
        assertEquals(0.8, bounds.regulariserAt(0.5), EXACT);
        assertEquals(0.4, bounds.regulariserAt(3), EXACT);
        assertEquals(0, bounds.regulariserAt(5), EXACT);
    }

    @Test
    void givenTheReportsRecipe_whenEpochsPass_thenItIsWhatTheReportSays() {
        Objective bounds = Preset.REPORT.ibp(0.3).objective();

        assertEquals(0, bounds.epsilonAt(0), EXACT);
        assertEquals(0.15, bounds.epsilonAt(30), EXACT);
        assertEquals(0.3, bounds.epsilonAt(60), EXACT);
        assertEquals(0.5, bounds.kappaAt(30), EXACT);
        assertEquals(0, bounds.kappaAt(60), EXACT);
        assertEquals(200, Preset.REPORT.ibp(0.3).passes().epochs());
    }

    @Test
    void givenElevenImagesInFours_whenScheduled_thenTheLastStepTakesThree() {
        Schedule schedule = new Schedule(recipe(new GaussianAugmentation(0.5)), 11);

        assertEquals(3, schedule.stepsPerEpoch());
        assertEquals(List.of(4, 4, 3), schedule.epoch(1).stream().map(Schedule.Step::rows).toList());
        assertEquals(1 - Math.pow(0.9, 6), schedule.epoch(1).get(2).moments().first(), EXACT);
        assertEquals(1 - Math.pow(0.999, 6), schedule.epoch(1).get(2).moments().second(), EXACT);
    }

    @Test
    void givenNoisyCopies_whenScheduled_thenEachStepComputesThemAll() {
        StepRows last = new Schedule(recipe(new GaussianAugmentation(0.5, 3, 5, 0.5)), 11).epoch(1).get(2).needs();

        assertEquals(new StepRows(3, 3, true, false, false), last);
        assertEquals(9, last.total());
    }

    @Test
    void givenARampWithAnnealing_whenScheduled_thenEachStepComputesOnlyWhatItNeeds() {
        Schedule schedule = new Schedule(recipe(IntervalBounds.of(0.1).rising(new Rise(1, 1, 1, Ramp.LINEAR))
                .withKappa(new Kappa(0.5, 0, 0, 2))), 8);

        assertEquals(new StepRows(4, 1, true, false, false), schedule.epoch(0).get(1).needs());
        assertEquals(1, schedule.epoch(0).get(1).settings().kappa(), EXACT);
        assertEquals(new StepRows(4, 1, true, true, false), schedule.epoch(1).get(1).needs());
        assertEquals(new StepRows(4, 1, false, true, false), schedule.epoch(2).get(0).needs());
    }

    private static Recipe recipe(Objective objective) {
        return Recipe.minimising(objective).architecture(Architecture.dense(List.of(3))).epochs(3).batch(4)
                .learningRate(LearningRate.steps(1, 1)).build();
    }
}
