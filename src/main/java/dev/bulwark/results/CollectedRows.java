package dev.bulwark.results;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Norm;
import dev.bulwark.files.AtomicFile;
import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Row files of single commands, {@code certify}, {@code verify} and {@code attack}, laid into a folder as a run has it, with
 * a {@code run.json} from the records beside them: then {@link RunFolder} reads them as it reads a run. Such a folder is
 * about the user's own network, and no experiment's run.
 */
public final class CollectedRows {

    /** In {@code run.json}: what the folder's rows were collected from. A run of the whole experiment has no such field. */
    static final String FIELD = "collected";

    private static final String PREDICTIONS = "predict";
    private static final String UNNAMED = "images that no record names";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Path target;
    private final RunLayout layout;
    private final RowSources earlier;
    /** Where each file goes, in the order they were named. */
    private final Map<Path, String> places = new LinkedHashMap<>();
    private final SortedSet<Double> epsilons = new TreeSet<>();
    private final SortedSet<String> datasets = new TreeSet<>();
    private final ObjectNode run = JSON.createObjectNode();

    private CollectedRows(Path target, RowSources earlier) {
        this.target = target;
        this.layout = new RunLayout(target);
        this.earlier = earlier;
    }

    /**
     * Row files of a folder that make a report.
     *
     * @param notes what was left out, a line each
     */
    public record Found(List<Path> files, List<String> notes) {

        public Found {
            files = List.copyOf(files);
            notes = List.copyOf(notes);
        }
    }

    /**
     * The row files in {@code folder} that have a record beside them, and files of votes, which need none, if it is no run's
     * folder. Rows of {@code predict} make no report and are left out.
     *
     * @throws RowException if there is nothing else
     */
    public static Found in(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        if (!Files.isDirectory(folder) || Files.exists(new RunLayout(folder).record())) {
            return new Found(files, notes);
        }
        try (Stream<Path> all = Files.list(folder)) {
            for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
                if (!Files.exists(RunLayout.recordOf(file))) {
                    if (holdsVotes(file)) {
                        files.add(file);
                    }
                } else if (identity(file).path("run").asText().equals(PREDICTIONS)) {
                    notes.add(file + " is left out: rows of predict make no report");
                } else {
                    files.add(file);
                }
            }
        }
        if (files.isEmpty() && !notes.isEmpty()) {
            throw new RowException(folder, "holds rows of predict alone: rows of certify, verify and attack make a report");
        }
        return new Found(files, notes);
    }

    /**
     * Copies {@code files} into {@code target}, which may hold an earlier collection.
     *
     * @return what they replaced there that was another file's or network's, a line each
     * @throws RowException naming a file that is no row file, has no record, or is about other images than the rest
     */
    public static List<String> into(Path target, List<Path> files) throws IOException {
        CollectedRows collected = new CollectedRows(target, RowSources.of(target));
        for (Path file : withVotes(files)) {
            collected.add(file);
        }
        return collected.write();
    }

    /** The files, and behind certificates the votes of the same name beside them, which check every radius. */
    private static List<Path> withVotes(List<Path> files) throws IOException {
        List<Path> all = new ArrayList<>();
        for (Path file : files) {
            all.add(file);
            Path votes = RunLayout.votes(file);
            if (!files.contains(votes) && Files.isRegularFile(votes) && holdsVotes(votes)) {
                all.add(votes);
            }
        }
        return all;
    }

    private static boolean holdsVotes(Path file) throws IOException {
        return file.getFileName().toString().endsWith(".jsonl") && isOfVotes(firstLine(file));
    }

    private static boolean isOfVotes(String line) {
        return line.contains("\"p_a_lower\"");
    }

    private static JsonNode identity(Path rows) throws IOException {
        return RecordFile.read(RunLayout.recordOf(rows)).path("identity");
    }

    private void add(Path file) throws IOException {
        if (isOfVotes(firstLine(file))) {
            votes(file);
            return;
        }
        if (!Files.exists(RunLayout.recordOf(file))) {
            throw new RowException(file, "has no record " + RunLayout.recordOf(file).getFileName()
                    + " beside it, so nothing says what the rows are about: copy that, too");
        }
        JsonNode record = RecordFile.read(RunLayout.recordOf(file));
        JsonNode identity = record.path("identity");
        Norm norm = norm(file, identity);
        switch (identity.path("run").asText()) {
            case "certify" -> place(file, layout.certificates(parameter(file, identity, "sigma")));
            case "verify" -> place(file, identity.path("largest").asBoolean() ? layout.largest(method(file, identity), norm)
                    : layout.bounds(method(file, identity), parameter(file, identity, "epsilon"), norm));
            case "attack" -> place(file, layout.attacks(parameter(file, identity, "epsilon"), norm));
            default -> throw new RowException(file, "is of " + identity.path("run").asText("an unknown command")
                    + ", so leave it out: rows of certify, verify and attack make a report");
        }
        if (identity.path("epsilon").isNumber()) {
            epsilons.add(identity.path("epsilon").asDouble());
        }
        datasets.add(identity.path("dataset").asText("a data set that the record does not name"));
        requireOneDataset(file);
        describe(record, identity);
    }

    private static Norm norm(Path file, JsonNode identity) {
        String text = identity.path("norm").asText(Norm.INF.toString());
        return Arrays.stream(Norm.values()).filter(norm -> norm.toString().equals(text)).findFirst()
                .orElseThrow(() -> new RowException(RunLayout.recordOf(file), "has a norm that this version does not know: " + text));
    }

    private void votes(Path file) throws IOException {
        List<CertificateRow> rows = RowFile.read(file, CertificateRow.FORMAT);
        place(file, RunLayout.votes(layout.certificates(rows.get(0).sigma())));
    }

    private static String firstLine(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new RowException(file, Files.exists(file) ? "is not a file of rows" : "no such file");
        }
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            return Optional.ofNullable(lines.readLine()).orElse("");
        } catch (java.nio.charset.CharacterCodingException e) {
            throw new RowException(file, "is not a file of rows");
        }
    }

    private static double parameter(Path file, JsonNode identity, String name) {
        if (!identity.path(name).isNumber()) {
            throw new RowException(RunLayout.recordOf(file), "has no " + name);
        }
        return identity.path(name).asDouble();
    }

    private static Method method(Path file, JsonNode identity) {
        String name = identity.path("method").asText(Words.of(Method.IBP));
        return Arrays.stream(Method.values()).filter(method -> Words.of(method).equals(name)).findFirst()
                .orElseThrow(() -> new RowException(RunLayout.recordOf(file), "has a method that this version does not know: " + name));
    }

    private void place(Path file, Path there) {
        String place = RunLayout.place(there);
        for (Map.Entry<Path, String> other : places.entrySet()) {
            if (other.getValue().equals(place)) {
                throw new RowException(file, "has rows for " + place + ", as has " + other.getKey() + ": report them apart");
            }
        }
        places.put(file, place);
    }

    private void requireOneDataset(Path file) {
        if (datasets.size() > 1) {
            throw new RowException(file, "has rows of other images than the files before it (" + String.join(" and ", datasets)
                    + "): report them apart");
        }
    }

    private void describe(JsonNode record, JsonNode identity) {
        if (identity.path("run").asText().equals("certify") && !run.has("identity")) {
            ObjectNode common = run.putObject("identity");
            common.set("n", identity.path("n"));
            common.set("alpha", identity.path("alpha"));
        }
        for (String field : List.of("device", "versions")) {
            if (record.hasNonNull(field) && !run.has(field)) {
                run.set(field, record.get(field));
            }
        }
        if (record.path("data").isObject()) {
            JsonNode labels = run.path("dataset").path("labels"); // of any of the files
            run.set("dataset", labels.isTextual() ? ((ObjectNode) record.get("data").deepCopy()).set("labels", labels)
                    : record.get("data"));
        } else {
            run.putObject("dataset").put("name", identity.path("dataset").asText());
        }
    }

    private List<String> write() throws IOException {
        completeFromEarlier();
        requireOneNetworkALine();
        List<String> notes = new ArrayList<>();
        for (Map.Entry<Path, String> place : places.entrySet()) {
            earlier.replacing(place.getValue(), place.getKey(), places.values()).ifPresent(notes::add);
        }
        earlier.describe(places, run);
        for (Map.Entry<Path, String> place : places.entrySet()) {
            Path to = target.resolve(place.getValue());
            AtomicFile.replace(to, Files.readAllBytes(place.getKey()));
            if (Files.exists(RunLayout.recordOf(place.getKey()))) {
                AtomicFile.replace(RunLayout.recordOf(to), Files.readAllBytes(RunLayout.recordOf(place.getKey())));
            }
        }
        AtomicFile.replace(layout.record(), JSON.writeValueAsBytes(run));
        return notes;
    }

    /** Bounds and attacks at one radius become one line of table 2, so they must be of one network; so must what stays. */
    private void requireOneNetworkALine() throws IOException {
        List<Path> staying = layout.rows().stream().filter(file -> !places.containsValue(RunLayout.place(file))).toList();
        for (double epsilon : epsilons) {
            for (Norm norm : Norm.values()) {
                requireOneNetwork(staying, Stream.concat(
                        Arrays.stream(Method.values()).map(method -> layout.bounds(method, epsilon, norm)),
                        Stream.of(layout.attacks(epsilon, norm))).toList());
            }
        }
        for (Norm norm : Norm.values()) {
            requireOneNetwork(staying, Arrays.stream(Method.values()).map(method -> layout.largest(method, norm)).toList());
        }
    }

    /** @param line files that make one line of a table, or one figure */
    private void requireOneNetwork(List<Path> staying, List<Path> line) throws IOException {
        List<Path> files = new ArrayList<>(line.stream().filter(staying::contains).toList());
        places.forEach((file, place) -> {
            if (line.stream().map(RunLayout::place).anyMatch(place::equals)) {
                files.add(file);
            }
        });
        RecordFile.requireOneNetwork(files);
    }

    /** What the files named now do not say, an earlier collection's record may. */
    private void completeFromEarlier() {
        String before = earlier.run().path("dataset").path("name").asText("");
        if (!datasets.isEmpty() && !before.isEmpty() && !before.equals(UNNAMED) && !before.equals(datasets.first())) {
            throw new RowException(target, Message.of("holds rows of other images, of " + before + ": report those of "
                    + datasets.first() + " elsewhere", Setting.OUT.with()));
        }
        for (String field : List.of("identity", "device", "versions", "dataset")) {
            if (!run.has(field) && earlier.run().has(field)) {
                run.set(field, earlier.run().get(field));
            }
        }
        if (!run.path("dataset").hasNonNull("name")) {
            run.putObject("dataset").put("name", datasets.isEmpty() ? UNNAMED : datasets.first());
        }
    }
}
