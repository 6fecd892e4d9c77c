package dev.bulwark.files;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, written as 64 lower-case hexadecimal digits: what tells data, networks and recipes apart in files. */
public final class Sha256 {

    /** Length of a digest that is stored as it is. */
    public static final int BYTES = 32;

    private Sha256() {
    }

    /** A digest of nothing yet. */
    public static MessageDigest start() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** The digits of what was added to {@code digest}. */
    public static String finish(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The digest of a text in UTF-8, as bytes. */
    public static byte[] bytes(String text) {
        return start().digest(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The same as digits. */
    public static String of(String text) {
        return HexFormat.of().formatHex(bytes(text));
    }
}
