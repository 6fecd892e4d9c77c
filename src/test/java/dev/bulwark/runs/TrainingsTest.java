package dev.bulwark.runs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.bulwark.data.Dataset;
import dev.bulwark.data.Digits;
import dev.bulwark.data.Split;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.device.cuda.CudaBackend;
import dev.bulwark.device.cuda.EmulatedDriver.Counter;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import dev.bulwark.device.cuda.EmulatedDriver;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.plan.Parameters;
import dev.bulwark.training.Architecture;
import dev.bulwark.training.DivergenceException;
import dev.bulwark.training.Initialisation;
import dev.bulwark.training.LearningRate;
import dev.bulwark.training.Objective.GaussianAugmentation;
import dev.bulwark.training.Objective.IntervalBounds.Rise;
import dev.bulwark.training.Objective.IntervalBounds;
import dev.bulwark.training.Optimiser;
import dev.bulwark.training.Ramp;
import dev.bulwark.training.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Networks trained side by side are those trained alone, bit for bit, and one that fails takes no other with it. */
@GpuTest
class TrainingsTest {

    private static final Dataset TRAINING = Digits.generate(0, Split.TRAIN, 90);
    private static final Dataset TEST = Digits.generate(0, Split.TEST, 33);
    private static final List<Recipe> RECIPES = List.of(smoothing(0.25, 0.01), ibp(0.05), smoothing(0.5, 0.01));

    @TempDir
    private Path folder;
    private final List<String> notes = Collections.synchronizedList(new ArrayList<>());
    private final List<String> stages = Collections.synchronizedList(new ArrayList<>());

    private final Monitor monitor = new Monitor() {
        @Override
        public Stage stage(String name, long total, String unit) {
            stages.add(name + ": " + total + " " + unit);
            return Monitor.SILENT.stage(name, total, unit);
        }

        @Override
        public void note(String line) {
            notes.add(line);
        }
    };

    private static Recipe smoothing(double sigma, double rate) {
        return Recipe.minimising(new GaussianAugmentation(sigma)).architecture(Architecture.dense(List.of(13))).epochs(3)
                .batch(32).seed(5).optimiser(Optimiser.sgd(0.9)).learningRate(LearningRate.steps(rate, 1)).build();
    }

    /** With regularisers and clipping: all that goes through partial sums. */
    private static Recipe ibp(double epsilon) {
        return Recipe.minimising(IntervalBounds.of(epsilon).rising(new Rise(1.2, 1, 2, Ramp.SMOOTH)).withRegulariser(0.5))
                .architecture(Architecture.dense(List.of(13, 11))).epochs(4).batch(32).seed(5)
                .initialisation(Initialisation.SHI).optimiser(Optimiser.adam().withClipNorm(5))
                .learningRate(LearningRate.cosine(0.01, 0)).averaging(0.9).build();
    }

    @BeforeEach
    void plugIn() {
        if (!TestGpu.isReal()) {
            EmulatedDriver.reset();
        }
    }

    @AfterEach
    void nothingIsLeft() {
        if (!TestGpu.isReal()) {
            String alive = EmulatedDriver.alive();
            EmulatedDriver.reset();
            assertEquals("", alive);
        }
    }

    private static Fleet gpus(int count) {
        return new Fleet(IntStream.range(0, count).mapToObj(CudaBackend::open).toList(), "test");
    }

    /** Trains on the fleet, closes it and answers the names of the networks in the order they were done. */
    private List<String> train(Fleet fleet, String name, boolean resume, List<Recipe> recipes) throws IOException {
        Trainings trainings = new Trainings("test", TRAINING, TEST, recipe -> file(name, recipe), resume);
        List<String> done = new ArrayList<>();
        try (fleet) {
            try {
                trainings.run(fleet, recipes, monitor, recipe -> done.add(Train.name(recipe.objective())));
            } finally {
                for (Backend backend : fleet.backends()) {
                    assertEquals(0, backend.liveBytes());
                }
            }
        }
        return done;
    }

    private Path file(String name, Recipe recipe) {
        return folder.resolve(name).resolve(Train.name(recipe.objective()) + ".safetensors");
    }

    private void alone() throws IOException {
        for (Recipe recipe : RECIPES) {
            train(gpus(1), "alone", false, List.of(recipe));
        }
    }

    private void assertSameAsAlone(String name, Recipe recipe) {
        StoredNetwork expected = ModelFile.read(file("alone", recipe));
        StoredNetwork actual = ModelFile.read(file(name, recipe));
        assertArrayEquals(Parameters.of(expected.graph()), Parameters.of(actual.graph()));
        assertEquals(timeless(expected), timeless(actual));
    }

    private static Map<String, String> timeless(StoredNetwork network) {
        Map<String, String> metadata = new TreeMap<>(network.metadata());
        metadata.remove("training_seconds");
        return metadata;
    }

    @Test
    void givenAGpu_whenTrainedSideBySide_thenNetworksAreThoseTrainedAlone() throws IOException {
        alone();
        stages.clear();
        List<String> done = train(gpus(1), "together", false, RECIPES);
        assertEquals(3, done.size());
        assertEquals(List.of("train 3 networks, 3 at a time: 10 epochs"), stages);
        assertEquals(3, notes.size(), notes.toString());
        for (Recipe recipe : RECIPES) {
            assertSameAsAlone("together", recipe);
            assertFalse(Files.exists(Train.checkpoint(file("together", recipe))));
        }
    }

    @Test
    void givenTwoGpus_whenTrainedSideBySide_thenNetworksAreThoseTrainedAlone() throws IOException {
        assumeFalse(TestGpu.isReal(), "this machine may have one GPU only");
        alone();
        EmulatedDriver.set(Setting.DEVICES, 2);
        train(gpus(2), "two", false, RECIPES);
        RECIPES.forEach(recipe -> assertSameAsAlone("two", recipe));
    }

    @Test
    void givenOneThatDiverges_whenTrainedSideBySide_thenTheOthersAreKept() throws IOException {
        alone();
        Recipe wild = smoothing(1, 1e30);
        List<Recipe> recipes = List.of(RECIPES.get(0), wild, RECIPES.get(1));
        assertThrows(DivergenceException.class, () -> train(gpus(1), "wild", false, recipes));
        assertFalse(Files.exists(file("wild", wild)));
        assertSameAsAlone("wild", RECIPES.get(0));
        assertSameAsAlone("wild", RECIPES.get(1));
        assertTrue(notes.stream().anyMatch(note -> note.startsWith("smoothing-sigma-1.00 failed: ")), notes.toString());
    }

    @Test
    void givenAGpuLostUnderWay_whenResumed_thenNetworksAreThoseTrainedAlone() throws IOException {
        assumeFalse(TestGpu.isReal(), "a real GPU is not lost on demand");
        long before = EmulatedDriver.count(Counter.LAUNCHES);
        alone();
        long launches = EmulatedDriver.count(Counter.LAUNCHES) - before;
        EmulatedDriver.set(Setting.FAIL_LAUNCH, launches / 2);
        assertThrows(DeviceException.class, () -> train(gpus(1), "lost", false, RECIPES));
        EmulatedDriver.reset();
        List<Recipe> missing = RECIPES.stream().filter(recipe -> !Files.exists(file("lost", recipe))).toList();
        assertFalse(missing.isEmpty());
        train(gpus(1), "lost", true, missing);
        RECIPES.forEach(recipe -> assertSameAsAlone("lost", recipe));
    }

    @Test
    void givenTooLittleMemoryForSiblings_whenTrained_thenFewerAreTrainedAtATime() throws IOException {
        assumeFalse(TestGpu.isReal(), "a real GPU's memory does not run out on demand");
        alone();
        Fleet fleet = gpus(1);
        EmulatedDriver.set(Setting.FAIL_ALLOCATION, 1);
        stages.clear();
        List<String> done = train(fleet, "little", false, RECIPES);
        assertEquals(3, done.size());
        assertEquals(3, stages.size(), "one after the other: " + stages);
        RECIPES.forEach(recipe -> assertSameAsAlone("little", recipe));
    }

    @Test
    void givenTheCpu_whenSeveralAreTrained_thenOneComesAfterTheOther() throws IOException {
        List<String> done = train(new Fleet(List.of(CpuBackend.create()), "test"), "cpu", false, RECIPES);
        assertEquals(List.of("smoothing-sigma-0.25", "ibp-epsilon-0.05", "smoothing-sigma-0.50"), done);
        assertEquals(List.of("train smoothing-sigma-0.25: 3 epochs", "train ibp-epsilon-0.05: 4 epochs",
                "train smoothing-sigma-0.50: 3 epochs"), stages);
    }
}
