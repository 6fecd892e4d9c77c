package dev.bulwark.runs;

import dev.bulwark.data.DataException;
import dev.bulwark.data.DataFiles;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.DatasetReaders;
import dev.bulwark.data.Digits;
import dev.bulwark.data.Located;
import dev.bulwark.data.MnistLocator;
import dev.bulwark.data.Split;
import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import dev.bulwark.shapes.ImageShape;
import java.lang.ref.SoftReference;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Where images come from, and what to do where MNIST can't be had. */
public final class DataSource {

    /** The generated data set is one fixed data set, whatever the seed of the run. */
    private static final long DIGITS_SEED = 0;

    /** Whole splits of generated images, for the next run of this process, as long as there is memory for them. */
    private static final Map<Split, SoftReference<Dataset>> GENERATED = new EnumMap<>(Split.class);

    /** What a record says of labels that are the network's own predictions. */
    private static final String PREDICTIONS = "predictions";

    private final Optional<Located.Found> located;
    private final List<String> reasons;

    private DataSource(Optional<Located.Found> located, List<String> reasons) {
        this.located = located;
        this.reasons = reasons;
    }

    /** What the user names, never replaced by other images, else MNIST. @throws DataException where there is none */
    public static DataSource mnist(Optional<DataFiles> named, Set<Split> wanted) {
        DataSource source = mnistOrDigits(named, wanted);
        if (source.located.isEmpty()) {
            throw new DataException(Message.of("no MNIST: " + String.join("; ", source.reasons) + "; name a folder",
                    Setting.DATA.with(), ", or use ", Setting.DATASET, " digits"));
        }
        return source;
    }

    /**
     * What the user names, else MNIST, else digits with the reasons why.
     *
     * @throws DataException if what is named is unusable
     */
    public static DataSource mnistOrDigits(Optional<DataFiles> named, Set<Split> wanted) {
        if (named.isPresent()) {
            Map<Split, Dataset> splits = DatasetReaders.read(named.get(), wanted);
            return new DataSource(Optional.of(new Located.Found(named.get().images(), splits, List.of())), List.of());
        }
        Located found = MnistLocator.standard(System.getenv(), Path.of(System.getProperty("user.home"))).locate(wanted);
        if (found instanceof Located.NotFound none) {
            return new DataSource(Optional.empty(), none.reasons());
        }
        return new DataSource(Optional.of((Located.Found) found), List.of());
    }

    /** The generated data set. */
    public static DataSource digits() {
        return new DataSource(Optional.empty(), List.of());
    }

    /** Whether these are generated images because MNIST was found nowhere. */
    public boolean fellBack() {
        return located.isEmpty() && !reasons.isEmpty();
    }

    /** Why each place was no use, where {@link #fellBack}. */
    public List<String> reasons() {
        return reasons;
    }

    /** This, where all images have labels. @throws DataException otherwise */
    public DataSource labelled() {
        located.ifPresent(found -> found.datasets().forEach((split, data) -> {
            if (!data.labelled()) {
                throw new DataException(Message.of(found.folder() + ": holds no labels, and this needs them: name an .npz file "
                        + "with labels, a folder of PNG files with one subfolder a class, or labels of an .npy or .npz file",
                        Setting.LABELS.with("F.npy")));
            }
        }));
        return this;
    }

    /** Whether {@link #dataset} hands out generated images. */
    public boolean generated() {
        return located.isEmpty();
    }

    /** Whether these are the published images of MNIST. */
    public boolean isMnist() {
        return located.isPresent() && located.get().datasets().values().stream()
                .allMatch(dataset -> dataset.name().equals(MnistLocator.MNIST));
    }

    /** The shape of every image. */
    public ImageShape shape() {
        return located.map(found -> found.datasets().values().iterator().next().shape()).orElse(Digits.SHAPE);
    }

    /** Images of a split. */
    public int size(Split split) {
        return located.map(found -> found.dataset(split).size())
                .orElse(split == Split.TRAIN ? Digits.TRAIN_SIZE : Digits.TEST_SIZE);
    }

    /** One split, all of it. */
    public Dataset dataset(Split split) {
        return located.map(found -> found.dataset(split)).orElseGet(() -> generated(split));
    }

    private static Dataset generated(Split split) {
        synchronized (GENERATED) {
            SoftReference<Dataset> kept = GENERATED.get(split);
            Dataset data = kept == null ? null : kept.get();
            if (data == null) {
                data = Digits.generate(DIGITS_SEED, split);
                GENERATED.put(split, new SoftReference<>(data));
            }
            return data;
        }
    }

    /** The first {@code count} images of a split. */
    public Dataset dataset(Split split, int count) {
        if (located.isPresent()) {
            Dataset whole = located.get().dataset(split);
            return count >= whole.size() ? whole : whole.range(0, count);
        }
        return Digits.generate(DIGITS_SEED, split, count);
    }

    /** What to say of it in provenance. */
    public static Map<String, Object> describe(Dataset data) {
        Map<String, Object> description = new LinkedHashMap<>();
        description.put("name", data.name());
        description.put("images", data.size());
        description.put("shape", data.shape().toString());
        description.put("classes", data.classes());
        if (!data.classNames().isEmpty()) {
            description.put("class_names", data.classNames());
        }
        if (!data.labelled()) {
            description.put("labels", PREDICTIONS);
        }
        description.put("sha256", data.digest());
        return description;
    }
}
