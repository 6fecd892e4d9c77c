package dev.bulwark.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Opens what a user names: the first reader that recognises it reads it. */
public final class DatasetReaders {

    private static final List<DatasetReader> ALL = List.of(IdxReader.standard());

    private DatasetReaders() {
    }

    /**
     * The splits that are wanted, of one shape and one number of classes.
     *
     * @throws DataException            in one line, if {@code source} is not there, of no known format, or unusable
     * @throws IllegalArgumentException if nothing is wanted
     */
    public static Map<Split, Dataset> read(Path source, Set<Split> wanted) {
        return read(source, wanted, ALL);
    }

    static Map<Split, Dataset> read(Path source, Set<Split> wanted, List<DatasetReader> readers) {
        if (!Files.exists(source)) {
            throw new DataException(source + ": no such file or folder");
        }
        return readers.stream().filter(reader -> reader.recognises(source)).findFirst()
                .orElseThrow(() -> new DataException(source + ": not a format that is read; what can be named is "
                        + readers.stream().map(DatasetReader::takes).collect(Collectors.joining(", or "))))
                .read(source, wanted);
    }
}
