package dev.bulwark.data;

import dev.bulwark.files.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;

/** 30 training and 20 test images that stand in for the published ones. */
final class FakeMnist {

    static final int TRAIN = 30;
    static final int TEST = 20;

    private FakeMnist() {
    }

    /** What {@code file} holds, unpacked. */
    static byte[] content(MnistFile file) {
        return content(file, TRAIN, TEST);
    }

    static byte[] packed(MnistFile file) {
        return IdxBytes.gzip(content(file));
    }

    static String digest(MnistFile file) {
        MessageDigest sha256 = Sha256.start();
        sha256.update(content(file));
        return Sha256.finish(sha256);
    }

    /** A new folder of four packed files; other counts than {@link #TRAIN} and {@link #TEST} make other content. */
    static Path writeTo(Path folder, int train, int test) throws IOException {
        Files.createDirectory(folder);
        for (MnistFile file : MnistFile.values()) {
            Files.write(folder.resolve(file.packedName()), IdxBytes.gzip(content(file, train, test)));
        }
        return folder;
    }

    private static byte[] content(MnistFile file, int train, int test) {
        int count = file.split() == Split.TRAIN ? train : test;
        return file.kind() == IdxFile.Kind.IMAGES ? IdxBytes.images(count) : IdxBytes.labels(count);
    }
}
