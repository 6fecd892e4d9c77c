package dev.bulwark.data;

import dev.bulwark.files.Reason;
import dev.bulwark.shapes.ImageShape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Reads a folder of PNG files, one subfolder a class, in the order of their names; the images to train on and those to test
 * on lie in {@code train} and {@code test}, or there are only the latter. Files in no subfolder have no labels. All are of
 * one size, grey or RGB.
 */
final class PngReader implements DatasetReader {

    private static final int MOST_CLASSES = 256;
    /** A split's folder, a class's, a file. */
    private static final int DEPTH = 3;

    @Override
    public boolean recognises(Path source) {
        if (!Files.isDirectory(source) || Stream.of(MnistFile.values()).anyMatch(file -> file.in(source).isPresent())) {
            return false;
        }
        try (Stream<Path> files = Files.find(source, DEPTH, (path, attributes) -> isPng(path),
                FileVisitOption.FOLLOW_LINKS)) {
            return files.findFirst().isPresent();
        } catch (IOException | UncheckedIOException e) {
            return false; // what can't be listed is named by whoever reads it
        }
    }

    @Override
    public String takes() {
        return "a folder of PNG files, one subfolder a class";
    }

    @Override
    public Map<Split, Dataset> read(DataFiles source, Set<Split> wanted) {
        Path root = source.images();
        Map<Split, Dataset> datasets = new EnumMap<>(Split.class);
        wanted.forEach(split -> datasets.put(split, read(folder(root, split), root)));
        if (datasets.size() == Split.values().length) {
            requireAlike(root, datasets.get(Split.TEST), datasets.get(Split.TRAIN));
        }
        return datasets;
    }

    private static void requireAlike(Path root, Dataset test, Dataset training) {
        if (!test.shape().equals(training.shape()) || !test.classNames().equals(training.classNames())) {
            throw new DataException(root + ": the images to test are " + test.shape() + " of classes " + test.classNames()
                    + ", those to train on are " + training.shape() + " of " + training.classNames());
        }
    }

    private static Path folder(Path root, Split split) {
        Path own = root.resolve(split.name().toLowerCase(Locale.ROOT));
        if (Files.isDirectory(own) && !folders(own).isEmpty()) {
            return own;
        }
        if (split == Split.TRAIN) {
            throw new DataException(root + ": holds no folder train, which itself holds a folder for each class");
        }
        return root;
    }

    private static Dataset read(Path root, Path source) {
        List<Path> classes = folders(root);
        boolean unlabelled = classes.isEmpty() && visible(root).stream().anyMatch(PngReader::isPng);
        if (unlabelled) {
            classes = List.of(root);
        }
        if (classes.isEmpty() || classes.size() > MOST_CLASSES) {
            throw new DataException(root + ": holds " + classes.size() + " folders, one for each class, 1 to " + MOST_CLASSES
                    + " expected");
        }
        List<String> names = classes.stream().map(folder -> folder.getFileName().toString()).toList();
        ByteArrayOutputStream pixels = new ByteArrayOutputStream();
        ByteArrayOutputStream labels = new ByteArrayOutputStream();
        PngImage first = null;
        for (int label = 0; label < classes.size(); ++label) {
            for (Path file : images(classes.get(label))) {
                PngImage image = PngImage.read(file);
                first = first == null ? image : first;
                if (!image.shape().equals(first.shape())) {
                    throw new DataException(file + ": is " + image.shape() + ", " + first.file() + " is " + first.shape()
                            + ": all images must be of one size, all grey or all RGB");
                }
                if ((long) pixels.size() + image.pixels().length > IdxFile.MOST_BYTES || labels.size() == IdxFile.MAX_COUNT) {
                    throw new DataException(root + ": holds more images than can be held, " + labels.size() + " of "
                            + image.shape());
                }
                pixels.writeBytes(image.pixels());
                labels.write(label);
            }
        }
        if (first == null) {
            throw new DataException(root + ": the folders in it hold no PNG files");
        }
        if (unlabelled) {
            return Dataset.unlabelled(Dataset.Origin.of(source, List.of()), first.shape(), new Pixels.Bytes(pixels.toByteArray()));
        }
        return new Dataset(Dataset.Origin.of(source, names), first.shape(), names.size(),
                pixels.toByteArray(), labels.toByteArray());
    }

    /** PNG files, by name; anything else but hidden files is refused, for it would be left out unseen. */
    private static List<Path> images(Path folder) {
        List<Path> files = visible(folder);
        for (Path file : files) {
            if (Files.isDirectory(file) || !isPng(file)) {
                throw new DataException(file + ": is not a PNG file, which are all that a class's folder may hold");
            }
        }
        return files;
    }

    private static boolean isPng(Path file) {
        return file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".png");
    }

    private static List<Path> folders(Path folder) {
        return visible(folder).stream().filter(Files::isDirectory).toList();
    }

    private static List<Path> visible(Path folder) {
        try (Stream<Path> content = Files.list(folder)) {
            Map<String, Path> sorted = new TreeMap<>();
            content.filter(path -> !path.getFileName().toString().startsWith("."))
                    .forEach(path -> sorted.put(path.getFileName().toString(), path));
            return new ArrayList<>(sorted.values());
        } catch (IOException e) {
            throw new DataException(folder + ": cannot be read (" + Reason.of(e) + ")", e);
        }
    }
}
