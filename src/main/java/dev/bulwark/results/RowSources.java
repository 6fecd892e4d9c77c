package dev.bulwark.results;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

    /** @throws RowException if {@code folder} holds a run */
    static RowSources of(Path folder) throws IOException {
        Path record = new RunLayout(folder).record();
        if (!Files.exists(record)) {
            return new RowSources(folder, JsonNodeFactory.instance.objectNode());
        }
        ObjectNode run = RecordFile.read(record);
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
        Path votes = RunLayout.votes(there);
        boolean stale = !places.contains(RunLayout.place(votes)) && Files.deleteIfExists(votes);
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
        return new RunLayout(folder).rows().stream().map(RunLayout::place).filter(place -> !replaced.contains(place))
                .toList();
    }

    private Optional<String> name(String place) {
        return Optional.ofNullable(run.path(NAMES).path(place).textValue());
    }

    private static String source(String name, Path rows) throws IOException {
        String of = rowsOf(name, rows);
        return Files.exists(RunLayout.recordOf(rows))
                ? of + "; " + RecordFile.beside(rows).path("command").asText("command unknown")
                : of;
    }

    private static String rowsOf(String name, Path rows) throws IOException {
        return name + RecordFile.network(rows).map(network -> ", of the network with SHA-256 " + RecordFile.brief(network))
                .orElse("");
    }
}
