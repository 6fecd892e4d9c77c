package dev.bulwark.files;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Why a file can't be read or written, in words that say what to do: the JDK often gives a class name and a path. */
public final class Reason {

    /** What the operating system says, and what a user can do about it. */
    private static final Map<String, String> ADVICE = new LinkedHashMap<>();

    static {
        ADVICE.put("Too many open files", "too many open files: raise the limit with ulimit -n");
        ADVICE.put("No space left on device", "no space left on the device: free some, or write elsewhere");
        ADVICE.put("Disk quota exceeded", "the disk quota is used up: free some space, or write elsewhere");
        ADVICE.put("Read-only file system", "the file system is read-only: write elsewhere");
        ADVICE.put("File too large",
                "the file grew beyond what the file system or ulimit -f allows: write elsewhere, or raise it");
        ADVICE.put("Is a directory", "is a folder, not a file");
        ADVICE.put("Not a directory", "is not a folder");
        ADVICE.put("File name too long", "the file's name is too long: choose a shorter one");
        ADVICE.put("No locks available", "the file system can't lock files, which keeps two runs apart: write elsewhere");
        ADVICE.put("Function not implemented",
                "the file system can't lock files, which keeps two runs apart: write elsewhere");
        ADVICE.put("Permission denied", "permission denied: choose another place, or ask for access");
        ADVICE.put("No such file or directory", "no such file or folder");
    }

    private Reason() {
    }

    /** One line, which does not name the file. */
    public static String of(IOException failure) {
        if (failure instanceof AccessDeniedException) {
            return ADVICE.get("Permission denied");
        }
        if (failure instanceof NoSuchFileException) {
            return ADVICE.get("No such file or directory");
        }
        if (failure instanceof NotDirectoryException) {
            return ADVICE.get("Not a directory");
        }
        if (failure instanceof DirectoryNotEmptyException) {
            return "is a folder that is not empty";
        }
        String said = failure instanceof FileSystemException file ? file.getReason() : failure.getMessage();
        if (failure instanceof FileAlreadyExistsException && said == null) {
            return "is there already, and in the way";
        }
        if (said == null || said.isBlank()) {
            return failure.getClass().getSimpleName();
        }
        String line = said.lines().findFirst().orElse("");
        // java.io's streams put the path before, in words of their own.
        return ADVICE.entrySet().stream()
                .filter(advice -> line.equals(advice.getKey())
                        || failure instanceof FileNotFoundException && line.endsWith("(" + advice.getKey() + ")"))
                .map(Map.Entry::getValue).findFirst().orElse(line);
    }

    /** {@code failure} about {@code file}, whatever file or none it names itself. */
    public static FileSystemException at(Path file, IOException failure) {
        if (failure instanceof InUseException said) {
            return said;
        }
        FileSystemException named = new FileSystemException(file.toString(), null, of(failure));
        named.initCause(failure);
        return named;
    }
}
