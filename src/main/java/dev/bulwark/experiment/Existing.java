package dev.bulwark.experiment;

import dev.bulwark.report.Row;
import dev.bulwark.report.RowFile;
import dev.bulwark.report.RowFormat;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;

/** What to do with rows that an output already holds. */
public enum Existing {

    /** Leave them alone and stop. */
    REFUSE,
    /** Keep them and go on behind them. */
    RESUME,
    /** Throw them away. */
    REPLACE;

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
                    throw new ExperimentException(
                            path + " already holds rows: go on with --resume, or throw them away with --overwrite");
                }
        }
    }
}
