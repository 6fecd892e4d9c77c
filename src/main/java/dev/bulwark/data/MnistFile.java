package dev.bulwark.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The four files of MNIST: what they are called, and the SHA-256 of what they hold when unpacked. Images of other data sets
 * lie under the same names; where they have four dimensions, also under {@code idx4} for {@code idx3}.
 */
enum MnistFile {
    TRAIN_IMAGES(Split.TRAIN, IdxFile.Kind.IMAGES, "train-images", "idx3-ubyte",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    TRAIN_LABELS(Split.TRAIN, IdxFile.Kind.LABELS, "train-labels", "idx1-ubyte",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    TEST_IMAGES(Split.TEST, IdxFile.Kind.IMAGES, "t10k-images", "idx3-ubyte",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    TEST_LABELS(Split.TEST, IdxFile.Kind.LABELS, "t10k-labels", "idx1-ubyte",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2");

    /** Classes of the published data. */
    static final int CLASSES = 10;

    private final Split split;
    private final IdxFile.Kind kind;
    private final String stem;
    private final String suffix;
    private final String digest;

    MnistFile(Split split, IdxFile.Kind kind, String stem, String suffix, String digest) {
        this.split = split;
        this.kind = kind;
        this.stem = stem;
        this.suffix = suffix;
        this.digest = digest;
    }

    static MnistFile of(Split split, IdxFile.Kind kind) {
        return Stream.of(values()).filter(f -> f.split == split && f.kind == kind).findFirst().orElseThrow();
    }

    /** The files of these splits, in order. @throws IllegalArgumentException if there are none */
    static List<MnistFile> of(Set<Split> wanted) {
        if (wanted.isEmpty()) {
            throw new IllegalArgumentException("wanted is empty, at least one split expected");
        }
        return Stream.of(values()).filter(file -> wanted.contains(file.split)).toList();
    }

    Split split() {
        return split;
    }

    IdxFile.Kind kind() {
        return kind;
    }

    /** SHA-256 of the published content, unpacked. */
    String digest() {
        return digest;
    }

    /** The published name: {@code train-images-idx3-ubyte}. */
    String plainName() {
        return stem + "-" + suffix;
    }

    /** The published name of the packed file, which is what mirrors serve and the cache keeps. */
    String packedName() {
        return plainName() + ".gz";
    }

    /** This file in {@code folder}, plain or packed; some unpackers write a dot for the last hyphen but one. */
    Optional<Path> in(Path folder) {
        return Stream.of(suffix, suffix.replace("idx3", "idx4")).distinct()
                .flatMap(ending -> Stream.of(stem + "-" + ending, stem + "." + ending))
                .flatMap(name -> Stream.of(name, name + ".gz"))
                .map(folder::resolve)
                .filter(Files::isRegularFile)
                .findFirst();
    }
}
