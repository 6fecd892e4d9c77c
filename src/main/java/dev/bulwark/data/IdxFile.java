package dev.bulwark.data;

import dev.bulwark.files.Reason;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.zip.ZipException;

/**
 * One IDX file of bytes: two zero bytes, the element type, the number of dimensions, each dimension as a big-endian
 * 32-bit number, then the elements. Plain or gzip'd, told apart by content.
 *
 * <p>Nothing is allocated on the header's word alone: the body grows with what the file really holds, so that a hostile
 * header or a small file that unpacks to a huge one ends in a message and not in an exhausted heap.
 */
final class IdxFile {

    /** Most images or labels that are read; 28 x 28 images then take 205 MB. */
    static final int MAX_COUNT = 1 << 18;

    private static final int UNSIGNED_BYTE = 0x08;
    private static final int IMAGE_SIDE = 28;
    private static final int TRAILING_LIMIT = 1 << 16;

    /** What a file holds, which fixes its dimensions. */
    enum Kind {
        IMAGES("images", 3),
        LABELS("labels", 1);

        private final String plural;
        private final int dimensions;

        Kind(String plural, int dimensions) {
            this.plural = plural;
            this.dimensions = dimensions;
        }

        /** The first four bytes of such a file. */
        int magic() {
            return UNSIGNED_BYTE << 8 | dimensions;
        }
    }

    private final int count;
    private final byte[] body;
    private final String digest;

    private IdxFile(int count, byte[] body, String digest) {
        this.count = count;
        this.body = body;
        this.digest = digest;
    }

    /** @throws DataException naming {@code file} if it can't be read or is no well-formed file of this kind */
    static IdxFile read(Path file, Kind kind) {
        try (InputStream raw = Files.newInputStream(file)) {
            return read(raw, file.toString(), kind);
        } catch (NoSuchFileException e) {
            throw new DataException(file + ": no such file", e);
        } catch (IOException e) {
            throw new DataException(file + ": cannot be read (" + Reason.of(e) + ")", e);
        }
    }

    /** As {@link #read(Path, Kind)} from a stream, which is left open; {@code source} names it in messages. */
    static IdxFile read(InputStream raw, String source, Kind kind) throws IOException {
        MessageDigest sha256 = Sha256.start();
        try {
            InputStream content = new DigestInputStream(unpacked(raw), sha256);
            int count = readHeader(content, source, kind);
            byte[] body = readBody(content, source, kind, count);
            return new IdxFile(count, body, Sha256.finish(sha256));
        } catch (EOFException e) {
            throw new DataException(source + ": the gzip stream ends early; the file is cut off", e);
        } catch (ZipException e) {
            throw new DataException(source + ": the gzip stream is corrupt (" + e.getMessage() + ")", e);
        }
    }

    /** Number of images or labels. */
    int count() {
        return count;
    }

    int rows() {
        return IMAGE_SIDE;
    }

    int cols() {
        return IMAGE_SIDE;
    }

    /** The elements; the array is shared, not copied. */
    byte[] body() {
        return body;
    }

    /** SHA-256 of the whole content, header included, after decompression. */
    String digest() {
        return digest;
    }

    private static InputStream unpacked(InputStream raw) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(raw, 1 << 16);
        buffered.mark(2);
        boolean gzip = buffered.read() == 0x1F && buffered.read() == 0x8B;
        buffered.reset();
        return gzip ? new GzipContent(buffered) : buffered;
    }

    private static int readHeader(InputStream content, String source, Kind kind) throws IOException {
        int length = 4 + 4 * kind.dimensions;
        byte[] bytes = content.readNBytes(4);
        if (bytes.length == 0) {
            throw new DataException(source + ": the file is empty, a header of " + length + " bytes expected");
        }
        if (bytes.length == 4) {
            requireMagic(ByteBuffer.wrap(bytes).getInt(), source, kind);
        }
        byte[] dimensions = content.readNBytes(length - 4);
        if (bytes.length + dimensions.length < length) {
            throw new DataException(source + ": the header ends after " + (bytes.length + dimensions.length)
                    + " bytes, " + length + " expected");
        }
        ByteBuffer sizes = ByteBuffer.wrap(dimensions);
        int count = sizes.getInt();
        if (count < 1 || count > MAX_COUNT) {
            throw new DataException(source + ": the header declares " + count + " " + kind.plural + ", 1 to "
                    + MAX_COUNT + " expected");
        }
        if (kind == Kind.IMAGES) {
            requireSize(sizes.getInt(), sizes.getInt(), source);
        }
        return count;
    }

    private static void requireMagic(int magic, String source, Kind kind) {
        if (magic >>> 16 != 0) {
            throw new DataException(String.format("%s: not an IDX file: it starts with 0x%08x, 0x%08x expected",
                    source, magic, kind.magic()));
        }
        int type = magic >>> 8 & 0xFF;
        if (type != UNSIGNED_BYTE) {
            throw new DataException(String.format("%s: the element type is 0x%02x, 0x%02x (unsigned byte) expected",
                    source, type, UNSIGNED_BYTE));
        }
        int dimensions = magic & 0xFF;
        if (dimensions != kind.dimensions) {
            throw new DataException(source + ": the number of dimensions is " + dimensions + ", " + kind.dimensions
                    + " expected for " + kind.plural);
        }
    }

    private static void requireSize(int rows, int cols, String source) {
        if (rows < 1 || cols < 1) {
            throw new DataException(source + ": the header declares images of " + rows + "x" + cols
                    + ", both sizes must be positive");
        }
        if (rows != IMAGE_SIDE || cols != IMAGE_SIDE) {
            throw new DataException(source + ": the images are " + rows + "x" + cols + ", " + IMAGE_SIDE + "x"
                    + IMAGE_SIDE + " expected");
        }
    }

    private static byte[] readBody(InputStream content, String source, Kind kind, int count) throws IOException {
        int declared = kind == Kind.IMAGES ? count * IMAGE_SIDE * IMAGE_SIDE : count;
        byte[] body = content.readNBytes(declared);
        if (body.length < declared) {
            throw new DataException(source + ": the body ends after " + body.length + " bytes, " + declared
                    + " expected for " + count + " " + kind.plural);
        }
        int trailing = content.readNBytes(TRAILING_LIMIT).length;
        if (trailing > 0) {
            throw new DataException(source + ": " + (trailing == TRAILING_LIMIT ? "at least " : "") + trailing
                    + " bytes follow the " + declared + " that the header declares");
        }
        return body;
    }
}
