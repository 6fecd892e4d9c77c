package dev.bulwark.lab;

import dev.bulwark.attack.SuiteSettings;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.data.Split;
import dev.bulwark.model.Graph;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.report.RunReport;
import dev.bulwark.report.Table1;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.RecordFile;
import dev.bulwark.results.Row;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.RowFormat;
import dev.bulwark.results.RunLayout;
import dev.bulwark.results.SmoothingRow;
import dev.bulwark.results.SoundnessCheck;
import dev.bulwark.runs.Attack;
import dev.bulwark.runs.AttackTotals;
import dev.bulwark.runs.Certify;
import dev.bulwark.runs.DataSource;
import dev.bulwark.runs.Existing;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.RunRecord;
import dev.bulwark.runs.Showcase;
import dev.bulwark.runs.StageTotals;
import dev.bulwark.runs.Subject;
import dev.bulwark.runs.Train;
import dev.bulwark.runs.Verify;
import dev.bulwark.settings.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
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

    private final Fleet fleet;
    private Fleet trainers;
    private final ReproductionPlan plan;
    private final Networks networks;
    private final DataSource source;
    private final Dataset test;
    private final Path folder;
    private final RunLayout layout;
    private final Existing existing;
    private final Monitor monitor;
    private final Set<String> scope = new LinkedHashSet<>();
    /** Estimation samples of an image on average, by the name of a file of certificates. */
    private final Map<String, Double> samples = new LinkedHashMap<>();

    /** @param folder the run folder, made if need be */
    public Reproduction(Fleet fleet, ReproductionPlan plan, DataSource source, Path folder, Existing existing, Monitor monitor) {
        this.fleet = fleet;
        this.trainers = fleet;
        this.plan = plan;
        this.source = source;
        this.test = source.dataset(Split.TEST);
        this.folder = folder;
        this.layout = new RunLayout(folder);
        this.networks = new Networks(plan, layout);
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
            throw new ExperimentException(folder + " already holds a run: go on with ", Setting.RESUME,
                    ", or throw it away with ", Setting.OVERWRITE);
        }
        Certify.requireBytes(plan.smoothing().samples().noise(), test, plan.images().sampled().of(test.size()));
        try (RunRecord record = RunRecord.open(layout.record(), existing, identity())) {
            return run(record, command, versions);
        }
    }

    private RunReport run(RunRecord record, String command, Map<String, ?> versions) throws IOException {
        record.put("command", command);
        record.put("versions", versions);
        record.put("dataset", DataSource.describe(test));
        record.put("seed", plan.seed());
        record.putDevices(fleet);
        if (plan.networks().folder().isEmpty()) {
            record.put("training_device", trainers.info());
        }
        monitor.note(fleet.choice());
        networks.train(trainers, test, source, existing == Existing.RESUME, monitor, record);
        Map<String, String> digests = new LinkedHashMap<>();
        Map<String, StoredNetwork> stored = networks.read(fleet.info(), digests, scope);
        record.put("models", digests);
        scope.add("PGD: " + plan.bounds().attacks().steps() + " steps of epsilon/10 from each of " + plan.bounds().attacks().restarts()
                + " random starting points up the "
                + "cross-entropy, then as many up the margin (best other logit less the label's) at images that still stand.");
        Map<Epsilon, Integer> checked = new LinkedHashMap<>();
        String foreseen = plan.bounds().attacks().images().sentence(checked);
        scope.add(foreseen);
        plan.bounds().attacks().described().ifPresent(scope::add);
        scope.addAll(plan.leftOut(test.size()));
        record.put("scope", scope);

        for (double sigma : plan.smoothing().sigmas()) {
            timed(record, "certify", () -> certify(plan.smoothing().settings(sigma, plan.seed()),
                    plan.images().sampled().of(test.size()), layout.certificates(sigma), stored));
        }
        for (double sigma : plan.smoothing().deepSigmas()) {
            int n = plan.smoothing().deep().orElseThrow().n();
            int[] images = plan.deepImages(test.size());
            if (images.length > 0) {
                timed(record, "certify deep", () -> certify(plan.smoothing().deepSettings(sigma, plan.seed()), images,
                        layout.certificates(sigma, n), stored));
            }
        }
        record.put(Table1.MEAN_SAMPLES, samples);
        for (Epsilon epsilon : plan.bounds().epsilons()) {
            StoredNetwork network = stored.get(Train.name(plan.ibp(epsilon).objective()));
            timed(record, "verify", () -> verify(epsilon, network));
            if (plan.bounds().cascade().isPresent()) {
                timed(record, "cascade", () -> cascade(epsilon, network, plan.bounds().cascade().get(), record));
            }
            timed(record, "attack", () -> checked.put(epsilon, attack(epsilon, network, record)));
            Optional<SuiteSettings> beyond = plan.beyondPgd(test.ball(epsilon), test.shape());
            if (beyond.isPresent()) {
                timed(record, "strongest attack", () -> attackFurther(epsilon, network, beyond.get(), record));
            }
        }
        record.put("scope", scope.stream().map(said -> said.equals(foreseen) ? plan.bounds().attacks().images().sentence(checked) : said)
                .toList());
        timed(record, "gallery", () -> exhibit(stored));
        record.finish();
        return RunReport.rebuild(folder, LabReport::of);
    }

    private void certify(Certify.Settings settings, int[] images, Path rows, Map<String, StoredNetwork> networks)
            throws IOException {
        StoredNetwork network = networks.get(Train.name(plan.networks().preset().smoothing(settings.sigma()).objective()));
        Subject subject = new Subject(network.graph(), test, images);
        try (RowFile<SmoothingRow> tsv = rows(rows, SmoothingRow.FORMAT);
             RowFile<CertificateRow> jsonl = rows(RunLayout.votes(rows), CertificateRow.FORMAT)) {
            Certify.certify(fleet, subject, settings, tsv, Optional.of(jsonl), monitor);
        }
        RowFile.read(RunLayout.votes(rows), CertificateRow.FORMAT).stream().mapToLong(CertificateRow::drawn).average()
                .ifPresent(mean -> samples.put(rows.getFileName().toString().replaceFirst("\\.tsv$", ""), Math.rint(mean * 10) / 10));
    }

    private void verify(Epsilon epsilon, StoredNetwork network) throws IOException {
        Subject subject = new Subject(network.graph(), test, plan.images().verified().of(test.size()));
        try (RowFile<BoundsRow> rows = rows(layout.bounds(Method.IBP, epsilon.nearest()), BoundsRow.FORMAT)) {
            Verify.run(fleet, subject, epsilon, Method.IBP, 0, rows, monitor);
        }
    }

    /** Further methods, on what IBP leaves open. Images that are wrong are falsified at once. */
    private void cascade(Epsilon epsilon, StoredNetwork network, ReproductionPlan.Cascade cascade, RunRecord record)
            throws IOException {
        int[] open = RowFile.read(layout.bounds(Method.IBP, epsilon.nearest()), BoundsRow.FORMAT).stream()
                .filter(row -> !row.certified()).mapToInt(BoundsRow::index).toArray();
        StageTotals totals = new StageTotals();
        totals.keepIn(record, stages(epsilon));
        try (RowFile<BoundsRow> rows = rows(layout.bounds(Method.CASCADE, epsilon.nearest()), BoundsRow.FORMAT)) {
            Verify.run(fleet, new Subject(network.graph(), test, open), epsilon, Norm.INF, cascade.bounding(), rows, totals, monitor);
        }
    }

    /** Where the record has what took how long at an epsilon. */
    private static String stages(Epsilon epsilon) {
        return RecordFile.STAGES + "/" + RunLayout.decimals(epsilon.nearest());
    }

    /** Returns how many of the attacked images are certified ones, as a check. */
    private int attack(Epsilon epsilon, StoredNetwork network, RunRecord record) throws IOException {
        List<BoundsRow> bounds = RowFile.read(layout.bounds(Method.IBP, epsilon.nearest()), BoundsRow.FORMAT);
        List<BoundsRow> further = plan.bounds().cascade().isEmpty() ? List.of()
                : RowFile.read(layout.bounds(Method.CASCADE, epsilon.nearest()), BoundsRow.FORMAT);
        Set<Integer> certified = Stream.concat(bounds.stream(), further.stream()).filter(BoundsRow::certified).map(BoundsRow::index)
                .collect(Collectors.toSet());
        long start = System.nanoTime();
        Subject subject = new Subject(network.graph(), test, plan.bounds().attacks().images().of(bounds));
        Path file = layout.attacks(epsilon.nearest());
        try (RowFile<AttackRow> rows = rows(file, AttackRow.FORMAT)) {
            Attack.run(fleet, subject, plan.attack(test.ball(epsilon)), certified::contains, rows, new AttackTotals(), monitor);
        }
        record.addFigures(stages(epsilon), Map.of("pgd", Map.of("seconds", (System.nanoTime() - start) / 1e9)));
        SoundnessCheck.of(bounds, RowFile.read(file, AttackRow.FORMAT), file);
        SoundnessCheck.of(further, RowFile.read(file, AttackRow.FORMAT), file);
        return plan.bounds().attacks().images().checked(bounds);
    }

    /** Attacks beyond PGD, on what stands against it and no bound certifies. */
    private void attackFurther(Epsilon epsilon, StoredNetwork network, SuiteSettings settings, RunRecord record) throws IOException {
        List<BoundsRow> bounds = RowFile.read(layout.bounds(Method.IBP, epsilon.nearest()), BoundsRow.FORMAT);
        SortedMap<Method, List<BoundsRow>> further = new TreeMap<>();
        if (plan.bounds().cascade().isPresent()) {
            further.put(Method.CASCADE, RowFile.read(layout.bounds(Method.CASCADE, epsilon.nearest()), BoundsRow.FORMAT));
        }
        EpsilonRows known = new EpsilonRows(bounds, RowFile.read(layout.attacks(epsilon.nearest()), AttackRow.FORMAT), further,
                Optional.empty());
        Set<Integer> certified = known.certified();
        Path file = layout.suite(epsilon.nearest());
        AttackTotals totals = new AttackTotals();
        totals.keepIn(record, AttackRecord.EFFORT + "/" + RunLayout.decimals(epsilon.nearest()));
        long start = System.nanoTime();
        try (RowFile<AttackRow> rows = rows(file, AttackRow.FORMAT)) {
            Attack.run(fleet, new Subject(network.graph(), test, plan.bounds().attacks().images().beyond(known)), settings,
                    certified::contains, rows, totals, monitor);
        }
        record.addFigures(stages(epsilon), Map.of(RecordFile.STRONGEST_ATTACK, Map.of("seconds", (System.nanoTime() - start) / 1e9)));
        List<AttackRow> found = RowFile.read(file, AttackRow.FORMAT);
        SoundnessCheck.of(bounds, found, file);
        further.values().forEach(rows -> SoundnessCheck.of(rows, found, file));
    }

    /** Keeps the pixels of a few images, so that the report can be rebuilt without data and networks. */
    private void exhibit(Map<String, StoredNetwork> networks) throws IOException {
        Showcase showcase = new Showcase(fleet.first(), test, plan.smoothing().samples().noise(), plan.seed());
        SortedMap<Double, List<SmoothingRow>> smoothed = new TreeMap<>();
        Map<Double, Graph> smoothing = new LinkedHashMap<>();
        for (double sigma : plan.smoothing().sigmas()) {
            smoothed.put(sigma, RowFile.read(layout.certificates(sigma), SmoothingRow.FORMAT));
            smoothing.put(sigma, networks.get(Train.name(plan.networks().preset().smoothing(sigma).objective())).graph());
        }
        showcase.addSmoothing(smoothed, smoothing);
        for (Epsilon epsilon : plan.bounds().epsilons()) {
            showcase.addAttacks(networks.get(Train.name(plan.ibp(epsilon).objective())).graph(),
                    plan.attack(test.ball(epsilon)),
                    RowFile.read(layout.attacks(epsilon.nearest()), AttackRow.FORMAT));
        }
        showcase.gallery().write(folder);
    }

    private Map<String, Object> identity() {
        Map<String, Object> identity = new LinkedHashMap<>();
        identity.put("dataset", test.name());
        identity.put("test_sha256", test.digest());
        identity.putAll(plan.identity(test));
        identity.putAll(networks.identity(fleet, trainers));
        identity.put("seed", plan.seed());
        identity.put("device", fleet.info().kind());
        identity.put("libraries", fleet.info().arithmetic());
        return identity;
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
