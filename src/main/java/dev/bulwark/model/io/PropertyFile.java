package dev.bulwark.model.io;

import dev.bulwark.files.GzipContent;
import dev.bulwark.files.Reason;
import dev.bulwark.model.io.vnnlib.Property;
import dev.bulwark.model.io.vnnlib.VnnLibException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.ZipException;

/** Properties in VNN-LIB files, plain or compressed by gzip. */
public final class PropertyFile {

    /** A hundred times what the competition's largest have. */
    private static final int MOST_BYTES = 1 << 29;

    private PropertyFile() {
    }

    /** @throws ModelException if there is no such file, or it holds no property that can be taken */
    public static Property read(Path file) {
        try (BufferedInputStream stored = new BufferedInputStream(Files.newInputStream(file))) {
            byte[] text = text(file, stored);
            return Property.parse(text);
        } catch (VnnLibException e) {
            throw ModelException.in(file, "%s", e.getMessage());
        } catch (ZipException | EOFException e) {
            throw ModelException.in(file, "a gzip file that is cut off or damaged");
        } catch (NoSuchFileException e) {
            throw ModelException.in(file, "no such file");
        } catch (IOException e) {
            throw ModelException.in(file, "cannot be read: %s", Reason.of(e));
        }
    }

    private static byte[] text(Path file, BufferedInputStream stored) throws IOException {
        stored.mark(2);
        boolean compressed = stored.read() == 0x1F && stored.read() == 0x8B;
        stored.reset();
        InputStream in = compressed ? new GzipContent(stored) : stored;
        byte[] text = in.readNBytes(MOST_BYTES);
        if (in.read() >= 0) {
            throw ModelException.in(file, "it has more than %d bytes", MOST_BYTES);
        }
        return text;
    }
}
