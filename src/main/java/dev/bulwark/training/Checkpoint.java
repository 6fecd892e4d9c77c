package dev.bulwark.training;

import dev.bulwark.files.AtomicFile;
import dev.bulwark.files.Reason;
import dev.bulwark.files.Sha256;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * A run between two epochs: all that the next epoch depends on.
 *
 * <p><b>File.</b> Big-endian, as {@link DataOutputStream} writes: the eight bytes {@code BWCHECK2}, of which the last
 * is the version; digest of the recipe
 * and of the data (modified UTF-8 with a length); number of epochs done and an entry for each; number of tensors and for
 * each its name, its length and its floats; SHA-256 of everything before. A reader never sees half of one.
 */
final class Checkpoint {

    private static final byte[] MAGIC = {'B', 'W', 'C', 'H', 'E', 'C', 'K', '2'};

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
        if (history.stream().anyMatch(progress -> progress.epoch().of() != recipe.passes().epochs())) {
            throw new CheckpointException("checkpoint " + file + " has epochs of another run than its recipe's "
                    + recipe.passes().epochs() + "; delete it to start afresh");
        }
        return this;
    }

    /**
     * The tensors, if they are those of a run in every name and length.
     *
     * @param lengths by name
     * @throws CheckpointException naming {@code file} if they are not
     */
    Map<String, float[]> stateOf(Path file, Map<String, Long> lengths) {
        Map<String, Long> found = new LinkedHashMap<>();
        state.forEach((name, values) -> found.put(name, (long) values.length));
        if (!found.equals(lengths)) {
            throw new CheckpointException("checkpoint " + file + " has tensors " + found + ", this run has " + lengths
                    + "; delete it to start afresh");
        }
        return state;
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    /** Replaces {@code file}, at once or not at all. @throws UncheckedIOException naming it if it can't be written */
    void write(Path file) {
        try {
            AtomicFile.replace(file, this::writeSigned);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private void writeSigned(OutputStream stream) throws IOException {
        MessageDigest digest = Sha256.start();
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
        out.writeInt(progress.epoch().number());
        out.writeInt(progress.epoch().of());
        out.writeInt(progress.epoch().steps());
        out.writeInt(progress.epoch().images());
        out.writeDouble(progress.losses().total());
        write(progress.losses().natural(), out);
        write(progress.losses().worstCase(), out);
        out.writeDouble(progress.last().epsilon());
        out.writeDouble(progress.last().kappa());
        out.writeDouble(progress.last().learningRate());
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
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new CheckpointException("checkpoint " + file + " can't be read: " + Reason.of(e), e);
        }
        if (!startsLikeOne(bytes)) {
            throw new CheckpointException(startsLikeOneOfAnyVersion(bytes)
                    ? "checkpoint " + file + " is of another version of this program, whose recipes are others; delete it "
                            + "to start afresh, or go on with that version"
                    : file + " is not a checkpoint; name another file, or move it away");
        }
        int signed = Math.max(0, bytes.length - Sha256.BYTES);
        MessageDigest digest = Sha256.start();
        digest.update(bytes, 0, signed);
        if (!Arrays.equals(digest.digest(), Arrays.copyOfRange(bytes, signed, bytes.length))) {
            throw new CheckpointException("checkpoint " + file
                    + " is truncated or damaged (its checksum does not match); delete it to start afresh");
        }
        try {
            return parse(new DataInputStream(new ByteArrayInputStream(bytes, MAGIC.length, signed - MAGIC.length)));
        } catch (EOFException e) {
            throw new CheckpointException("checkpoint " + file + " ends early; delete it to start afresh", e);
        } catch (IOException | IllegalArgumentException e) {
            throw new CheckpointException("checkpoint " + file + " is not one that this program wrote (" + e.getMessage()
                    + "); delete it to start afresh", e);
        }
    }

    /** Whether {@code file} starts as checkpoints of any version do; what follows is not checked. */
    static boolean isOne(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return startsLikeOneOfAnyVersion(in.readNBytes(MAGIC.length));
        }
    }

    private static boolean startsLikeOneOfAnyVersion(byte[] bytes) {
        return bytes.length >= MAGIC.length && Arrays.equals(MAGIC, 0, MAGIC.length - 1, bytes, 0, MAGIC.length - 1);
    }

    private static boolean startsLikeOne(byte[] bytes) {
        return Arrays.equals(MAGIC, Arrays.copyOf(bytes, MAGIC.length));
    }

    /**
     * A user who alters a file can also renew its checksum, so a checksum that fits proves nothing about what is read here.
     */
    private static Checkpoint parse(DataInputStream in) throws IOException {
        String recipeDigest = in.readUTF();
        String dataDigest = in.readUTF();
        List<Progress> history = new ArrayList<>();
        for (int left = readCount("epochs", in); left > 0; --left) {
            Progress progress = readProgress(in);
            int number = progress.epoch().number();
            require(number == history.size() + 1, "epoch " + number + " follows " + history.size());
            history.add(progress);
        }
        Map<String, float[]> state = new LinkedHashMap<>();
        for (int left = readCount("tensors", in); left > 0; --left) {
            String name = in.readUTF();
            require(state.put(name, readTensor(name, in)) == null, "two tensors " + name);
        }
        require(in.available() == 0, in.available() + " bytes too many");
        return new Checkpoint(recipeDigest, dataDigest, history, state);
    }

    private static int readCount(String what, DataInputStream in) throws IOException {
        int count = in.readInt();
        require(count >= 0, count + " " + what);
        return count;
    }

    private static float[] readTensor(String name, DataInputStream in) throws IOException {
        int length = readCount("numbers in " + name, in);
        if (length > in.available() / Float.BYTES) {
            throw new EOFException();
        }
        float[] values = new float[length];
        ByteBuffer.wrap(in.readNBytes(Float.BYTES * length)).asFloatBuffer().get(values);
        for (float value : values) {
            require(Float.isFinite(value), value + " in " + name);
        }
        return values;
    }

    private static void require(boolean condition, String found) {
        if (!condition) {
            throw new IllegalArgumentException("it has " + found);
        }
    }

    private static Progress readProgress(DataInputStream in) throws IOException {
        Progress.Epoch epoch = new Progress.Epoch(in.readInt(), in.readInt(), in.readInt(), in.readInt());
        Progress.Losses losses = new Progress.Losses(in.readDouble(), readTerm(in), readTerm(in));
        Progress.Settings last = new Progress.Settings(in.readDouble(), in.readDouble(), in.readDouble());
        Progress read = new Progress(epoch, losses, last, in.readDouble());
        require(epoch.of() >= epoch.number() && epoch.steps() > 0 && epoch.images() > 0, "an impossible epoch: " + read);
        require(DoubleStream.of(losses.total(), last.epsilon(), last.kappa(), last.learningRate(), read.seconds())
                .allMatch(Double::isFinite), "an epoch that is not finite: " + read);
        return read;
    }

    private static Optional<Progress.Term> readTerm(DataInputStream in) throws IOException {
        if (!in.readBoolean()) {
            return Optional.empty();
        }
        Progress.Term term = new Progress.Term(in.readDouble(), in.readDouble());
        require(Double.isFinite(term.loss()) && term.accuracy() >= 0 && term.accuracy() <= 1, "an impossible " + term);
        return Optional.of(term);
    }
}
