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
 * Finds MNIST: in {@code $BULWARK_DATA}, {@code data/mnist} and the cache; else on a public mirror, from which it is
 * downloaded into the cache. Files are looked for as published, packed or not. Any folder but the cache may hold other
 * images under the same names, which are then called as the folder; the cache holds the published content only.
 */
public final class MnistLocator {

    /** Name of the published data set. */
    public static final String MNIST = IdxReader.MNIST;

    private static final List<URI> MIRRORS = List.of(
            URI.create("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            URI.create("https://storage.googleapis.com/cvdf-datasets/mnist/"));
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final List<Path> folders;
    private final Path cache;
    private final List<URI> mirrors;
    private final Duration patience;
    private final Function<MnistFile, String> digests;
    private final IdxReader reader;

    /**
     * @param folders  where to look, in order
     * @param cache    where to look last, and where downloads go
     * @param mirrors  folders to download from, in order, each ending in a slash; empty for none
     * @param patience longest wait for a mirror's next byte
     * @param digests  SHA-256 of each file's published content, unpacked
     */
    MnistLocator(List<Path> folders, Path cache, List<URI> mirrors, Duration patience, Function<MnistFile, String> digests) {
        this.folders = List.copyOf(folders);
        this.cache = cache;
        this.mirrors = List.copyOf(mirrors);
        this.patience = patience;
        this.digests = digests;
        this.reader = new IdxReader(digests);
    }

    /**
     * The usual places and mirrors.
     *
     * @param environment the process's environment, for {@code BULWARK_DATA}
     * @param home        the user's home folder
     */
    public static MnistLocator standard(Map<String, String> environment, Path home) {
        List<Path> folders = new ArrayList<>();
        Optional.ofNullable(environment.get("BULWARK_DATA")).filter(s -> !s.isBlank()).map(Path::of)
                .ifPresent(folders::add);
        folders.add(Path.of("data", "mnist"));
        Path cache = home.resolve(Path.of(".cache", "bulwark", "mnist"));
        return new MnistLocator(folders, cache, MIRRORS, PATIENCE, MnistFile::digest);
    }

    /**
     * Reads the splits that are wanted, all from the same folder.
     *
     * @throws IllegalArgumentException if nothing is wanted
     */
    public Located locate(Set<Split> wanted) {
        List<String> passedOver = new ArrayList<>();
        for (Path folder : folders) {
            try {
                return new Located.Found(folder, reader.read(folder, wanted), passedOver);
            } catch (DataException e) {
                passedOver.add(e.getMessage());
            }
        }
        try {
            return new Located.Found(cache, readPublished(IdxReader.filesIn(cache, wanted)), passedOver);
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

    private Map<MnistFile, Path> download(Set<Split> wanted) {
        Mirrors servers = new Mirrors(mirrors, CONNECT, patience);
        Map<MnistFile, Path> files = new EnumMap<>(MnistFile.class);
        for (MnistFile file : MnistFile.of(wanted)) {
            files.put(file, file.in(cache)
                    .filter(path -> isPublished(file, path))
                    .orElseGet(() -> servers.fetch(file, digests.apply(file), cache)));
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
        Map<Split, Dataset> datasets = reader.read(files);
        if (!datasets.values().stream().allMatch(Dataset::verified)) {
            throw new DataException(cache + ": the content's SHA-256 is not the published one");
        }
        return datasets;
    }
}
