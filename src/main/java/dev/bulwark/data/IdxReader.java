package dev.bulwark.data;

import dev.bulwark.shapes.ImageShape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Reads a folder of IDX files that are called as MNIST's, plain or gzip'd (told apart by content, not by name): images of
 * any one shape and labels 0 to 255. It trusts nothing: each way in which a file can be malformed has its own message.
 *
 * <p>Every file's digest is checked: content that is the published MNIST is called so, any other what its folder is called.
 */
final class IdxReader implements DatasetReader {

    /** Name of the published data set. */
    static final String MNIST = "mnist";

    private final Function<MnistFile, String> published;

    /** @param published SHA-256 of each file's published content, unpacked */
    IdxReader(Function<MnistFile, String> published) {
        this.published = published;
    }

    static IdxReader standard() {
        return new IdxReader(MnistFile::digest);
    }

    @Override
    public boolean recognises(Path source) {
        return Files.isDirectory(source);
    }

    @Override
    public String takes() {
        return "a folder of IDX files";
    }

    @Override
    public Map<Split, Dataset> read(DataFiles source, Set<Split> wanted) {
        return read(source.images(), wanted);
    }

    /** As {@link #read(DataFiles, Set)}, of a folder. */
    Map<Split, Dataset> read(Path folder, Set<Split> wanted) {
        return read(filesIn(folder, wanted));
    }

    /** Where each file of these splits lies. @throws DataException if one is missing */
    static Map<MnistFile, Path> filesIn(Path folder, Set<Split> wanted) {
        if (!Files.isDirectory(folder)) {
            throw new DataException(folder + ": no such folder");
        }
        Map<MnistFile, Path> files = new EnumMap<>(MnistFile.class);
        for (MnistFile file : MnistFile.of(wanted)) {
            files.put(file, file.in(folder).orElseThrow(() -> new DataException(
                    folder + ": holds neither " + file.plainName() + " nor " + file.packedName())));
        }
        return files;
    }

    /**
     * The splits in these files. One foreign file makes all of them other: a test set says nothing about training images
     * of another origin.
     *
     * @throws DataException if a file is unusable, or the splits differ in shape
     */
    Map<Split, Dataset> read(Map<MnistFile, Path> files) {
        Map<Split, IdxPair> pairs = new EnumMap<>(Split.class);
        boolean all = true;
        for (Split split : Split.values()) {
            MnistFile images = MnistFile.of(split, IdxFile.Kind.IMAGES);
            MnistFile labels = MnistFile.of(split, IdxFile.Kind.LABELS);
            if (files.containsKey(images)) {
                IdxPair pair = IdxPair.read(files.get(images), files.get(labels));
                all &= pair.images().digest().equals(published.apply(images))
                        && pair.labels().digest().equals(published.apply(labels));
                pairs.put(split, pair);
            }
        }
        requireOneShape(files, pairs);
        int classes = all ? MnistFile.CLASSES : pairs.values().stream().mapToInt(IdxPair::classes).max().orElseThrow();
        Dataset.Origin origin = all ? new Dataset.Origin(MNIST, true)
                : Dataset.Origin.of(files.values().iterator().next().toAbsolutePath().getParent(), List.of());
        Map<Split, Dataset> datasets = new EnumMap<>(Split.class);
        pairs.forEach((split, pair) -> datasets.put(split, pair.named(origin, classes)));
        return datasets;
    }

    private static void requireOneShape(Map<MnistFile, Path> files, Map<Split, IdxPair> pairs) {
        if (pairs.size() == Split.values().length) {
            ImageShape training = pairs.get(Split.TRAIN).images().shape();
            ImageShape test = pairs.get(Split.TEST).images().shape();
            if (!training.equals(test)) {
                throw new DataException(files.get(MnistFile.TEST_IMAGES) + ": the images are " + test
                        + ", those to train on in " + files.get(MnistFile.TRAIN_IMAGES) + " are " + training);
            }
        }
    }
}
