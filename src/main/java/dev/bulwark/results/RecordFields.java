package dev.bulwark.results;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/** What the fields of a run's record may be, for those that read one: who writes it and what altered it is not known. */
public final class RecordFields {

    /** A kind of value, and the words for it. */
    private record Kind(String name, Predicate<JsonNode> test) {
    }

    private static final Kind TEXT = new Kind("a text", JsonNode::isTextual);
    private static final Kind OBJECT = new Kind("an object", JsonNode::isObject);
    private static final Map<String, Kind> KINDS = new LinkedHashMap<>();

    static {
        KINDS.put("identity", OBJECT);
        KINDS.put("timings", new Kind("an object of seconds", node -> node.isObject() && all(node, RecordFields::isTime)));
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

    private RecordFields() {
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
