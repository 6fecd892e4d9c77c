package dev.bulwark.runs;

import dev.bulwark.bounds.Method;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Split;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.RunLayout;
import dev.bulwark.settings.Setting;
import dev.bulwark.training.Objective.IntervalBounds;
import dev.bulwark.training.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What certified accuracy costs in clean accuracy: networks that differ in the final weight of the natural loss alone,
 * trained and bounded. Everything lies in one folder; a killed run goes on where it was, and one that is done takes
 * further weights.
 */
public final class Tradeoff {

    /**
     * What to do.
     *
     * @param base    trains all networks but for the final weight of the natural loss; an objective with bounds
     * @param preset  the base's name, for the provenance
     * @param kappas  final weights of the natural loss
     * @param epsilon what is certified, near to which the base trains
     */
    public record Plan(Recipe base, String preset, List<Double> kappas, Epsilon epsilon, Images images) {

        public Plan {
            kappas = List.copyOf(kappas);
            if (kappas.isEmpty() || kappas.stream().distinct().count() < kappas.size()) {
                throw new ExperimentException(Setting.KAPPAS, " must be different weights, at least one: " + kappas);
            }
            kappas.forEach(base::withFinalKappa);
        }

        private List<Recipe> recipes() {
            return kappas.stream().map(base::withFinalKappa).toList();
        }
    }

    /**
     * What networks are trained on and bounded on.
     *
     * @param training how many of the training images, at most
     * @param verified test images to bound
     */
    public record Images(int training, Selection verified) {
    }

    private final Fleet fleet;
    private final Fleet trainers;
    private final Plan plan;
    private final DataSource source;
    private final Dataset test;
    private final Path folder;
    private final RunLayout layout;
    private final Existing existing;
    private final Monitor monitor;

    /**
     * @param fleet    what bounds are computed on
     * @param trainers what networks are trained on; may be the same
     * @param folder   for everything, made if need be
     */
    public Tradeoff(Fleet fleet, Fleet trainers, Plan plan, DataSource source, Path folder, Existing existing,
            Monitor monitor) {
        this.fleet = fleet;
        this.trainers = trainers;
        this.plan = plan;
        this.source = source;
        this.test = source.dataset(Split.TEST);
        this.folder = folder;
        this.layout = new RunLayout(folder);
        this.existing = existing;
        this.monitor = monitor;
    }

    /**
     * Does what is left to do.
     *
     * @param command the command line, for the record
     */
    public void run(String command, Map<String, ?> versions) throws IOException {
        Path file = layout.record();
        if (existing == Existing.REFUSE && Files.exists(file)) {
            throw new ExperimentException(folder + " already holds a run: go on with ", Setting.RESUME,
                    ", or throw it away with ", Setting.OVERWRITE);
        }
        try (RunRecord record = RunRecord.open(file, existing, identity())) {
            run(record, command, versions);
        }
    }

    private void run(RunRecord record, String command, Map<String, ?> versions) throws IOException {
        if (existing == Existing.REPLACE) {
            for (Path earlier : layout.tradeoffFiles()) {
                Files.delete(earlier);
            }
        }
        record.put("command", command);
        record.put("versions", versions);
        record.put("dataset", DataSource.describe(test));
        record.put("seed", plan.base.seed());
        record.putDevices(fleet);
        record.put("training_device", trainers.info());
        monitor.note(fleet.choice());
        train(record);
        Set<String> scope = new LinkedHashSet<>();
        Map<String, String> digests = new LinkedHashMap<>();
        for (Recipe recipe : plan.recipes()) {
            StoredNetwork network = trained(recipe);
            digests.put(Train.title(model(recipe)), network.sha256());
            scope.add("Networks: preset " + plan.preset + " but for kappa, "
                    + network.metadata().getOrDefault("layers", "of unknown layers") + ", trained on "
                    + network.metadata().getOrDefault("training_data", "unknown data") + ".");
            long start = System.nanoTime();
            bound(recipe, network);
            record.addSeconds("verify", (System.nanoTime() - start) / 1e9);
        }
        int images = plan.images.verified.of(test.size()).length;
        if (images < test.size()) {
            scope.add(String.format(Locale.ROOT, "On %,d of %,d test images (%s).", images, test.size(),
                    plan.images.verified.describe()));
        }
        record.put("models", digests);
        record.put("scope", scope);
        record.finish();
    }

    /** Without the weights: each network stands for itself. */
    private Map<String, Object> identity() {
        Map<String, Object> identity = new LinkedHashMap<>();
        identity.put("run", "tradeoff");
        identity.put("dataset", test.name());
        identity.put("test_sha256", test.digest());
        identity.put("epsilon", plan.epsilon.nearest());
        identity.put(Verify.CENTRE, Verify.centre(test));
        plan.epsilon.beyondDouble().ifPresent(exact -> identity.put("epsilon_exact", exact));
        identity.put("preset", plan.preset);
        identity.put("hidden", plan.base.architecture().dense());
        identity.put("convolutions", plan.base.architecture().convolutions().toString());
        identity.put("seed", plan.base.seed());
        identity.put("training_images", plan.images.training);
        identity.put("verified_images", plan.images.verified.toString());
        identity.put("device", fleet.info().kind());
        identity.put("products", trainers.info().libraries().get(DeviceInfo.PRODUCTS));
        return identity;
    }

    private void train(RunRecord record) throws IOException {
        List<Recipe> missing = plan.recipes().stream().filter(recipe -> !Files.exists(model(recipe))).toList();
        if (missing.isEmpty()) {
            return;
        }
        for (Recipe recipe : missing) {
            Files.deleteIfExists(rows(recipe)); // of a network that no longer exists
        }
        Dataset training = source.dataset(Split.TRAIN, plan.images.training);
        long[] since = {System.nanoTime()};
        new Trainings(plan.preset + ", other final kappa", training, test, this::model, true)
                .run(trainers, missing, monitor, recipe -> {
                    long now = System.nanoTime();
                    record.addSeconds("train", (now - since[0]) / 1e9);
                    since[0] = now;
                });
    }

    private StoredNetwork trained(Recipe recipe) {
        StoredNetwork network = ModelFile.read(model(recipe));
        if (!recipe.digest().equals(network.metadata().get("recipe_sha256"))) {
            throw new ExperimentException(model(recipe) + " is a network of another recipe: use another ",
                    Setting.OUT, ", or ", Setting.OVERWRITE);
        }
        return network;
    }

    private void bound(Recipe recipe, StoredNetwork network) throws IOException {
        Subject subject = new Subject(network.graph(), test, plan.images.verified.of(test.size()));
        try (RowFile<BoundsRow> rows = Existing.RESUME.open(rows(recipe), BoundsRow.FORMAT)) {
            Verify.run(fleet, subject, plan.epsilon, Method.IBP, 0, rows, monitor);
        }
    }

    private Path model(Recipe recipe) {
        return RunLayout.model(layout.models(), RunLayout.tradeoffName(kappa(recipe)));
    }

    private Path rows(Recipe recipe) {
        return layout.tradeoff(kappa(recipe));
    }

    private static double kappa(Recipe recipe) {
        return ((IntervalBounds) recipe.objective()).kappa().end();
    }
}
