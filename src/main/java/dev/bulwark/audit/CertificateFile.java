package dev.bulwark.audit;

import dev.bulwark.files.GzipContent;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The lines of a file of certificates, plain or gzip, one after the other. */
public final class CertificateFile implements AutoCloseable {

    /** No certificate is longer. */
    private static final int LONGEST = 1 << 29;

    private final Path path;
    private final InputStream content;
    private int number;

    /** @throws IOException if it can't be read */
    public CertificateFile(Path path) throws IOException {
        this.path = path;
        BufferedInputStream file = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
        file.mark(2);
        boolean packed = file.read() == 0x1F && file.read() == 0x8B;
        file.reset();
        this.content = packed ? new BufferedInputStream(new GzipContent(file), 1 << 16) : file;
    }

    /**
     * The next line, without its end; empty at the end of the file.
     *
     * @throws AuditException if the file ends within it
     */
    public Optional<String> next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        ++number;
        try {
            for (int next = content.read(); next >= 0; next = content.read()) {
                if (next == '\n') {
                    return Optional.of(line.toString(StandardCharsets.UTF_8));
                }
                if (line.size() == LONGEST) {
                    throw new AuditException(path + ": line " + number + " is longer than any certificate");
                }
                line.write(next);
            }
        } catch (EOFException e) {
            throw cutOff();
        }
        if (line.size() > 0) {
            throw cutOff();
        }
        return Optional.empty();
    }

    private AuditException cutOff() {
        return new AuditException(path + ": it is cut off in line " + number + ": what follows is missing");
    }

    /** Of the last line, from 1. */
    public int number() {
        return number;
    }

    @Override
    public void close() throws IOException {
        content.close();
    }
}
