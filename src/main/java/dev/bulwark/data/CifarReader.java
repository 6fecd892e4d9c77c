package dev.bulwark.data;

import dev.bulwark.files.Reason;
import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Reads the folders of the binary versions of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of an image's label, a byte,
 * or of CIFAR-100 the coarse and the fine one, and the image, {@code [3,32,32]}. The label of CIFAR-100 is the fine one.
 */
final class CifarReader implements DatasetReader {

    private static final ImageShape SHAPE = new ImageShape(3, 32, 32);

    /** The two data sets. */
    private enum Version {
        CIFAR_10(10, 1, "test_batch.bin", IntStream.rangeClosed(1, 5).mapToObj(k -> "data_batch_" + k + ".bin").toList()),
        CIFAR_100(100, 2, "test.bin", List.of("train.bin"));

        private final int classes;
        private final int labels;
        private final String test;
        private final List<String> training;

        /** @param labels bytes in front of an image, of which the last one is its label */
        Version(int classes, int labels, String test, List<String> training) {
            this.classes = classes;
            this.labels = labels;
            this.test = test;
            this.training = training;
        }

        private List<String> files(Split split) {
            return split == Split.TEST ? List.of(test) : training;
        }

        private boolean isIn(Path folder) {
            return Files.exists(folder.resolve(test)) || Files.exists(folder.resolve(training.get(0)));
        }
    }

    @Override
    public boolean recognises(Path source) {
        return Files.isDirectory(source) && List.of(Version.values()).stream().anyMatch(version -> version.isIn(source));
    }

    @Override
    public String takes() {
        return "a folder of CIFAR's binary files";
    }

    @Override
    public Map<Split, Dataset> read(DataFiles source, Set<Split> wanted) {
        Path folder = source.images();
        Version version = Version.CIFAR_10.isIn(folder) ? Version.CIFAR_10 : Version.CIFAR_100;
        Map<Split, Dataset> datasets = new EnumMap<>(Split.class);
        wanted.forEach(split -> datasets.put(split, read(folder, version, version.files(split))));
        return datasets;
    }

    private static Dataset read(Path folder, Version version, List<String> names) {
        int record = version.labels + SHAPE.size();
        List<byte[]> contents = names.stream().map(name -> content(folder.resolve(name), record)).toList();
        long images = contents.stream().mapToLong(content -> content.length / record).sum();
        if (images * SHAPE.size() > IdxFile.MOST_BYTES) {
            throw new DataException(folder + ": holds " + images + " images, more than the " + IdxFile.MOST_BYTES
                    + " bytes that can be held");
        }
        byte[] pixels = new byte[(int) images * SHAPE.size()];
        byte[] labels = new byte[(int) images];
        int image = 0;
        for (int file = 0; file < names.size(); ++file) {
            byte[] content = contents.get(file);
            for (int from = 0; from < content.length; from += record) {
                byte label = content[from + version.labels - 1];
                if (Byte.toUnsignedInt(label) >= version.classes) {
                    throw new DataException(folder.resolve(names.get(file)) + ": the label of image " + from / record + " is "
                            + Byte.toUnsignedInt(label) + ", 0 to " + (version.classes - 1) + " expected");
                }
                labels[image] = label;
                System.arraycopy(content, from + version.labels, pixels, image * SHAPE.size(), SHAPE.size());
                ++image;
            }
        }
        return new Dataset(Dataset.Origin.of(folder, List.of()), SHAPE, version.classes, pixels, labels);
    }

    private static byte[] content(Path file, int record) {
        if (!Files.isRegularFile(file)) {
            throw new DataException(file + ": no such file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            long size = Files.size(file);
            if (size == 0 || size % record != 0 || size > IdxFile.MOST_BYTES) {
                throw new DataException(file + ": has " + size + " bytes, which are not whole images of " + record
                        + " bytes each; the file is cut off, or another one");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new DataException(file + ": cannot be read (" + Reason.of(e) + ")", e);
        }
    }
}
