package dev.bulwark.files;

import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** Another run is writing there. */
public final class InUseException extends FileSystemException {

    private static final long serialVersionUID = 1L;

    /** @param holder who is writing */
    InUseException(Path target, String holder) {
        super(target.toString(), null, holder + " is writing there: wait until it ends, or name another place");
    }
}
