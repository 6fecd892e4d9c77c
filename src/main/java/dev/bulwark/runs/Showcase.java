package dev.bulwark.runs;

import dev.bulwark.attack.AttackOutcome;
import dev.bulwark.attack.Pgd;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.data.Dataset;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.SmoothingNoise;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.Gallery;
import dev.bulwark.results.Picture;
import dev.bulwark.results.SmoothingRow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.IntStream;

/**
 * Collects the images that a report shows. Noise and attacks depend on seed, image and sample alone, so a noisy copy is one
 * that was voted on, and an attack on a few images goes the way it went on all.
 */
public final class Showcase {

    /** Broken images for each epsilon. */
    private static final int BROKEN = 3;
    /** Standard deviations of noise that a picture has room for at either end. */
    private static final double SPREAD = 2;

    private final Backend backend;
    private final Dataset data;
    private final NoiseLaw law;
    private final long seed;
    private final Map<Integer, List<Gallery.View>> views = new HashMap<>();
    private final List<Gallery.Attacked> attacked = new ArrayList<>();
    private List<Exhibits.Exhibit> exhibits = List.of();

    /** @param law of the noise of smoothing */
    public Showcase(Backend backend, Dataset data, NoiseLaw law, long seed) {
        this.backend = backend;
        this.data = data;
        this.law = law;
        this.seed = seed;
    }

    /** Chooses from the rows of every sigma, and draws the chosen images' noisy copies. */
    public void addSmoothing(SortedMap<Double, List<SmoothingRow>> rows, Map<Double, Graph> networks) {
        exhibits = Exhibits.smoothed(rows);
        networks.forEach(this::addViews);
    }

    /** Attacks a few of the broken images of one epsilon once more, for the images that rows don't hold. */
    public void addAttacks(Graph network, PgdSettings settings, List<AttackRow> rows) {
        int[] indices = Exhibits.attacked(rows, BROKEN).stream().mapToInt(AttackRow::index).toArray();
        if (indices.length == 0) {
            return;
        }
        Subject subject = new Subject(network, data, indices);
        try (Plan loaded = Plan.load(backend, network); Pgd pgd = new Pgd(loaded, settings)) {
            List<AttackOutcome> outcomes = pgd.attack(subject.pixels(indices), subject.labels(indices), indices);
            for (int k = 0; k < indices.length; ++k) {
                AttackOutcome outcome = outcomes.get(k);
                // Another batch may round otherwise; an attack that fails now has nothing to show.
                if (outcome.broken()) {
                    attacked.add(original(indices[k]).attacked(settings.epsilon(), outcome.adversarialPrediction(),
                            outcome.linf(), plain(outcome.adversarialImage())));
                }
            }
        }
    }

    public Gallery gallery() {
        List<Gallery.Smoothed> smoothed = exhibits.stream()
                .map(exhibit -> original(exhibit.index()).smoothed(exhibit.reason(), exhibit.sigma(),
                        views.getOrDefault(exhibit.index(), List.of())))
                .toList();
        return new Gallery(data.shape(), smoothed, attacked);
    }

    private void addViews(double sigma, Graph network) {
        NoiseKey key = new NoiseKey(seed, Stream.ESTIMATION);
        int inputs = data.imageSize();
        try (Plan loaded = Plan.load(backend, network);
             DeviceMemory memory = new DeviceMemory(backend);
             NoisyClassifier base = loaded.noisyClassifier(memory)) {
            SmoothingNoise noise = SmoothingNoise.of(law, sigma, memory);
            DeviceBuffer image = memory.allocate(inputs);
            DeviceBuffer noisy = memory.allocate(inputs);
            DeviceBuffer counts = memory.allocate(network.classes());
            for (Exhibits.Exhibit exhibit : exhibits) {
                int index = exhibit.index();
                backend.write(data.pixels(index), image);
                backend.noise().noisyCopies(image, index, 0, 1, inputs, noise, key, noisy);
                float[] pixels = new float[inputs];
                backend.read(noisy, pixels);
                backend.zeroInts(counts);
                base.countVotes(image, new int[] {index}, noise, key, 0, 1, counts);
                int[] votes = new int[network.classes()];
                backend.read(counts, votes);
                int vote = IntStream.range(0, votes.length).filter(c -> votes[c] == 1).findFirst().orElse(-1);
                views.computeIfAbsent(index, unused -> new ArrayList<>()).add(new Gallery.View(sigma, vote,
                        Picture.of(pixels, -SPREAD * sigma, 1 + SPREAD * sigma)));
            }
        }
    }

    private Gallery.Original original(int index) {
        return new Gallery.Original(index, data.label(index), plain(data.pixels(index)));
    }

    private static Picture plain(float[] pixels) {
        return Picture.of(pixels, 0, 1);
    }
}
