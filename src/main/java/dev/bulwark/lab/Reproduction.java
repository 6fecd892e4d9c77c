package dev.bulwark.lab;

import dev.bulwark.attack.PgdSettings;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Split;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.model.Graph;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.plan.Perceptron;
import dev.bulwark.report.RunReport;
import dev.bulwark.report.Table1;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.Row;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.RowFormat;
import dev.bulwark.results.RunLayout;
import dev.bulwark.results.SmoothingRow;
import dev.bulwark.results.SoundnessCheck;
import dev.bulwark.runs.Attack;
import dev.bulwark.runs.AttackChoice;
import dev.bulwark.runs.Certify;
import dev.bulwark.runs.DataSource;
import dev.bulwark.runs.Existing;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.RunRecord;
import dev.bulwark.runs.Selection;
import dev.bulwark.runs.Showcase;
import dev.bulwark.runs.Subject;
import dev.bulwark.runs.Train;
import dev.bulwark.runs.Trainings;
import dev.bulwark.runs.Verify;
import dev.bulwark.training.Objective;
import dev.bulwark.training.Preset;
import dev.bulwark.training.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Both tables from images: networks (shipped, or trained here), certificates, bounds, attacks, and the report from their
 * rows. Everything lies in one run folder; a killed run goes on where it was.
 */
public final class Reproduction {

    /**
     * What to do.
     *
     * @param sigmas         noise levels of Table 1
     * @param epsilons       L-infinity radii of Table 2
     * @param n0             selection samples
     * @param n              estimation samples
     * @param alpha          failure probability of a certificate
     * @param deep           further lines of Table 1, if wanted
     * @param sampled        images for smoothing
     * @param verified       images for IBP and PGD
     * @param preset         how networks are trained where none are given
     * @param trainingImages how many of the training images, at most
     * @param models         folder of networks; empty to train them
     */
    public record Plan(List<Double> sigmas, List<Epsilon> epsilons, int n0, int n, double alpha, Optional<Deep> deep,
                       Attacks attacks,
                       Selection sampled, Selection verified, Preset preset, int trainingImages,
                       Optional<Path> models, long seed) {

        public Plan {
            sigmas = List.copyOf(sigmas);
            epsilons = List.copyOf(epsilons);
            // What is wrong with any of them is said before anything is trained.
            sigmas.forEach(sigma -> new Certify.Settings(sigma, n0, n, alpha, seed));
            if (deep.isPresent()) {
                deep.get().requireUse(sigmas, n, alpha);
                new Certify.Settings(1, n0, deep.get().n, alpha, seed);
            }
            for (Epsilon epsilon : epsilons) {
                attacks.settings(new Ball(epsilon, Ball.Centre.FLOAT), seed);
            }
            requireNamesOfTheirOwn(epsilons);
        }

        /** Files and rows are named after the nearest double, which two different numbers may share. */
        private static void requireNamesOfTheirOwn(List<Epsilon> epsilons) {
            if (epsilons.stream().distinct().count() > epsilons.stream().map(Epsilon::nearest).distinct().count()) {
                throw new ExperimentException("--epsilon has different numbers that no double tells apart: " + epsilons);
            }
        }
    }

    /**
     * How PGD is run.
     *
     * @param steps    of each restart
     * @param restarts for each loss
     * @param images   which of the bounded ones
     */
    public record Attacks(int steps, int restarts, AttackChoice images) {

        private PgdSettings settings(Ball ball, long seed) {
            return Attack.settings(ball, steps, ball.epsilon().nearest() / 10, restarts, seed, Attack.BOTH_LOSSES);
        }
    }

    /**
     * Certificates with many more samples, for the noise levels at which the others can't reach Table 1's largest radius.
     *
     * @param n      estimation samples
     * @param images how many at most, spread evenly over those that the other certificates take
     */
    public record Deep(int n, int images) {

        public Deep {
            if (images < 1) {
                throw new ExperimentException("--deep-images must be at least 1: " + images);
            }
        }

        @Override
        public String toString() {
            return "n = " + n + " on " + images + " images";
        }

        private void requireUse(List<Double> sigmas, int fewer, double alpha) {
            if (n <= fewer || deepSigmas(sigmas, fewer, alpha).isEmpty()) {
                throw new ExperimentException("--deep-n is for noise levels at which --n samples can't reach Table 1's largest "
                        + "radius: " + (n <= fewer ? n + " is no more than --n " + fewer : fewer + " reach it at " + sigmas));
            }
        }

        private int[] of(int[] candidates) {
            return Selection.spread(candidates, images);
        }
    }

    private final Fleet fleet;
    private Fleet trainers;
    private final Plan plan;
    private final DataSource source;
    private final Dataset test;
    private final Path folder;
    private final RunLayout layout;
    private final Existing existing;
    private final Monitor monitor;
    private final Set<String> scope = new LinkedHashSet<>();

    /** @param folder the run folder, made if need be */
    public Reproduction(Fleet fleet, Plan plan, DataSource source, Path folder, Existing existing, Monitor monitor) {
        this.fleet = fleet;
        this.trainers = fleet;
        this.plan = plan;
        this.source = source;
        this.test = source.dataset(Split.TEST);
        this.folder = folder;
        this.layout = new RunLayout(folder);
        this.existing = existing;
        this.monitor = monitor;
    }

    /** Has networks trained on other backends than the rest is done on. */
    public Reproduction trainingOn(Fleet other) {
        trainers = other;
        return this;
    }

    /**
     * Does what is left to do.
     *
     * @param command the command line, for the record
     * @throws dev.bulwark.results.SoundnessException if an attack broke an image that was certified
     */
    public RunReport run(String command, Map<String, ?> versions) throws IOException {
        if (existing == Existing.REFUSE && Files.exists(layout.record())) {
            throw new ExperimentException(folder + " already holds a run: go on with --resume, or throw it away with --overwrite");
        }
        try (RunRecord record = RunRecord.open(layout.record(), existing, identity())) {
            return run(record, command, versions);
        }
    }

    private RunReport run(RunRecord record, String command, Map<String, ?> versions) throws IOException {
        record.put("command", command);
        record.put("versions", versions);
        record.put("dataset", DataSource.describe(test));
        record.put("seed", plan.seed);
        record.putDevices(fleet);
        if (plan.models.isEmpty()) {
            record.put("training_device", trainers.info());
        }
        monitor.note(fleet.choice());
        trainWhatIsMissing(record);
        Map<String, StoredNetwork> networks = new LinkedHashMap<>();
        Map<String, String> digests = new LinkedHashMap<>();
        for (Recipe recipe : recipes()) {
            networks.put(Train.name(recipe.objective()), network(recipe, digests));
        }
        record.put("models", digests);
        scope.add("PGD: " + plan.attacks.steps + " steps of epsilon/10 from each of " + plan.attacks.restarts
                + " random starting points up the "
                + "cross-entropy, then as many up the margin (best other logit less the label's) at images that still stand.");
        Map<Epsilon, Integer> checked = new LinkedHashMap<>();
        String foreseen = plan.attacks.images.sentence(checked);
        scope.add(foreseen);
        sayWhatWasLeftOut();
        record.put("scope", scope);

        for (double sigma : plan.sigmas) {
            timed(record, "certify", () -> certify(sigma, plan.n, plan.sampled.of(test.size()), layout.certificates(sigma), networks));
        }
        if (plan.deep.isPresent()) {
            for (double sigma : deepSigmas(plan.sigmas, plan.n, plan.alpha)) {
                timed(record, "certify", () -> certify(sigma, plan.deep.get().n, deepImages(), layout.certificates(sigma, plan.deep.get().n), networks));
            }
        }
        for (Epsilon epsilon : plan.epsilons) {
            StoredNetwork network = networks.get(Train.name(ibp(epsilon).objective()));
            timed(record, "verify", () -> verify(epsilon, network));
            timed(record, "attack", () -> checked.put(epsilon, attack(epsilon, network)));
        }
        record.put("scope", scope.stream().map(said -> said.equals(foreseen) ? plan.attacks.images.sentence(checked) : said)
                .toList());
        timed(record, "gallery", () -> exhibit(networks));
        record.finish();
        return RunReport.rebuild(folder, LabReport::of);
    }

    private Map<String, Object> identity() {
        Map<String, Object> identity = new LinkedHashMap<>();
        identity.put("dataset", test.name());
        identity.put("test_sha256", test.digest());
        identity.put("sigmas", plan.sigmas);
        identity.put("epsilons", plan.epsilons.stream().map(Epsilon::nearest).toList());
        identity.put(Verify.CENTRE, Verify.BYTES);
        if (plan.epsilons.stream().anyMatch(epsilon -> epsilon.beyondDouble().isPresent())) {
            identity.put("epsilons_exact", plan.epsilons.stream().map(Epsilon::toString).toList());
        }
        identity.put("n0", plan.n0);
        identity.put("n", plan.n);
        identity.put("alpha", plan.alpha);
        identity.put("deep", plan.deep.map(Deep::toString).orElse("none"));
        identity.put("pgd_steps", plan.attacks.steps);
        identity.put("pgd_restarts", plan.attacks.restarts);
        identity.put("pgd_loss", "both");
        identity.put(AttackRecord.IMAGES, plan.attacks.images.toString());
        identity.put("sampled_images", plan.sampled.toString());
        identity.put("verified_images", plan.verified.toString());
        if (plan.models.isPresent()) {
            Map<String, String> digests = new LinkedHashMap<>();
            recipes().forEach(recipe -> digests.put(Train.name(recipe.objective()), ModelFile.read(given(recipe)).sha256()));
            identity.put("networks", digests);
        } else {
            identity.put("networks", "preset " + plan.preset.name().toLowerCase(Locale.ROOT) + (trainers == fleet ? ""
                    : ", products " + trainers.info().libraries().get(DeviceInfo.PRODUCTS)));
            // A preset may become another in a later version: a run must not end with networks of both.
            identity.put("recipes", recipes().stream().map(recipe -> recipe.digest().substring(0, 12)).toList().toString());
            identity.put("training_images", plan.trainingImages);
        }
        identity.put("seed", plan.seed);
        identity.put("device", fleet.info().kind());
        identity.put("libraries", fleet.info().arithmetic());
        return identity;
    }

    private List<Recipe> recipes() {
        return Stream.concat(plan.sigmas.stream().map(plan.preset::smoothing), plan.epsilons.stream().map(this::ibp))
                .map(recipe -> recipe.withSeed(plan.seed)).toList();
    }

    private Recipe ibp(Epsilon epsilon) {
        return plan.preset.ibp(epsilon.nearest());
    }

    /** The file of a network that is not to be trained. */
    private Path given(Recipe recipe) {
        Path file = RunLayout.model(plan.models.orElseThrow(), Train.name(recipe.objective()));
        if (!Files.exists(file)) {
            throw new ExperimentException("no network " + file + ": train it with 'train " + training(recipe.objective())
                    + " --out DIR/" + file.getFileName() + "' and name the folder of all networks with --models DIR, or train "
                    + "all here with --from-scratch");
        }
        return file;
    }

    /** What {@code train} is told for an objective, with the radius as it was typed. */
    private String training(Objective objective) {
        return objective instanceof Objective.IntervalBounds ibp
                ? "ibp --epsilon " + plan.epsilons.stream().filter(epsilon -> epsilon.nearest() == ibp.epsilon())
                        .map(Epsilon::toString).findFirst().orElseThrow()
                : "smoothing --sigma " + objective.sigma();
    }

    private StoredNetwork network(Recipe recipe, Map<String, String> digests) {
        String name = Train.name(recipe.objective());
        Path file = plan.models.isPresent() ? given(recipe) : trained(recipe);
        StoredNetwork stored = ModelFile.read(file);
        digests.put(name, stored.sha256());
        scope.add("Networks: preset " + stored.metadata().getOrDefault("preset", "unknown") + ", "
                + stored.metadata().getOrDefault("layers", "of unknown layers") + ", trained on "
                + stored.metadata().getOrDefault("training_data", "unknown data") + ".");
        if (!Perceptron.is(stored.graph())) {
            scope.add(name + " is computed in fp32, step by step: devices have no kernels of their own for such a network.");
        }
        return stored;
    }

    /** The file of a network that is trained here. */
    private Path trained(Recipe recipe) {
        return RunLayout.model(layout.models(), Train.name(recipe.objective()));
    }

    private void trainWhatIsMissing(RunRecord record) throws IOException {
        boolean resume = existing == Existing.RESUME;
        List<Recipe> missing = plan.models.isPresent() ? List.of() : recipes().stream().distinct()
                .filter(recipe -> !resume || !Files.exists(trained(recipe))).toList();
        if (missing.isEmpty()) {
            return;
        }
        Dataset training = source.dataset(Split.TRAIN, plan.trainingImages);
        Trainings trainings = new Trainings(plan.preset.name().toLowerCase(Locale.ROOT), training, test, this::trained,
                resume);
        long[] since = {System.nanoTime()};
        // Noted network by network, so that a run that is killed keeps the time of those it leaves.
        trainings.run(trainers, missing, monitor, recipe -> {
            long now = System.nanoTime();
            record.addSeconds("train", (now - since[0]) / 1e9);
            since[0] = now;
        });
    }

    private void sayWhatWasLeftOut() {
        int sampled = plan.sampled.of(test.size()).length;
        int verified = plan.verified.of(test.size()).length;
        List<String> left = new ArrayList<>();
        if (sampled < test.size()) {
            left.add(String.format(Locale.ROOT, "Randomized smoothing on %,d of %,d test images (%s).",
                    sampled, test.size(), plan.sampled.describe()));
        }
        if (verified < test.size()) {
            left.add(String.format(Locale.ROOT, "IBP and PGD on %,d of %,d test images (%s).",
                    verified, test.size(), plan.verified.describe()));
        }
        plan.deep.ifPresent(deep -> left.add(String.format(Locale.ROOT,
                "Certificates with n = %,d at sigma %s on %,d of smoothing's images, spread evenly.", deep.n,
                deepSigmas(plan.sigmas, plan.n, plan.alpha).stream().map(RunLayout::decimals).collect(Collectors.joining(", ")),
                deepImages().length)));
        scope.addAll(left);
    }

    private static List<Double> deepSigmas(List<Double> sigmas, int n, double alpha) {
        return sigmas.stream().filter(sigma -> Table1.outOfReach(sigma, n, alpha)).toList();
    }

    private int[] deepImages() {
        return plan.deep.orElseThrow().of(plan.sampled.of(test.size()));
    }

    private void certify(double sigma, int n, int[] images, Path rows, Map<String, StoredNetwork> networks)
            throws IOException {
        StoredNetwork network = networks.get(Train.name(plan.preset.smoothing(sigma).objective()));
        Subject subject = new Subject(network.graph(), test, images);
        try (RowFile<SmoothingRow> tsv = rows(rows, SmoothingRow.FORMAT);
             RowFile<CertificateRow> jsonl = rows(RunLayout.votes(rows), CertificateRow.FORMAT)) {
            Certify.certify(fleet, subject, new Certify.Settings(sigma, plan.n0, n, plan.alpha, plan.seed),
                    tsv, Optional.of(jsonl), monitor);
        }
    }

    private void verify(Epsilon epsilon, StoredNetwork network) throws IOException {
        Subject subject = new Subject(network.graph(), test, plan.verified.of(test.size()));
        try (RowFile<BoundsRow> rows = rows(layout.bounds(Method.IBP, epsilon.nearest()), BoundsRow.FORMAT)) {
            Verify.run(fleet, subject, epsilon, Method.IBP, 0, rows, monitor);
        }
    }

    /** Returns how many of the attacked images are certified ones, as a check. */
    private int attack(Epsilon epsilon, StoredNetwork network) throws IOException {
        List<BoundsRow> bounds = RowFile.read(layout.bounds(Method.IBP, epsilon.nearest()), BoundsRow.FORMAT);
        Set<Integer> certified = bounds.stream().filter(BoundsRow::certified).map(BoundsRow::index)
                .collect(Collectors.toSet());
        Subject subject = new Subject(network.graph(), test, plan.attacks.images.of(bounds));
        Path file = layout.attacks(epsilon.nearest());
        try (RowFile<AttackRow> rows = rows(file, AttackRow.FORMAT)) {
            Attack.run(fleet, subject, plan.attacks.settings(test.ball(epsilon), plan.seed), certified::contains, rows, monitor);
        }
        SoundnessCheck.of(bounds, RowFile.read(file, AttackRow.FORMAT), file);
        return plan.attacks.images.checked(bounds);
    }

    /** Keeps the pixels of a few images, so that the report can be rebuilt without data and networks. */
    private void exhibit(Map<String, StoredNetwork> networks) throws IOException {
        Showcase showcase = new Showcase(fleet.first(), test, plan.seed);
        SortedMap<Double, List<SmoothingRow>> smoothed = new TreeMap<>();
        Map<Double, Graph> smoothing = new LinkedHashMap<>();
        for (double sigma : plan.sigmas) {
            smoothed.put(sigma, RowFile.read(layout.certificates(sigma), SmoothingRow.FORMAT));
            smoothing.put(sigma, networks.get(Train.name(plan.preset.smoothing(sigma).objective())).graph());
        }
        showcase.addSmoothing(smoothed, smoothing);
        for (Epsilon epsilon : plan.epsilons) {
            showcase.addAttacks(networks.get(Train.name(ibp(epsilon).objective())).graph(),
                    plan.attacks.settings(test.ball(epsilon), plan.seed),
                    RowFile.read(layout.attacks(epsilon.nearest()), AttackRow.FORMAT));
        }
        showcase.gallery().write(folder);
    }

    /** Whether rows may be continued was decided once, by the run's record. */
    private <T extends Row> RowFile<T> rows(Path file, RowFormat<T> format)
            throws IOException {
        return (existing == Existing.RESUME ? Existing.RESUME : Existing.REPLACE).open(file, format);
    }

    /** Something that may fail to read or write. */
    private interface Work {
        void run() throws IOException;
    }

    private static void timed(RunRecord record, String stage, Work work) throws IOException {
        long start = System.nanoTime();
        work.run();
        record.addSeconds(stage, (System.nanoTime() - start) / 1e9);
    }
}
