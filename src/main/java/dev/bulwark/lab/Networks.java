package dev.bulwark.lab;

import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Split;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.RunLayout;
import dev.bulwark.runs.DataSource;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.RunRecord;
import dev.bulwark.runs.Train;
import dev.bulwark.runs.Trainings;
import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import dev.bulwark.training.Objective;
import dev.bulwark.training.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The networks of a reproduction: given in a folder, or trained into the run's own. */
record Networks(ReproductionPlan plan, RunLayout layout) {

    /** What the rows depend on of the networks, by its names in the record. */
    Map<String, Object> identity(Fleet fleet, Fleet trainers) {
        Map<String, Object> identity = new LinkedHashMap<>();
        if (plan.networks().folder().isPresent()) {
            Map<String, String> digests = new LinkedHashMap<>();
            plan.recipes().forEach(recipe -> digests.put(Train.name(recipe.objective()), ModelFile.read(given(recipe)).sha256()));
            identity.put("networks", digests);
        } else {
            identity.put("networks", "preset " + plan.networks().preset().name().toLowerCase(Locale.ROOT) + (trainers == fleet ? ""
                    : ", products " + trainers.info().libraries().get(DeviceInfo.PRODUCTS)));
            // A preset may become another in a later version: a run must not end with networks of both.
            identity.put("recipes", plan.recipes().stream().map(recipe -> recipe.digest().substring(0, 12)).toList().toString());
            identity.put("training_images", plan.images().training());
        }
        return identity;
    }

    /**
     * Reads all of them, by name.
     *
     * @param device  that computes them
     * @param digests filled with their digests
     * @param said    filled with what tables must say of them
     */
    Map<String, StoredNetwork> read(DeviceInfo device, Map<String, String> digests, Set<String> said) {
        Map<String, StoredNetwork> networks = new LinkedHashMap<>();
        for (Recipe recipe : plan.recipes()) {
            networks.put(Train.name(recipe.objective()), read(recipe, device, digests, said));
        }
        return networks;
    }

    private StoredNetwork read(Recipe recipe, DeviceInfo device, Map<String, String> digests, Set<String> said) {
        String name = Train.name(recipe.objective());
        Path file = plan.networks().folder().isPresent() ? given(recipe) : trained(recipe);
        StoredNetwork stored = ModelFile.read(file);
        digests.put(name, stored.sha256());
        said.add("Networks: preset " + stored.metadata().getOrDefault("preset", "unknown") + ", "
                + stored.metadata().getOrDefault("layers", "of unknown layers") + ", trained on "
                + stored.metadata().getOrDefault("training_data", "unknown data") + ".");
        if (!Plan.isTakenWhole(stored.graph(), device)) {
            said.add(name + " is computed in fp32, step by step: devices have no kernels of their own for such a network.");
        }
        return stored;
    }

    /** The file of a network that is not to be trained. */
    private Path given(Recipe recipe) {
        Path file = RunLayout.model(plan.networks().folder().orElseThrow(), Train.name(recipe.objective()));
        if (!Files.exists(file)) {
            throw new ExperimentException("no network " + file + ": train it with 'train ", training(recipe.objective()),
                    " ", Setting.OUT, " DIR/" + file.getFileName() + "' and name the folder of all networks",
                    Setting.MODELS.with("DIR"), ", or train all here", Setting.FROM_SCRATCH.with());
        }
        return file;
    }

    /** What {@code train} is told for an objective, with the radius as it was typed. */
    private Message training(Objective objective) {
        return objective instanceof Objective.IntervalBounds ibp
                ? Message.of("ibp ", Setting.EPSILON, " ", plan.bounds().epsilons().stream()
                        .filter(epsilon -> epsilon.nearest() == ibp.epsilon()).map(Epsilon::toString)
                        .findFirst().orElseThrow())
                : Message.of("smoothing ", Setting.SIGMA, " ", objective.sigma());
    }

    /** The file of a network that is trained here. */
    private Path trained(Recipe recipe) {
        return RunLayout.model(layout.models(), Train.name(recipe.objective()));
    }

    /** Trains those that are missing. */
    void train(Fleet trainers, Dataset test, DataSource source, boolean resume, Monitor monitor, RunRecord record) throws IOException {
        List<Recipe> missing = plan.networks().folder().isPresent() ? List.of() : plan.recipes().stream().distinct()
                .filter(recipe -> !resume || !Files.exists(trained(recipe))).toList();
        if (missing.isEmpty()) {
            return;
        }
        Dataset training = source.dataset(Split.TRAIN, plan.images().training());
        Trainings trainings = new Trainings(plan.networks().preset().name().toLowerCase(Locale.ROOT), training, test, this::trained,
                resume);
        long[] since = {System.nanoTime()};
        // Noted network by network, so that a run that is killed keeps the time of those it leaves.
        trainings.run(trainers, missing, monitor, recipe -> {
            long now = System.nanoTime();
            record.addSeconds("train", (now - since[0]) / 1e9);
            since[0] = now;
        });
    }
}
