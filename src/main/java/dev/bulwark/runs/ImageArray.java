package dev.bulwark.runs;

import dev.bulwark.data.NpyFloats;
import dev.bulwark.files.AtomicFile;
import dev.bulwark.files.FileNames;
import dev.bulwark.files.OneWriter;
import dev.bulwark.results.AttackRow;
import dev.bulwark.settings.Setting;
import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * All images in one {@code .npy} file, float32 {@code [rows,C,H,W]} in the order of the rows. It grows as {@code F.npy.part},
 * whose header is written last, and takes its name when all rows are there.
 */
final class ImageArray implements KeptImages {

    private final Path file;
    private final Path part;
    private final ImageShape shape;
    private final long imageBytes;
    private final OneWriter writer;
    private final FileChannel channel;
    private int count;

    ImageArray(Path file, ImageShape shape, int earlier, Existing existing) throws IOException {
        this.file = FileNames.real(file);
        this.part = this.file.resolveSibling(this.file.getFileName() + ".part");
        this.shape = shape;
        this.imageBytes = (long) Float.BYTES * shape.size();
        this.writer = OneWriter.of(this.file);
        this.count = earlier;
        try {
            start(existing);
            channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel.truncate(end());
            if (count == 0) {
                channel.position(0); // or a header would end a file whose images take less than it
                write(NpyFloats.header(0, shape));
            }
        } catch (IOException | RuntimeException e) {
            try (writer) {
                throw e;
            }
        }
    }

    /** The images of earlier rows lie in the part of a run that did not end, or in the file of one that did. */
    private void start(Existing existing) throws IOException {
        if (existing == Existing.REPLACE || count == 0) {
            return;
        }
        if (Files.exists(part) && Files.size(part) >= end()) {
            return;
        }
        if (!Files.exists(file) || Files.size(file) < end()) {
            throw new ExperimentException("can't resume: neither " + part + " nor " + file + " holds the images of the " + count
                    + " rows that are there; start anew with ", Setting.OVERWRITE);
        }
        Files.copy(file, part, StandardCopyOption.REPLACE_EXISTING);
    }

    private long end() {
        return NpyFloats.HEADER + count * imageBytes;
    }

    @Override
    public void keep(AttackRow row, float[] kept) throws IOException {
        channel.position(end());
        writer.write(() -> write(NpyFloats.body(kept)));
        ++count;
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    @Override
    public void finish() throws IOException {
        channel.position(0);
        writer.write(() -> {
            write(NpyFloats.header(count, shape));
            channel.force(true);
            AtomicFile.take(part, file);
        });
    }

    @Override
    public void close() throws IOException {
        try (writer) {
            channel.close();
        }
    }
}
