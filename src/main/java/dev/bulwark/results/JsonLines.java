package dev.bulwark.results;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.EnumNamingStrategy;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.annotation.EnumNaming;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.PropertyWriter;
import dev.bulwark.attack.AttackLoss;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Norm;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rows as one JSON object a line, fields in the record's order and in snake_case, abstention as -1, what is empty as null.
 *
 * <p>Numbers are printed so that they read back as the same double.
 */
final class JsonLines<T extends Row> implements RowFormat<T> {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .addModule(new SimpleModule()
                    .addSerializer(OptionalInt.class, new PredictionWriter())
                    .addDeserializer(OptionalInt.class, new PredictionReader()))
            .addMixIn(Method.class, Word.class)
            .addMixIn(AttackLoss.class, Word.class)
            .addMixIn(Norm.class, Text.class)
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

    /** An enum that is spelled in files as on the command line. */
    @EnumNaming(WordNaming.class)
    private interface Word {
    }

    /** Has Jackson write constants as they print. Jackson reads them so, too. */
    private abstract static class Text {
        @Override
        @JsonValue
        public abstract String toString();
    }

    /** Has Jackson spell constants as {@link Words} does. Public for Jackson alone. */
    public static final class WordNaming implements EnumNamingStrategy {
        @Override
        public String convertEnumToExternalName(String name) {
            return Words.of(name);
        }
    }

    private static final class PredictionWriter extends JsonSerializer<OptionalInt> {
        @Override
        public void serialize(OptionalInt predict, JsonGenerator out, SerializerProvider unused) throws IOException {
            out.writeNumber(predict.orElse(-1));
        }
    }

    private static final class PredictionReader extends JsonDeserializer<OptionalInt> {
        @Override
        public OptionalInt deserialize(JsonParser in, DeserializationContext unused) throws IOException {
            int value = in.getIntValue();
            return value == -1 ? OptionalInt.empty() : OptionalInt.of(value);
        }
    }

    /** Infinity, which JSON has no word for, as null. */
    static final class FiniteWriter extends JsonSerializer<Double> {
        @Override
        public void serialize(Double bound, JsonGenerator out, SerializerProvider unused) throws IOException {
            if (Double.isInfinite(bound)) {
                out.writeNull();
            } else {
                out.writeNumber(bound);
            }
        }
    }

    /** Numbers, or null for the infinity of one side. */
    private abstract static class BoundReader extends JsonDeserializer<Double> {
        private final double unbounded;

        BoundReader(double unbounded) {
            this.unbounded = unbounded;
        }

        @Override
        public Double deserialize(JsonParser in, DeserializationContext context) throws IOException {
            if (!in.currentToken().isNumeric()) {
                return (Double) context.handleUnexpectedToken(Double.class, in);
            }
            double bound = in.getDoubleValue();
            return Double.isFinite(bound) ? bound
                    : (Double) context.handleWeirdNumberValue(Double.class, bound, "no double is so large");
        }

        @Override
        public Double getNullValue(DeserializationContext unused) {
            return unbounded;
        }
    }

    static final class LowerReader extends BoundReader {
        LowerReader() {
            super(Double.NEGATIVE_INFINITY);
        }
    }

    static final class UpperReader extends BoundReader {
        UpperReader() {
            super(Double.POSITIVE_INFINITY);
        }
    }

    /** What is empty as null, or not at all where the component says so. */
    static final class OptionalWriter extends JsonSerializer<Optional<?>> {
        @Override
        public void serialize(Optional<?> value, JsonGenerator out, SerializerProvider provider) throws IOException {
            provider.defaultSerializeValue(value.orElse(null), out);
        }

        @Override
        public boolean isEmpty(SerializerProvider unused, Optional<?> value) {
            return value.isEmpty();
        }
    }

    private abstract static class OptionalReader<V> extends JsonDeserializer<Optional<V>> {

        private final Class<V> type;

        OptionalReader(Class<V> type) {
            this.type = type;
        }

        @Override
        public Optional<V> deserialize(JsonParser in, DeserializationContext context) throws IOException {
            return Optional.of(context.readValue(in, type));
        }

        @Override
        public Optional<V> getNullValue(DeserializationContext unused) {
            return Optional.empty();
        }
    }

    static final class LossReader extends OptionalReader<AttackLoss> {
        LossReader() {
            super(AttackLoss.class);
        }
    }

    static final class NumberReader extends OptionalReader<Double> {
        NumberReader() {
            super(Double.class);
        }
    }

    static final class SavedReader extends OptionalReader<AttackRow.Saved> {
        SavedReader() {
            super(AttackRow.Saved.class);
        }
    }

    static final class NormReader extends OptionalReader<Norm> {
        NormReader() {
            super(Norm.class);
        }
    }

    static final class RealNetworkReader extends OptionalReader<AttackRow.RealNetwork> {
        RealNetworkReader() {
            super(AttackRow.RealNetwork.class);
        }
    }
}
