package dev.bulwark.runs;

import dev.bulwark.data.Dataset;
import dev.bulwark.results.AttackRow;
import dev.bulwark.settings.Setting;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Where an attack keeps an image for each of its rows: the one that breaks it where the network had it right and the attack broke
 * it, else the image as it is. An image is kept before its row is written, so that a killed run leaves no row without one.
 */
public interface KeptImages extends Closeable {

    /** @param row the row that follows; it says which of the images is {@code kept}, {@code [D]} */
    void keep(AttackRow row, float[] kept) throws IOException;

    /** All rows are there. */
    void finish() throws IOException;

    /** Whether one file is meant, {@code F.npy}, and not a folder. */
    static boolean isFile(Path path) {
        return path.toString().toLowerCase(Locale.ROOT).endsWith(".npy");
    }

    /** The file of an image in a folder of them. @param ending with its dot */
    static Path fileIn(Path folder, int index, String ending) {
        return folder.resolve(String.format(Locale.ROOT, "%05d", index) + ending);
    }

    /**
     * What can be said before anything is read or computed.
     *
     * @throws ExperimentException if {@code path} is not what its name says, or holds something that must not be touched
     */
    static void requireUsable(Path path, Existing existing) throws IOException {
        if (isFile(path) ? Files.isDirectory(path) : Files.exists(path) && !Files.isDirectory(path)) {
            throw new ExperimentException(path + " is " + (isFile(path) ? "a folder: name another .npy file"
                    : "a file: name a folder, or a file that ends with .npy") + " for the images");
        }
        if (existing == Existing.REFUSE && holdsSomething(path)) {
            throw new ExperimentException(path + " is there already: name another place for the images, go on with ", Setting.RESUME,
                    ", or throw them away with ", Setting.OVERWRITE);
        }
    }

    private static boolean holdsSomething(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return Files.exists(path);
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.findAny().isPresent();
        }
    }

    /**
     * Opens {@code path} behind the images of rows that are there already.
     *
     * @param earlier rows in their order
     * @throws ExperimentException if images of earlier rows are missing
     * @throws dev.bulwark.files.InUseException if another process writes there
     */
    static KeptImages open(Path path, Dataset data, List<AttackRow> earlier, Existing existing) throws IOException {
        return isFile(path) ? new ImageArray(path, data.shape(), earlier.size(), existing)
                : new ImageFolder(path, data, earlier, existing);
    }
}
