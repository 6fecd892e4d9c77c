package dev.bulwark.data;

import dev.bulwark.files.GzipContent;
import dev.bulwark.files.Reason;
import dev.bulwark.files.Sha256;
import dev.bulwark.shapes.ImageShape;
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
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.ZipException;

/**
 * One IDX file of bytes: two zero bytes, the element type, the number of dimensions, each dimension as a big-endian
 * 32-bit number, then the elements. Plain or gzip'd, told apart by content.
 *
 * <p>Labels have one dimension. Images have three, {@code [N, height, width]}, and are grey; or four, {@code [N, channels,
 * height, width]}, as PyTorch and CIFAR-10's own files order them. The format does not say which of four dimensions holds
 * the channels: images of more than {@value #MOST_LEADING_CHANNELS} channels whose last dimension could be the channels are
 * taken for {@code [N, height, width, channels]} and refused.
 *
 * <p>Nothing is allocated on the header's word alone: the body grows with what the file really holds, so that a hostile
 * header or a small file that unpacks to a huge one ends in a message and not in an exhausted heap.
 */
final class IdxFile {

    /** Most images or labels that are read. */
    static final int MAX_COUNT = 1 << 20;
    /** Most bytes that an array holds on every virtual machine. */
    static final int MOST_BYTES = Integer.MAX_VALUE - 8;

    /** Type of elements: the only one that is read. */
    static final int UNSIGNED_BYTE = 0x08;
    /** Type of elements: float32, big-endian. */
    static final int FLOAT = 0x0D;

    private static final int MOST_LEADING_CHANNELS = 4;
    private static final int TRAILING_LIMIT = 1 << 16;

    /** What a file holds, which limits its dimensions. */
    enum Kind {
        IMAGES("images", 3, 4),
        LABELS("labels", 1, 1);

        private final String plural;
        private final int least;
        private final int most;

        Kind(String plural, int least, int most) {
            this.plural = plural;
            this.least = least;
            this.most = most;
        }

        private String dimensions() {
            return least == most ? Integer.toString(least) : least + " or " + most;
        }
    }

    private final int[] dimensions;
    private final byte[] body;
    private final String digest;

    private IdxFile(int[] dimensions, byte[] body, String digest) {
        this.dimensions = dimensions;
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
            int[] dimensions = readHeader(content, source, kind);
            byte[] body = readBody(content, source, kind, dimensions);
            return new IdxFile(dimensions, body, Sha256.finish(sha256));
        } catch (EOFException e) {
            throw new DataException(source + ": the gzip stream ends early; the file is cut off", e);
        } catch (ZipException e) {
            throw new DataException(source + ": the gzip stream is corrupt (" + e.getMessage() + ")", e);
        }
    }

    /** What a file of such images starts with: three dimensions where they are grey. */
    static byte[] imageHeader(int type, int count, ImageShape shape) {
        return shape.channels() == 1
                ? header(type, count, shape.height(), shape.width())
                : header(type, count, shape.channels(), shape.height(), shape.width());
    }

    /** What a file of labels starts with. */
    static byte[] labelHeader(int count) {
        return header(UNSIGNED_BYTE, count);
    }

    private static byte[] header(int type, int... dimensions) {
        ByteBuffer header = ByteBuffer.allocate(4 + 4 * dimensions.length).putInt(magic(type, dimensions.length));
        IntStream.of(dimensions).forEach(header::putInt);
        return header.array();
    }

    private static int magic(int type, int dimensions) {
        return type << 8 | dimensions;
    }

    /** Number of images or labels. */
    int count() {
        return dimensions[0];
    }

    /** The shape of an image. */
    ImageShape shape() {
        return dimensions.length == 4
                ? new ImageShape(dimensions[1], dimensions[2], dimensions[3])
                : new ImageShape(1, dimensions[1], dimensions[2]);
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

    private static int[] readHeader(InputStream content, String source, Kind kind) throws IOException {
        byte[] magic = content.readNBytes(4);
        if (magic.length == 0) {
            throw new DataException(source + ": the file is empty, a header of " + (4 + 4 * kind.least) + " bytes expected");
        }
        int count = magic.length == 4 ? dimensionsOf(ByteBuffer.wrap(magic).getInt(), source, kind) : kind.least;
        int expected = 4 + 4 * count;
        byte[] rest = content.readNBytes(expected - 4);
        if (magic.length + rest.length < expected) {
            throw new DataException(source + ": the header ends after " + (magic.length + rest.length)
                    + " bytes, " + expected + " expected");
        }
        int[] dimensions = new int[rest.length / 4];
        ByteBuffer.wrap(rest).asIntBuffer().get(dimensions);
        if (dimensions[0] < 1 || dimensions[0] > MAX_COUNT) {
            throw new DataException(source + ": the header declares " + dimensions[0] + " " + kind.plural + ", 1 to "
                    + MAX_COUNT + " expected");
        }
        if (kind == Kind.IMAGES) {
            requireImages(dimensions, source);
        }
        return dimensions;
    }

    private static int dimensionsOf(int magic, String source, Kind kind) {
        if (magic >>> 16 != 0) {
            throw new DataException(String.format("%s: not an IDX file: it starts with 0x%08x, 0x%08x expected",
                    source, magic, magic(UNSIGNED_BYTE, kind.least)));
        }
        int type = magic >>> 8 & 0xFF;
        if (type != UNSIGNED_BYTE) {
            throw new DataException(String.format("%s: the element type is 0x%02x, 0x%02x (unsigned byte) expected",
                    source, type, UNSIGNED_BYTE));
        }
        int dimensions = magic & 0xFF;
        if (dimensions < kind.least || dimensions > kind.most) {
            throw new DataException(source + ": the number of dimensions is " + dimensions + ", " + kind.dimensions()
                    + " expected for " + kind.plural);
        }
        return dimensions;
    }

    private static void requireImages(int[] dimensions, String source) {
        int[] sizes = Arrays.copyOfRange(dimensions, 1, dimensions.length);
        String images = IntStream.of(sizes).mapToObj(Integer::toString).collect(Collectors.joining(" x "));
        long bytes = dimensions[0];
        for (int size : sizes) {
            if (size < 1) {
                throw new DataException(source + ": the header declares images of " + images
                        + ", all sizes must be positive");
            }
            bytes = Math.min(bytes * size, 1L << 32); // what is more than an array holds stays so
        }
        if (sizes.length == 3 && sizes[0] > MOST_LEADING_CHANNELS && sizes[2] <= MOST_LEADING_CHANNELS) {
            throw new DataException(source + ": the header declares images of " + images + ", which look like [height, "
                    + "width, channels]: store the channels first, [N, channels, height, width]");
        }
        if (bytes > MOST_BYTES) {
            throw new DataException(source + ": the header declares " + dimensions[0] + " images of " + images
                    + ", more than the " + MOST_BYTES + " bytes that can be held: split the file");
        }
    }

    private static byte[] readBody(InputStream content, String source, Kind kind, int[] dimensions) throws IOException {
        int declared = IntStream.of(dimensions).reduce(1, Math::multiplyExact);
        byte[] body = content.readNBytes(declared);
        if (body.length < declared) {
            throw new DataException(source + ": the body ends after " + body.length + " bytes, " + declared
                    + " expected for " + dimensions[0] + " " + kind.plural);
        }
        int trailing = content.readNBytes(TRAILING_LIMIT).length;
        if (trailing > 0) {
            throw new DataException(source + ": " + (trailing == TRAILING_LIMIT ? "at least " : "") + trailing
                    + " bytes follow the " + declared + " that the header declares");
        }
        return body;
    }
}
