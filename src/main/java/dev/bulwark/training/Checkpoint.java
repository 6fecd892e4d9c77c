package dev.bulwark.training;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A run between two epochs: all that the next epoch depends on.
 *
 * <p><b>File.</b> Big-endian, as {@link DataOutputStream} writes: the eight bytes {@code BWCHECK1}; digest of the recipe
 * and of the data (modified UTF-8 with a length); number of epochs done and an entry for each; number of tensors and for
 * each its name, its length and its floats; SHA-256 of everything before. A file is written beside its final place and
 * moved there in one step, so a reader never sees half of one.
 */
final class Checkpoint {

    private static final byte[] MAGIC = {'B', 'W', 'C', 'H', 'E', 'C', 'K', '1'};

    private final String recipeDigest;
    private final String dataDigest;
    private final List<Progress> history;
    private final Map<String, float[]> state;

    /** @param state every tensor that the next step reads, by name; not copied */
    Checkpoint(String recipeDigest, String dataDigest, List<Progress> history, Map<String, float[]> state) {
        this.recipeDigest = recipeDigest;
        this.dataDigest = dataDigest;
        this.history = List.copyOf(history);
        this.state = state;
    }

    List<Progress> history() {
        return history;
    }

    Map<String, float[]> state() {
        return state;
    }

    /** This checkpoint, if it is one of the run that asks. @throws CheckpointException if it is not */
    Checkpoint requireFrom(Path file, Recipe recipe, TrainingSet data) {
        if (!recipeDigest.equals(recipe.digest())) {
            throw new CheckpointException("checkpoint " + file
                    + " belongs to another recipe; restore that recipe, or delete the file to start afresh");
        }
        if (!dataDigest.equals(data.digest())) {
            throw new CheckpointException("checkpoint " + file + " belongs to other training data (" + dataDigest
                    + ", not " + data.digest() + "); restore that data, or delete the file to start afresh");
        }
        return this;
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    /** Replaces {@code file}, at once or not at all. */
    void write(Path file) {
        Path draft = file.resolveSibling(file.getFileName() + ".part");
        try {
            if (file.toAbsolutePath().getParent() != null) {
                Files.createDirectories(file.toAbsolutePath().getParent());
            }
            try (var stream = new BufferedOutputStream(Files.newOutputStream(draft), 1 << 16)) {
                writeSigned(stream);
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new CheckpointException("checkpoint " + file + " can't be written: " + e, e);
        }
    }

    private void writeSigned(OutputStream stream) throws IOException {
        MessageDigest digest = Digests.sha256();
        var out = new DataOutputStream(new DigestOutputStream(stream, digest));
        out.write(MAGIC);
        out.writeUTF(recipeDigest);
        out.writeUTF(dataDigest);
        out.writeInt(history.size());
        for (Progress progress : history) {
            write(progress, out);
        }
        out.writeInt(state.size());
        for (Map.Entry<String, float[]> tensor : state.entrySet()) {
            out.writeUTF(tensor.getKey());
            out.writeInt(tensor.getValue().length);
            ByteBuffer bytes = ByteBuffer.allocate(4 * tensor.getValue().length);
            bytes.asFloatBuffer().put(tensor.getValue());
            out.write(bytes.array());
        }
        stream.write(digest.digest());
    }

    private static void write(Progress progress, DataOutputStream out) throws IOException {
        out.writeInt(progress.epoch());
        out.writeInt(progress.epochs());
        out.writeInt(progress.steps());
        out.writeInt(progress.images());
        out.writeDouble(progress.loss());
        write(progress.natural(), out);
        write(progress.worstCase(), out);
        out.writeDouble(progress.epsilon());
        out.writeDouble(progress.kappa());
        out.writeDouble(progress.learningRate());
        out.writeDouble(progress.seconds());
    }

    private static void write(Optional<Progress.Term> term, DataOutputStream out) throws IOException {
        out.writeBoolean(term.isPresent());
        if (term.isPresent()) {
            out.writeDouble(term.get().loss());
            out.writeDouble(term.get().accuracy());
        }
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    /** @throws CheckpointException unless {@code file} is a whole, unharmed checkpoint */
    static Checkpoint read(Path file) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            if (!Arrays.equals(MAGIC, Arrays.copyOf(bytes, MAGIC.length))) {
                throw new CheckpointException(file + " is not a checkpoint of this version");
            }
            int signed = Math.max(0, bytes.length - Digests.BYTES);
            MessageDigest digest = Digests.sha256();
            digest.update(bytes, 0, signed);
            if (!Arrays.equals(digest.digest(), Arrays.copyOfRange(bytes, signed, bytes.length))) {
                throw new CheckpointException("checkpoint " + file
                        + " is truncated or damaged (its checksum does not match); delete it to start afresh");
            }
            return parse(new DataInputStream(new ByteArrayInputStream(bytes, MAGIC.length, signed - MAGIC.length)));
        } catch (EOFException e) {
            throw new CheckpointException("checkpoint " + file + " ends early; delete it to start afresh", e);
        } catch (IOException e) {
            throw new CheckpointException("checkpoint " + file + " can't be read: " + e, e);
        }
    }

    private static Checkpoint parse(DataInputStream in) throws IOException {
        String recipeDigest = in.readUTF();
        String dataDigest = in.readUTF();
        List<Progress> history = new ArrayList<>();
        for (int left = in.readInt(); left > 0; --left) {
            history.add(readProgress(in));
        }
        Map<String, float[]> state = new LinkedHashMap<>();
        for (int left = in.readInt(); left > 0; --left) {
            String name = in.readUTF();
            float[] values = new float[in.readInt()];
            ByteBuffer.wrap(in.readNBytes(4 * values.length)).asFloatBuffer().get(values);
            state.put(name, values);
        }
        return new Checkpoint(recipeDigest, dataDigest, history, state);
    }

    private static Progress readProgress(DataInputStream in) throws IOException {
        return new Progress(in.readInt(), in.readInt(), in.readInt(), in.readInt(), in.readDouble(),
                readTerm(in), readTerm(in), in.readDouble(), in.readDouble(), in.readDouble(), in.readDouble());
    }

    private static Optional<Progress.Term> readTerm(DataInputStream in) throws IOException {
        return in.readBoolean() ? Optional.of(new Progress.Term(in.readDouble(), in.readDouble())) : Optional.empty();
    }
}
