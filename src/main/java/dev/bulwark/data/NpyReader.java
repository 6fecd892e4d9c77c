package dev.bulwark.data;

import dev.bulwark.files.Reason;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Reads NumPy's files, told by how they start: {@code .npz}, an archive of images and labels, or {@code .npy}, the images
 * alone, with the labels in a file of their own.
 */
final class NpyReader implements DatasetReader {

    private static final byte[] ZIP = {'P', 'K', 3, 4};

    /** Names under which an archive keeps images and labels. */
    private record Names(String images, String labels) {

        @Override
        public String toString() {
            return images + " and " + labels;
        }
    }

    private static final List<Names> TRAINING = List.of(new Names("x_train", "y_train"));
    private static final List<Names> TEST = List.of(new Names("x_test", "y_test"), new Names("images", "labels"),
            new Names("x", "y"));

    @Override
    public boolean recognises(Path source) {
        return startsWith(source, ZIP) || startsWith(source, NpyArray.MAGIC);
    }

    /** An archive may have its labels in it. */
    @Override
    public boolean takesLabels(Path source) {
        if (startsWith(source, NpyArray.MAGIC)) {
            return true;
        }
        try (ZipFile archive = new ZipFile(source.toFile())) {
            return Stream.of(TRAINING, TEST).flatMap(List::stream).allMatch(names -> entry(archive, names.labels) == null);
        } catch (IOException e) {
            return true; // reading it says what is wrong
        }
    }

    private static boolean startsWith(Path source, byte[] magic) {
        if (!Files.isRegularFile(source)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(source)) {
            return Arrays.equals(in.readNBytes(magic.length), magic);
        } catch (IOException e) {
            throw new DataException(source + ": cannot be read (" + Reason.of(e) + ")", e);
        }
    }

    @Override
    public String takes() {
        return "an .npz or .npy file of NumPy's";
    }

    @Override
    public Map<Split, Dataset> read(DataFiles source, Set<Split> wanted) {
        Map<Split, Dataset> datasets = new EnumMap<>(Split.class);
        if (startsWith(source.images(), NpyArray.MAGIC)) {
            if (wanted.contains(Split.TRAIN)) {
                throw new DataException(source.images() + ": holds one set of images; to train, name an .npz file of x_train, "
                        + "y_train, x_test and y_test, or a folder");
            }
            NpyArray images = array(source.images());
            datasets.put(Split.TEST, source.labels().map(labels -> NpyImages.dataset(images, array(labels), source))
                    .orElseGet(() -> NpyImages.dataset(images, source)));
            return datasets;
        }
        if (source.labels().isPresent() && wanted.contains(Split.TRAIN)) {
            throw new DataException(source.images() + ": " + source.labels().get() + " can hold the labels of one set of images: to "
                    + "train, store y_train and y_test in the .npz file");
        }
        try (ZipFile archive = new ZipFile(source.images().toFile())) {
            for (Split split : wanted) {
                datasets.put(split, dataset(archive, split, source));
            }
        } catch (ZipException e) {
            throw new DataException(source.images() + ": the archive is cut off or corrupt (" + Reason.of(e) + ")", e);
        } catch (IOException e) {
            throw new DataException(source.images() + ": cannot be read (" + Reason.of(e) + ")", e);
        }
        return alike(source.images(), datasets);
    }

    private static NpyArray array(Path file) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return NpyArray.read(in, file.toString(), Files.size(file));
        } catch (IOException e) {
            throw new DataException(file + ": cannot be read (" + Reason.of(e) + ")", e);
        }
    }

    private static Dataset dataset(ZipFile archive, Split split, DataFiles source) throws IOException {
        List<Names> known = split == Split.TRAIN ? TRAINING : TEST;
        boolean labels = known.stream().anyMatch(names -> entry(archive, names.labels) != null);
        List<Names> alone = known.stream().filter(names -> entry(archive, names.images) != null).toList();
        if (!labels && alone.size() == 1) {
            NpyArray images = array(archive, alone.get(0).images);
            return source.labels().map(apart -> NpyImages.dataset(images, array(apart), source))
                    .orElseGet(() -> NpyImages.dataset(images, source));
        }
        Names names = names(archive, known);
        return NpyImages.dataset(array(archive, names.images), array(archive, names.labels), source);
    }

    private static Names names(ZipFile archive, List<Names> known) {
        List<Names> held = known.stream()
                .filter(names -> entry(archive, names.images) != null && entry(archive, names.labels) != null).toList();
        if (held.size() != 1) {
            throw new DataException(archive.getName() + ": holds " + (held.isEmpty() ? "no " : "more than one of ")
                    + (held.isEmpty() ? known : held).stream().map(Names::toString).collect(Collectors.joining(held.isEmpty()
                    ? ", nor " : ", ")) + (held.isEmpty() ? "" : ": keep one"));
        }
        return held.get(0);
    }

    private static ZipEntry entry(ZipFile archive, String name) {
        return archive.getEntry(name + ".npy");
    }

    private static NpyArray array(ZipFile archive, String name) throws IOException {
        ZipEntry entry = entry(archive, name);
        String source = archive.getName() + ", " + entry.getName();
        try (CheckedInputStream in = new CheckedInputStream(new BufferedInputStream(archive.getInputStream(entry)), new CRC32())) {
            NpyArray array = NpyArray.read(in, source, entry.getSize());
            if (in.getChecksum().getValue() != entry.getCrc()) {
                throw new DataException(source + ": the archive is corrupt: its checksum is wrong");
            }
            return array;
        } catch (ZipException | EOFException e) {
            throw new DataException(source + ": the archive is cut off or corrupt (" + Reason.of(e) + ")", e);
        }
    }

    /** The splits with as many classes as the largest label of both says. */
    private static Map<Split, Dataset> alike(Path source, Map<Split, Dataset> datasets) {
        Map<Split, Dataset> alike = new EnumMap<>(Split.class);
        int classes = datasets.values().stream().mapToInt(Dataset::classes).max().orElseThrow();
        Dataset one = datasets.values().iterator().next();
        datasets.forEach((split, data) -> {
            if (!data.shape().equals(one.shape())) {
                throw new DataException(source + ": the images to test are " + data.shape() + ", those to train on are "
                        + one.shape());
            }
            alike.put(split, data.ofClasses(classes));
        });
        return alike;
    }
}
