package dev.bulwark.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which file a name stands for. */
public final class FileNames {

    private FileNames() {
    }

    /**
     * The one name of a file, whatever symbolic links lead to it, so that what is kept beside it is found by all of them.
     * The file need not exist; of a folder that does not either, the name is {@code path}'s own.
     */
    public static Path real(Path path) throws IOException {
        Path absolute = path.toAbsolutePath();
        if (Files.exists(path)) {
            return path.toRealPath();
        }
        Path folder = absolute.getParent();
        return Files.isDirectory(folder) ? folder.toRealPath().resolve(path.getFileName()) : absolute;
    }

    /** Whether a file has several names of its own, hard links, of which none leads to the others. */
    public static boolean hasHardLinks(Path file) throws IOException {
        return file.getFileSystem().supportedFileAttributeViews().contains("unix")
                && (int) Files.getAttribute(file, "unix:nlink") > 1;
    }
}
