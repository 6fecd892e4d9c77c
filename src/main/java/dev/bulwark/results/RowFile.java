package dev.bulwark.results;

import dev.bulwark.files.OneWriter;
import dev.bulwark.files.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * A file of rows that grows by one line per image and survives being killed. One process writes it at a time.
 *
 * <p>Each row is handed to the operating system in one write, line break included, so that a killed process loses at most
 * the row it was writing. {@link #resume} cuts such a torn last line; a line that is corrupt anywhere else is an error,
 * since what follows it can't be trusted to be this run's. A file that does not begin as one of ours is never touched.
 */
public final class RowFile<T extends Row> implements AutoCloseable {

    private final Path path;
    private final RowFormat<T> format;
    private final OneWriter writer;
    private final FileChannel channel;
    /** What {@link #path} stood for when it was opened. */
    private final Object key;
    private final List<T> earlier;
    private final Set<Integer> indices = new HashSet<>();

    private RowFile(Path path, RowFormat<T> format, OneWriter writer, FileChannel channel, List<T> earlier)
            throws IOException {
        this.path = path;
        this.format = format;
        this.writer = writer;
        this.channel = channel;
        this.key = key(path);
        this.earlier = List.copyOf(earlier);
        earlier.forEach(row -> indices.add(row.index()));
    }

    /**
     * Starts a new file.
     *
     * @throws FileAlreadyExistsException          if the file holds rows already
     * @throws RowException                        if it holds something else
     * @throws dev.bulwark.files.InUseException if another process writes it
     */
    public static <T extends Row> RowFile<T> create(Path path, RowFormat<T> format) throws IOException {
        return open(path, format, () -> {
            requireOurs(path);
            if (Files.exists(path) && holdsRows(path)) {
                throw new FileAlreadyExistsException(path.toString(), null, "it holds earlier rows: resume or replace them");
            }
            return RowContent.none();
        });
    }

    /** Starts a new file; rows of an earlier one are lost. Throws as {@link #create} does, but for earlier rows. */
    public static <T extends Row> RowFile<T> replace(Path path, RowFormat<T> format) throws IOException {
        return open(path, format, () -> {
            requireOurs(path);
            return RowContent.none();
        });
    }

    /** Continues a file behind its last complete row, or starts it. @throws RowException if an earlier line is corrupt */
    public static <T extends Row> RowFile<T> resume(Path path, RowFormat<T> format) throws IOException {
        return open(path, format, () -> Files.exists(path) ? RowContent.read(path, format) : RowContent.none());
    }

    /** The complete rows of a file, which stays as it is. @throws RowException if a line but the last is corrupt */
    public static <T extends Row> List<T> read(Path path, RowFormat<T> format) throws IOException {
        return RowContent.read(path, format).rows();
    }

    /** Whether a file may be replaced by rows: it is empty, or begins as rows of some kind do. False for folders. */
    public static boolean mayBeReplaced(Path path) throws IOException {
        return Files.isRegularFile(path) && RowContent.isEmptyOrRows(path);
    }

    /** Whether rows are lost with a file: more than the header with which a run began that wrote none. */
    public static boolean holdsRows(Path path) throws IOException {
        return RowContent.isMoreThanHeader(path);
    }

    /** Adds a row; when this returns, the row outlives the process. @throws FileSystemException if the file is gone */
    public void append(T row) throws IOException {
        if (!indices.add(row.index())) {
            throw new IllegalArgumentException(path + " already has a row for index " + row.index());
        }
        write(format.write(row));
    }

    /** The rows that the file held when it was opened. */
    public List<T> earlier() {
        return earlier;
    }

    /** What to throw if a row of this file can't be used, for a reason that the file alone does not show. */
    public RowException unusable(String problem) {
        return new RowException(path, problem);
    }

    /** Whether the image with this index has its row. */
    public boolean contains(int index) {
        return indices.contains(index);
    }

    /** @throws FileSystemException if the file is gone, and with it its rows */
    @Override
    public void close() throws IOException {
        try (writer; channel) {
            if (channel.isOpen()) {
                requireThere();
            }
        }
    }

    private static <T extends Row> RowFile<T> open(Path path, RowFormat<T> format, Start<T> start) throws IOException {
        OneWriter writer = OneWriter.of(path);
        FileChannel channel = null;
        try {
            RowContent<T> content = start.content();
            channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel.truncate(content.length()).position(content.length());
            RowFile<T> file = new RowFile<>(path, format, writer, channel, content.rows());
            if (content.length() == 0 && format.header().isPresent()) {
                file.write(format.header().get());
            }
            return file;
        } catch (IOException | RuntimeException e) {
            try (writer; FileChannel opened = channel) {
                throw e;
            }
        }
    }

    /** A row that can't be written whole is cut off again, so that the file ends with a line break. */
    private void write(String line) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(line + "\n");
        writer.write(() -> {
            requireThere();
            long end = channel.position();
            try {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            } catch (IOException e) {
                cutAfter(end);
                throw Reason.at(path, e);
            }
        });
    }

    private void cutAfter(long end) {
        try {
            channel.truncate(end);
        } catch (IOException e) {
            // What is left is a torn last line, which resuming cuts.
        }
    }

    /** A file that was removed takes every further row without complaint, and loses it. */
    private void requireThere() throws IOException {
        if (!Objects.equals(key, key(path))) {
            throw new FileSystemException(path.toString(), null,
                    "it was removed or replaced during the run, so its rows are lost: start again");
        }
    }

    /** Device and inode, where the system has them; null where there is no such file. */
    private static Object key(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** Decides what an opened file goes on from; called by the one who may write it. */
    private interface Start<T extends Row> {
        RowContent<T> content() throws IOException;
    }

    private static void requireOurs(Path path) throws IOException {
        if (Files.exists(path) && !mayBeReplaced(path)) {
            throw new RowException(path, "is not a file of rows: it stays as it is, so name another");
        }
    }
}
