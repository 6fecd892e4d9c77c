package dev.bulwark.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.files.AtomicFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Row files of single commands, {@code certify}, {@code verify} and {@code attack}, laid into a folder as a run has it, with a
 * {@code run.json} from the records beside them: then the rest of this package reads them as it reads a run.
 *
 * <p>Such a folder is about the user's own network, so nothing of the lab report's stands beside its figures.
 */
public final class CollectedRows {

    /** In {@code run.json}: what was collected. A run of the whole experiment has no such field. */
    static final String FIELD = "collected";

    private static final String RECORD = ".run.json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Where each file goes, in the order they were named. */
    private final Map<Path, Path> places = new LinkedHashMap<>();
    private final List<String> sentences = new ArrayList<>();
    private final SortedSet<String> datasets = new TreeSet<>();
    private final ObjectNode run = JSON.createObjectNode();

    private CollectedRows() {
    }

    /** The row files in {@code folder} that have a record beside them, if it is no run's folder. */
    public static List<Path> in(Path folder) throws IOException {
        if (!Files.isDirectory(folder) || Files.exists(folder.resolve("run.json"))) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> Files.isRegularFile(file) && Files.exists(record(file))).sorted().toList();
        }
    }

    /**
     * Copies {@code files} into {@code target}, which may hold an earlier collection.
     *
     * @throws RowException naming a file that is no row file, has no record, or is about other images than the rest
     */
    public static void into(Path target, List<Path> files) throws IOException {
        if (Files.exists(target.resolve("run.json")) && !RunFolder.run(target.resolve("run.json"), new ArrayList<>()).has(FIELD)) {
            throw new RowException(target, "holds a run: name another folder for the report");
        }
        CollectedRows collected = new CollectedRows();
        for (Path file : files) {
            collected.add(file);
        }
        collected.write(target);
    }

    private static Path record(Path rows) {
        return rows.resolveSibling(rows.getFileName() + RECORD);
    }

    private void add(Path file) throws IOException {
        String first = firstLine(file);
        if (first.contains("\"p_a_lower\"")) {
            votes(file);
            return;
        }
        if (!Files.exists(record(file))) {
            throw new RowException(file, "has no record " + record(file).getFileName()
                    + " beside it, so nothing says what the rows are about: copy that, too");
        }
        JsonNode record = RunFolder.run(record(file), new ArrayList<>());
        JsonNode identity = record.path("identity");
        switch (identity.path("run").asText()) {
            case "certify" -> place(file, "smoothing/sigma-" + parameter(file, identity, "sigma") + ".tsv");
            case "verify" -> place(file, identity.path("method").asText("ibp") + "/epsilon-"
                    + parameter(file, identity, "epsilon") + ".jsonl");
            case "attack" -> place(file, "pgd/epsilon-" + parameter(file, identity, "epsilon") + ".jsonl");
            default -> throw new RowException(file, "is of " + identity.path("run").asText("an unknown command")
                    + ": rows of certify, verify and attack make a report");
        }
        datasets.add(identity.path("dataset").asText("a data set that the record does not name"));
        requireOneDataset(file);
        describe(file, record);
    }

    private void votes(Path file) throws IOException {
        List<CertificateRow> rows = RowFile.read(file, CertificateRow.FORMAT);
        place(file, "smoothing/sigma-" + ResultTable.parameter(rows.get(0).sigma()) + ".jsonl");
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

    private static String parameter(Path file, JsonNode identity, String name) {
        if (!identity.path(name).isNumber()) {
            throw new RowException(record(file), "has no " + name);
        }
        return ResultTable.parameter(identity.path(name).asDouble());
    }

    private void place(Path file, String place) {
        places.values().stream().filter(Path.of(place)::equals).findFirst().ifPresent(taken -> {
            throw new RowException(file, "has rows for " + place + " as another file that was named: report them apart");
        });
        places.put(file, Path.of(place));
    }

    private void requireOneDataset(Path file) {
        if (datasets.size() > 1) {
            throw new RowException(file, "has rows of other images than the files before it (" + String.join(" and ", datasets)
                    + "): report them apart");
        }
    }

    private void describe(Path file, JsonNode record) {
        JsonNode identity = record.path("identity");
        String network = identity.path("model_sha256").asText("");
        sentences.add(places.get(file) + ": " + file.getFileName()
                + (network.isEmpty() ? "" : ", of the network with SHA-256 " + network.substring(0, Math.min(12, network.length())))
                + "; " + record.path("command").asText("command unknown"));
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
            run.set("dataset", record.get("data"));
        } else {
            run.putObject("dataset").put("name", identity.path("dataset").asText());
        }
    }

    private void write(Path target) throws IOException {
        run.set("scope", JSON.valueToTree(sentences));
        run.set(FIELD, JSON.valueToTree(places.keySet().stream().map(Path::toString).toList()));
        if (!run.path("dataset").hasNonNull("name")) {
            run.putObject("dataset").put("name", datasets.isEmpty() ? "images that no record names" : datasets.first());
        }
        for (Map.Entry<Path, Path> place : places.entrySet()) {
            Path to = target.resolve(place.getValue());
            AtomicFile.replace(to, Files.readAllBytes(place.getKey()));
            if (Files.exists(record(place.getKey()))) {
                AtomicFile.replace(record(to), Files.readAllBytes(record(place.getKey())));
            }
        }
        AtomicFile.replace(target.resolve("run.json"), JSON.writeValueAsBytes(run));
    }
}
