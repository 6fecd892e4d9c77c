package dev.bulwark.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Dataset;
import dev.bulwark.data.Digits;
import dev.bulwark.data.Split;
import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.training.Architecture;
import dev.bulwark.training.Preset;
import dev.bulwark.training.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainTest {

    @TempDir
    private Path folder;

    @Test
    void givenObjectives_whenNamed_thenNamesHaveAtLeastTwoDecimals() {
        assertEquals("ibp-epsilon-0.10", Train.name(Preset.QUICK.ibp(0.1).objective()));
        assertEquals("smoothing-sigma-1.00", Train.name(Preset.QUICK.smoothing(1).objective()));
    }

    @Test
    void givenDigits_whenTrained_thenTheFileHoldsTheMeasuredRoundedNetworkAndItsOrigin() throws IOException {
        Path model = folder.resolve("m.safetensors");
        Dataset training = Digits.generate(0, Split.TRAIN, 2_000);
        Dataset test = Digits.generate(0, Split.TEST, 500);
        try (Backend backend = CpuBackend.create()) {
            Recipe recipe = Preset.QUICK.smoothing(0.25).but().architecture(Architecture.dense(List.of(64))).build();
            Map<String, Double> accuracies = Train.run(backend, recipe, "quick", training, test, model, false,
                    Train.CHECKPOINTS, Monitor.SILENT);
            StoredNetwork stored = ModelFile.read(model);
            assertEquals(Precision.F16, stored.precision());
            assertEquals(training.digest(), stored.metadata().get("training_data_sha256"));
            assertEquals("quick", stored.metadata().get("preset"));
            // A guess has 10%; what is written must be what the file's network does.
            assertTrue(accuracies.get("clean_accuracy") > 60, accuracies.toString());
            Evaluation again = new Evaluation(backend, stored.graph(), test);
            assertEquals(accuracies.get("clean_accuracy"), again.clean());
            assertEquals(accuracies.get("noisy_accuracy"), again.noisy(0.25, 0));
            assertEquals(0, backend.liveBytes());
        }
        assertFalse(Files.exists(folder.resolve("m.safetensors.checkpoint")), "the checkpoint is gone");
    }
}
