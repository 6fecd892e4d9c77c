package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which forms of the kernels are found in a jar, by jars of few files each. */
class KernelImageTest {

    private static final String SOURCE = "elementwise";
    private static final String PTX = SOURCE + ".compute_80.ptx";
    private static final String CUBIN = SOURCE + ".sm_90.cubin";

    @TempDir
    private Path jar;

    @BeforeEach
    void classes() throws Exception {
        for (String name : List.of("KernelImage", "KernelImage$Assembler")) {
            try (InputStream in = KernelImage.class.getResourceAsStream(name + ".class")) {
                put(name + ".class", in.readAllBytes());
            }
        }
    }

    private void put(String name, byte[] content) throws Exception {
        Path folder = Files.createDirectories(jar.resolve("dev/bulwark/device/cuda"));
        Files.write(folder.resolve(name), content);
    }

    private static byte[] ptx() throws Exception {
        return Files.readAllBytes(Path.of("cuda", "ptx", PTX));
    }

    private static byte[] gzippedCubin() throws Exception {
        return Files.readAllBytes(Path.of("cuda", "cubin", CUBIN + ".gz"));
    }

    private static byte[] cubin() throws Exception {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(Path.of("cuda", "cubin", CUBIN + ".gz")))) {
            return in.readAllBytes();
        }
    }

    /** What the images for compute capability 9.0 hold, the best first. */
    private List<byte[]> contents() throws Exception {
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
            Class<?> type = loader.loadClass(KernelImage.class.getName());
            Method of = type.getDeclaredMethod("of", String.class, int.class);
            Method content = type.getDeclaredMethod("content");
            of.setAccessible(true);
            content.setAccessible(true);
            List<byte[]> contents = new ArrayList<>();
            for (Object image : (List<?>) of.invoke(null, SOURCE, 90)) {
                contents.add((byte[]) content.invoke(image));
            }
            return contents;
        }
    }

    @Test
    void givenMachineCodeGzippedOrNot_whenRead_thenItIsTheSameAndComesFirst() throws Exception {
        put(PTX, ptx());
        put(CUBIN + ".gz", gzippedCubin());
        assertEquals(2, contents().size());
        assertArrayEquals(cubin(), contents().get(0));
        Files.delete(jar.resolve("dev/bulwark/device/cuda/" + CUBIN + ".gz"));
        put(CUBIN, cubin());
        assertEquals(2, contents().size());
        assertArrayEquals(cubin(), contents().get(0));
    }

    @Test
    void givenNoMachineCode_whenRead_thenPtxIsLeft() throws Exception {
        put(PTX, ptx());
        assertEquals(1, contents().size());
        assertEquals(ptx().length + 1, contents().get(0).length);
    }

    /** As an older build may have left it: it is of older sources, then. */
    @Test
    void givenOtherPtxOfASourceForEveryGpu_whenRead_thenItIsNotTaken() throws Exception {
        put(PTX, ptx());
        put(SOURCE + ".compute_90a.ptx", new byte[] {1});
        put(SOURCE + ".sm_90a.cubin.gz", gzippedCubin());
        assertEquals(1, contents().size());
        assertEquals(ptx().length + 1, contents().get(0).length);
    }

    @Test
    void givenNoForm_whenRead_thenItSaysWhatToDo() {
        InvocationTargetException e = assertThrows(InvocationTargetException.class, this::contents);
        assertTrue(e.getCause().getMessage().contains("run scripts/build-kernels"), e.getCause()::getMessage);
    }
}
