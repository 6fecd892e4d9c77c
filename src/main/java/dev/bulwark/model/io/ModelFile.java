package dev.bulwark.model.io;

import dev.bulwark.files.AtomicFile;
import dev.bulwark.files.Reason;
import dev.bulwark.files.Sha256;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.SafetensorsHeader.Entry;
import java.io.BufferedInputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.Map;

/**
 * Networks in safetensors files: eight bytes of header length (little-endian), a JSON header, the tensors' numbers.
 *
 * <p>Tensors are {@code layers.<i>.weight} and {@code layers.<i>.bias}, i = 0, 1, ..., all F32 or all F16: {@code [out,in]}
 * of dense layers, {@code [out, in / groups, kernel height, kernel width]} of convolutions, with a ReLU between each two. Of a
 * network with convolutions the metadata hold {@code input_shape} ({@code 1,28,28}) and, for each,
 * {@code layers.<i>.convolution} ({@code stride=3 padding=0}; dilation and groups where they are not 1). Nothing else is
 * accepted: a file that leaves a question open is refused, because a certificate speaks about exactly one network.
 */
public final class ModelFile {

    private ModelFile() {
    }

    /** @throws ModelException if there is no such file, or it is not a valid network in every detail */
    public static StoredNetwork read(Path file) {
        MessageDigest sha256 = Sha256.start();
        if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
            throw ModelException.in(file, "it is neither a file nor a link to one"); // a pipe would never end
        }
        try (DataInputStream in = new DataInputStream(
                new BufferedInputStream(new DigestInputStream(Files.newInputStream(file), sha256)))) {
            long size = Files.size(file);
            byte[] json = readHeader(file, in, size);
            SafetensorsHeader header = SafetensorsParser.parse(file, json);
            StoredLayers layers = LayerReader.require(file, header);
            header.requireCovers(file, size - Long.BYTES - json.length);
            Map<String, float[]> values = new HashMap<>();
            for (Entry tensor : header.tensors()) {
                values.put(tensor.name(), readValues(file, in, tensor));
            }
            if (in.read() >= 0) {
                throw ModelException.in(file, "the file grew while it was read");
            }
            return new StoredNetwork(layers.graph(values), header.tensors().get(0).precision(),
                    StoredLayers.provenance(header.metadata()),
                    Sha256.finish(sha256));
        } catch (NoSuchFileException e) {
            throw ModelException.in(file, "no such file");
        } catch (EOFException e) {
            throw ModelException.in(file, "the file shrank while it was read");
        } catch (IOException e) {
            throw ModelException.in(file, "cannot be read: %s", Reason.of(e));
        }
    }

    /** Whether {@code file} begins as safetensors files do, whatever follows, or is empty: then nothing else is lost with it. */
    public static boolean mayBeReplaced(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
            long size = Files.size(file);
            long header = size > Long.BYTES ? Long.reverseBytes(in.readLong()) : 0;
            return size == 0 || header > 0 && header <= size - Long.BYTES && in.read() == '{';
        }
    }

    /**
     * Writes {@code network}, by way of a temporary file beside it: a reader sees the old file or all of the new one. The
     * same network, precision and metadata give the same bytes.
     *
     * @throws ModelException           naming an operation that is no dense layer, convolution, ReLU or flattening, or
     *                                  stands where a file has no place for it
     * @throws IllegalArgumentException if the metadata hold a key that says how layers are put together
     * @throws ArithmeticException      if a weight is beyond the precision's range
     * @throws UncheckedIOException     naming the file if it can't be written
     */
    public static void write(Path file, Graph graph, Precision precision, Map<String, String> metadata) {
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

    /**
     * The network that an F16 file holds: every weight rounded once, to the nearest half, ties to even. It, not the
     * original, is what certificates of the file speak about.
     *
     * @throws ArithmeticException if a weight rounds to infinity
     */
    public static Graph roundedToHalf(Graph graph) {
        return Rounding.of(graph, Precision.F16);
    }

    private static byte[] readHeader(Path file, DataInputStream in, long size) throws IOException {
        if (size == 0) {
            throw ModelException.in(file, "the file is empty");
        }
        if (size < Long.BYTES) {
            throw ModelException.in(file, "not a safetensors file: it has %d bytes, the header's length alone takes %d", size, Long.BYTES);
        }
        long length = Long.reverseBytes(in.readLong());
        if (length <= 0 || length > SafetensorsHeader.MAX_BYTES) {
            throw ModelException.in(file, "not a safetensors file: the header's length is %d, not 1 to %d", length, SafetensorsHeader.MAX_BYTES);
        }
        if (length > size - Long.BYTES) {
            throw ModelException.in(file, "the header's length is %d, the file has %d bytes left",
                    length, size - Long.BYTES);
        }
        byte[] json = new byte[(int) length];
        in.readFully(json);
        return json;
    }

    private static float[] readValues(Path file, DataInput in, Entry tensor) throws IOException {
        float[] values = new float[tensor.shape().size()];
        for (int k = 0; k < values.length; ++k) {
            values[k] = tensor.precision().read(in);
            if (!Float.isFinite(values[k])) {
                throw ModelException.in(file, "%s holds %s at %s",
                        tensor.name(), values[k], Rounding.position(k, tensor.shape()));
            }
        }
        return values;
    }

    private static void writeValues(Tensor tensor, Precision precision, DataOutput out) throws IOException {
        for (int k = 0; k < tensor.size(); ++k) {
            precision.write(tensor.at(k), out);
        }
    }
}
