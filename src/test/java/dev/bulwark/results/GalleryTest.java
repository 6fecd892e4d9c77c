package dev.bulwark.results;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class GalleryTest {

    @TempDir
    private Path folder;

    @Test
    void givenPixels_whenPictured_thenEndsAreBlackAndWhiteAndBeyondIsCut() {
        // Levels are v = (x - black) / (white - black) * 255, rounded: 0.5 lies at 127.5 of [0,1], which rounds up.
        assertArrayEquals(new byte[] {0, 0, (byte) 128, (byte) 255, (byte) 255},
                Picture.of(new float[] {-3, 0, 0.5f, 1, 7}, 0, 1).levels());
        assertArrayEquals(new byte[] {0, (byte) 85, (byte) 255},
                Picture.of(new float[] {-0.5f, 0, 1}, -0.5, 1).levels());
    }

    @Test
    void givenGallery_whenWrittenAndRead_thenTheSame() throws IOException {
        Gallery gallery = SampleRows.gallery();
        gallery.write(folder);
        Gallery read = Gallery.read(folder).orElseThrow();
        assertEquals(3, read.smoothed().get(0).index());
        assertEquals(Gallery.Reason.ABSTAINED, read.smoothed().get(0).reason());
        assertEquals(0.25, read.smoothed().get(0).views().get(0).sigma());
        assertArrayEquals(gallery.attacked().get(0).adversarial().levels(), read.attacked().get(0).adversarial()
                .levels());
        read.write(folder.resolve("again"));
        assertEquals(Files.readString(folder.resolve("gallery.json")),
                Files.readString(folder.resolve("again/gallery.json")));
    }

    @Test
    void givenNoGallery_whenRead_thenNone() throws IOException {
        assertEquals(Optional.empty(), Gallery.read(folder));
    }

    @Test
    void givenPictureOfAnotherSize_whenRead_thenRefusedInOneLine() throws IOException {
        SampleRows.gallery().write(folder);
        Path file = folder.resolve("gallery.json");
        Files.writeString(file, Files.readString(file).replace("\"height\":2", "\"height\":3"));
        String message = assertThrows(RowException.class, () -> Gallery.read(folder)).getMessage();
        assertEquals(1, message.lines().count());
        assertTrue(message.contains("gallery.json: a picture has 2 levels, not 1 x 3 x 1"), message);
    }

    @Test
    void givenAGalleryOfRowsAndColumns_whenRead_thenItIsGreyAndOtherwiseTheSame() throws IOException {
        SampleRows.gallery().write(folder);
        Path file = folder.resolve("gallery.json");
        String now = Files.readString(file);
        String before = now.replace("\"shape\":{\"channels\":1,\"height\":2,\"width\":1}", "\"rows\":2,\"cols\":1");
        assertNotEquals(now, before);
        Files.writeString(file, before);
        Gallery.read(folder).orElseThrow().write(folder.resolve("again"));
        assertEquals(now, Files.readString(folder.resolve("again/gallery.json")));
    }

    /** One image of three channels, whose element k is k over the last one's number. */
    public static Gallery colour(int height, int width) {
        ImageShape shape = new ImageShape(3, height, width);
        float[] pixels = new float[shape.size()];
        for (int k = 0; k < pixels.length; ++k) {
            pixels[k] = (float) k / (pixels.length - 1);
        }
        return new Gallery(shape, List.of(new Gallery.Original(3, 6, Picture.of(pixels, 0, 1))
                .smoothed(Gallery.Reason.ABSTAINED, 0.25, List.of())), List.of());
    }
}
