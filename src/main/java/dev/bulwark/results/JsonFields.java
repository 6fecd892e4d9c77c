package dev.bulwark.results;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.EnumNamingStrategy;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.annotation.EnumNaming;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.AttackMethod;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Norm;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.stats.Sampling;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;

/** How the fields of a row are written as JSON and read: enums, abstention, infinite bounds, what may be empty. */
final class JsonFields {

    private JsonFields() {
    }

    /** For values of the types that rows have. */
    static JsonMapper.Builder addTo(JsonMapper.Builder mapper) {
        return mapper
                .addModule(new SimpleModule()
                        .addSerializer(OptionalInt.class, new PredictionWriter())
                        .addDeserializer(OptionalInt.class, new PredictionReader()))
                .addMixIn(Method.class, Word.class)
                .addMixIn(AttackLoss.class, Word.class)
                .addMixIn(AttackMethod.class, Word.class)
                .addMixIn(BoundsRow.Decision.class, Word.class)
                .addMixIn(Cascade.Stage.class, Word.class)
                .addMixIn(NoiseLaw.class, Word.class)
                .addMixIn(Sampling.class, Word.class)
                .addMixIn(Norm.class, Text.class)
                .addMixIn(Claim.class, Text.class);
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

    static final class AttackReader extends OptionalReader<AttackMethod> {
        AttackReader() {
            super(AttackMethod.class);
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

    static final class DecisionReader extends OptionalReader<BoundsRow.Decision> {
        DecisionReader() {
            super(BoundsRow.Decision.class);
        }
    }

    static final class StageReader extends OptionalReader<Cascade.Stage> {
        StageReader() {
            super(Cascade.Stage.class);
        }
    }

    static final class NoiseReader extends OptionalReader<NoiseLaw> {
        NoiseReader() {
            super(NoiseLaw.class);
        }
    }

    static final class SamplingReader extends OptionalReader<Sampling> {
        SamplingReader() {
            super(Sampling.class);
        }
    }

    static final class CountReader extends OptionalReader<Long> {
        CountReader() {
            super(Long.class);
        }
    }

    static final class TextReader extends OptionalReader<String> {
        TextReader() {
            super(String.class);
        }
    }

    static final class PointReader extends OptionalReader<double[]> {
        PointReader() {
            super(double[].class);
        }
    }

    static final class ClaimReader extends OptionalReader<Claim> {
        ClaimReader() {
            super(Claim.class);
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
