package dev.bulwark.model.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** What a model file is, by its first bytes; files of other kinds that people have networks in are told by name. */
enum FileFormat {

    SAFETENSORS, ONNX, GZIP;

    private static final int HEAD = 64;

    private static final String EXPORT =
            "export the network with torch.onnx.export, as README shows under \"Your own network\"";
    private static final String CONVERT = "convert the network to ONNX with tf2onnx (python -m tf2onnx.convert)";

    /** How a kind of file begins, and what to do with it. */
    private record Foreign(int offset, byte[] magic, String advice) {

        static Foreign of(int offset, String magic, String advice) {
            return new Foreign(offset, magic.getBytes(StandardCharsets.ISO_8859_1), advice);
        }

        boolean begins(byte[] head) {
            return head.length >= offset + magic.length
                    && Arrays.equals(head, offset, offset + magic.length, magic, 0, magic.length);
        }
    }

    private static final List<Foreign> FOREIGN = List.of(
            Foreign.of(0, "\u0089HDF", "an HDF5 file, as Keras saves networks: " + CONVERT),
            Foreign.of(0, "\u0093NUMPY", "a NumPy array, not a network: " + EXPORT),
            Foreign.of(4, "TFL3", "a TensorFlow Lite model: " + CONVERT),
            Foreign.of(0, "\u0080\u0002", "a Python pickle, as torch.save once wrote them: " + EXPORT),
            Foreign.of(0, "\u0080\u0003", "a Python pickle: " + EXPORT),
            Foreign.of(0, "\u0080\u0004", "a Python pickle: " + EXPORT),
            Foreign.of(0, "\u0080\u0005", "a Python pickle: " + EXPORT),
            Foreign.of(0, "{", "a JSON file, not a network: name a .safetensors or .onnx file"),
            Foreign.of(0, "version https://git-lfs",
            "a pointer of Git LFS, not the file itself: fetch it with git lfs pull"),
            Foreign.of(0, "GGUF", "a GGUF file, as language models have: no such networks are read"));

    /** @throws ModelException saying what to do with a file of another kind */
    static FileFormat of(Path file) throws IOException {
        byte[] head = head(file);
        if (head.length == 0) {
            throw ModelException.in(file, "the file is empty");
        }
        if (isSafetensors(head)) {
            return SAFETENSORS;
        }
        if (head.length > 1 && (head[0] & 0xFF) == 0x1F && (head[1] & 0xFF) == 0x8B) {
            return GZIP;
        }
        if (head.length > 3 && head[0] == 'P' && head[1] == 'K' && (head[2] == 3 || head[2] == 5)) {
            throw ModelException.in(file, "%s", archive(file));
        }
        for (Foreign foreign : FOREIGN) {
            if (foreign.begins(head)) {
                throw ModelException.in(file, "%s", foreign.advice);
            }
        }
        return isOnnx(head) || isCalledOnnx(file) ? ONNX : SAFETENSORS; // whose reader says what is wrong
    }

    /** Whether the file begins as safetensors files do: a header's length that fits, and a brace. */
    static boolean isSafetensors(Path file) throws IOException {
        byte[] head = head(file);
        if (!isSafetensors(head)) {
            return false;
        }
        long length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return length > 0 && length <= Files.size(file) - Long.BYTES;
    }

    private static boolean isSafetensors(byte[] head) {
        return head.length > Long.BYTES && head[Long.BYTES] == '{' && head[Long.BYTES - 1] == 0;
    }

    /** An ir_version first, as every exporter writes it, and another of the model's fields behind. */
    static boolean isOnnx(Path file) throws IOException {
        return isOnnx(head(file));
    }

    static boolean isOnnx(byte[] head) {
        return head.length > 2 && head[0] == 0x08 && head[1] > 0 && List.of(0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72)
                .contains((int) head[2]);
    }

    private static boolean isCalledOnnx(Path file) {
        return file.getFileName() != null && file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".onnx");
    }

    private static byte[] head(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(HEAD);
        }
    }

    private static String archive(Path file) {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            List<String> names = zip.stream().limit(10_000).map(ZipEntry::getName).toList();
            if (names.stream().anyMatch(name -> name.endsWith("data.pkl"))) {
                return "a PyTorch checkpoint of pickled objects: " + EXPORT;
            }
            if (names.stream().anyMatch(name -> name.endsWith(".weights.h5"))) {
                return "a Keras archive: " + CONVERT;
            }
            return names.stream().anyMatch(name -> name.endsWith(".npy")) ? "a NumPy archive, not a network: " + EXPORT
                    : "a zip archive: unpack it, and name the .onnx or .safetensors file";
        } catch (IOException e) {
            return "a zip archive that is cut off or damaged";
        }
    }
}
