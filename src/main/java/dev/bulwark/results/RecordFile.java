package dev.bulwark.results;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/**
 * The records of runs as they are read, and what their fields may be: who wrote one and what altered it is not known.
 */
public final class RecordFile {

    /** A kind of value, and the words for it. */
    private record Kind(String name, Predicate<JsonNode> test) {
    }

    /** Where a record has what each stage of a cascade did, by the stage's name; of a run of several epsilons, one level down. */
    public static final String STAGES = "/stages";
    /** Beside these: attacks beyond PGD. */
    public static final String STRONGEST_ATTACK = "strongest-attack";

    private static final Kind TEXT = new Kind("a text", JsonNode::isTextual);
    private static final Kind OBJECT = new Kind("an object", JsonNode::isObject);
    private static final Map<String, Kind> KINDS = new LinkedHashMap<>();

    static {
        KINDS.put("identity", OBJECT);
        KINDS.put("timings", new Kind("an object of seconds", node -> node.isObject() && all(node, RecordFile::isTime)));
        KINDS.put(STAGES.substring(1), OBJECT);
        KINDS.put(AttackRecord.EFFORT.substring(1), OBJECT);
        KINDS.put("started", TEXT);
        KINDS.put("finished", TEXT);
        KINDS.put("command", TEXT);
        KINDS.put("devices", TEXT);
        KINDS.put("device", new Kind("an object or a text", node -> node.isObject() || node.isTextual()));
        KINDS.put("training_device", OBJECT);
        KINDS.put("versions", OBJECT);
        KINDS.put("dataset", OBJECT);
        KINDS.put("data", OBJECT);
        KINDS.put("models", new Kind("an object of texts", node -> node.isObject() && all(node, JsonNode::isTextual)));
        KINDS.put("scope", new Kind("a list of texts", node -> node.isArray() && all(node, JsonNode::isTextual)));
        KINDS.put("seed", new Kind("a whole number", JsonNode::isIntegralNumber));
    }

    /** Of a digest, enough to tell networks apart. */
    private static final int DIGITS = 12;

    private RecordFile() {
    }

    /** @throws RowException if a file is no record, naming the line where it is no JSON */
    public static ObjectNode read(Path file) throws IOException {
        try {
            if (!(new ObjectMapper().readTree(file.toFile()) instanceof ObjectNode record)) {
                throw new RowException(file, "is not a JSON object");
            }
            problem(record).ifPresent(problem -> {
                throw new RowException(file, problem);
            });
            return record;
        } catch (JsonProcessingException e) {
            throw new RowException(file, e.getLocation() == null ? 1 : e.getLocation().getLineNr(), "is not JSON");
        }
    }

    /** The record of a single command beside its rows; an empty object where there is none, as beside votes. */
    static ObjectNode beside(Path rows) throws IOException {
        Path record = RunLayout.recordOf(rows);
        return Files.exists(record) ? read(record) : JsonNodeFactory.instance.objectNode();
    }

    /** The digest of the network that rows are of, as far as the record beside them says. */
    static Optional<String> network(Path rows) throws IOException {
        return Optional.of(beside(rows).path("identity").path("model_sha256").asText(""))
                .filter(digest -> !digest.isEmpty());
    }

    /** A digest as messages show it. */
    static String brief(String digest) {
        return digest.substring(0, Math.min(DIGITS, digest.length()));
    }

    /**
     * What a table sets side by side is of one network.
     *
     * @param rows files of which each may have its record beside it
     * @throws RowException naming two of them whose records name different networks
     */
    static void requireOneNetwork(List<Path> rows) throws IOException {
        Optional<Path> first = Optional.empty();
        for (Path file : rows) {
            Optional<String> network = network(file);
            Optional<String> before = first.isPresent() ? network(first.get()) : Optional.empty();
            if (network.isPresent() && before.isPresent() && !network.equals(before)) {
                throw new RowException(file, Message.of("is of the network with SHA-256 " + brief(network.get())
                        + ", but " + first.get() + " of the one with " + brief(before.get())
                        + ", and one line of table 2 is of one network: report them apart, each into a folder of its own",
                        Setting.OUT.with()));
            }
            first = first.isPresent() || network.isEmpty() ? first : Optional.of(file);
        }
    }

    /** The first field that is not what it should be, in words; empty if there is none. Fields may be missing. */
    public static Optional<String> problem(ObjectNode record) {
        return KINDS.entrySet().stream().filter(kind -> record.has(kind.getKey())
                        && !kind.getValue().test.test(record.get(kind.getKey())))
                .map(kind -> kind.getKey() + " is not " + kind.getValue().name).findFirst();
    }

    private static boolean isTime(JsonNode node) {
        return node.isNumber() && node.doubleValue() >= 0 && Double.isFinite(node.doubleValue());
    }

    private static boolean all(JsonNode parent, Predicate<JsonNode> test) {
        return StreamSupport.stream(parent.spliterator(), false).allMatch(test);
    }
}
