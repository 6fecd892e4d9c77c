package dev.bulwark.runs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.attack.AttackOutcome;
import dev.bulwark.attack.Pgd;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Digits;
import dev.bulwark.data.Split;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.Gallery;
import dev.bulwark.results.Picture;
import dev.bulwark.results.SmoothingRow;
import dev.bulwark.smoothing.SmoothedClassifier;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShowcaseTest {

    private static final long SEED = 11;
    private static final double SIGMA = 0.5;
    private final Dataset data = Digits.generate(0, Split.TEST, 60);
    private final Graph network = network();

    @Test
    void givenAnImage_whenShown_thenItsNoisyCopyIsTheFirstThatWasVotedOn() {
        try (Backend backend = CpuBackend.create()) {
            Showcase showcase = new Showcase(backend, data, NoiseLaw.GAUSSIAN, SEED);
            showcase.addSmoothing(new TreeMap<>(Map.of(SIGMA,
                    List.of(SmoothingRow.abstained(7, data.label(7), Duration.ZERO)))),
                    Map.of(SIGMA, network));
            Gallery.Smoothed shown = showcase.gallery().smoothed().get(0);
            assertArrayEquals(Picture.of(data.pixels(7), 0, 1).levels(), shown.image().levels());
            Gallery.View view = shown.views().get(0);
            // The other road to the same sample: rows with their own coordinates.
            assertArrayEquals(Picture.of(sample(backend, 7), -1, 2).levels(), view.picture().levels());
            try (Plan loaded = Plan.load(backend, network);
                 SmoothedClassifier smoothed = new SmoothedClassifier(loaded, (float) SIGMA, SEED)) {
                int[] counts = smoothed.certify(data.pixels(7), new int[] {7}, 1, 1, 0.001).get(0).counts();
                assertEquals(1, counts[view.vote()], "a run of one sample has this vote");
            }
            assertEquals(0, backend.liveBytes());
        }
    }

    @Test
    void givenBrokenImages_whenShown_thenTheirAdversarialImagesLieInTheBoxAndFoolTheNetwork() {
        PgdSettings settings = PgdSettings.standard(0.3, SEED);
        try (Backend backend = CpuBackend.create()) {
            Subject subject = new Subject(network, data, IntStream.range(0, data.size()).toArray());
            List<AttackRow> rows;
            try (Plan loaded = Plan.load(backend, network); Pgd pgd = new Pgd(loaded, settings)) {
                List<AttackOutcome> outcomes = pgd.attack(subject.pixels(subject.indices()),
                        subject.labels(subject.indices()), subject.indices());
                rows = IntStream.range(0, data.size()).mapToObj(i -> AttackRow.of(i, outcomes.get(i))).toList();
            }
            Showcase showcase = new Showcase(backend, data, NoiseLaw.GAUSSIAN, SEED);
            showcase.addAttacks(network, settings, rows);
            List<Gallery.Attacked> attacked = showcase.gallery().attacked();
            assertTrue(attacked.size() >= 1 && attacked.size() <= 3, attacked.size() + " broken images shown");
            for (Gallery.Attacked image : attacked) {
                assertTrue(rows.get(image.index()).cleanCorrect() && image.adversarialPrediction() != image.label());
                assertTrue(image.linf() <= 0.3);
                byte[] before = image.image().levels();
                byte[] after = image.adversarial().levels();
                for (int k = 0; k < before.length; ++k) {
                    // 0.3 is 76.5 levels, and each picture is rounded by half a level.
                    assertTrue(Math.abs((before[k] & 255) - (after[k] & 255)) <= 77);
                }
            }
            assertEquals(0, backend.liveBytes());
        }
    }

    private float[] sample(Backend backend, int index) {
        float[] noisy = new float[data.imageSize()];
        try (DeviceBuffer x = backend.allocate(noisy.length);
             DeviceBuffer image = backend.allocate(1);
             DeviceBuffer sample = backend.allocate(1)) {
            backend.write(data.pixels(index), x);
            backend.write(new int[] {index}, image);
            backend.zeroInts(sample);
            backend.noise().addNoise(x, image, sample, 1, noisy.length, (float) SIGMA,
                    new NoiseKey(SEED, NoiseKey.Stream.ESTIMATION), x);
            backend.read(x, noisy);
        }
        return noisy;
    }

    private static Graph network() {
        SplittableRandom random = new SplittableRandom(3);
        return Mlp.of(List.of(dense(random, 784, 33), dense(random, 33, 10)));
    }

    private static Op.Dense dense(SplittableRandom random, int in, int out) {
        float[] weight = new float[in * out];
        float[] bias = new float[out];
        for (int k = 0; k < weight.length; ++k) {
            weight[k] = (float) random.nextDouble(-0.2, 0.2);
        }
        for (int k = 0; k < out; ++k) {
            bias[k] = (float) random.nextDouble(-0.2, 0.2);
        }
        return Mlp.dense(in, out, weight, bias);
    }
}
