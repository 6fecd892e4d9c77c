package dev.bulwark.model.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.bulwark.shapes.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a safetensors file says about itself.
 *
 * @param metadata the {@code __metadata__} strings; empty where there are none
 * @param tensors  in the order of their data
 */
record SafetensorsHeader(Map<String, String> metadata, List<Entry> tensors) {

    /** Longest header read, in bytes: the limit of the format's reference implementation. */
    static final long MAX_BYTES = 100_000_000;

    /** The metadata's key among the tensors' names. */
    static final String METADATA = "__metadata__";

    /** A tensor's keys. */
    static final String DTYPE = "dtype";
    static final String SHAPE = "shape";
    static final String OFFSETS = "data_offsets";

    private static final int ALIGNMENT = 8;

    SafetensorsHeader {
        metadata = Map.copyOf(metadata);
        tensors = tensors.stream().sorted(Comparator.comparingLong(Entry::begin)).toList();
    }

    /** One tensor; {@code begin} (inclusive) and {@code end} (exclusive) count bytes from the data's first. */
    record Entry(String name, Precision precision, Shape shape, long begin, long end) {
    }

    /** @throws ModelException unless each of the file's {@code dataBytes} belongs to exactly one tensor of fitting size */
    void requireCovers(Path file, long dataBytes) {
        long covered = 0;
        for (Entry tensor : tensors) {
            requireOwnBytes(file, tensor, dataBytes);
            if (tensor.begin < covered) {
                throw ModelException.in(file, "%s begins at %d, inside the tensor that ends at %d",
                        tensor.name, tensor.begin, covered);
            }
            if (tensor.begin > covered) {
                throw ModelException.in(file, "%s begins at %d, after a hole that begins at %d",
                        tensor.name, tensor.begin, covered);
            }
            covered = tensor.end;
        }
        if (covered < dataBytes) {
            throw ModelException.in(file, "the tensors end at %d, the data at %d", covered, dataBytes);
        }
    }

    private static void requireOwnBytes(Path file, Entry tensor, long dataBytes) {
        if (tensor.begin < 0 || tensor.begin > tensor.end || tensor.end > dataBytes) {
            throw ModelException.in(file, "%s lies at [%d, %d], the file holds data at [0, %d]",
                    tensor.name, tensor.begin, tensor.end, dataBytes);
        }
        long needed = (long) tensor.shape.size() * tensor.precision.bytes();
        if (tensor.end - tensor.begin != needed) {
            throw ModelException.in(file, "%s takes %d bytes, %s of shape %s needs %d",
                    tensor.name, tensor.end - tensor.begin, tensor.precision, tensor.shape, needed);
        }
    }

    /** The same bytes for the same header: metadata first, by key, then the tensors; spaces align the data behind it. */
    byte[] toJson() throws IOException {
        ByteArrayOutputStream utf8 = new ByteArrayOutputStream();
        try (JsonGenerator json = new JsonFactory().createGenerator(utf8)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(METADATA);
                for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
                json.writeEndObject();
            }
            for (Entry tensor : tensors) {
                write(tensor, json);
            }
            json.writeEndObject();
        }
        byte[] bytes = utf8.toByteArray();
        byte[] padded = Arrays.copyOf(bytes, (bytes.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        Arrays.fill(padded, bytes.length, padded.length, (byte) ' ');
        return padded;
    }

    private static void write(Entry tensor, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart(tensor.name);
        json.writeStringField(DTYPE, tensor.precision.name());
        json.writeFieldName(SHAPE);
        json.writeArray(tensor.shape.dimensions(), 0, tensor.shape.rank());
        json.writeFieldName(OFFSETS);
        json.writeArray(new long[] {tensor.begin, tensor.end}, 0, 2);
        json.writeEndObject();
    }
}
