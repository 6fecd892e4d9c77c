package dev.bulwark.data;

import java.nio.file.Path;

/**
 * Reads a pair of IDX files, plain or gzip'd (told apart by content, not by name): 28 x 28 images and labels 0 to 9.
 * It trusts nothing: each way in which a file can be malformed has its own message.
 */
public final class IdxReader {

    private IdxReader() {
    }

    /**
     * @param name what {@link Dataset#name} shall say; {@link Dataset#verified} is false
     * @throws DataException if a file is missing, unreadable or malformed, or if the two don't belong together
     */
    public static Dataset read(String name, Path images, Path labels) {
        return IdxPair.read(images, labels).named(name, false);
    }
}
