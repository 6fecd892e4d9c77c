package dev.bulwark.model.io;

import dev.bulwark.files.Reason;
import dev.bulwark.model.Graph;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Networks in files: safetensors (see {@link StoredLayers}) and ONNX, also compressed by gzip. A file is taken for what it
 * holds, whatever it is called. One that leaves a question open is refused, because a certificate speaks about exactly one
 * network.
 */
public final class ModelFile {

    private ModelFile() {
    }

    /** @throws ModelException if there is no such file, or it is not a valid network in every detail */
    public static StoredNetwork read(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
            throw ModelException.in(file, "it is neither a file nor a link to one"); // a pipe would never end
        }
        try {
            return switch (FileFormat.of(file)) {
                case SAFETENSORS -> Safetensors.read(file);
                case ONNX, GZIP -> OnnxFile.read(file);
            };
        } catch (NoSuchFileException e) {
            throw ModelException.in(file, "no such file");
        } catch (EOFException e) {
            throw ModelException.in(file, "the file shrank while it was read");
        } catch (IOException e) {
            throw ModelException.in(file, "cannot be read: %s", Reason.of(e));
        }
    }

    /**
     * Whether {@code file} begins as safetensors files or ONNX models do, whatever follows, or is empty: then nothing else is
     * lost with it.
     */
    public static boolean mayBeReplaced(Path file) throws IOException {
        return Files.isRegularFile(file)
                && (Files.size(file) == 0 || FileFormat.isSafetensors(file) || FileFormat.isOnnx(file));
    }

    /**
     * Writes any network as an ONNX model of float weights, by way of a temporary file beside it. The same network and
     * metadata give the same bytes.
     *
     * @return in what the file differs from the network, a sentence each
     * @throws ModelException       if it is larger than the format allows
     * @throws UncheckedIOException naming the file if it can't be written
     */
    public static List<String> writeOnnx(Path file, Graph graph, Map<String, String> metadata) {
        return OnnxFile.write(file, graph, metadata);
    }

    /**
     * Writes {@code network} as safetensors, by way of a temporary file beside it: a reader sees the old file or all of the
     * new one. The same network, precision and metadata give the same bytes.
     *
     * @throws ModelException           naming an operation that is no dense layer, convolution, ReLU or flattening, or
     *                                  stands where a file has no place for it
     * @throws IllegalArgumentException if the metadata hold a key that says how layers are put together
     * @throws ArithmeticException      if a weight is beyond the precision's range
     * @throws UncheckedIOException     naming the file if it can't be written
     */
    public static void write(Path file, Graph graph, Precision precision, Map<String, String> metadata) {
        Safetensors.write(file, graph, precision, metadata);
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
}
