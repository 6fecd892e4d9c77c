package dev.bulwark.model.io;

import dev.bulwark.files.AtomicFile;
import dev.bulwark.files.GzipContent;
import dev.bulwark.files.Reason;
import dev.bulwark.files.Sha256;
import dev.bulwark.model.Graph;
import dev.bulwark.model.io.onnx.OnnxException;
import dev.bulwark.model.io.onnx.OnnxModel;
import dev.bulwark.model.io.onnx.OnnxReader;
import dev.bulwark.model.io.onnx.OnnxWriter;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipException;

/** ONNX models in files, plain or compressed by gzip, with weights in files beside them. */
final class OnnxFile {

    /** The format's own limit, and Java's for an array. */
    private static final long MOST_BYTES = Integer.MAX_VALUE - 16;

    private final Path file;
    private final Map<Part, ByteBuffer> parts = new LinkedHashMap<>();

    /** Bytes of a file beside the model. */
    private record Part(String location, long offset, long length) {
    }

    private OnnxFile(Path file) {
        this.file = file;
    }

    /** @throws ModelException if it is no valid network in every detail */
    static StoredNetwork read(Path file) throws IOException {
        requireFits(file, Files.size(file), "it has");
        byte[] stored = Files.readAllBytes(file);
        boolean compressed = stored.length > 1 && (stored[0] & 0xFF) == 0x1F && (stored[1] & 0xFF) == 0x8B;
        OnnxFile beside = new OnnxFile(file);
        OnnxModel model;
        try {
            model = OnnxReader.read(compressed ? unpacked(file, stored) : stored, beside::part);
        } catch (OnnxException e) {
            throw ModelException.in(file, "%s", e.getMessage());
        }
        MessageDigest sha256 = Sha256.start();
        sha256.update(stored);
        beside.parts.values().forEach(part -> sha256.update(part.duplicate()));
        List<String> notes = new ArrayList<>(model.notes());
        return new StoredNetwork(model.graph(), precision(model.weights(), notes), model.metadata(), Sha256.finish(sha256),
                notes, model.logitsOnly(), model.otherInFloat32());
    }

    /** As {@link ModelFile#writeOnnx}. */
    static List<String> write(Path file, Graph graph, Map<String, String> metadata) {
        try {
            OnnxWriter.Written written = OnnxWriter.write(graph, metadata);
            AtomicFile.replace(file, written.bytes());
            return written.notes();
        } catch (OnnxException e) {
            throw ModelException.in(file, "%s", e.getMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private static void requireFits(Path file, long bytes, String what) {
        long most = Math.min(MOST_BYTES, Runtime.getRuntime().maxMemory() / 2);
        if (bytes > most) {
            throw ModelException.in(file, "%s %d bytes, more than the %d that can be read here: give Java more memory with "
                    + "BULWARK_JAVA_OPTS=-Xmx..., or keep the weights in a file beside the model", what, bytes, most);
        }
    }

    private static byte[] unpacked(Path file, byte[] stored) throws IOException {
        byte[] bytes;
        try (GzipContent in = new GzipContent(new ByteArrayInputStream(stored))) {
            bytes = in.readNBytes((int) Math.min(MOST_BYTES, Runtime.getRuntime().maxMemory() / 4));
            if (in.read() >= 0) {
                requireFits(file, Long.MAX_VALUE, "unpacked it has up to");
            }
        } catch (ZipException | EOFException e) {
            throw ModelException.in(file, "a gzip file that is cut off or damaged");
        }
        if (!FileFormat.isOnnx(bytes)) {
            throw ModelException.in(file, "a gzip file that holds no ONNX model: unpack it with gunzip");
        }
        return bytes;
    }

    /** Only files inside the model's folder, links followed. */
    private ByteBuffer part(String location, long offset, long length) {
        try {
            Path folder = file.toRealPath().getParent();
            Path beside = folder.resolve(location).normalize();
            if (location.isEmpty() || Path.of(location).isAbsolute() || !beside.startsWith(folder)
                    || Files.exists(beside) && !beside.toRealPath().startsWith(folder)) {
                throw ModelException.in(file, "it keeps weights in \"%s\", outside its folder: put that file beside it",
                        location);
            }
            if (!Files.isRegularFile(beside)) {
                throw ModelException.in(file, "it keeps weights in \"%s\", which is not beside it: copy that file too",
                        location);
            }
            return parts.computeIfAbsent(new Part(location, offset, length), key -> mapped(beside, key)).duplicate();
        } catch (InvalidPathException e) {
            throw ModelException.in(file, "it keeps weights in a file with no possible name");
        } catch (IOException e) {
            throw ModelException.in(file, "it keeps weights in \"%s\": %s", location, Reason.of(e));
        }
    }

    private ByteBuffer mapped(Path beside, Part part) {
        try (FileChannel channel = FileChannel.open(beside)) {
            if (part.length > MOST_BYTES || part.offset > channel.size() - part.length) {
                throw ModelException.in(file, "it keeps weights in \"%s\", which has %d bytes, where it wants %d from %d on",
                        part.location, channel.size(), part.length, part.offset);
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) part.length); // a copy: a mapped file may change, or shrink
            channel.position(part.offset);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes) < 0) {
                    throw ModelException.in(file, "\"%s\" shrank while it was read", part.location);
                }
            }
            return bytes.flip();
        } catch (IOException e) {
            throw ModelException.in(file, "it keeps weights in \"%s\": %s", part.location, Reason.of(e));
        }
    }

    /** The most precise of the types that weights have. */
    private static Precision precision(List<String> types, List<String> notes) {
        Map<String, Precision> known = new LinkedHashMap<>();
        known.put("DOUBLE", Precision.F64);
        known.put("FLOAT", Precision.F32);
        known.put("FLOAT16", Precision.F16);
        known.put("BFLOAT16", Precision.BF16);
        if (types.size() > 1) {
            notes.add("weights are stored as " + String.join(" and ", types));
        }
        Optional<Precision> first = known.entrySet().stream().filter(entry -> types.contains(entry.getKey()))
                .map(Map.Entry::getValue).findFirst();
        return first.orElse(Precision.F32);
    }
}
