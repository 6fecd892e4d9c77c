package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Parameters;
import dev.bulwark.plan.Plan;
import dev.bulwark.training.Objective.GaussianAugmentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TrainerTest {

    /** Not a multiple of the batch: the last step of an epoch is short. */
    private static final TrainingSet DATA = Toy.data(101);

    private static final Progress.Listener SILENT = progress -> { };

    private final Backend backend = CpuBackend.create();

    @TempDir
    private Path folder;

    static Stream<Recipe> recipes() {
        return Stream.of(Toy.ibp(), Toy.convolutional(), Toy.smoothing(), Toy.consistency(),
                Toy.consistency().but().architecture(Toy.convolutional().architecture()).build(),
                Toy.ibp().but().augmentation(new Augmentation(3, 0.05, 0.2)).build(),
                Toy.consistency().but().augmentation(new Augmentation(0, 0, 0.2)).build());
    }

    @AfterEach
    void everythingIsGivenBack() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void givenSeparableClasses_whenTrained_thenAllImagesAreLearned(Recipe recipe) {
        Trained trained = Trainer.train(backend, recipe, DATA, SILENT);

        Progress last = trained.last();
        assertEquals(1, last.losses().natural().or(last.losses()::worstCase).orElseThrow().accuracy(), 0.02);
        assertEquals(1, last.losses().worstCase().or(last.losses()::natural).orElseThrow().accuracy(), 0.02);
        assertEquals(1, accuracy(trained), 0);
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void givenTheSameRecipe_whenTrainedTwice_thenTheBitsAgree(Recipe recipe) {
        float[] first = train(recipe);

        assertArrayEquals(first, train(recipe));
        assertFalse(Arrays.equals(first, train(recipe.withSeed(6))));
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void givenARunKilledTwice_whenResumed_thenItEndsWithTheUninterruptedBits(Recipe recipe) {
        CheckpointPolicy checkpoints = new CheckpointPolicy(folder.resolve("run.checkpoint"), Duration.ZERO);
        killAfterEpoch(2, recipe, checkpoints);
        killAfterEpoch(5, recipe, checkpoints);

        Trained resumed = Trainer.train(backend, recipe, DATA, checkpoints, SILENT);

        assertArrayEquals(train(recipe), Parameters.of(resumed.graph()));
        assertEquals(recipe.passes().epochs(), resumed.history().size());
    }

    @Test
    void givenAFinishedRun_whenStartedAgain_thenItReturnsTheSameNetworkAtOnce() {
        CheckpointPolicy checkpoints = new CheckpointPolicy(folder.resolve("run.checkpoint"), Duration.ofHours(1));
        Trained first = Trainer.train(backend, Toy.smoothing(), DATA, checkpoints, SILENT);

        Trained again = Trainer.train(backend, Toy.smoothing(), DATA, checkpoints, progress -> {
            throw new AssertionError("trained an epoch more");
        });

        assertArrayEquals(Parameters.of(first.graph()), Parameters.of(again.graph()));
        assertEquals(first.history(), again.history());
    }

    @Test
    void givenOtherRecipeOrData_whenResumed_thenOneLineSaysSo() {
        CheckpointPolicy checkpoints = new CheckpointPolicy(folder.resolve("run.checkpoint"), Duration.ZERO);
        killAfterEpoch(2, Toy.smoothing(), checkpoints);

        String recipe = assertThrows(CheckpointException.class, () -> Trainer.train(backend,
                Toy.smoothing().withSeed(9), DATA, checkpoints, SILENT)).getMessage();
        String data = assertThrows(CheckpointException.class, () -> Trainer.train(backend,
                Toy.smoothing(), Toy.data(50), checkpoints, SILENT)).getMessage();

        assertTrue(recipe.contains("belongs to another recipe"), recipe);
        assertTrue(data.contains("toy of 101, not toy of 50"), data);
        assertFalse((recipe + data).contains("\n"));
    }

    @Test
    void givenAnAbsurdLearningRate_whenTrained_thenItStopsAndSaysWhere() {
        Recipe absurd = Toy.smoothing().but().optimiser(Optimiser.sgd(0.9)).learningRate(LearningRate.steps(1e12, 1))
                .build();
        Path file = folder.resolve("run.checkpoint");

        String message = assertThrows(DivergenceException.class, () -> Trainer.train(backend, absurd, DATA,
                new CheckpointPolicy(file, Duration.ZERO), SILENT)).getMessage();

        assertTrue(message.startsWith("training diverged at epoch 1, step "), message);
        assertTrue(message.contains("learning rate 1.0E12; try"), message);
        assertFalse(Files.exists(file));
    }

    @Test
    void givenALossThatExplodes_whenTrained_thenTheLastGoodCheckpointRemains() {
        // A warm-up through harmless rates, then one that throws the loss far above a guess's without overflowing.
        Recipe late = Toy.smoothing().but().epochs(40).optimiser(Optimiser.sgd(0))
                .learningRate(LearningRate.steps(400, 1).withWarmUp(39.9)).build();
        CheckpointPolicy checkpoints = new CheckpointPolicy(folder.resolve("run.checkpoint"), Duration.ZERO);
        List<Progress> seen = new ArrayList<>();

        assertThrows(DivergenceException.class, () -> Trainer.train(backend, late, DATA, checkpoints, seen::add));

        assertFalse(seen.isEmpty());
        assertEquals(seen, Checkpoint.read(checkpoints.file()).history());
    }

    @Test
    void givenAShortLastBatch_whenAnEpochEnds_thenItsImagesCount() {
        List<Progress> seen = new ArrayList<>();
        Trainer.train(backend, Toy.ibp(), DATA, seen::add);

        Progress first = seen.get(0);
        assertEquals(7, first.epoch().steps());
        assertEquals(101, first.epoch().images());
        assertTrue(first.losses().worstCase().isEmpty(), "no boxes at radius 0");
        assertTrue(seen.get(11).losses().natural().isEmpty(), "no clean rows without weight");
        assertEquals(0.12, seen.get(11).last().epsilon(), 1e-15);
        assertEquals(0, seen.get(11).last().kappa(), 0);
    }

    /** With parameters all but frozen, epochs differ by their noise alone, and batches not at all. */
    @Test
    void givenFrozenParameters_whenEpochsPass_thenNoiseIsFreshAndIgnoresTheBatch() {
        List<Progress> small = frozen(2, 16, new GaussianAugmentation(1));
        List<Progress> large = frozen(2, 101, new GaussianAugmentation(1));

        assertTrue(Math.abs(small.get(0).losses().total() - small.get(1).losses().total()) > 1e-4,
                "the noise of two epochs");
        assertEquals(small.get(0).losses().total(), large.get(0).losses().total(), 1e-6);
        assertEquals(small.get(1).losses().total(), large.get(1).losses().total(), 1e-6);
    }

    /** Copy i of epoch e takes the noise that epoch 3e + i takes where each image has one copy. */
    @Test
    void givenFrozenParametersAndCopies_whenEpochsPass_thenNoNoiseIsUsedTwice() {
        List<Progress> single = frozen(6, 16, new GaussianAugmentation(1));
        List<Progress> triple = frozen(2, 16, new GaussianAugmentation(1, 3, 0, 0));

        for (int epoch = 0; epoch < 2; ++epoch) {
            List<Progress.Term> parts = single.subList(3 * epoch, 3 * epoch + 3).stream()
                    .map(progress -> progress.losses().natural().orElseThrow()).toList();
            Progress.Term whole = triple.get(epoch).losses().natural().orElseThrow();
            assertEquals(parts.stream().mapToDouble(Progress.Term::loss).sum() / 3, whole.loss(), 1e-6);
            assertEquals(parts.stream().mapToDouble(Progress.Term::accuracy).sum() / 3, whole.accuracy(), 1e-12);
            assertEquals(whole.loss(), triple.get(epoch).losses().total(), 1e-12);
            assertEquals(101, triple.get(epoch).epoch().images());
        }
    }

    @Test
    void givenWeightsOfConsistency_whenAnEpochEnds_thenItsLossHasThePenaltyAndTheNaturalLossHasNot() {
        Progress plain = frozen(1, 16, new GaussianAugmentation(1, 2, 0, 0)).get(0);
        Progress penalised = frozen(1, 101, new GaussianAugmentation(1, 2, 5, 0)).get(0);
        Progress twice = frozen(1, 16, new GaussianAugmentation(1, 2, 10, 0)).get(0);

        double penalty = penalised.losses().total() - plain.losses().total();
        assertTrue(penalty > 0.01, "a penalty of " + penalty);
        assertEquals(2 * penalty, twice.losses().total() - plain.losses().total(), 1e-6);
        assertEquals(plain.losses().natural().orElseThrow().loss(), penalised.losses().natural().orElseThrow().loss(), 1e-6);
    }

    private List<Progress> frozen(int epochs, int batch, GaussianAugmentation objective) {
        Recipe recipe = Toy.smoothing().but().objective(objective).epochs(epochs).batch(batch).optimiser(Optimiser.sgd(0))
                .learningRate(LearningRate.steps(1e-30, 1)).build();
        return Trainer.train(backend, recipe, DATA, SILENT).history();
    }

    @Test
    void givenABatchLargerThanTheData_whenTrained_thenAnEpochIsOneStep() {
        Trained trained = Trainer.train(backend, Toy.smoothing(), Toy.data(7), SILENT);

        assertEquals(1, trained.last().epoch().steps());
        assertEquals(7, trained.last().epoch().images());
    }

    private void killAfterEpoch(int epoch, Recipe recipe, CheckpointPolicy checkpoints) {
        assertThrows(Killed.class, () -> Trainer.train(backend, recipe, DATA, checkpoints, progress -> {
            if (progress.epoch().number() == epoch) {
                throw new Killed();
            }
        }));
    }

    private float[] train(Recipe recipe) {
        return Parameters.of(Trainer.train(backend, recipe, DATA, SILENT).graph());
    }

    private double accuracy(Trained trained) {
        try (Plan plan = Plan.load(backend, trained.graph()); DeviceMemory memory = new DeviceMemory(backend)) {
            int rows = DATA.count();
            DeviceBuffer logits = new Logits(memory, plan, rows).of(memory.holding(DATA.images()), rows);
            var classes = memory.allocate(rows);
            backend.votes().argMax(logits, rows, Toy.CLASSES, classes);
            int[] predicted = new int[rows];
            backend.read(classes, predicted);
            int right = 0;
            for (int n = 0; n < rows; ++n) {
                right += predicted[n] == DATA.labels()[n] ? 1 : 0;
            }
            return (double) right / rows;
        }
    }

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }
}
