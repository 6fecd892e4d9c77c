package dev.bulwark.data;

import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Opens what a user names: the first reader that recognises it reads it. */
public final class DatasetReaders {

    private static final List<DatasetReader> ALL = List.of(new NpyReader(), new CifarReader(), new PngReader(),
            IdxReader.standard());

    private DatasetReaders() {
    }

    /**
     * The splits that are wanted, of one shape and one number of classes.
     *
     * @throws DataException            in one line, if {@code source} is not there, of no known format, or unusable
     * @throws IllegalArgumentException if nothing is wanted
     */
    public static Map<Split, Dataset> read(DataFiles source, Set<Split> wanted) {
        return read(source, wanted, ALL);
    }

    /** Whether {@code source} is read with the folders in it, so that a further one would change the data. */
    public static boolean readsFolders(Path source) {
        return reader(source, ALL).filter(PngReader.class::isInstance).isPresent();
    }

    private static Optional<DatasetReader> reader(Path source, List<DatasetReader> readers) {
        return readers.stream().filter(known -> known.recognises(source)).findFirst();
    }

    static Map<Split, Dataset> read(DataFiles source, Set<Split> wanted, List<DatasetReader> readers) {
        Path images = source.images();
        if (!Files.exists(images)) {
            throw new DataException(images + ": no such file or folder");
        }
        DatasetReader reader = reader(images, readers)
                .orElseThrow(() -> new DataException(images + ": not a format that is read; what can be named is "
                        + readers.stream().map(DatasetReader::takes).collect(Collectors.joining(", or "))));
        if (source.labels().isPresent() && !reader.takesLabels(images)) {
            throw new DataException(Message.of(images + ": has its own labels, so " + source.labels().get()
                    + " is not needed: drop ", Setting.LABELS));
        }
        return reader.read(source, wanted);
    }
}
