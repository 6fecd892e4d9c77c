package dev.bulwark.results;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.PropertyWriter;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rows as one JSON object a line, fields in the record's order and in snake_case, abstention as -1, what is empty as null.
 *
 * <p>Numbers are printed so that they read back as the same double.
 */
final class JsonLines<T extends Row> implements RowFormat<T> {

    private static final JsonMapper MAPPER = JsonFields.addTo(JsonMapper.builder())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    /** A number, a word or a flat list of them: all that fields hold. */
    private static final String VALUE = "(?:-?[\\d.][-+.\\dEe]*|\"[^\"]*\"|null|true|false|\\[[^\\[\\]{}]*])";
    /** Fields in order and by name that show a line to be a row of some version. */
    private static final int TELLING = 3;

    private final Class<T> type;
    private final Consumer<T> check;
    private final List<String> later;
    private final Pattern pattern;

    /** @param later fields that files of earlier versions don't have; null there */
    JsonLines(Class<T> type, String... later) {
        this(type, row -> { }, later);
    }

    /** @param check whether a row that is read may claim what it does; throws IllegalArgumentException if not */
    JsonLines(Class<T> type, Consumer<T> check, String... later) {
        this.type = type;
        this.check = check;
        this.later = List.of(later);
        this.pattern = pattern(type);
    }

    /** What a line of any version looks like: the first fields in order, then all or some of the others. */
    private static Pattern pattern(Class<?> type) {
        StringBuilder pattern = new StringBuilder("\\{");
        int fields = 0;
        try {
            for (Iterator<PropertyWriter> all = MAPPER.getSerializerProviderInstance().findValueSerializer(type).properties();
                 all.hasNext(); ++fields) {
                String field = (fields == 0 ? "" : ",\\s*") + "\"" + all.next().getName() + "\":\\s*" + VALUE;
                pattern.append(fields < TELLING ? field : "(?:" + field + ")?");
            }
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("rows can be written: " + type, e);
        }
        return Pattern.compile(pattern + "}\\s*");
    }

    @Override
    public Optional<String> header() {
        return Optional.empty();
    }

    /** A torn line ends before its pattern does, and nothing in it is other than the pattern says. */
    @Override
    public boolean begins(String line, boolean torn) {
        Matcher whole = pattern.matcher(line);
        return whole.matches() || torn && whole.hitEnd();
    }

    @Override
    public String write(T row) {
        try {
            return MAPPER.writeValueAsString(row);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a valid row can always be written: " + row, e);
        }
    }

    /** A line must say what the row read from it would say again: that also checks fields that follow from others. */
    @Override
    public T read(String line) {
        try {
            JsonNode said = MAPPER.readTree(line);
            Require.that(said.isObject(), "is not a JSON object");
            later.stream().filter(field -> !said.has(field)).forEach(((ObjectNode) said)::putNull);
            T row = MAPPER.treeToValue(said, type);
            check.accept(row);
            JsonNode meant = MAPPER.readTree(write(row));
            meant.fields().forEachRemaining(field -> {
                JsonNode value = said.path(field.getKey());
                if (!field.getValue().equals(JsonLines::compareScalars, value)) {
                    throw new IllegalArgumentException(field.getKey() + " is " + (value.isMissingNode() ? "missing" : value)
                            + ", but the other fields say " + field.getValue());
                }
            });
            return row;
        } catch (JsonProcessingException e) {
            String reason = e.getCause() instanceof IllegalArgumentException cause
                    ? cause.getMessage() : e.getOriginalMessage();
            throw new IllegalArgumentException(reason.lines().findFirst().orElse("is not JSON"), e);
        }
    }

    /** Numbers by value, so that 1 and 1.0 agree. */
    private static int compareScalars(JsonNode a, JsonNode b) {
        if (a.isNumber() && b.isNumber()) {
            return a.decimalValue().compareTo(b.decimalValue());
        }
        return a.equals(b) ? 0 : 1;
    }
}
