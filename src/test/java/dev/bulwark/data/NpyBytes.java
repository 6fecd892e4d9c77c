package dev.bulwark.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Arrays as NumPy writes them, for tests to write and to spoil. */
public final class NpyBytes {

    private NpyBytes() {
    }

    /** An array of version 1.0, whatever its body. */
    static byte[] file(String descr, boolean fortran, String shape, byte[] body) {
        String fields = "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': ("
                + shape + "), }";
        int length = (10 + fields.length() + 1 + 63) / 64 * 64 - 10;
        byte[] header = (fields + " ".repeat(length - fields.length() - 1) + "\n").getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(10 + length + body.length).order(ByteOrder.LITTLE_ENDIAN)
                .put(NpyArray.MAGIC).put((byte) 1).put((byte) 0).putShort((short) length).put(header).put(body).array();
    }

    /** uint8. */
    public static byte[] bytes(byte[] values, int... shape) {
        return file("|u1", false, words(shape), values);
    }

    /** float32, little-endian. */
    public static byte[] floats(float[] values, int... shape) {
        double[] wide = new double[values.length];
        Arrays.setAll(wide, k -> values[k]);
        return numbers("<f4", false, wide, shape);
    }

    /** Any type of {@code i}, {@code u} and {@code f} but float16; {@code values} in the file's order. */
    static byte[] numbers(String descr, boolean fortran, double[] values, int... shape) {
        int size = descr.charAt(2) - '0';
        BiConsumer<ByteBuffer, Double> put = switch (descr.substring(1)) {
            case "f4" -> (buffer, value) -> buffer.putFloat(value.floatValue());
            case "f8" -> ByteBuffer::putDouble;
            default -> (buffer, value) -> {
                switch (size) {
                    case 1 -> buffer.put((byte) value.longValue());
                    case 2 -> buffer.putShort((short) value.longValue());
                    case 4 -> buffer.putInt((int) value.longValue());
                    default -> buffer.putLong(value.longValue());
                }
            };
        };
        ByteBuffer body = ByteBuffer.allocate(values.length * size)
                .order(descr.charAt(0) == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            put.accept(body, value);
        }
        return file(descr, fortran, words(shape), body.array());
    }

    /** int64 labels. */
    public static byte[] labels(int... labels) {
        return numbers("<i8", false, IntStream.of(labels).asDoubleStream().toArray(), labels.length);
    }

    /** An archive of arrays. */
    public static Path zip(Path file, boolean deflated, Map<String, byte[]> arrays) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, byte[]> array : arrays.entrySet()) {
                ZipEntry entry = new ZipEntry(array.getKey() + ".npy");
                if (!deflated) {
                    CRC32 crc = new CRC32();
                    crc.update(array.getValue());
                    entry.setMethod(ZipEntry.STORED);
                    entry.setSize(array.getValue().length);
                    entry.setCrc(crc.getValue());
                }
                zip.putNextEntry(entry);
                zip.write(array.getValue());
                zip.closeEntry();
            }
        }
        return file;
    }

    private static String words(int... shape) {
        return IntStream.of(shape).mapToObj(Integer::toString).collect(Collectors.joining(", "))
                + (shape.length == 1 ? "," : "");
    }
}
