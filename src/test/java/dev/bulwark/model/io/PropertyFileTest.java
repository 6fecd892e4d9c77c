package dev.bulwark.model.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PropertyFileTest {

    private static final byte[] TEXT = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (and (<= X_0 1)(>= X_0 0)(<= Y_0 0)))"
            .getBytes(StandardCharsets.UTF_8);

    @TempDir
    private Path folder;

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static byte[] packed() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(TEXT);
        }
        return bytes.toByteArray();
    }

    @Test
    void givenAFilePlainOrPacked_whenRead_thenItIsTheSameProperty() throws IOException {
        Path plain = Files.write(folder.resolve("p"), TEXT);
        Path packed = Files.write(folder.resolve("q"), packed());
        assertEquals(PropertyFile.read(plain), PropertyFile.read(packed));
        assertEquals(1, PropertyFile.read(plain).inputs());
    }

    private void assertRefused(String why, byte[] bytes) throws IOException {
        Path file = Files.write(folder.resolve("p.vnnlib"), bytes);
        assertEquals(file + ": " + why, assertThrows(ModelException.class, () -> PropertyFile.read(file)).getMessage());
    }

    @Test
    void givenAnythingElse_whenRead_thenOneLineNamesTheFile() throws IOException {
        assertRefused("a gzip file that is cut off or damaged", Arrays.copyOf(packed(), 40));
        assertRefused("a gzip file that is cut off or damaged", joined(packed(), Arrays.copyOf(packed(), 8)));
        assertRefused("a gzip file that is cut off or damaged", joined(packed(), new byte[] {1, 2, 3}));
        assertRefused("line 2: \"(run ...)\" is neither declare-const nor assert", "\n(run)".getBytes(StandardCharsets.UTF_8));
        assertRefused("it declares no input X_0: a property needs (declare-const X_0 Real) and (declare-const Y_0 Real)", new byte[0]);
        Path missing = folder.resolve("missing.vnnlib");
        assertEquals(missing + ": no such file", assertThrows(ModelException.class, () -> PropertyFile.read(missing)).getMessage());
    }
}
