package dev.bulwark.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.Optional;

/**
 * Standard output that remembers what went wrong: {@code System.out} does not keep the reason, and results that were lost
 * must not end in exit code 0.
 */
final class StandardOutput extends OutputStream {

    private final OutputStream target;
    private IOException failure;

    StandardOutput(OutputStream target) {
        this.target = target;
    }

    static StandardOutput ofProcess() {
        return new StandardOutput(new FileOutputStream(FileDescriptor.out));
    }

    /** Writes here, in the encoding that the terminal or the locale asks for, line by line. */
    PrintWriter writer() {
        String encoding = System.getProperty("stdout.encoding"); // from Java 19 on
        return new PrintWriter(this, true, encoding == null ? Charset.defaultCharset() : Charset.forName(encoding));
    }

    @Override
    public void write(int one) {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
        if (failure != null) {
            return;
        }
        try {
            target.write(bytes, from, length);
        } catch (IOException e) {
            failure = e;
        }
    }

    /** Why output was lost. Empty also where a reader has closed its end of a pipe: it has all that it wanted. */
    Optional<IOException> failure() {
        return Optional.ofNullable(failure).filter(e -> !"Broken pipe".equals(e.getMessage()));
    }
}
