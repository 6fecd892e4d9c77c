package dev.bulwark.data;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Finds MNIST: in the folder that the user names; else in {@code $BULWARK_DATA}, {@code data/mnist} and the cache; else on
 * a public mirror, from which it is downloaded into the cache.
 *
 * <p>A folder that the user names is used or refused, never replaced by another. Files are looked for as published,
 * packed or not, and every file's digest is checked, wherever it lies: content other than the published one is called
 * {@code custom}. The cache holds the published content only.
 */
public final class MnistLocator {

    /** Name of the published data set. */
    public static final String MNIST = "mnist";
    /** Name of any other content in files of the same names and format. */
    public static final String CUSTOM = "custom";

    private static final List<URI> MIRRORS = List.of(
            URI.create("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            URI.create("https://storage.googleapis.com/cvdf-datasets/mnist/"));
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Optional<Path> named;
    private final List<Path> folders;
    private final Path cache;
    private final List<URI> mirrors;
    private final Duration patience;
    private final Function<MnistFile, String> digests;

    /**
     * @param named    the only folder to look in, if present
     * @param folders  where to look, in order
     * @param cache    where to look last, and where downloads go
     * @param mirrors  folders to download from, in order, each ending in a slash; empty for none
     * @param patience longest wait for a mirror's next byte
     * @param digests  SHA-256 of each file's published content, unpacked
     */
    MnistLocator(Optional<Path> named, List<Path> folders, Path cache, List<URI> mirrors, Duration patience,
            Function<MnistFile, String> digests) {
        this.named = named;
        this.folders = List.copyOf(folders);
        this.cache = cache;
        this.mirrors = List.copyOf(mirrors);
        this.patience = patience;
        this.digests = digests;
    }

    /**
     * The usual places and mirrors.
     *
     * @param named       the folder that the user names ({@code --data}), if any
     * @param environment the process's environment, for {@code BULWARK_DATA}
     * @param home        the user's home folder
     */
    public static MnistLocator standard(Optional<Path> named, Map<String, String> environment, Path home) {
        List<Path> folders = new ArrayList<>();
        Optional.ofNullable(environment.get("BULWARK_DATA")).filter(s -> !s.isBlank()).map(Path::of)
                .ifPresent(folders::add);
        folders.add(Path.of("data", "mnist"));
        Path cache = home.resolve(Path.of(".cache", "bulwark", "mnist"));
        return new MnistLocator(named, folders, cache, MIRRORS, PATIENCE, MnistFile::digest);
    }

    /**
     * Reads the splits that are wanted, all from the same folder.
     *
     * @throws DataException            if the folder that the user names is unusable
     * @throws IllegalArgumentException if nothing is wanted
     */
    public Located locate(Set<Split> wanted) {
        if (wanted.isEmpty()) {
            throw new IllegalArgumentException("wanted is empty, at least one split expected");
        }
        if (named.isPresent()) {
            return new Located.Found(named.get(), read(filesIn(named.get(), wanted)), List.of());
        }
        List<String> passedOver = new ArrayList<>();
        for (Path folder : folders) {
            try {
                return new Located.Found(folder, read(filesIn(folder, wanted)), passedOver);
            } catch (DataException e) {
                passedOver.add(e.getMessage());
            }
        }
        try {
            return new Located.Found(cache, readPublished(filesIn(cache, wanted)), passedOver);
        } catch (DataException e) {
            passedOver.add(e.getMessage());
        }
        try {
            return new Located.Found(cache, readPublished(download(wanted)), passedOver);
        } catch (DataException e) {
            passedOver.add(e.getMessage());
            return new Located.NotFound(passedOver);
        }
    }

    private static Map<MnistFile, Path> filesIn(Path folder, Set<Split> wanted) {
        if (!Files.isDirectory(folder)) {
            throw new DataException(folder + ": no such folder");
        }
        Map<MnistFile, Path> files = new EnumMap<>(MnistFile.class);
        for (MnistFile file : MnistFile.values()) {
            if (wanted.contains(file.split())) {
                files.put(file, file.in(folder).orElseThrow(() -> new DataException(
                        folder + ": holds neither " + file.plainName() + " nor " + file.packedName())));
            }
        }
        return files;
    }

    private Map<MnistFile, Path> download(Set<Split> wanted) {
        Mirrors servers = new Mirrors(mirrors, CONNECT, patience);
        Map<MnistFile, Path> files = new EnumMap<>(MnistFile.class);
        for (MnistFile file : MnistFile.values()) {
            if (wanted.contains(file.split())) {
                files.put(file, file.in(cache)
                        .filter(path -> isPublished(file, path))
                        .orElseGet(() -> servers.fetch(file, digests.apply(file), cache)));
            }
        }
        return files;
    }

    private boolean isPublished(MnistFile file, Path path) {
        try {
            return IdxFile.read(path, file.kind()).digest().equals(digests.apply(file));
        } catch (DataException e) {
            return false;
        }
    }

    private Map<Split, Dataset> readPublished(Map<MnistFile, Path> files) {
        Map<Split, Dataset> datasets = read(files);
        if (!datasets.values().stream().allMatch(Dataset::verified)) {
            throw new DataException(cache + ": the content's SHA-256 is not the published one");
        }
        return datasets;
    }

    /** One foreign file makes all of them custom: a test set says nothing about training images of another origin. */
    private Map<Split, Dataset> read(Map<MnistFile, Path> files) {
        Map<Split, IdxPair> pairs = new EnumMap<>(Split.class);
        boolean published = true;
        for (Split split : Split.values()) {
            MnistFile images = MnistFile.of(split, IdxFile.Kind.IMAGES);
            MnistFile labels = MnistFile.of(split, IdxFile.Kind.LABELS);
            if (files.containsKey(images)) {
                IdxPair pair = IdxPair.read(files.get(images), files.get(labels));
                published &= pair.images().digest().equals(digests.apply(images))
                        && pair.labels().digest().equals(digests.apply(labels));
                pairs.put(split, pair);
            }
        }
        Map<Split, Dataset> datasets = new EnumMap<>(Split.class);
        for (Map.Entry<Split, IdxPair> entry : pairs.entrySet()) {
            datasets.put(entry.getKey(), entry.getValue().named(published ? MNIST : CUSTOM, published));
        }
        return datasets;
    }
}
