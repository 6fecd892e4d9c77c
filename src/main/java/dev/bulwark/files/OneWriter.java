package dev.bulwark.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The right to write a file, which one process has at a time. The operating system takes it back when the process ends,
 * however it ends.
 *
 * <p><b>Why a file of its own</b>, {@code .NAME.lock} beside the file: a record is replaced by renaming, so its own lock
 * would stay with the old content; and a POSIX lock is lost when its process closes any descriptor of that file, which
 * reading rows that are being written does. The lock file holds the owner's process number and command, for the message
 * that others get. It is removed on closing and when the process ends in order; after {@code kill -9} it stays, hidden and
 * unlocked, until the next writer takes it over and removes it. Nothing reads hidden files as rows.
 *
 * <p><b>Removal</b> can hand a lock on a file that has no name any more to somebody who had opened it before. So whoever
 * gets the lock looks again whether the name still stands for the same file.
 *
 * <p>When the process is told to end, a writer lets the write under way finish and then writes nothing more.
 */
public final class OneWriter implements AutoCloseable {

    private static final int LONGEST_COMMAND = 200;

    /** This process's own: to open and close a lock file a second time would give the lock away. */
    private static final Map<Path, OneWriter> HELD = new HashMap<>();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(OneWriter::end, "release locks"));
    }

    private final Path target;
    private final Path file;
    private final FileChannel channel;
    /** What {@link #file} stood for when it was locked. */
    private final Object key;
    private boolean ending;

    private OneWriter(Path target, Path file, FileChannel channel, Object key) {
        this.target = target;
        this.file = file;
        this.channel = channel;
        this.key = key;
    }

    /** Something that writes. */
    public interface Work {
        void run() throws IOException;
    }

    /**
     * Takes the right to write {@code target}, which need not exist; its folder is made if need be.
     *
     * @throws InUseException      if another process, or another part of this one, has it; says which
     * @throws FileSystemException naming {@code target} if it can't be had for another reason
     */
    public static OneWriter of(Path target) throws IOException {
        synchronized (HELD) {
            try {
                Folders.makeFor(target);
                Path file = lockFile(target);
                if (HELD.containsKey(file)) {
                    throw new InUseException(target, "this process");
                }
                OneWriter writer = acquire(target, file);
                HELD.put(file, writer);
                return writer;
            } catch (IOException e) {
                throw Reason.at(target, e);
            }
        }
    }

    /** Writes. @throws FileSystemException if the folder or the lock in it is gone, and so is the right to write */
    public synchronized void write(Work work) throws IOException {
        while (ending) {
            LockSupport.park();
        }
        if (!key(file).equals(Optional.of(key))) {
            throw new FileSystemException(target.toString(), null, "its folder, or the lock " + file.getFileName()
                    + " in it, was removed during the run: what was written there may be lost; start again");
        }
        work.run();
    }

    @Override
    public synchronized void close() throws IOException {
        try {
            release();
        } finally {
            synchronized (HELD) {
                HELD.remove(file, this);
            }
        }
    }

    /** Removed while it is still locked: afterwards it may be another's. */
    private void release() throws IOException {
        if (!channel.isOpen()) {
            return;
        }
        try {
            if (key(file).equals(Optional.of(key))) {
                Files.deleteIfExists(file);
            }
        } finally {
            channel.close();
        }
    }

    private static void end() {
        List<OneWriter> held;
        synchronized (HELD) {
            held = List.copyOf(HELD.values());
        }
        held.forEach(OneWriter::abandon);
    }

    private synchronized void abandon() {
        ending = true;
        try {
            release();
        } catch (IOException e) {
            // The process ends, and the lock with it.
        }
    }

    /** One file has one lock, whatever links lead to it. */
    private static Path lockFile(Path target) throws IOException {
        Path real = FileNames.real(target);
        return real.resolveSibling("." + real.getFileName() + ".lock");
    }

    private static OneWriter acquire(Path target, Path file) throws IOException {
        while (true) {
            createIfMissing(file);
            Optional<Object> before = key(file);
            try {
                FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
                try {
                    FileLock lock = channel.tryLock();
                    if (lock == null) {
                        throw new InUseException(target, holder(channel));
                    }
                    if (before.isPresent() && before.equals(key(file))) {
                        sign(channel);
                        return new OneWriter(target, file, channel, before.get());
                    }
                    channel.close();
                } catch (IOException | RuntimeException e) {
                    channel.close();
                    throw e;
                }
            } catch (NoSuchFileException e) {
                // Its owner has just removed it.
            }
        }
    }

    private static void createIfMissing(Path file) throws IOException {
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException e) {
            // All the same who made it.
        }
    }

    private static void sign(FileChannel channel) throws IOException {
        String command = System.getProperty("sun.java.command", "").replaceFirst("^dev\\.bulwark\\.cli\\.Main\\b", "bulwark")
                .replaceAll("\\p{Cntrl}+", " ");
        String text = "process " + ProcessHandle.current().pid() + (command.isBlank() ? ""
                : " (" + command.substring(0, Math.min(LONGEST_COMMAND, command.length())) + ")");
        channel.truncate(0).write(StandardCharsets.UTF_8.encode(text));
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8 * LONGEST_COMMAND);
        channel.read(bytes, 0);
        String text = StandardCharsets.UTF_8.decode(bytes.flip()).toString().replaceAll("\\p{Cntrl}+", " ");
        return text.isBlank() ? "another process" : text;
    }

    /** Device and inode; empty where there is no such file. */
    private static Optional<Object> key(Path file) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            // Systems without inodes have no fork of a name from its file either, as long as it is open.
            return Optional.of(attributes.fileKey() == null ? file : attributes.fileKey());
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        }
    }
}
