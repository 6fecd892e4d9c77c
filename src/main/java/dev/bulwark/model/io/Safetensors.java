package dev.bulwark.model.io;

import dev.bulwark.files.AtomicFile;
import dev.bulwark.files.Sha256;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.SafetensorsHeader.Entry;
import java.io.BufferedInputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Networks in safetensors files: eight bytes of header length (little-endian), a JSON header, the tensors' numbers.
 * {@link StoredLayers} says how layers are made of them.
 */
final class Safetensors {

    private static final String ROUNDED = "F64 weights were rounded to float once";

    private Safetensors() {
    }

    /** @throws ModelException if it is not a valid network in every detail */
    static StoredNetwork read(Path file) throws IOException {
        MessageDigest sha256 = Sha256.start();
        try (DataInputStream in = new DataInputStream(
                new BufferedInputStream(new DigestInputStream(Files.newInputStream(file), sha256)))) {
            long size = Files.size(file);
            byte[] json = readHeader(file, in, size);
            SafetensorsHeader header = SafetensorsParser.parse(file, json);
            StoredLayers layers = LayerReader.require(file, header);
            header.requireCovers(file, size - Long.BYTES - json.length);
            Map<String, float[]> values = new HashMap<>();
            List<String> notes = new ArrayList<>(layers.notes());
            for (Entry tensor : header.tensors()) {
                float[] floats = new float[tensor.shape().size()];
                if (!readValues(file, in, tensor, floats) && !notes.contains(ROUNDED)) {
                    notes.add(ROUNDED);
                }
                values.put(tensor.name(), floats);
            }
            if (in.read() >= 0) {
                throw ModelException.in(file, "the file grew while it was read");
            }
            return new StoredNetwork(layers.graph(values), header.tensors().get(0).precision(),
                    StoredLayers.provenance(header.metadata()), Sha256.finish(sha256), notes, false, Optional.empty());
        }
    }

    /** As {@link ModelFile#write}. */
    static void write(Path file, Graph graph, Precision precision, Map<String, String> metadata) {
        metadata.keySet().stream().filter(StoredLayers::isReserved).findFirst().ifPresent(key -> {
            throw new IllegalArgumentException("metadata " + key + " is the file's own");
        });
        LayerWriter layers = LayerWriter.of(file, graph);
        layers.tensors().forEach((name, tensor) -> Rounding.of(name, tensor, precision)); // before anything is written
        try {
            AtomicFile.replace(file, stream -> {
                DataOutputStream out = new DataOutputStream(stream);
                byte[] json = layers.header(precision, metadata).toJson();
                out.writeLong(Long.reverseBytes(json.length));
                out.write(json);
                for (Tensor tensor : layers.tensors().values()) {
                    writeValues(tensor, precision, out);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private static byte[] readHeader(Path file, DataInputStream in, long size) throws IOException {
        if (size == 0) {
            throw ModelException.in(file, "the file is empty");
        }
        if (size < Long.BYTES) {
            throw ModelException.in(file,
                    "neither a safetensors nor an ONNX file: it has %d bytes, the header's length alone takes %d", size,
                    Long.BYTES);
        }
        long length = Long.reverseBytes(in.readLong());
        if (length <= 0 || length > SafetensorsHeader.MAX_BYTES) {
            throw ModelException.in(file, "neither a safetensors nor an ONNX file: the header's length is %d, not 1 to %d",
                    length, SafetensorsHeader.MAX_BYTES);
        }
        if (length > size - Long.BYTES) {
            throw ModelException.in(file, "the header's length is %d, the file has %d bytes left",
                    length, size - Long.BYTES);
        }
        byte[] json = new byte[(int) length];
        in.readFully(json);
        return json;
    }

    /** @return whether all numbers are floats; else each is the nearest */
    private static boolean readValues(Path file, DataInput in, Entry tensor, float[] values) throws IOException {
        boolean exact = true;
        for (int k = 0; k < values.length; ++k) {
            double stored = tensor.precision().read(in);
            values[k] = (float) stored;
            exact &= values[k] == stored;
            if (!Float.isFinite(values[k])) {
                throw ModelException.in(file, "%s holds %s at %s%s", tensor.name(), stored,
                        Rounding.position(k, tensor.shape()),
                        Double.isFinite(stored) ? ", beyond the largest float" : "");
            }
        }
        return exact;
    }

    private static void writeValues(Tensor tensor, Precision precision, DataOutput out) throws IOException {
        for (int k = 0; k < tensor.size(); ++k) {
            precision.write(tensor.at(k), out);
        }
    }
}
