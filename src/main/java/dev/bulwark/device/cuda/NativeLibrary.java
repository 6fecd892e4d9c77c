package dev.bulwark.device.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import jcuda.JCudaVersion;
import jcuda.LibUtils;

/**
 * JCuda's native libraries, loaded from a folder that only this user can write.
 *
 * <p>JCuda itself unpacks a library to a fixed name in the temporary folder and takes whatever file has that name already:
 * one that was cut short ends the JVM, and another user can put a library of his own there. Here each library goes to
 * {@code $XDG_CACHE_HOME/bulwark/natives/SHA-256} ({@code ~/.cache} by default), and into use only where every byte is that
 * of the jar; where that folder can't be had, to a new private one among the temporary files.
 */
final class NativeLibrary {

    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rwx------");
    /** JCuda reads it each time that it unpacks something. */
    private static final String TEMPORARY_FOLDER = "java.io.tmpdir";
    /** The dynamic linker's words where a folder's file system allows no execution. */
    private static final String NOT_EXECUTABLE = "failed to map segment";

    private final String file;
    private final byte[] content;

    /** @param name as in {@code JCudaDriver} */
    private NativeLibrary(String name) throws IOException {
        file = LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName(name + "-" + JCudaVersion.get()));
        try (InputStream in = NativeLibrary.class.getResourceAsStream("/lib/" + file)) {
            if (in == null) {
                throw new IOException("no jar has lib/" + file);
            }
            content = in.readAllBytes();
        }
    }

    /**
     * Loads JCuda's library of this name, and the class of JCuda's that binds it.
     *
     * @param name    as in {@code JCudaDriver}
     * @param binding the class's name
     * @throws UnsatisfiedLinkError if it does not load; the message is the dynamic linker's
     */
    static synchronized void load(String name, String binding) {
        try {
            NativeLibrary library = new NativeLibrary(name);
            if (!library.loadFromCache(binding)) {
                library.loadFromTemporaryFiles(binding);
            }
        } catch (IOException e) {
            throw new UnsatisfiedLinkError("JCuda's library " + name + " can't be unpacked: " + e.getMessage());
        }
    }

    /** False where this user has no cache that programs can be run from. */
    private boolean loadFromCache(String binding) {
        try {
            Path folder = cache(System.getenv(), Path.of(System.getProperty("user.home"))).resolve(digest(content));
            load(unpack(privateFolder(folder), file, content), binding);
            return true;
        } catch (IOException e) {
            return false;
        } catch (UnsatisfiedLinkError e) {
            if (e.getMessage().contains(NOT_EXECUTABLE)) {
                return false;
            }
            throw e;
        }
    }

    private void loadFromTemporaryFiles(String binding) throws IOException {
        Path folder = Files.createTempDirectory("bulwark-natives"); // for this user alone
        Path library = unpack(folder, file, content);
        try {
            load(library, binding);
        } finally { // what is loaded stays mapped
            Files.delete(library);
            Files.delete(folder);
        }
    }

    /**
     * Loads the file, for its message in case of failure, and then has JCuda find it: JCuda's class loads it again, from
     * what it takes for the temporary folder, which the JVM grants at once.
     */
    private static void load(Path library, String binding) {
        try {
            System.load(library.toString());
        } catch (UnsatisfiedLinkError e) {
            String message = String.valueOf(e.getMessage());
            throw new UnsatisfiedLinkError(message.startsWith(library + ": ") // the linker's cause comes after it
                    ? message.substring(library.toString().length() + 2) : message);
        }
        String before = System.setProperty(TEMPORARY_FOLDER, library.getParent().toString());
        try {
            Class.forName(binding);
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException(e);
        } finally {
            System.setProperty(TEMPORARY_FOLDER, before);
        }
    }

    /** Where a user's unpacked libraries are; each in a folder of its digest. */
    static Path cache(Map<String, String> environment, Path home) {
        String named = environment.getOrDefault("XDG_CACHE_HOME", "");
        Path caches = Path.of(named).isAbsolute() ? Path.of(named) : home.resolve(".cache");
        return caches.resolve("bulwark").resolve("natives").toAbsolutePath();
    }

    /**
     * Makes the folder if there is none.
     *
     * @throws IOException if it can't be made, is another user's, or others can write it
     */
    static Path privateFolder(Path folder) throws IOException {
        Files.createDirectories(folder.getParent());
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            try {
                Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(PRIVATE));
            } catch (FileAlreadyExistsException e) {
                // Another process was quicker; what it made is checked like any other.
            }
        }
        boolean own = Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
                && Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(Path.of("/proc/self")));
        if (!own || !PRIVATE.containsAll(Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS))) {
            throw new FileSystemException(folder.toString(), null, "not a folder of this user's alone");
        }
        return folder;
    }

    /** The file with exactly this content: the one that is there already, or a new one in its place. */
    static Path unpack(Path folder, String name, byte[] content) throws IOException {
        Path file = folder.resolve(name);
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) == content.length
                && Arrays.equals(Files.readAllBytes(file), content)) {
            return file;
        }
        Path draft = Files.createTempFile(folder, name, null);
        try {
            Files.write(draft, content);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
        return file;
    }

    private static String digest(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
