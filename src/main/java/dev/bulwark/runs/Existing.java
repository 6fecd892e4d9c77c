package dev.bulwark.runs;

import dev.bulwark.files.FileNames;
import dev.bulwark.results.Row;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.RowFormat;
import dev.bulwark.settings.Setting;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What to do with rows that an output already holds. */
public enum Existing {

    /** Leave them alone and stop. */
    REFUSE,
    /** Keep them and go on behind them. */
    RESUME,
    /** Throw them away. */
    REPLACE;

    /**
     * What must hold of a path before rows go there; to be asked before anything is read, computed or written.
     *
     * @throws ExperimentException if it names a folder or a file of another kind, or holds rows that must not be touched
     */
    public void requireUsable(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw new ExperimentException(path + " is a folder: name a file for the rows");
        }
        if (!Files.exists(path)) {
            return;
        }
        if (!Files.isRegularFile(path) || this != RESUME && !RowFile.mayBeReplaced(path)) {
            throw new ExperimentException(path + " is not a file of rows: it stays as it is, so name another");
        }
        if (FileNames.hasHardLinks(path)) {
            throw new ExperimentException(path + " has other names, hard links, under which another run could write it: "
                    + "copy it and name the copy");
        }
        if (this == REFUSE && RowFile.holdsRows(path)) {
            throw holdsRows(path);
        }
    }

    /** Opens a file of rows. @throws ExperimentException if it holds rows that must not be touched */
    public <T extends Row> RowFile<T> open(Path path, RowFormat<T> format) throws IOException {
        switch (this) {
            case RESUME:
                return RowFile.resume(path, format);
            case REPLACE:
                return RowFile.replace(path, format);
            default:
                try {
                    return RowFile.create(path, format);
                } catch (FileAlreadyExistsException e) {
                    throw holdsRows(path);
                }
        }
    }

    private static ExperimentException holdsRows(Path path) {
        return new ExperimentException(path + " already holds rows: go on with ", Setting.RESUME,
                ", or throw them away with ", Setting.OVERWRITE);
    }
}
