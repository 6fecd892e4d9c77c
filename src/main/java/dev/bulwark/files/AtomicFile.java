package dev.bulwark.files;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Files that are replaced whole or not at all: written to a hidden draft beside, forced to the disk, renamed. A reader sees
 * the old content or the new; a failure leaves the old, and no draft. Only a process killed on the way leaves its draft,
 * {@code .NAME.PID.tmp}, which nothing reads, until {@link #deleteLeftDrafts} removes it.
 *
 * <p>Drafts are not {@code Files.createTempFile}'s, which only their owner may read: a file has the mode that the user's
 * umask gives to all others.
 */
public final class AtomicFile {

    private static final int BUFFER = 1 << 16;
    private static final Pattern DRAFT = Pattern.compile("\\.(.+)\\.(\\d{1,18})(?:-\\d+)?\\.tmp");

    private AtomicFile() {
    }

    /** Writes a file's content. */
    public interface Content {
        void writeTo(OutputStream stream) throws IOException;
    }

    /** As {@link #replace(Path, Content)} with bytes that are at hand. */
    public static void replace(Path target, byte[] content) throws IOException {
        replace(target, stream -> stream.write(content));
    }

    /**
     * Gives {@code target}, whose folder is made if need be, new content.
     *
     * @throws java.nio.file.FileSystemException naming {@code target}
     */
    public static void replace(Path target, Content content) throws IOException {
        try {
            Folders.makeFor(target);
            Path draft = newDraft(target);
            try {
                write(draft, content);
                Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (Throwable e) {
                delete(draft); // but not once it is moved: the name may be another thread's by now
                throw e;
            }
        } catch (IOException e) {
            throw Reason.at(target, e);
        }
    }

    /** Gives a file that grew beside {@code target}, and is forced to the disk, its name. */
    public static void take(Path grown, Path target) throws IOException {
        Files.move(grown, target, StandardCopyOption.ATOMIC_MOVE);
    }

    /** An empty file of a name that no other process and no other thread writes to. */
    private static Path newDraft(Path target) throws IOException {
        for (int k = 0; ; ++k) {
            Path draft = target.resolveSibling("." + target.getFileName() + "." + ProcessHandle.current().pid()
                    + (k == 0 ? "" : "-" + k) + ".tmp");
            try {
                return Files.createFile(draft);
            } catch (FileAlreadyExistsException e) {
                // Another thread's, or left by a killed process that had this number.
            }
        }
    }

    /**
     * Deletes the drafts in a folder that killed processes left, before this process writes there itself.
     *
     * @param names of the files whose drafts are meant
     */
    public static void deleteLeftDrafts(Path folder, Predicate<String> names) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(file -> isLeft(DRAFT.matcher(file.getFileName().toString()), names)).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static boolean isLeft(Matcher draft, Predicate<String> names) {
        if (!draft.matches() || !names.test(draft.group(1))) {
            return false;
        }
        long writer = Long.parseLong(draft.group(2));
        return writer == ProcessHandle.current().pid() || ProcessHandle.of(writer).isEmpty();
    }

    private static void write(Path draft, Content content) throws IOException {
        try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE);
             OutputStream stream = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER)) {
            content.writeTo(stream);
            stream.flush();
            channel.force(true);
        }
    }

    private static void delete(Path draft) {
        try {
            Files.deleteIfExists(draft);
        } catch (IOException e) {
            // The failure that made it necessary is on its way up.
        }
    }
}
