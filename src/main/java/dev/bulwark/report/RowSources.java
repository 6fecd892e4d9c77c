package dev.bulwark.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.results.RowException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where the rows in a folder of collected ones come from: the name of the file that was named, the network and the command
 * from the record beside it. Every row file that the folder holds has a sentence, those of earlier collections too.
 *
 * @param folder of the report
 * @param run    its {@code run.json} before this collection, an empty object if there was none
 */
record RowSources(Path folder, ObjectNode run) {

    /** In {@code run.json}: the name that each file of rows had where it was collected. */
    private static final String NAMES = "sources";
    private static final String NO_NAME = "a file whose name is not recorded";
    private static final List<String> FOLDERS = List.of("smoothing", "ibp", "crown", "alpha-crown", "pgd");
    private static final Pattern ROWS = Pattern.compile("(?:sigma|epsilon)-[\\d.]+(?:-n-\\d+)?\\.(?:tsv|jsonl)");
    private static final int DIGITS_OF_DIGEST = 12;

    /** @throws RowException if {@code folder} holds a run of the whole experiment */
    static RowSources of(Path folder) throws IOException {
        Path record = folder.resolve("run.json");
        if (!Files.exists(record)) {
            return new RowSources(folder, JsonNodeFactory.instance.objectNode());
        }
        ObjectNode run = (ObjectNode) RunFolder.run(record, new ArrayList<>());
        if (!run.has(CollectedRows.FIELD)) {
            throw new RowException(folder, "holds a run: name another folder for the report");
        }
        return new RowSources(folder, run);
    }

    /**
     * Makes room for the rows of {@code file}: votes that belong to other rows of smoothing than these go.
     *
     * @param places what this collection brings
     * @return what to say of the rows that are there, if they are another file's or network's
     */
    Optional<String> replacing(String place, Path file, Collection<String> places) throws IOException {
        Path there = folder.resolve(place);
        if (!Files.exists(there) || Files.mismatch(there, file) < 0) {
            return Optional.empty();
        }
        String before = rowsOf(name(place).orElse(NO_NAME), there);
        String now = rowsOf(file.getFileName().toString(), file);
        if (before.equals(now)) {
            return Optional.empty();
        }
        String votes = place.replaceFirst("\\.tsv$", ".jsonl");
        boolean stale = !places.contains(votes) && Files.deleteIfExists(folder.resolve(votes));
        return Optional.of(there + ": rows of " + now + " replace those of " + before
                + (stale ? ", whose votes are removed" : ""));
    }

    /** Writes into {@code next}, the folder's {@code run.json} to be, what the folder holds from now on. */
    void describe(Map<Path, String> places, ObjectNode next) throws IOException {
        ObjectNode names = next.putObject(NAMES);
        ArrayNode sentences = next.putArray("scope");
        ArrayNode collected = next.putArray(CollectedRows.FIELD);
        for (Map.Entry<Path, String> place : places.entrySet()) {
            String name = place.getKey().getFileName().toString();
            names.put(place.getValue(), name);
            sentences.add(place.getValue() + ": " + source(name, place.getKey()));
            collected.add(place.getValue());
        }
        for (String place : kept(places.values())) {
            name(place).ifPresent(name -> names.put(place, name));
            sentences.add(place + ": also holds, from an earlier report, " + source(name(place).orElse(NO_NAME),
                    folder.resolve(place)));
            collected.add(place);
        }
    }

    /** The row files that are there and stay. */
    private List<String> kept(Collection<String> replaced) throws IOException {
        List<String> kept = new ArrayList<>();
        for (String kind : FOLDERS) {
            if (Files.isDirectory(folder.resolve(kind))) {
                try (Stream<Path> files = Files.list(folder.resolve(kind))) {
                    files.map(file -> file.getFileName().toString()).filter(name -> ROWS.matcher(name).matches()).sorted()
                            .map(name -> kind + "/" + name).filter(place -> !replaced.contains(place)).forEach(kept::add);
                }
            }
        }
        return kept;
    }

    private Optional<String> name(String place) {
        return Optional.ofNullable(run.path(NAMES).path(place).textValue());
    }

    private static String source(String name, Path rows) throws IOException {
        String of = rowsOf(name, rows);
        return Files.exists(CollectedRows.record(rows))
                ? of + "; " + record(rows).path("command").asText("command unknown")
                : of;
    }

    private static String rowsOf(String name, Path rows) throws IOException {
        String network = record(rows).path("identity").path("model_sha256").asText("");
        return name + (network.isEmpty() ? ""
                : ", of the network with SHA-256 " + network.substring(0, Math.min(DIGITS_OF_DIGEST, network.length())));
    }

    /** An empty object where there is none: votes have no record of their own. */
    private static JsonNode record(Path rows) throws IOException {
        Path record = CollectedRows.record(rows);
        return Files.exists(record) ? RunFolder.run(record, new ArrayList<>()) : JsonNodeFactory.instance.objectNode();
    }
}
