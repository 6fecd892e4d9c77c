package dev.bulwark.report;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file of rows that grows by one line per image and survives being killed.
 *
 * <p>Each row is handed to the operating system in one write, line break included, so that a killed process loses at most
 * the row it was writing. {@link #resume} cuts such a torn last line; a line that is corrupt anywhere else is an error,
 * since what follows it can't be trusted to be this run's.
 */
public final class RowFile<T extends Row> implements AutoCloseable {

    private final Path path;
    private final RowFormat<T> format;
    private final FileChannel channel;
    private final List<T> earlier;
    private final Set<Integer> indices = new HashSet<>();

    private RowFile(Path path, RowFormat<T> format, FileChannel channel, List<T> earlier) {
        this.path = path;
        this.format = format;
        this.channel = channel;
        this.earlier = List.copyOf(earlier);
        earlier.forEach(row -> indices.add(row.index()));
    }

    /** Starts a new file. @throws FileAlreadyExistsException if the file holds anything already */
    public static <T extends Row> RowFile<T> create(Path path, RowFormat<T> format) throws IOException {
        if (Files.exists(path) && Files.size(path) > 0) {
            throw new FileAlreadyExistsException(path.toString(), null, "it holds earlier rows: resume or replace them");
        }
        return replace(path, format);
    }

    /** Starts a new file; rows of an earlier one are lost. */
    public static <T extends Row> RowFile<T> replace(Path path, RowFormat<T> format) throws IOException {
        return open(path, format, new Content<>(List.of(), 0));
    }

    /** Continues a file behind its last complete row, or starts it. @throws RowException if an earlier line is corrupt */
    public static <T extends Row> RowFile<T> resume(Path path, RowFormat<T> format) throws IOException {
        return open(path, format, Files.exists(path) ? parse(path, format) : new Content<>(List.of(), 0));
    }

    /** The complete rows of a file, which stays as it is. @throws RowException if a line but the last is corrupt */
    public static <T extends Row> List<T> read(Path path, RowFormat<T> format) throws IOException {
        return parse(path, format).rows;
    }

    /** Adds a row; when this returns, the row outlives the process. */
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

    /** Whether the image with this index has its row. */
    public boolean contains(int index) {
        return indices.contains(index);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static <T extends Row> RowFile<T> open(Path path, RowFormat<T> format, Content<T> content) throws IOException {
        if (path.toAbsolutePath().getParent() != null) {
            Files.createDirectories(path.toAbsolutePath().getParent());
        }
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            channel.truncate(content.length).position(content.length);
            RowFile<T> file = new RowFile<>(path, format, channel, content.rows);
            if (content.length == 0 && format.header().isPresent()) {
                file.write(format.header().get());
            }
            return file;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private void write(String line) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(line + "\n");
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Rows up to the last complete and valid one, and how many bytes they take. */
    private record Content<T>(List<T> rows, long length) {
    }

    private static <T extends Row> Content<T> parse(Path path, RowFormat<T> format) throws IOException {
        // Rows are ASCII. One char a byte keeps positions right whatever a damaged file holds.
        String text = Files.readString(path, StandardCharsets.ISO_8859_1);
        Map<Integer, T> rows = new LinkedHashMap<>();
        int start = format.header().isPresent() ? skipHeader(path, format.header().get(), text) : 0;
        int number = format.header().isPresent() ? 2 : 1;
        for (int end = text.indexOf('\n', start); end >= 0; end = text.indexOf('\n', start)) {
            try {
                T row = format.read(text.substring(start, end));
                Require.that(rows.putIfAbsent(row.index(), row) == null, "a second row for index " + row.index());
            } catch (IllegalArgumentException e) {
                if (end == text.length() - 1) {
                    break;
                }
                throw new RowException(path, number, e.getMessage());
            }
            start = end + 1;
            ++number;
        }
        return new Content<>(List.copyOf(rows.values()), start);
    }

    /** Where the rows start; 0 where the header is torn. Anything else is another kind of file, which must not be cut. */
    private static int skipHeader(Path path, String header, String text) {
        String line = header + "\n";
        if (!text.startsWith(line) && !line.startsWith(text)) {
            String found = text.lines().findFirst().orElse("");
            throw new RowException(path, 1, "is \"" + found + "\", expected the header \"" + header.replace('\t', ' ') + "\"");
        }
        return text.startsWith(line) ? line.length() : 0;
    }
}
