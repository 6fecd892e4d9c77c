package dev.bulwark.archsamples.results;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Depends on reports, which are above it, and takes digests itself. */
public final class Sample {
    dev.bulwark.archsamples.report.Sample above;

    byte[] digest(byte[] content) throws NoSuchAlgorithmException {
        return MessageDigest.getInstance("SHA-256").digest(content);
    }
}
