package dev.bulwark.model.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.bulwark.model.io.SafetensorsHeader.Entry;
import dev.bulwark.shapes.Shape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a safetensors header, token by token: nothing recurses, so no nesting is too deep, and the first surprise ends
 * it, so memory stays within a small multiple of the header.
 */
final class SafetensorsParser implements AutoCloseable {

    private static final JsonFactory JSON = new JsonFactory();

    /** Most tensors, and most metadata strings. */
    private static final int MAX_ENTRIES = 10_000;

    /** Most dimensions, or offsets. */
    private static final int MAX_INTEGERS = 8;

    private final Path file;
    private final JsonParser json;

    private SafetensorsParser(Path file, byte[] header) throws IOException {
        Reader utf8 = new InputStreamReader(new ByteArrayInputStream(header), StandardCharsets.UTF_8.newDecoder());
        this.file = file;
        this.json = JSON.createParser(utf8);
    }

    /** @throws ModelException naming {@code file}, if {@code header} is not what the format asks for */
    static SafetensorsHeader parse(Path file, byte[] header) throws IOException {
        try (SafetensorsParser parser = new SafetensorsParser(file, header)) {
            return parser.header();
        } catch (CharacterCodingException e) {
            throw ModelException.in(file, "the header is not UTF-8");
        } catch (JsonProcessingException e) {
            throw ModelException.in(file, "the header is not JSON near character %d", e.getLocation().getCharOffset());
        }
    }

    @Override
    public void close() throws IOException {
        json.close();
    }

    private SafetensorsHeader header() throws IOException {
        Optional<Map<String, String>> metadata = Optional.empty();
        Map<String, Entry> tensors = new LinkedHashMap<>();
        json.nextToken();
        requireObject("the header");
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            if (tensors.containsKey(name) || name.equals(SafetensorsHeader.METADATA) && metadata.isPresent()) {
                throw ModelException.in(file, "the header holds %s twice", name);
            }
            if (name.equals(SafetensorsHeader.METADATA)) {
                metadata = Optional.of(metadata());
            } else {
                tensors.put(name, tensor(name));
            }
            if (tensors.size() > MAX_ENTRIES) {
                throw ModelException.in(file, "the header holds more than %d tensors", MAX_ENTRIES);
            }
        }
        if (json.nextToken() != null) {
            throw ModelException.in(file, "the header goes on after its JSON object");
        }
        return new SafetensorsHeader(metadata.orElse(Map.of()), List.copyOf(tensors.values()));
    }

    private Map<String, String> metadata() throws IOException {
        requireObject(SafetensorsHeader.METADATA);
        Map<String, String> metadata = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String key = json.currentName();
            json.nextToken();
            if (metadata.put(key, text("metadata " + key)) != null) {
                throw ModelException.in(file, "the metadata hold %s twice", key);
            }
            if (metadata.size() > MAX_ENTRIES) {
                throw ModelException.in(file, "the metadata hold more than %d strings", MAX_ENTRIES);
            }
        }
        return metadata;
    }

    private Entry tensor(String name) throws IOException {
        requireObject(name);
        Map<String, String> dtype = new LinkedHashMap<>();
        Map<String, List<Long>> lists = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String key = json.currentName();
            json.nextToken();
            Object previous = switch (key) {
                case SafetensorsHeader.DTYPE -> dtype.put(key, text(key + " of " + name));
                case SafetensorsHeader.SHAPE, SafetensorsHeader.OFFSETS -> lists.put(key, integers(key + " of " + name));
                default -> throw ModelException.in(file, "%s holds an unknown %s", name, key);
            };
            if (previous != null) {
                throw ModelException.in(file, "%s holds %s twice", name, key);
            }
        }
        Precision precision = precision(name, require(name, dtype, SafetensorsHeader.DTYPE));
        Shape shape = shape(name, require(name, lists, SafetensorsHeader.SHAPE));
        List<Long> offsets = require(name, lists, SafetensorsHeader.OFFSETS);
        if (offsets.size() != 2) {
            throw ModelException.in(file, "data_offsets of %s are %s, not a begin and an end", name, offsets);
        }
        return new Entry(name, precision, shape, offsets.get(0), offsets.get(1));
    }

    private Precision precision(String name, String dtype) {
        LayerReader.requireNoStatistics(file, name); // some of which are integers
        return Arrays.stream(Precision.values())
                .filter(precision -> precision.name().equals(dtype))
                .findFirst()
                .orElseThrow(() -> ModelException.in(file, "dtype of %s is %s, not one of %s",
                        name, dtype, Arrays.toString(Precision.values())));
    }

    private Shape shape(String name, List<Long> dimensions) {
        if (dimensions.isEmpty()) {
            throw ModelException.in(file, "shape of %s is [], a scalar's", name);
        }
        long size = 1;
        for (long dimension : dimensions) {
            if (dimension < 1) {
                throw ModelException.in(file, "shape of %s holds %d, not a positive number", name, dimension);
            }
            if (dimension > Integer.MAX_VALUE / size) {
                throw ModelException.in(file, "shape of %s is %s, more than %d elements",
                        name, dimensions, Integer.MAX_VALUE);
            }
            size *= dimension;
        }
        return Shape.of(dimensions.stream().mapToInt(Long::intValue).toArray());
    }

    private <T> T require(String name, Map<String, T> values, String key) {
        return Optional.ofNullable(values.get(key))
                .orElseThrow(() -> ModelException.in(file, "%s lacks its %s", name, key));
    }

    private void requireObject(String what) {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw ModelException.in(file, "%s is not a JSON object", what);
        }
    }

    private String text(String what) throws IOException {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw ModelException.in(file, "%s is %s, not a string", what, json.getText());
        }
        return json.getText();
    }

    private List<Long> integers(String what) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw ModelException.in(file, "%s is %s, not a list", what, json.getText());
        }
        List<Long> integers = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (json.currentToken() != JsonToken.VALUE_NUMBER_INT
                    || json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
                throw ModelException.in(file, "%s holds %s, not a 64-bit integer", what, json.getText());
            }
            integers.add(json.getLongValue());
            if (integers.size() > MAX_INTEGERS) {
                throw ModelException.in(file, "%s holds more than %d numbers", what, MAX_INTEGERS);
            }
        }
        return integers;
    }
}
