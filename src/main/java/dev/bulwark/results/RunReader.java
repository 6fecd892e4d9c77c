package dev.bulwark.results;

import static dev.bulwark.results.RunLayout.place;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Norm;
import dev.bulwark.stats.Sampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Reads the rows of one run's folder and holds them against their files' names, their votes and one another.
 *
 * @param run     the run's record
 * @param missing filled with what a whole run would have, a sentence each
 */
record RunReader(RunLayout layout, JsonNode run, List<String> missing) {

    /** What rows may rest on at most where nothing says on how many samples they do: the limits of this program. */
    private static final long MOST_SAMPLES = 10_000_000;
    private static final double LARGEST_ALPHA = 0.5;

    RunFolder read() throws IOException {
        SortedMap<Double, SigmaRows> smoothing = new TreeMap<>();
        List<RunFolder.Further> further = new ArrayList<>();
        for (double sigma : layout.sigmas()) {
            SigmaRows rows = smoothing(layout.certificates(sigma), sigma, OptionalLong.empty());
            if (!rows.certified().isEmpty()) {
                smoothing.put(sigma, rows);
            }
        }
        for (RunLayout.Sampled file : layout.sampled()) {
            SigmaRows rows = smoothing(layout.certificates(file.sigma(), file.n()), file.sigma(), OptionalLong.of(file.n()));
            // Where the sigma has no other rows, these are its own.
            if (!rows.certified().isEmpty() && smoothing.putIfAbsent(file.sigma(), rows) != null) {
                further.add(new RunFolder.Further(file.sigma(), file.n(), rows));
            }
        }
        SortedMap<Double, EpsilonRows> ibp = new TreeMap<>();
        for (double epsilon : layout.epsilons()) {
            EpsilonRows rows = ibp(epsilon, Norm.INF, missing);
            if (!rows.isEmpty()) {
                ibp.put(epsilon, rows);
            }
        }
        RunFolder found = new RunFolder(run, new RunFolder.Sampled(smoothing, further), ibp, balls(),
                Gallery.read(layout.folder()), missing);
        return found.collected()
                ? new RunFolder(run, found.sampled(), ibp, found.balls(), found.gallery(), List.of()) : found;
    }

    private SigmaRows smoothing(Path printed, double sigma, OptionalLong n) throws IOException {
        Path votes = RunLayout.votes(printed);
        List<SmoothingRow> certified = rows(printed, SmoothingRow.FORMAT, missing, row -> true);
        List<CertificateRow> certificates = rows(votes, CertificateRow.FORMAT, missing,
                row -> row.sigma() == sigma && row.n() == n.orElse(row.n()));
        if (certificates.stream().map(row -> List.of(row.n(), row.alpha(), row.sampledBy(), row.law())).distinct().count() > 1) {
            throw new RowException(votes, "has rows of different n, alpha, sampling or noise: a file holds one line of a table");
        }
        try {
            requireSupported(certified, certificates, sigma, n, identity(printed));
        } catch (IllegalArgumentException e) {
            throw new RowException(printed, e.getMessage());
        }
        return new SigmaRows(certified.isEmpty() ? certificates.stream().map(CertificateRow::withoutVotes).toList()
                : certified, certificates);
    }

    /** What says how rows came about: the record beside them, which single commands leave, or else the run's. */
    private JsonNode identity(Path rows) throws IOException {
        return (Files.exists(RunLayout.recordOf(rows)) ? RecordFile.beside(rows) : run).path("identity");
    }

    /** Rows without votes are held against those of other images, else against what the run's record says. */
    private static void requireSupported(List<SmoothingRow> certified, List<CertificateRow> certificates, double sigma,
            OptionalLong n, JsonNode identity) {
        Map<Integer, CertificateRow> votes = new HashMap<>();
        certificates.forEach(row -> votes.put(row.index(), row));
        long samples = certificates.stream().mapToLong(CertificateRow::n).findFirst()
                .orElse(n.orElse(identity.path("n").asLong(MOST_SAMPLES)));
        double alpha = certificates.stream().mapToDouble(CertificateRow::alpha).findFirst()
                .orElse(identity.path("alpha").asDouble(LARGEST_ALPHA));
        Sampling sampling = certificates.stream().map(CertificateRow::sampledBy).findFirst()
                .orElse(identity.path("sampling").asText().equals(Words.of(Sampling.SEQUENTIAL)) ? Sampling.SEQUENTIAL
                        : Sampling.FIXED);
        for (SmoothingRow row : certified) {
            if (votes.containsKey(row.index())) {
                RadiusRule.requireSame(row, votes.get(row.index()));
            } else {
                RadiusRule.requireInReach(row, sampling, sigma, samples, alpha);
            }
        }
    }

    /** Of these no run has to have any. */
    private RunFolder.Balls balls() throws IOException {
        SortedMap<Norm, SortedMap<Double, EpsilonRows>> norms = new TreeMap<>();
        List<RunFolder.Largest> largest = new ArrayList<>();
        for (Norm norm : Norm.values()) {
            for (double epsilon : norm == Norm.INF ? new TreeSet<Double>() : layout.epsilons(norm)) {
                EpsilonRows rows = ibp(epsilon, norm, new ArrayList<>());
                if (!rows.isEmpty()) {
                    norms.computeIfAbsent(norm, unused -> new TreeMap<>()).put(epsilon, rows);
                }
            }
            Map<Path, List<BoundsRow>> methods = new LinkedHashMap<>();
            for (Method method : Method.values()) {
                List<BoundsRow> rows = rows(layout.largest(method, norm), BoundsRow.FORMAT, new ArrayList<>(),
                        row -> row.method() == method && row.ballNorm() == norm && row.certified() == row.largestEpsilon().isPresent());
                if (!rows.isEmpty()) {
                    largest.add(new RunFolder.Largest(norm, method, rows));
                    methods.put(layout.largest(method, norm), rows);
                }
            }
            requireSameLabels(methods);
            requireOneClaim(methods);
        }
        return new RunFolder.Balls(norms, largest);
    }

    private EpsilonRows ibp(double epsilon, Norm norm, List<String> missing) throws IOException {
        Path attacks = layout.attacks(epsilon, norm);
        List<BoundsRow> bounds = bounds(Method.IBP, epsilon, norm, missing);
        List<Path> files = new ArrayList<>(List.of(layout.bounds(Method.IBP, epsilon, norm), attacks));
        SortedMap<Method, List<BoundsRow>> others = new TreeMap<>();
        for (Method method : EnumSet.complementOf(EnumSet.of(Method.IBP))) {
            List<BoundsRow> extra = bounds(method, epsilon, norm, new ArrayList<>()); // no run is incomplete without
            if (extra.isEmpty() && method == Method.CASCADE && !bounds.isEmpty() && Files.exists(layout.bounds(method, epsilon, norm))) {
                others.put(method, extra); // there was nothing left for it to do
            } else if (!extra.isEmpty()) {
                others.put(method, extra);
                files.add(layout.bounds(method, epsilon, norm));
            }
        }
        RecordFile.requireOneNetwork(files);
        Map<Path, List<BoundsRow>> methods = new LinkedHashMap<>(Map.of(files.get(0), bounds));
        others.forEach((method, extra) -> methods.put(layout.bounds(method, epsilon, norm), extra));
        requireSameLabels(methods);
        requireOneClaim(methods);
        AttackRecord record = AttackRecord.of(attacks, run);
        Optional<String> exact = exact(files, epsilon);
        // Where attacks were chosen by certificates, there may have been nothing to attack.
        boolean chosen = record.byCertificates() && Files.exists(attacks);
        List<AttackRow> attacked = rows(attacks, AttackRow.FORMAT, chosen ? new ArrayList<>() : missing,
                row -> row.ballNorm() == norm);
        EpsilonRows rows = new EpsilonRows(bounds, attacked, Optional.empty(), others,
                chosen || !attacked.isEmpty() ? record.name() : Optional.empty(), exact, seconds(epsilon, norm, bounds, others));
        try {
            SoundnessCheck.of(rows.bounds(), rows.attacks(), attacks);
            others.values().forEach(extra -> SoundnessCheck.of(extra, rows.attacks(), attacks));
        } catch (IllegalArgumentException e) {
            throw new RowException(attacks, e.getMessage());
        }
        EpsilonRows whole = chosen ? withoutHalf(rows, epsilon) : rows;
        return norm == Norm.INF ? withSuite(whole, epsilon) : whole;
    }

    /** The same with what a run made of images that PGD and bounds leave open, unless a row of these is missing. */
    private EpsilonRows withSuite(EpsilonRows rows, double epsilon) throws IOException {
        Path file = layout.suite(epsilon);
        Optional<String> name = AttackRecord.suite(run);
        if (name.isEmpty() || !Files.exists(file) || !rows.attacked() || rows.bounds().isEmpty()) {
            return rows;
        }
        List<AttackRow> attacked = rows(file, AttackRow.FORMAT, new ArrayList<>(), row -> row.ballNorm() == Norm.INF);
        try {
            SoundnessCheck.of(rows.bounds(), attacked, file);
            rows.others().values().forEach(extra -> SoundnessCheck.of(extra, attacked, file));
        } catch (IllegalArgumentException e) {
            throw new RowException(file, e.getMessage());
        }
        Set<Integer> lacking = new TreeSet<>(rows.open());
        attacked.forEach(row -> lacking.remove(row.index()));
        if (lacking.isEmpty()) {
            return rows.with(new EpsilonRows.Suite(name.get(), attacked));
        }
        missing.add(place(file) + " lacks " + images(lacking.size()) + " that PGD and bounds leave open, so no figure counts "
                + name.get() + ": resume its run.");
        return rows;
    }

    /** What is claimed of the real-number network and what is claimed of float evaluations has no common figure. */
    private static void requireOneClaim(Map<Path, List<BoundsRow>> methods) {
        Optional<BoundsRow> first = methods.values().stream().flatMap(List::stream).findFirst();
        methods.forEach((file, rows) -> rows.stream().filter(row -> row.speaksOf() != first.orElseThrow().speaksOf()).findFirst()
                .ifPresent(other -> {
                    throw new RowException(file, "image " + other.index() + " is bounded under the claim " + other.speaksOf()
                            + ", others under " + first.orElseThrow().speaksOf() + ": report them apart");
                }));
    }

    /** Of methods from their rows, of a cascade's stages and attacks from the records. */
    private SortedMap<String, Double> seconds(double epsilon, Norm norm, List<BoundsRow> bounds,
                                              SortedMap<Method, List<BoundsRow>> others) throws IOException {
        SortedMap<String, Double> seconds = new TreeMap<>();
        Path cascaded = layout.bounds(Method.CASCADE, epsilon, norm);
        JsonNode stages = Files.exists(RunLayout.recordOf(cascaded)) ? RecordFile.beside(cascaded).at(RecordFile.STAGES)
                : run.at(RecordFile.STAGES + "/" + RunLayout.decimals(epsilon));
        stages.fields().forEachRemaining(stage -> {
            if (stage.getValue().path("seconds").isNumber()) {
                seconds.put(stage.getKey(), stage.getValue().path("seconds").asDouble());
            }
        });
        SortedMap<Method, List<BoundsRow>> all = new TreeMap<>(others);
        all.remove(Method.CASCADE);
        all.put(Method.IBP, bounds);
        all.forEach((method, rows) -> {
            if (!rows.isEmpty() && rows.stream().allMatch(row -> row.seconds().isPresent())) {
                seconds.put(Words.of(method), rows.stream().mapToDouble(row -> row.seconds().get()).sum());
            }
        });
        return seconds;
    }

    /** What methods say of an image can stand side by side only where all speak of one label. */
    private static void requireSameLabels(Map<Path, List<BoundsRow>> methods) {
        Map<Integer, BoundsRow> first = new HashMap<>();
        methods.forEach((file, rows) -> rows.forEach(row -> {
            BoundsRow other = first.putIfAbsent(row.index(), row);
            if (other != null && other.label() != row.label()) {
                throw new RowException(file, "image " + row.index() + " has label " + row.label() + " in the bounds by "
                        + row.method() + ", but " + other.label() + " in those by " + other.method()
                        + ": they are about other data, or about data without labels, so report them apart");
            }
        }));
    }

    /** Attacks on images that were chosen by their certificates, if none of the rows that belong to them is missing. */
    private EpsilonRows withoutHalf(EpsilonRows rows, double epsilon) {
        Set<Integer> bounded = rows.bounds().stream().map(BoundsRow::index).collect(Collectors.toSet());
        long unbounded = rows.attacks().stream().filter(row -> !bounded.contains(row.index())).count();
        long open = rows.bounds().isEmpty() ? 0 : rows.count(image -> !image.decided());
        if (open == 0 && unbounded == 0) {
            return rows;
        }
        missing.add((open > 0 ? place(layout.attacks(epsilon)) + " lacks " + images(open) + ", right and not certified"
                : place(layout.bounds(Method.IBP, epsilon)) + " lacks " + images(unbounded) + " of "
                + place(layout.attacks(epsilon))) + ", so there is no figure for PGD: resume its run.");
        return rows.withoutAttacks();
    }

    private static String images(long number) {
        return String.format(Locale.ROOT, number == 1 ? "%,d image" : "%,d images", number);
    }

    /** A method's rows, from the folder that has its name. */
    private List<BoundsRow> bounds(Method method, double epsilon, Norm norm, List<String> lacking) throws IOException {
        return rows(layout.bounds(method, epsilon, norm), BoundsRow.FORMAT, lacking,
                row -> row.epsilon() == epsilon && row.method() == method && row.ballNorm() == norm);
    }

    /** The epsilon that was typed, where the records beside the rows say that it is not the decimal that their number prints as. */
    private static Optional<String> exact(List<Path> files, double epsilon) throws IOException {
        for (Path file : files) {
            JsonNode identity = RecordFile.beside(file).path("identity");
            if (identity.path("epsilon").asDouble() == epsilon && identity.path("epsilon_exact").isTextual()) {
                return Optional.of(identity.path("epsilon_exact").asText());
            }
        }
        return Optional.empty();
    }

    /** The rows of a file, all of which must be what its name says. */
    static <T extends Row> List<T> rows(Path path, RowFormat<T> format, List<String> missing, Predicate<T> asNamed)
            throws IOException {
        List<T> rows = Files.exists(path) ? RowFile.read(path, format) : List.of();
        if (rows.isEmpty()) {
            missing.add(place(path) + (Files.exists(path) ? " has no rows yet." : " is missing."));
        }
        for (T row : rows) {
            if (!asNamed.test(row)) {
                throw new RowException(path, "the row for index " + row.index()
                        + " is not what the file's folder and name say");
            }
        }
        return rows;
    }
}
