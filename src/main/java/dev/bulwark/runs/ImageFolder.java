package dev.bulwark.runs;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.NpyFloats;
import dev.bulwark.files.AtomicFile;
import dev.bulwark.results.AttackRow;
import dev.bulwark.settings.Setting;
import dev.bulwark.shapes.ImageShape;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * A {@code .npy} file an image, float32 {@code [C,H,W]}, named by its index. Where images are bytes, grey or of three channels,
 * those that the attack broke also have a pair of PNG files to look at, of the image before and after, the latter rounded to
 * bytes: what breaks the network is the {@code .npy}.
 */
final class ImageFolder implements KeptImages {

    private static final Pattern OURS = Pattern.compile("\\d{5,}(?:\\.npy|-clean\\.png|-adversarial\\.png)");
    private static final int GREY = 1;
    private static final int RGB = 3;
    private static final int WHITE = 255;

    private final Path folder;
    private final Dataset data;
    private final boolean viewable;

    ImageFolder(Path folder, Dataset data, List<AttackRow> earlier, Existing existing) throws IOException {
        this.folder = folder;
        this.data = data;
        int channels = data.shape().channels();
        this.viewable = data.centre() == Ball.Centre.BYTE && (channels == GREY || channels == RGB);
        if (existing == Existing.REPLACE && Files.isDirectory(folder)) {
            clear();
        }
        for (AttackRow row : earlier) {
            if (!Files.exists(file(row.index(), ".npy"))) {
                throw new ExperimentException("can't resume: " + file(row.index(), ".npy") + ", the image of a row that is there, is "
                        + "missing; start anew with ", Setting.OVERWRITE);
            }
        }
        Files.createDirectories(folder);
        AtomicFile.deleteLeftDrafts(folder, name -> OURS.matcher(name).matches());
    }

    /** Removes what an earlier run left, and nothing else. */
    private void clear() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(file -> OURS.matcher(file.getFileName().toString()).matches()).toList()) {
                Files.delete(file);
            }
        }
    }

    private Path file(int index, String ending) {
        return KeptImages.fileIn(folder, index, ending);
    }

    @Override
    public void keep(AttackRow row, float[] kept) throws IOException {
        if (viewable && row.saved().equals(Optional.of(AttackRow.Saved.ADVERSARIAL))) {
            AtomicFile.replace(file(row.index(), "-clean.png"), png(data.pixels(row.index()), data.shape()));
            AtomicFile.replace(file(row.index(), "-adversarial.png"), png(kept, data.shape()));
        }
        AtomicFile.replace(file(row.index(), ".npy"), NpyFloats.file(kept, data.shape()));
    }

    private static byte[] png(float[] image, ImageShape shape) throws IOException {
        int plane = shape.height() * shape.width();
        BufferedImage picture = new BufferedImage(shape.width(), shape.height(),
                shape.channels() == GREY ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
        for (int k = 0; k < plane; ++k) {
            for (int c = 0; c < shape.channels(); ++c) {
                picture.getRaster().setSample(k % shape.width(), k / shape.width(), c, Math.round(WHITE * image[c * plane + k]));
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(picture, "png", bytes);
        return bytes.toByteArray();
    }

    @Override
    public void finish() {
        // Every file is whole.
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
