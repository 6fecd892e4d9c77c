package dev.bulwark.results;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Norm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What a run has left in its folder, read and checked: every row is what its file's name says, claims no more than its votes
 * support, and contradicts no other. {@link RunLayout} says which file holds what.
 *
 * @param run     {@code run.json}, an empty object if there is none
 * @param sampled rows of randomized smoothing
 * @param ibp     rows of all bounds and attacks by epsilon, none of them empty
 * @param balls   rows beyond those of one epsilon in the l-infinity norm
 * @param gallery images to look at, if the run kept any
 * @param missing what a whole run would have, a sentence each
 */
public record RunFolder(JsonNode run, Sampled sampled, SortedMap<Double, EpsilonRows> ibp, Balls balls,
        Optional<Gallery> gallery, List<String> missing) {

    public RunFolder {
        ibp = Collections.unmodifiableSortedMap(new TreeMap<>(ibp));
        missing = List.copyOf(missing);
    }

    /**
     * Rows of randomized smoothing.
     *
     * @param smoothing rows by sigma, none of them empty
     * @param further   rows of the same sigmas with other numbers of samples
     */
    public record Sampled(SortedMap<Double, SigmaRows> smoothing, List<Further> further) {

        public Sampled {
            smoothing = Collections.unmodifiableSortedMap(new TreeMap<>(smoothing));
            further = List.copyOf(further);
        }
    }

    /** Rows of randomized smoothing by sigma, none of them empty. */
    public SortedMap<Double, SigmaRows> smoothing() {
        return sampled.smoothing;
    }

    /** Rows of the same sigmas with other numbers of samples. */
    public List<Further> further() {
        return sampled.further;
    }

    /**
     * Rows of other norms, and of searches.
     *
     * @param norms   rows of all bounds and attacks by norm and epsilon, none of them empty
     * @param largest in the order of norms, and there of methods, none of them empty
     */
    public record Balls(SortedMap<Norm, SortedMap<Double, EpsilonRows>> norms, List<Largest> largest) {

        public static final Balls NONE = new Balls(new TreeMap<>(), List.of());

        public Balls {
            norms = Collections.unmodifiableSortedMap(new TreeMap<>(norms));
            largest = List.copyOf(largest);
        }
    }

    /** Each image's largest certified epsilon, as far as it has one. */
    public record Largest(Norm norm, Method method, List<BoundsRow> rows) {

        public Largest {
            rows = List.copyOf(rows);
        }
    }

    /**
     * More rows of a sigma that has some already, with another number of samples: another line of a table.
     *
     * @param samples for each image
     */
    public record Further(double sigma, long samples, SigmaRows rows) {
    }

    /**
     * @throws RowException       if a row file or {@code run.json} can't be used, or there are no rows
     * @throws SoundnessException if an image is certified and broken
     * @throws IOException        if a file can't be read
     */
    public static RunFolder read(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new RowException(folder, Files.exists(folder) ? "is not a folder: name a run's" : "no such folder");
        }
        List<String> missing = new ArrayList<>();
        RunReader reader = new RunReader(new RunLayout(folder), record(folder, missing), missing);
        RunFolder found = reader.read();
        if (found.smoothing().isEmpty() && found.ibp.isEmpty() && found.balls.equals(Balls.NONE)) {
            throw new RowException(folder, "holds no rows: expected smoothing/sigma-0.25.tsv, ibp/epsilon-0.10.jsonl or "
                    + "the like");
        }
        return found;
    }

    /** A run's record; an empty object, and a sentence more, where it is missing. */
    static JsonNode record(Path folder, List<String> missing) throws IOException {
        RunLayout layout = new RunLayout(folder);
        if (Files.exists(layout.record())) {
            return RecordFile.read(layout.record());
        }
        ObjectNode run = JsonNodeFactory.instance.objectNode();
        SortedSet<String> datasets = new TreeSet<>();
        for (Path rows : layout.rows()) {
            Optional.ofNullable(RecordFile.beside(rows).path("identity").path("dataset").textValue())
                    .ifPresent(datasets::add);
        }
        if (datasets.size() == 1) {
            run.putObject("dataset").put("name", datasets.first());
            missing.add("run.json is missing, so what was left out is unknown.");
        } else {
            missing.add("run.json is missing, so the data set and what was left out are unknown.");
        }
        return run;
    }

    /** Whether the rows were collected from files of single commands, so that nothing else was to be expected. */
    public boolean collected() {
        return run.has(CollectedRows.FIELD);
    }

    /** All rows of certificates, those of further lines included. */
    public Stream<SigmaRows> certificates() {
        return Stream.concat(smoothing().values().stream(), further().stream().map(Further::rows));
    }
}
