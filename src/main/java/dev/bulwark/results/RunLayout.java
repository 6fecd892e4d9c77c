package dev.bulwark.results;

import dev.bulwark.bounds.Method;
import dev.bulwark.data.Norm;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which file of a run's folder holds what. Whoever writes or reads one asks here for its name:
 *
 * <pre>
 * run.json                             the run's record
 * smoothing/sigma-0.25.tsv, .jsonl     certificates at a noise level; their votes
 * smoothing/sigma-0.25-n-1000000.tsv   the same with another number of samples
 * ibp/epsilon-0.10.jsonl               bounds at a radius; crown and alpha-crown likewise
 * pgd/epsilon-0.10.jsonl               attacks at a radius
 * attack/epsilon-0.10.jsonl            what further attacks made of images that PGD and bounds leave open
 * crown/epsilon-0.10-l2.jsonl          bounds of l2 balls; attacks likewise, and l1
 * crown/largest.jsonl, largest-l2.jsonl   each image's largest certified epsilon
 * ibp/kappa-0.25.jsonl                 bounds of a trade-off's network
 * models/NAME.safetensors              networks that were trained here
 * gallery.json                         images to look at
 * </pre>
 */
public record RunLayout(Path folder) {

    private static final String SMOOTHING = "smoothing";
    private static final String ATTACKS = "pgd";
    private static final String SUITE = "attack";
    private static final String MODELS = "models";
    private static final String SIGMA = "sigma";
    private static final String EPSILON = "epsilon";
    private static final String KAPPA = "kappa";
    private static final Pattern PARTS = Pattern.compile(MODELS + "|" + SMOOTHING + "|" + ATTACKS + "|" + SUITE
            + "|figures|run\\.json|gallery\\.json|report\\.html|(?:table1|table2|largest|tradeoff)\\b.*");
    private static final String VALUE = "(\\d+\\.\\d{2,})";
    private static final Pattern ROWS = Pattern.compile(
            "(?:(?:sigma|epsilon)-[\\d.]+(?:-n-\\d+|-l[12])?|largest(?:-l[12])?)\\.(?:tsv|jsonl)");

    /** A noise level and a number of samples that a file's name states. */
    public record Sampled(double sigma, long n) {
    }

    /** The record of the run that fills the folder. */
    public Path record() {
        return folder.resolve("run.json");
    }

    /** Whether a run has a file or folder of this name in its own folder. */
    public static boolean isPart(String name) {
        return PARTS.matcher(name).matches() || Arrays.stream(Method.values()).map(Words::of).anyMatch(name::equals);
    }

    /** The record of a single command, beside its rows. */
    public static Path recordOf(Path rows) {
        return rows.resolveSibling(rows.getFileName() + ".run.json");
    }

    public Path gallery() {
        return folder.resolve("gallery.json");
    }

    public Path models() {
        return folder.resolve(MODELS);
    }

    /** The file of a network, which may lie in any folder. */
    public static Path model(Path models, String name) {
        return models.resolve(name + ".safetensors");
    }

    public Path certificates(double sigma) {
        return folder.resolve(SMOOTHING).resolve(SIGMA + "-" + decimals(sigma) + ".tsv");
    }

    public Path certificates(double sigma, long n) {
        return folder.resolve(SMOOTHING).resolve(SIGMA + "-" + decimals(sigma) + "-n-" + n + ".tsv");
    }

    /** The votes behind a file of certificates, which may lie in any folder. */
    public static Path votes(Path certificates) {
        return certificates.resolveSibling(certificates.getFileName().toString().replaceFirst("\\.tsv$", ".jsonl"));
    }

    public Path bounds(Method method, double epsilon) {
        return bounds(method, epsilon, Norm.INF);
    }

    public Path bounds(Method method, double epsilon, Norm norm) {
        return folder.resolve(Words.of(method)).resolve(EPSILON + "-" + decimals(epsilon) + of(norm) + ".jsonl");
    }

    public Path attacks(double epsilon) {
        return attacks(epsilon, Norm.INF);
    }

    public Path attacks(double epsilon, Norm norm) {
        return folder.resolve(ATTACKS).resolve(EPSILON + "-" + decimals(epsilon) + of(norm) + ".jsonl");
    }

    /** Where attacks on what PGD and bounds leave open have their rows. */
    public Path suite(double epsilon) {
        return folder.resolve(SUITE).resolve(EPSILON + "-" + decimals(epsilon) + ".jsonl");
    }

    /** Where a search for each image's largest epsilon has its rows. */
    public Path largest(Method method, Norm norm) {
        return folder.resolve(Words.of(method)).resolve("largest" + of(norm) + ".jsonl");
    }

    /** What names of files of other norms than l-infinity end with. */
    private static String of(Norm norm) {
        return norm == Norm.INF ? "" : "-" + norm.words();
    }

    /** Where a trade-off has the bounds of the network with this final weight of the natural loss. */
    public Path tradeoff(double kappa) {
        return folder.resolve(Words.of(Method.IBP)).resolve(tradeoffName(kappa) + ".jsonl");
    }

    /** What that network is called. */
    public static String tradeoffName(double kappa) {
        return KAPPA + "-" + decimals(kappa);
    }

    /** All networks and rows of a trade-off that are there. */
    public List<Path> tradeoffFiles() throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path part : List.of(models(), folder.resolve(Words.of(Method.IBP)))) {
            files.addAll(list(part).stream().filter(file -> file.getFileName().toString().startsWith(KAPPA + "-")).toList());
        }
        return files;
    }

    /** The noise levels of which there are certificates or votes. */
    public SortedSet<Double> sigmas() throws IOException {
        return values(folder.resolve(SMOOTHING), SIGMA, "tsv|jsonl");
    }

    /** Those with a number of samples in the name, each once, by sigma and n. */
    public List<Sampled> sampled() throws IOException {
        Pattern pattern = Pattern.compile(SIGMA + "-" + VALUE + "-n-([1-9]\\d{0,17})\\.(?:tsv|jsonl)");
        return list(folder.resolve(SMOOTHING)).stream().map(file -> pattern.matcher(file.getFileName().toString()))
                .filter(Matcher::matches)
                .map(name -> new Sampled(Double.parseDouble(name.group(1)), Long.parseLong(name.group(2)))).distinct()
                .sorted(Comparator.comparingDouble(Sampled::sigma).thenComparingLong(Sampled::n)).toList();
    }

    /** The radii of which there are bounds or attacks. */
    public SortedSet<Double> epsilons() throws IOException {
        return epsilons(Norm.INF);
    }

    /** The radii of which there are bounds or attacks in balls of a norm. */
    public SortedSet<Double> epsilons(Norm norm) throws IOException {
        SortedSet<Double> epsilons = values(folder.resolve(ATTACKS), EPSILON, of(norm), "jsonl");
        for (Method method : Method.values()) {
            epsilons.addAll(values(folder.resolve(Words.of(method)), EPSILON, of(norm), "jsonl"));
        }
        return epsilons;
    }

    /** The final weights of which a trade-off has bounds. */
    public SortedSet<Double> kappas() throws IOException {
        return values(folder.resolve(Words.of(Method.IBP)), KAPPA, "jsonl");
    }

    /** All files of rows that tables 1 and 2 are made of. */
    public List<Path> rows() throws IOException {
        List<Path> rows = new ArrayList<>();
        for (String kind : Stream.of(Stream.of(SMOOTHING), Arrays.stream(Method.values()).map(Words::of), Stream.of(ATTACKS, SUITE))
                .flatMap(kinds -> kinds).toList()) {
            list(folder.resolve(kind)).stream().filter(file -> ROWS.matcher(file.getFileName().toString()).matches())
                    .sorted(Comparator.comparing(file -> file.getFileName().toString())).forEach(rows::add);
        }
        return rows;
    }

    /** How records and messages name a file of the folder: {@code ibp/epsilon-0.10.jsonl}. */
    static String place(Path file) {
        return file.getParent().getFileName() + "/" + file.getFileName();
    }

    /** At least two decimals, more only where the number has them: 0.1 is 0.10, 0.125 stays. Tables name lines so, too. */
    public static String decimals(double value) {
        BigDecimal exact = BigDecimal.valueOf(value);
        return exact.setScale(Math.max(2, exact.stripTrailingZeros().scale())).toPlainString();
    }

    /**
     * A new folder under {@code runs}, named after the time. Runs that start in the same second get one each.
     *
     * @throws IOException if it can't be made
     */
    public static Path newUnder(Path runs, LocalDateTime now) throws IOException {
        String name = DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss").format(now);
        if (!Files.isDirectory(runs)) {
            Files.createDirectories(runs);
        }
        for (int k = 1; ; ++k) {
            try {
                return Files.createDirectory(runs.resolve(k == 1 ? name : name + "-" + k));
            } catch (FileAlreadyExistsException e) {
                // The name is another run's.
            }
        }
    }

    /** The run folder under {@code runs} whose record was written last. */
    public static Optional<Path> latestUnder(Path runs) throws IOException {
        return list(runs).stream().filter(folder -> Files.exists(new RunLayout(folder).record()))
                .max(Comparator.comparing(folder -> new RunLayout(folder).record().toFile().lastModified()));
    }

    /** The values in file names like {@code sigma-0.25.tsv}. */
    private static SortedSet<Double> values(Path folder, String parameter, String endings) throws IOException {
        return values(folder, parameter, "", endings);
    }

    private static SortedSet<Double> values(Path folder, String parameter, String norm, String endings) throws IOException {
        SortedSet<Double> values = new TreeSet<>();
        Pattern pattern = Pattern.compile(parameter + "-" + VALUE + norm + "\\.(?:" + endings + ")");
        for (Path file : list(folder)) {
            Matcher matcher = pattern.matcher(file.getFileName().toString());
            if (matcher.matches()) {
                values.add(Double.valueOf(matcher.group(1)));
            }
        }
        return values;
    }

    private static List<Path> list(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
