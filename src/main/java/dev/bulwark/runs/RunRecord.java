package dev.bulwark.runs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.files.AtomicFile;
import dev.bulwark.files.OneWriter;
import dev.bulwark.results.RecordFile;
import dev.bulwark.settings.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The JSON file beside a run's rows: everything that they depend on ({@code identity}), and how the run went.
 *
 * <p>Rows may only be continued by a run of the same identity; whatever else differs, they would be the same rows. Whoever
 * has the record open is the only process at the run.
 */
public final class RunRecord implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Path file;
    private final OneWriter writer;
    private final ObjectNode content;

    private RunRecord(Path file, OneWriter writer, ObjectNode content) {
        this.file = file;
        this.writer = writer;
        this.content = content;
    }

    /**
     * Starts a record, or takes up the one that is there.
     *
     * @param identity in a fixed order, of strings, numbers, lists and maps
     * @throws ExperimentException if the run there is another one, if there is none to resume, or if the file is no record
     * @throws dev.bulwark.files.InUseException if another process is at the run
     */
    public static RunRecord open(Path file, Existing existing, Map<String, ?> identity) throws IOException {
        requireResumable(file, existing);
        OneWriter writer = OneWriter.of(file);
        try {
            ObjectNode wanted = JSON.valueToTree(identity);
            if (existing == Existing.RESUME) {
                ObjectNode found = read(file);
                requireSame(file, (ObjectNode) found.path("identity"), wanted);
                return new RunRecord(file, writer, found);
            }
            if (Files.exists(file)) {
                read(file);
            }
            ObjectNode content = JSON.createObjectNode();
            content.put("started", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
            content.set("identity", wanted);
            RunRecord record = new RunRecord(file, writer, content);
            record.save();
            return record;
        } catch (IOException | RuntimeException e) {
            try (writer) {
                throw e;
            }
        }
    }

    /** @throws ExperimentException if a run is to be resumed of which there is no record */
    public static void requireResumable(Path file, Existing existing) {
        if (existing == Existing.RESUME && !Files.exists(file)) {
            throw new ExperimentException("nothing to resume: there is no " + file
                    + "; name a run that was started, or drop ", Setting.RESUME, " to start one");
        }
    }

    private static ObjectNode read(Path file) throws IOException {
        try {
            JsonNode tree = JSON.readTree(file.toFile());
            if (tree instanceof ObjectNode object && object.path("identity").isObject()) {
                RecordFile.problem(object).ifPresent(problem -> {
                    throw new ExperimentException(file + " is no record of a run as this program writes it: " + problem
                            + "; use another ", Setting.OUT, ", or remove the file");
                });
                return object;
            }
        } catch (JsonProcessingException e) {
            // The message below says that it is no record.
        }
        throw new ExperimentException(file + " is no record of a run, so nothing says what the rows beside it are: "
                + "use another ", Setting.OUT, ", or remove the file");
    }

    private static void requireSame(Path file, ObjectNode found, ObjectNode wanted) {
        Set<String> names = new LinkedHashSet<>();
        wanted.fieldNames().forEachRemaining(names::add);
        found.fieldNames().forEachRemaining(names::add);
        for (String name : names) {
            // Compared as text: 1 and 1.0 are one number, and a file has no types.
            if (!found.path(name).toString().equals(wanted.path(name).toString())) {
                throw new ExperimentException("can't resume: " + file + " has "
                        + (found.has(name) ? name + " " + found.path(name) : "no " + name) + ", now "
                        + (wanted.has(name) ? "it is " + wanted.path(name) : "there is none")
                        + "; use another ", Setting.OUT, ", or ", Setting.OVERWRITE);
            }
        }
    }

    /** Sets a field outside the identity and saves. */
    public void put(String name, Object value) throws IOException {
        content.set(name, JSON.valueToTree(value));
        save();
    }

    /** Notes what the run runs on, now: a resumed one may do so on other devices. */
    public void putDevices(Fleet fleet) throws IOException {
        put("device", fleet.info());
        put("devices", fleet.choice());
    }

    /** Adds the seconds that a stage took to those of earlier starts. */
    public void addSeconds(String stage, double seconds) throws IOException {
        ObjectNode timings = content.withObject("/timings");
        timings.put(stage, Math.round((timings.path(stage).asDouble(0) + seconds) * 1000) / 1000.0);
        save();
    }

    /**
     * Adds to figures of earlier starts.
     *
     * @param place names of the fields down to them, between slashes: {@code /stages}
     * @param more  numbers by name, of things by name; whole ones stay whole, others are rounded to a thousandth
     */
    public void addFigures(String place, Map<String, Map<String, Number>> more) throws IOException {
        ObjectNode things = content.withObject(place);
        more.forEach((thing, figures) -> {
            ObjectNode of = things.withObject("/" + thing);
            figures.forEach((name, number) -> {
                if (number instanceof Long whole) {
                    of.put(name, of.path(name).asLong() + whole);
                } else {
                    of.put(name, Math.round((of.path(name).asDouble() + number.doubleValue()) * 1000) / 1000.0);
                }
            });
        });
        save();
    }

    /** Marks the run as finished. */
    public void finish() throws IOException {
        put("finished", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    }

    /** Lets others at the run. @throws IOException if the lock can't be removed */
    @Override
    public void close() throws IOException {
        writer.close();
    }

    private void save() throws IOException {
        byte[] bytes = JSON.writeValueAsBytes(content);
        writer.write(() -> AtomicFile.replace(file, bytes));
    }
}
