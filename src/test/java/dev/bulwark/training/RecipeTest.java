package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.training.Objective.GaussianAugmentation;
import dev.bulwark.training.Objective.IntervalBounds;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecipeTest {

    @ParameterizedTest
    @EnumSource
    void givenAPreset_whenAsked_thenEveryRecipeIsValidAndDistinct(Preset preset) {
        Set<String> digests = new HashSet<>();
        for (double size : new double[] {0.05, 0.1, 0.2, 0.3}) {
            digests.add(preset.ibp(size).digest());
            digests.add(preset.smoothing(size).digest());
        }
        assertEquals(8, digests.size());
    }

    @Test
    void givenEqualRecipes_whenDigested_thenDigestsAgreeAndAnyChangeShows() {
        Recipe recipe = Preset.QUICK.ibp(0.1);

        assertEquals(recipe.digest(), Preset.QUICK.ibp(0.1).digest());
        assertNotEquals(recipe.digest(), recipe.withSeed(1).digest());
        assertNotEquals(recipe.digest(), recipe.but().architecture(Architecture.dense(List.of(1024, 512))).build().digest());
    }

    @Test
    void givenObjectives_whenTheCopiesOrTheirWeightsDiffer_thenSoDoTheDigests() {
        Set<String> digests = new HashSet<>();
        for (Objective objective : List.of(new GaussianAugmentation(0.5), new GaussianAugmentation(0.5, 2, 0, 0),
                new GaussianAugmentation(0.5, 2, 5, 0), new GaussianAugmentation(0.5, 2, 5, 0.5))) {
            digests.add(Toy.smoothing().but().objective(objective).build().digest());
        }
        assertEquals(4, digests.size());
    }

    /** Milestones of whole epochs, which here stay whole. */
    @ParameterizedTest
    @EnumSource
    void givenTwiceTheEpochs_whenStretched_thenAllSchedulesTakeTwiceAsLong(Preset preset) {
        for (Recipe recipe : List.of(preset.ibp(0.1), preset.smoothing(0.5))) {
            int epochs = recipe.passes().epochs();
            Recipe twice = recipe.stretched(2 * epochs);
            assertEquals(2 * epochs, twice.passes().epochs());
            for (double epoch = 0; epoch <= epochs; epoch += 0.25) {
                assertEquals(recipe.objective().epsilonAt(epoch), twice.objective().epsilonAt(2 * epoch), 1e-12);
                assertEquals(recipe.objective().kappaAt(epoch), twice.objective().kappaAt(2 * epoch), 1e-12);
                assertEquals(recipe.objective().regulariserAt(epoch), twice.objective().regulariserAt(2 * epoch), 1e-12);
                assertEquals(recipe.optimisation().learningRate().at(epoch, epochs),
                        twice.optimisation().learningRate().at(2 * epoch, 2 * epochs), 1e-12);
            }
            assertEquals(recipe, recipe.stretched(epochs));
        }
        assertThrows(IllegalArgumentException.class, () -> Preset.REPORT.smoothing(1).stretched(1));
    }

    @Test
    void givenAFinalKappa_whenBoundsAreTrained_thenTheNaturalLossEndsAtIt() {
        Recipe recipe = Preset.QUICK.ibp(0.1);
        Recipe other = recipe.withFinalKappa(0.25);
        assertEquals(0.25, other.objective().kappaAt(recipe.passes().epochs()));
        assertEquals(recipe.objective().kappaAt(0), other.objective().kappaAt(0));
        assertEquals(recipe, other.withFinalKappa(recipe.objective().kappaAt(recipe.passes().epochs())));
        assertThrows(IllegalArgumentException.class, () -> Preset.QUICK.smoothing(0.5).withFinalKappa(0.25));
        assertThrows(IllegalArgumentException.class, () -> recipe.withFinalKappa(1.5));
    }

    @Test
    void givenAFinalKappa_whenItChanges_thenNothingElseDoes() {
        Recipe recipe = Toy.convolutional().but().augmentation(new Augmentation(3, 0.1, 1)).build();
        Recipe other = recipe.withFinalKappa(0.25);
        assertEquals(recipe, other.withFinalKappa(recipe.objective().kappaAt(recipe.passes().epochs())));
        assertEquals(recipe.passes(), other.passes());
        assertEquals(recipe.architecture(), other.architecture());
        assertEquals(recipe.optimisation(), other.optimisation());
        assertEquals(recipe, recipe.withSeed(recipe.seed() + 1).withSeed(recipe.seed()));
    }

    @Test
    void givenARecipe_whenNothingIsChanged_thenItIsTheSame() {
        Recipe recipe = Toy.convolutional().but().augmentation(new Augmentation(3, 0.1, 1)).batch(9).averaging(0.5).build();
        assertEquals(recipe, recipe.but().build());
    }

    @Test
    void givenAnIncompleteRecipe_whenBuilt_thenWhatIsMissingIsNamed() {
        Recipe.Builder nothing = Recipe.minimising(new GaussianAugmentation(1));
        assertRefused("epochs must be at least 1.0, not 0.0", nothing::build);
        nothing.epochs(1);
        assertRefused("learning rate must be given", nothing::build);
        nothing.learningRate(LearningRate.steps(1, 1));
        assertRefused("architecture must be given", nothing::build);
        assertEquals(128, nothing.architecture(Architecture.dense(List.of(3))).build().passes().batch());
    }

    @Test
    void givenValuesOutOfRange_whenBuilt_thenTheComplaintNamesThem() {
        assertRefused("sigma must be positive, not 0.0", () -> new GaussianAugmentation(0));
        assertRefused("copies must be at least 1.0, not 0.0", () -> new GaussianAugmentation(1, 0, 0, 0));
        assertRefused("weight of entropy must be at least 0.0, not -1.0", () -> new GaussianAugmentation(1, 2, 5, -1));
        assertRefused("one copy has nothing to agree with: the weights of consistency and entropy must be 0, not 5.0 "
                + "and 0.0", () -> new GaussianAugmentation(1, 1, 5, 0));
        assertRefused("kappa at the end must lie in [0, 1], not 1.5",
                () -> IntervalBounds.of(0.1).withFinalKappa(1.5));
        assertRefused("momentum must be below 1.0, not 1.0", () -> Optimiser.sgd(1));
        assertRefused("peak learning rate must be positive, not NaN", () -> LearningRate.cosine(Double.NaN, 0));
        assertRefused("milestones must be positive and ascend: [30, 30]", () -> LearningRate.steps(1, 0.1, 30, 30));
        assertRefused("hidden width must be at least 1.0, not 0.0", () -> Architecture.dense(List.of(0)));
        assertRefused("label 3 of image 1 is not one of 3 classes",
                () -> new TrainingSet(new float[4], new ImageShape(1, 1, 2), new int[] {0, 3}, 3, "none"));
        assertRefused("5 image elements are not 2 images of 1 x 1 x 2",
                () -> new TrainingSet(new float[5], new ImageShape(1, 1, 2), new int[] {0, 1}, 3, "none"));
    }

    private static void assertRefused(String message, Executable build) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, build).getMessage());
    }
}
