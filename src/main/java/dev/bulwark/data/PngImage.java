package dev.bulwark.data;

import dev.bulwark.files.Reason;
import dev.bulwark.shapes.ImageShape;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * One PNG file (ISO/IEC 15948) of 8-bit samples, grey or RGB, exactly as stored: no profile or gamma is applied. The file's
 * chunks are checked before it is decoded, for decoders fill in what a file that is cut off lacks.
 *
 * @param pixels {@code [channels, height, width]}
 */
record PngImage(Path file, ImageShape shape, byte[] pixels) {

    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    /** Bytes of a chunk's length, type and checksum. */
    private static final int AROUND = 12;
    private static final int HEADER = 13;
    /** Bytes that deflate makes of one at most. */
    private static final long MOST_UNPACKED = 1032;
    private static final int LARGEST_EDGE = 1 << 14;

    /** @throws DataException naming the file if it can't be read, is damaged, or holds other samples */
    static PngImage read(Path file) {
        try {
            byte[] content = Files.readAllBytes(file);
            ImageShape shape = shape(file, content);
            return new PngImage(file, shape, pixels(file, content, shape));
        } catch (IOException e) {
            throw new DataException(file + ": cannot be read (" + Reason.of(e) + ")", e);
        }
    }

    private static ImageShape shape(Path file, byte[] content) {
        if (content.length < SIGNATURE.length || !Arrays.equals(content, 0, SIGNATURE.length, SIGNATURE, 0,
                SIGNATURE.length)) {
            throw new DataException(file + ": is not a PNG file, whatever its name");
        }
        ImageShape shape = null;
        ByteBuffer chunks = ByteBuffer.wrap(content).position(SIGNATURE.length);
        while (chunks.remaining() >= AROUND) {
            int from = chunks.position();
            int length = chunks.getInt();
            String type = new String(content, from + 4, 4, StandardCharsets.US_ASCII);
            if (length < 0 || length > chunks.limit() - from - AROUND) {
                break;
            }
            CRC32 checksum = new CRC32();
            checksum.update(content, from + 4, length + 4);
            if ((int) checksum.getValue() != chunks.getInt(from + 8 + length)) {
                throw new DataException(file + ": the file is damaged: a checksum is wrong");
            }
            if ((shape == null) != type.equals("IHDR") || type.equals("IHDR") && length != HEADER) {
                throw new DataException(file + ": the file is damaged: it does not start with one header");
            }
            if (type.equals("IHDR")) {
                shape = header(file, chunks.slice(from + 8, HEADER));
                requireRoom(file, shape, content.length);
            }
            if (type.equals("tRNS")) {
                throw unusable(file, "a transparent colour");
            }
            chunks.position(from + AROUND + length);
            if (type.equals("IEND") && shape != null) {
                return shape;
            }
        }
        throw new DataException(file + ": the file is cut off");
    }

    private static ImageShape header(Path file, ByteBuffer header) {
        int width = header.getInt(0);
        int height = header.getInt(4);
        int bits = header.get(8);
        int colour = header.get(9);
        if (width < 1 || height < 1 || width > LARGEST_EDGE || height > LARGEST_EDGE) {
            throw new DataException(file + ": the header declares " + Integer.toUnsignedString(width) + " x "
                    + Integer.toUnsignedString(height) + " pixels, 1 to " + LARGEST_EDGE + " each way expected");
        }
        if (colour != 0 && colour != 2) {
            throw unusable(file, colour == 3 ? "a palette" : colour == 4 || colour == 6 ? "an alpha channel"
                    : "colours of type " + colour);
        }
        if (bits != 8) {
            throw unusable(file, bits + " bits a sample");
        }
        return new ImageShape(colour == 0 ? 1 : 3, height, width);
    }

    /** Nothing is allocated for more pixels than {@code bytes} can unpack to. */
    private static void requireRoom(Path file, ImageShape shape, int bytes) {
        if (shape.size() > MOST_UNPACKED * bytes) {
            throw new DataException(file + ": the header declares " + shape.width() + " x " + shape.height()
                    + " pixels, more than " + bytes + " bytes can hold");
        }
    }

    private static DataException unusable(Path file, String what) {
        return new DataException(file + ": has " + what + ": save it as grey or RGB of 8 bits a sample, without alpha");
    }

    private static byte[] pixels(Path file, byte[] content, ImageShape shape) throws IOException {
        ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(content))) {
            reader.setInput(in, true, true);
            Raster raster = reader.read(0).getRaster();
            if (raster.getNumBands() != shape.channels()) {
                throw unusable(file, raster.getNumBands() + " channels");
            }
            byte[] pixels = new byte[shape.size()];
            for (int k = 0; k < pixels.length; ++k) {
                int place = k % shape.area();
                pixels[k] = (byte) raster.getSample(place % shape.width(), place / shape.width(), k / shape.area());
            }
            return pixels;
        } catch (IOException | RuntimeException e) {
            throw e instanceof DataException said ? said : new DataException(file + ": the file is damaged ("
                    + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage().lines().findFirst().orElse(""))
                    + ")", e);
        } finally {
            reader.dispose();
        }
    }
}
