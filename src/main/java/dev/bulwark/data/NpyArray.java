package dev.bulwark.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One array as NumPy writes it to {@code .npy} files (format 1.0 to 3.0): numbers of any size and byte order, row by row
 * ("C") or column by column ("Fortran"). The header is read strictly, and nothing is allocated on its word alone.
 */
final class NpyArray {

    /** What every file starts with. */
    static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

    private static final int LONGEST_HEADER = 1 << 16;
    private static final Pattern HEADER =
            Pattern.compile("\\{\\s*'descr'\\s*:\\s*(.*?)\\s*,\\s*'fortran_order'\\s*:\\s*(True|False)"
            + "\\s*,\\s*'shape'\\s*:\\s*\\(([0-9, ]*)\\)\\s*,?\\s*}\\s*", Pattern.DOTALL);
    private static final Pattern NUMBER = Pattern.compile("'([<>|=])([iuf])([1248])'");

    private final String source;
    private final int[] shape;
    private final Type type;
    private final boolean fortran;
    private final ByteBuffer body;

    /** @param kind {@code i} for integers, {@code u} for unsigned ones, {@code f} for floats */
    private record Type(char kind, int bytes, ByteOrder order) {

        @Override
        public String toString() {
            return (kind == 'u' ? "uint" : kind == 'i' ? "int" : "float") + 8 * bytes;
        }
    }

    private NpyArray(String source, int[] shape, Type type, boolean fortran, byte[] body) {
        this.source = source;
        this.shape = shape;
        this.type = type;
        this.fortran = fortran;
        this.body = ByteBuffer.wrap(body).order(type.order);
    }

    /**
     * Reads an array, and nothing may follow it.
     *
     * @param source names it in messages
     * @param size   bytes that the content has, as far as the file system or an archive knows
     * @throws DataException if it is no well-formed array of numbers
     */
    static NpyArray read(InputStream content, String source, long size) throws IOException {
        Header header = header(content, source);
        Type type = type(header.fields.group(1), source);
        int[] shape = shape(header.fields.group(3), source);
        int bytes = bytes(shape, type, source);
        long whole = header.length + bytes;
        if (size != whole) {
            throw new DataException(source + ": has " + size + " bytes, a header of " + header.length + " and " + bytes
                    + " for " + words(shape) + " of " + type + " expected" + (size < whole ? "; the file is cut off" : ""));
        }
        byte[] body = content.readNBytes(bytes);
        if (body.length < bytes) {
            throw new DataException(source + ": the body ends after " + body.length + " bytes, " + bytes
                    + " expected; the file is cut off");
        }
        if (content.read() >= 0) {
            throw new DataException(source + ": more bytes follow the " + bytes + " that the header declares");
        }
        return new NpyArray(source, shape, type, header.fields.group(2).equals("True"), body);
    }

    /**
     * What stands before the elements.
     *
     * @param fields descr, fortran_order and shape, as groups of {@link #HEADER}
     * @param length bytes of all of it
     */
    private record Header(Matcher fields, long length) {
    }

    private static Header header(InputStream content, String source) throws IOException {
        byte[] start = content.readNBytes(MAGIC.length + 2);
        if (start.length < MAGIC.length + 2 || !Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new DataException(source + ": not an array of NumPy's: it does not start with \\x93NUMPY and a version");
        }
        int version = start[MAGIC.length];
        if (version < 1 || version > 3 || start[MAGIC.length + 1] != 0) {
            throw new DataException(source + ": the format's version is " + version + "." + start[MAGIC.length + 1]
                    + ", 1.0 to 3.0 expected");
        }
        int digits = version == 1 ? 2 : 4;
        byte[] length = Arrays.copyOf(content.readNBytes(digits), 4);
        int declared = ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getInt();
        if (declared < 0 || declared > LONGEST_HEADER) {
            throw new DataException(source + ": the header declares a length of " + Integer.toUnsignedString(declared)
                    + ", at most " + LONGEST_HEADER + " expected");
        }
        byte[] text = content.readNBytes(declared);
        if (text.length < declared || declared == 0) {
            throw new DataException(source + ": the header ends after " + text.length + " bytes, " + declared
                    + " expected; the file is cut off");
        }
        Matcher fields = HEADER.matcher(new String(text, StandardCharsets.UTF_8));
        if (!fields.matches()) {
            throw new DataException(source + ": the header is not the one that NumPy writes, of descr, fortran_order and "
                    + "shape");
        }
        return new Header(fields, MAGIC.length + 2L + digits + declared);
    }

    private static Type type(String descr, String source) {
        Matcher number = NUMBER.matcher(descr);
        if (!number.matches() || number.group(2).equals("f") && number.group(3).equals("1")) {
            throw new DataException(source + ": the elements are of type " + descr.replaceAll("[^ -~]", "?")
                    + ", integers or floats of 16 to 64 bits expected");
        }
        ByteOrder order = number.group(1).equals(">") ? ByteOrder.BIG_ENDIAN
                : number.group(1).equals("=") ? ByteOrder.nativeOrder() : ByteOrder.LITTLE_ENDIAN;
        return new Type(number.group(2).charAt(0), number.group(3).charAt(0) - '0', order);
    }

    private static int[] shape(String text, String source) {
        try {
            int[] shape = Arrays.stream(text.split(",")).map(String::strip).filter(size -> !size.isEmpty())
                    .mapToInt(Integer::parseInt).toArray();
            if (shape.length > 0 && IntStream.of(shape).allMatch(size -> size > 0)) {
                return shape;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new DataException(source + ": the header declares the shape (" + text.strip() + "), sizes of 1 to "
                + Integer.MAX_VALUE + " expected");
    }

    private static int bytes(int[] shape, Type type, String source) {
        long bytes = type.bytes;
        for (int size : shape) {
            bytes = Math.min(bytes * size, 1L << 32); // what is more than an array holds stays so
        }
        if (bytes > IdxFile.MOST_BYTES) {
            throw new DataException(source + ": the header declares " + words(shape) + " of " + type + ", more than the "
                    + IdxFile.MOST_BYTES + " bytes that can be held: split the file, or store uint8");
        }
        return (int) bytes;
    }

    /** What names the array in messages. */
    String source() {
        return source;
    }

    int rank() {
        return shape.length;
    }

    int size(int axis) {
        return shape[axis];
    }

    /** How many elements lie between two neighbours along an axis. */
    int stride(int axis) {
        int stride = 1;
        for (int other = 0; other < shape.length; ++other) {
            stride *= (fortran ? other < axis : other > axis) ? shape[other] : 1;
        }
        return stride;
    }

    /** {@code [10000, 28, 28]}. */
    String words() {
        return words(shape);
    }

    /** {@code uint8}. */
    String type() {
        return type.toString();
    }

    boolean isBytes() {
        return type.kind == 'u' && type.bytes == 1;
    }

    boolean isInteger() {
        return type.kind != 'f';
    }

    /** An element of an array of bytes. */
    byte byteAt(int element) {
        return body.get(element);
    }

    /** An element of an array of integers; a uint64 beyond a long's range is negative. */
    long integer(int element) {
        boolean signed = type.kind == 'i';
        return switch (type.bytes) {
            case 1 -> signed ? body.get(element) : body.get(element) & 0xFF;
            case 2 -> signed ? body.getShort(2 * element) : body.getShort(2 * element) & 0xFFFF;
            case 4 -> signed ? body.getInt(4 * element) : body.getInt(4 * element) & 0xFFFFFFFFL;
            default -> body.getLong(8 * element);
        };
    }

    /** An element of an array of floats, exactly. */
    double real(int element) {
        return switch (type.bytes) {
            case 2 -> half(body.getShort(2 * element));
            case 4 -> body.getFloat(4 * element);
            default -> body.getDouble(8 * element);
        };
    }

    /** The value of a float16 (IEEE 754 binary16). */
    private static double half(short bits) {
        int exponent = bits >> 10 & 0x1F;
        int fraction = bits & 0x3FF;
        double magnitude = exponent == 0 ? fraction * 0x1p-24
                : exponent < 0x1F ? Math.scalb(1 + fraction * 0x1p-10, exponent - 15)
                : fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        return bits < 0 ? -magnitude : magnitude;
    }

    private static String words(int[] shape) {
        return IntStream.of(shape).mapToObj(Integer::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
