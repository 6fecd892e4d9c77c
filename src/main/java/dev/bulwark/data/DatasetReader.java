package dev.bulwark.data;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * One way to keep labelled images in files. A new format is a class that implements this and a line in
 * {@link DatasetReaders}.
 */
interface DatasetReader {

    /** Whether {@code source} is for this reader, judged by what it is called and how it starts; it need not be usable. */
    boolean recognises(Path source);

    /** Whether a source that it recognises has its labels in a file of their own. */
    default boolean takesLabels(Path source) {
        return false;
    }

    /** What this reader takes, for the message where no reader recognises a source: {@code a folder of IDX files}. */
    String takes();

    /**
     * The splits that are wanted, all of one shape and one number of classes: the format's, or where it states none the
     * largest label of these splits and all below it.
     *
     * @throws DataException in one line that names the file, if something is missing, malformed or does not fit together
     */
    Map<Split, Dataset> read(DataFiles source, Set<Split> wanted);
}
