package dev.bulwark.nn;

import dev.bulwark.files.AtomicFile;
import dev.bulwark.files.Reason;
import dev.bulwark.nn.SafetensorsHeader.Tensor;
import dev.bulwark.shapes.Shape;
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
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Networks in safetensors files: eight bytes of header length (little-endian), a JSON header, the tensors' numbers.
 *
 * <p>Tensors are {@code layers.<i>.weight} [out,in] and {@code layers.<i>.bias} [out], i = 0, 1, ..., all F32 or all F16,
 * with a ReLU between each two layers. Nothing else is accepted: a file that leaves a question open is refused, because
 * a certificate speaks about exactly one network.
 */
public final class ModelFile {

    private ModelFile() {
    }

    /** @throws ModelException if there is no such file, or it is not a valid network in every detail */
    public static StoredNetwork read(Path file) {
        MessageDigest sha256 = sha256();
        if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
            throw ModelException.in(file, "it is neither a file nor a link to one"); // a pipe would never end
        }
        try (DataInputStream in = new DataInputStream(
                new BufferedInputStream(new DigestInputStream(Files.newInputStream(file), sha256)))) {
            long size = Files.size(file);
            byte[] json = readHeader(file, in, size);
            SafetensorsHeader header = SafetensorsParser.parse(file, json);
            int layers = MlpTensors.requireMlp(file, header.tensors());
            header.requireCovers(file, size - Long.BYTES - json.length);
            Map<String, float[]> values = new HashMap<>();
            for (Tensor tensor : header.tensors()) {
                values.put(tensor.name(), readValues(file, in, tensor));
            }
            if (in.read() >= 0) {
                throw ModelException.in(file, "the file grew while it was read");
            }
            return new StoredNetwork(network(layers, values), header.tensors().get(0).precision(), header.metadata(),
                    HexFormat.of().formatHex(sha256.digest()));
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
     * @throws IllegalArgumentException if the network is more than dense layers with ReLUs between
     * @throws ArithmeticException      if a weight is beyond the precision's range
     * @throws UncheckedIOException     naming the file if it can't be written
     */
    public static void write(Path file, Network network, Precision precision, Map<String, String> metadata) {
        List<Dense> layers = network.denseLayers();
        if (layers.isEmpty() || !network.equals(Network.mlp(layers))) {
            throw new IllegalArgumentException(
                    "only dense layers on a flat input, with a ReLU between each two, can be stored: " + network);
        }
        Network stored = rounded(network, precision);
        try {
            AtomicFile.replace(file, stream -> {
                DataOutputStream out = new DataOutputStream(stream);
                byte[] json = new SafetensorsHeader(metadata, MlpTensors.of(layers, precision)).toJson();
                out.writeLong(Long.reverseBytes(json.length));
                out.write(json);
                for (Dense layer : stored.denseLayers()) {
                    writeValues(layer.weight(), precision, out);
                    writeValues(layer.bias(), precision, out);
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
    public static Network roundedToHalf(Network network) {
        return rounded(network, Precision.F16);
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

    private static float[] readValues(Path file, DataInput in, Tensor tensor) throws IOException {
        float[] values = new float[tensor.shape().size()];
        for (int k = 0; k < values.length; ++k) {
            values[k] = tensor.precision().read(in);
            if (!Float.isFinite(values[k])) {
                throw ModelException.in(file, "%s holds %s at %s",
                        tensor.name(), values[k], position(k, tensor.shape()));
            }
        }
        return values;
    }

    private static Network network(int layers, Map<String, float[]> values) {
        List<Dense> dense = new ArrayList<>();
        for (int i = 0; i < layers; ++i) {
            float[] weight = values.remove(MlpTensors.weight(i));
            float[] bias = values.remove(MlpTensors.bias(i));
            dense.add(new Dense(weight.length / bias.length, bias.length, weight, bias));
        }
        return Network.mlp(dense);
    }

    private static void writeValues(float[] values, Precision precision, DataOutput out) throws IOException {
        for (float value : values) {
            precision.write(value, out);
        }
    }

    private static Network rounded(Network network, Precision precision) {
        Layer.Visitor<Layer> round = new Layer.Visitor<>() {
            private int index;

            @Override
            public Layer dense(Dense layer) {
                float[] weight = rounded(
                        MlpTensors.weight(index), Shape.of(layer.out(), layer.in()), layer.weight(), precision);
                float[] bias = rounded(MlpTensors.bias(index), Shape.of(layer.out()), layer.bias(), precision);
                ++index;
                return new Dense(layer.in(), layer.out(), weight, bias);
            }

            @Override
            public Layer relu(Relu layer) {
                return layer;
            }
        };
        return new Network(network.input(), network.layers().stream().map(layer -> layer.accept(round)).toList());
    }

    private static float[] rounded(String tensor, Shape shape, float[] values, Precision precision) {
        float[] rounded = new float[values.length];
        for (int k = 0; k < values.length; ++k) {
            rounded[k] = precision.round(values[k]);
            if (!Float.isFinite(rounded[k])) {
                throw new ArithmeticException(tensor + " holds " + values[k] + " at " + position(k, shape)
                        + ", the largest " + precision + " is " + precision.largest());
            }
        }
        return rounded;
    }

    /** {@code [row, column]} of a matrix's element {@code k}, {@code [k]} of a vector's. */
    private static String position(int k, Shape shape) {
        int[] dimensions = shape.dimensions();
        int columns = dimensions[dimensions.length - 1];
        return dimensions.length == 1 ? "[" + k + "]" : "[" + k / columns + ", " + k % columns + "]";
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
