package dev.bulwark.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.bounds.Method;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.Gallery;
import dev.bulwark.results.RadiusRule;
import dev.bulwark.results.RecordFields;
import dev.bulwark.results.Row;
import dev.bulwark.results.RowException;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.RowFormat;
import dev.bulwark.results.SmoothingRow;
import dev.bulwark.results.SoundnessCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a run has left in its folder: {@code run.json}, {@code smoothing/sigma-0.25.tsv} and {@code .jsonl},
 * {@code ibp/epsilon-0.10.jsonl}, {@code pgd/epsilon-0.10.jsonl}; {@code crown} and {@code alpha-crown} where somebody has
 * verified so too. The values come from the file names; rows that state others are refused.
 * {@code smoothing/sigma-0.25-n-1000000.tsv} and {@code .jsonl} are a further line of that sigma, with that many samples.
 *
 * @param run       {@code run.json}, an empty object if there is none
 * @param smoothing rows by sigma, none of them empty
 * @param further   rows of the same sigmas with other numbers of samples
 * @param ibp       rows of all bounds and attacks by epsilon, none of them empty
 * @param gallery   images to look at, if the run kept any
 * @param missing   what a whole run would have, a sentence each
 */
record RunFolder(JsonNode run, RunScope scope, SortedMap<Double, Table1.Rows> smoothing, List<Table1.Further> further,
        SortedMap<Double, Table2.Rows> ibp, Optional<Gallery> gallery, List<String> missing) {

    /** What rows may rest on at most where nothing says on how many samples they do: the limits of this program. */
    private static final long MOST_SAMPLES = 10_000_000;
    private static final double LARGEST_ALPHA = 0.5;

    RunFolder {
        smoothing = Collections.unmodifiableSortedMap(new TreeMap<>(smoothing));
        further = List.copyOf(further);
        ibp = Collections.unmodifiableSortedMap(new TreeMap<>(ibp));
        missing = List.copyOf(missing);
    }

    /**
     * @throws RowException if a row file or {@code run.json} can't be used
     * @throws IOException  if a file can't be read
     */
    static RunFolder read(Path folder) throws IOException {
        List<String> missing = new ArrayList<>();
        JsonNode run = run(folder.resolve("run.json"), missing);
        SortedMap<Double, Table1.Rows> smoothing = new TreeMap<>();
        List<Table1.Further> further = new ArrayList<>();
        for (double sigma : parameters(folder.resolve("smoothing"), "sigma", "tsv|jsonl")) {
            Table1.Rows rows = smoothing(folder, sigma, OptionalLong.empty(), run, missing);
            if (!rows.certified().isEmpty()) {
                smoothing.put(sigma, rows);
            }
        }
        for (Sampled file : sampled(folder.resolve("smoothing"))) {
            Table1.Rows rows = smoothing(folder, file.sigma, OptionalLong.of(file.n), run, missing);
            // Where the sigma has no other rows, these are its own.
            if (!rows.certified().isEmpty() && smoothing.putIfAbsent(file.sigma, rows) != null) {
                further.add(new Table1.Further(file.sigma, file.n, rows));
            }
        }
        SortedSet<Double> epsilons = parameters(folder.resolve("pgd"), "epsilon", "jsonl");
        for (Method method : Method.values()) {
            epsilons.addAll(parameters(folder.resolve(method.toString()), "epsilon", "jsonl"));
        }
        SortedMap<Double, Table2.Rows> ibp = new TreeMap<>();
        for (double epsilon : epsilons) {
            Table2.Rows rows = ibp(folder, epsilon, run, missing);
            if (!rows.isEmpty()) {
                ibp.put(epsilon, rows);
            }
        }
        boolean collected = run.has(CollectedRows.FIELD); // of which nothing else was to be expected
        return new RunFolder(run, scope(run), smoothing, further, ibp, Gallery.read(folder), collected ? List.of() : missing);
    }

    /** All rows of certificates, those of further lines included. */
    Stream<Table1.Rows> certificates() {
        return Stream.concat(smoothing.values().stream(), further.stream().map(Table1.Further::rows));
    }

    /** Certified accuracy against radius, a curve for each sigma. */
    List<CertifiedCurve> curves() {
        return smoothing.entrySet().stream()
                .map(entry -> CertifiedCurve.of(entry.getKey(), entry.getValue().certified())).toList();
    }

    static JsonNode run(Path path, List<String> missing) throws IOException {
        if (!Files.exists(path)) {
            missing.add("run.json is missing, so the data set and what was left out are unknown.");
            return JsonNodeFactory.instance.objectNode();
        }
        try {
            JsonNode run = new ObjectMapper().readTree(path.toFile());
            if (!(run instanceof ObjectNode record)) {
                throw new RowException(path, "is not a JSON object");
            }
            RecordFields.problem(record).ifPresent(problem -> {
                throw new RowException(path, problem);
            });
            return record;
        } catch (JsonProcessingException e) {
            throw new RowException(path, e.getLocation() == null ? 1 : e.getLocation().getLineNr(), "is not JSON");
        }
    }

    static RunScope scope(JsonNode run) {
        List<String> sentences = new ArrayList<>();
        run.path("scope").forEach(sentence -> sentences.add(sentence.asText()));
        return new RunScope(run.path("dataset").path("name").asText("unknown"), sentences, !run.has(CollectedRows.FIELD));
    }

    private static Table1.Rows smoothing(Path folder, double sigma, OptionalLong n, JsonNode run, List<String> missing)
            throws IOException {
        String name = "sigma-" + ResultTable.parameter(sigma) + (n.isPresent() ? "-n-" + n.getAsLong() : "");
        Path printed = folder.resolve("smoothing").resolve(name + ".tsv");
        Path votes = folder.resolve("smoothing").resolve(name + ".jsonl");
        List<SmoothingRow> certified = rows(printed, SmoothingRow.FORMAT, missing, row -> true);
        List<CertificateRow> certificates = rows(votes, CertificateRow.FORMAT, missing,
                row -> row.sigma() == sigma && row.n() == n.orElse(row.n()));
        if (certificates.stream().map(row -> Map.entry(row.n(), row.alpha())).distinct().count() > 1) {
            throw new RowException(votes, "has rows of different n or alpha: a file holds one line of a table");
        }
        try {
            requireSupported(certified, certificates, sigma, n, identity(printed, run));
        } catch (IllegalArgumentException e) {
            throw new RowException(printed, e.getMessage());
        }
        return new Table1.Rows(
                certified.isEmpty() ? certificates.stream().map(CertificateRow::withoutVotes).toList()
                        : certified, certificates);
    }

    /** What says how rows came about: the record beside them, which single commands leave, or else the run's. */
    private static JsonNode identity(Path rows, JsonNode run) throws IOException {
        Path own = CollectedRows.record(rows);
        return (Files.exists(own) ? run(own, new ArrayList<>()) : run).path("identity");
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
        for (SmoothingRow row : certified) {
            if (votes.containsKey(row.index())) {
                RadiusRule.requireSame(row, votes.get(row.index()));
            } else {
                RadiusRule.requireInReach(row, sigma, samples, alpha);
            }
        }
    }

    private static Table2.Rows ibp(Path folder, double epsilon, JsonNode run, List<String> missing) throws IOException {
        String name = "epsilon-" + ResultTable.parameter(epsilon) + ".jsonl";
        Path attacks = folder.resolve("pgd").resolve(name);
        List<BoundsRow> bounds = bounds(folder, Method.IBP, epsilon, missing);
        SortedMap<Method, List<BoundsRow>> others = new TreeMap<>();
        for (Method method : EnumSet.of(Method.CROWN, Method.ALPHA_CROWN)) {
            List<BoundsRow> extra = bounds(folder, method, epsilon, new ArrayList<>()); // no run is incomplete without
            if (!extra.isEmpty()) {
                others.put(method, extra);
            }
        }
        AttackRecord record = AttackRecord.of(attacks, run);
        // Where attacks were chosen by certificates, there may have been nothing to attack.
        boolean chosen = record.byCertificates() && Files.exists(attacks);
        List<AttackRow> attacked = rows(attacks, AttackRow.FORMAT, chosen ? new ArrayList<>() : missing, row -> true);
        Table2.Rows rows = new Table2.Rows(bounds, attacked, others,
                chosen || !attacked.isEmpty() ? record.name() : Optional.empty());
        try {
            SoundnessCheck.of(rows.bounds(), rows.attacks(), attacks);
            others.values().forEach(extra -> SoundnessCheck.of(extra, rows.attacks(), attacks));
        } catch (IllegalArgumentException e) {
            throw new RowException(attacks, e.getMessage());
        }
        return chosen ? withoutHalf(rows, name, missing) : rows;
    }

    /** Attacks on images that were chosen by their certificates, if none of the rows that belong to them is missing. */
    private static Table2.Rows withoutHalf(Table2.Rows rows, String name, List<String> missing) {
        Set<Integer> bounded = rows.bounds().stream().map(BoundsRow::index).collect(Collectors.toSet());
        long unbounded = rows.attacks().stream().filter(row -> !bounded.contains(row.index())).count();
        long open = rows.bounds().isEmpty() ? 0 : rows.count(image -> !image.decided());
        if (open == 0 && unbounded == 0) {
            return rows;
        }
        missing.add((open > 0 ? "pgd/" + name + " lacks " + Phrase.images(open) + ", right and not certified"
                : "ibp/" + name + " lacks " + Phrase.images(unbounded) + " of pgd/" + name)
                + ", so there is no figure for PGD: go on with reproduce --resume.");
        return rows.withoutAttacks();
    }

    /** A method's rows, from the folder that has its name. */
    private static List<BoundsRow> bounds(Path folder, Method method, double epsilon, List<String> missing)
            throws IOException {
        Path path = folder.resolve(method.toString()).resolve("epsilon-" + ResultTable.parameter(epsilon) + ".jsonl");
        return rows(path, BoundsRow.FORMAT, missing, row -> row.epsilon() == epsilon && row.method() == method);
    }

    /** The rows of a file, all of which must be what its name says. */
    static <T extends Row> List<T> rows(Path path, RowFormat<T> format, List<String> missing,
            Predicate<T> asNamed)
            throws IOException {
        List<T> rows = Files.exists(path) ? RowFile.read(path, format) : List.of();
        if (rows.isEmpty()) {
            missing.add(path.getParent().getFileName() + "/" + path.getFileName()
                    + (Files.exists(path) ? " has no rows yet." : " is missing."));
        }
        for (T row : rows) {
            if (!asNamed.test(row)) {
                throw new RowException(path, "the row for index " + row.index()
                        + " is not what the file's folder and name say");
            }
        }
        return rows;
    }

    /** Names a file of a further line. */
    private record Sampled(double sigma, long n) {
    }

    /** What file names like {@code sigma-0.25-n-1000000.tsv} say, each once, by sigma and n. */
    private static List<Sampled> sampled(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        Pattern pattern = Pattern.compile("sigma-(\\d+\\.\\d{2,})-n-([1-9]\\d{0,17})\\.(?:tsv|jsonl)");
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> pattern.matcher(file.getFileName().toString())).filter(Matcher::matches)
                    .map(name -> new Sampled(Double.parseDouble(name.group(1)), Long.parseLong(name.group(2)))).distinct()
                    .sorted(Comparator.comparingDouble(Sampled::sigma).thenComparingLong(Sampled::n)).toList();
        }
    }

    /** The values in file names like {@code sigma-0.25.tsv}. */
    static SortedSet<Double> parameters(Path folder, String parameter, String endings) throws IOException {
        SortedSet<Double> values = new TreeSet<>();
        if (Files.isDirectory(folder)) {
            Pattern pattern = Pattern.compile(parameter + "-(\\d+\\.\\d{2,})\\.(?:" + endings + ")");
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Matcher matcher = pattern.matcher(file.getFileName().toString());
                    if (matcher.matches()) {
                        values.add(Double.valueOf(matcher.group(1)));
                    }
                }
            }
        }
        return values;
    }
}
