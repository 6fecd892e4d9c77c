package dev.bulwark.runs;

import dev.bulwark.data.Dataset;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.RoundedGaussian;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.PredictionRow;
import dev.bulwark.results.RadiusRule;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.SmoothingRow;
import dev.bulwark.results.Words;
import dev.bulwark.settings.Setting;
import dev.bulwark.smoothing.Certificate;
import dev.bulwark.smoothing.Certification;
import dev.bulwark.smoothing.Prediction;
import dev.bulwark.smoothing.SmoothedClassifier;
import dev.bulwark.smoothing.StoppingRule;
import dev.bulwark.stats.Sampling;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** CERTIFY and PREDICT of Cohen et al. 2019 over many images. */
public final class Certify {

    private Certify() {
    }

    /**
     * Named from {@link #Settings(double, int, int, double, long)}.
     *
     * @param noise how the noise is distributed
     * @param sigma noise standard deviation, in input units
     * @param n0    selection samples
     * @param n     estimation samples, at most
     * @param alpha probability that a certificate is false
     * @param seed  of the noise
     * @param radii l2 radii of interest: an image is sampled until each is certified or out of its reach; empty for n samples of
     *              every image
     */
    public record Settings(NoiseLaw noise, double sigma, int n0, int n, double alpha, long seed,
                           Optional<List<Double>> radii) {

        /** Of either kind for an image: sums and products with batch sizes then stay far inside their types. */
        private static final int MOST_SAMPLES = 10_000_000;
        /** Images that are sampled sequentially together: late stages have few of them left, and should still fill a device. */
        private static final int MOST_AT_ONCE = 2_000;
        private static final int STAGES_A_BATCH = 3;
        private static final int BATCHES_A_DEVICE = 4;

        public Settings {
            require(sigma > 0 && (float) sigma > 0 && Float.isFinite((float) sigma),
                    Setting.SIGMA, " must be positive and finite, as a float too: " + sigma);
            require(noise != NoiseLaw.DISCRETE || sigma <= RoundedGaussian.LARGEST_SIGMA, Setting.SIGMA,
                    " must be at most " + (int) RoundedGaussian.LARGEST_SIGMA + " for discrete noise: " + sigma);
            require(n0 >= 1 && n0 <= MOST_SAMPLES, Setting.N0, " must lie between 1 and 10,000,000: " + n0);
            require(n >= 1 && n <= MOST_SAMPLES, Setting.N, " must lie between 1 and 10,000,000: " + n);
            requireAlpha(alpha);
        }

        /** For n samples of every image, with Gaussian noise. */
        public Settings(double sigma, int n0, int n, double alpha, long seed) {
            this(NoiseLaw.GAUSSIAN, sigma, n0, n, alpha, seed, Optional.empty());
        }

        /** The same with noise of {@code law}. */
        public Settings with(NoiseLaw law) {
            return new Settings(law, sigma, n0, n, alpha, seed, radii);
        }

        /** The same by sequential sampling, n samples at most. @throws ExperimentException for radii that no row can say */
        public Settings sequentially(List<Double> radii) {
            radii.forEach(r -> require(r >= 0 && Double.isFinite(r) && SmoothingRow.roundDown(r).doubleValue() == r,
                    Setting.RADIUS, " must be numbers from 0 with at most six decimals: " + r));
            return new Settings(noise, sigma, n0, n, alpha, seed, Optional.of(List.copyOf(radii)));
        }

        public Sampling sampling() {
            return radii.isPresent() ? Sampling.SEQUENTIAL : Sampling.FIXED;
        }

        private Optional<StoppingRule> stoppingRule() {
            return radii.map(asked -> new StoppingRule(asked, n, sigma, alpha));
        }

        /** The failure probabilities that every command takes. @throws ExperimentException for others */
        public static void requireAlpha(double alpha) {
            require(alpha >= 1e-9 && alpha <= 0.5, Setting.ALPHA, " must lie between 1e-9 and 0.5: " + alpha);
        }

        private static void require(boolean condition, Setting setting, String complaint) {
            if (!condition) {
                throw new ExperimentException(setting, complaint);
            }
        }

        private int imagesPerCall(Fleet fleet) {
            return Math.max(1, fleet.first().noisyCopiesPerCall() / (n0 + n));
        }

        /** Many, but so few that several devices share {@code images} evenly. */
        private int imagesSampledTogether(Fleet fleet, int images) {
            int devices = fleet.backends().size();
            int share = devices == 1 ? images : (images - 1) / (BATCHES_A_DEVICE * devices) + 1;
            int filling = STAGES_A_BATCH * fleet.first().noisyCopiesPerCall() / n0;
            return Math.max(1, Math.min(Math.min(MOST_AT_ONCE, filling), share));
        }
    }

    /** A result and each image's share of the time that its batch took. */
    private record Timed<T>(T result, Duration time) {

        static <T> List<Timed<T>> each(int[] batch, Function<int[], List<T>> work) {
            long start = System.nanoTime();
            List<T> results = work.apply(batch);
            Duration each = Duration.ofNanos((System.nanoTime() - start) / batch.length);
            return results.stream().map(result -> new Timed<>(result, each)).toList();
        }
    }

    /** Certifies every image without a row; rows go to {@code rows} and, with all votes, to {@code certificates}. */
    public static void certify(Fleet fleet, Subject subject, Settings settings, RowFile<SmoothingRow> rows,
                               Optional<RowFile<CertificateRow>> certificates, Monitor monitor) throws IOException {
        requireBytes(settings.noise, subject.data(), subject.indices());
        requireOfThisRun(settings, rows, certificates.map(RowFile::earlier).orElse(List.of()));
        Optional<StoppingRule> rule = settings.stoppingRule();
        Batches batches = new Batches("certify at sigma " + settings.sigma + " with n " + (rule.isPresent() ? "<" : "") + "= "
                + settings.n, subject.indices(),
                index -> rows.contains(index) && certificates.map(file -> file.contains(index)).orElse(true),
                rule.isPresent() ? settings.imagesSampledTogether(fleet, subject.indices().length)
                        : settings.imagesPerCall(fleet));
        batches.<Timed<Certification>>run(fleet, monitor, (backend, source) -> {
            try (Plan network = Plan.load(backend, subject.network());
                 SmoothedClassifier smoothed = smoothed(network, settings)) {
                source.forEach(batch -> Timed.each(batch, some -> rule.isPresent()
                        ? smoothed.certify(subject.pixels(some), some, settings.n0, rule.get())
                        : smoothed.certify(subject.pixels(some), some, settings.n0, settings.n, settings.alpha)));
            }
        }, (index, found) -> {
            int label = subject.data().label(index);
            if (certificates.isPresent() && !certificates.get().contains(index)) {
                certificates.get().append(certificateRow(index, label, found.result, settings));
            }
            if (!rows.contains(index)) {
                rows.append(smoothingRow(index, label, found.result, found.time));
            }
        });
    }

    /**
     * What discrete noise can be added to.
     *
     * @throws ExperimentException if a pixel is no byte over 255
     */
    public static void requireBytes(NoiseLaw noise, Dataset data, int[] indices) {
        if (noise != NoiseLaw.DISCRETE) {
            return;
        }
        for (int index : indices) {
            for (float pixel : data.pixels(index)) {
                if (!RoundedGaussian.isByte(pixel)) {
                    throw new ExperimentException("discrete noise is for images of bytes, and a pixel of image " + index + " of "
                            + data.name() + " is " + pixel + ", no byte over 255: give uint8 images, and a normalisation by ",
                            Setting.MEAN, " and ", Setting.STD, ", or take Gaussian noise", Setting.NOISE.with("gaussian"));
                }
            }
        }
    }

    /** Rows that are kept must claim what this run would: they may have been altered, or be another run's. */
    private static void requireOfThisRun(Settings settings, RowFile<SmoothingRow> rows, List<CertificateRow> certificates) {
        Map<Integer, CertificateRow> votes = new HashMap<>();
        for (CertificateRow row : certificates) {
            votes.put(row.index(), row);
            if (row.n0() != settings.n0 || row.n() != settings.n || row.alpha() != settings.alpha
                    || row.sigma() != settings.sigma || row.seed() != settings.seed || row.sampledBy() != settings.sampling()
                    || row.law() != settings.noise) {
                throw new ExperimentException("can't resume: the certificate for index " + row.index()
                        + " is another run's, with " + Words.of(row.law()) + " noise, sigma " + row.sigma()
                        + ", n0 " + row.n0() + ", n " + row.n() + ", alpha " + row.alpha()
                        + " and seed " + row.seed());
            }
        }
        try {
            for (SmoothingRow row : rows.earlier()) {
                if (votes.containsKey(row.index())) {
                    RadiusRule.requireSame(row, votes.get(row.index()));
                } else {
                    RadiusRule.requireInReach(row, settings.sampling(), settings.sigma, settings.n, settings.alpha);
                }
            }
        } catch (IllegalArgumentException e) {
            throw rows.unusable(e.getMessage());
        }
    }

    /** Predicts every image without a row, abstaining where the votes don't tell at level alpha. */
    public static void predict(Fleet fleet, Subject subject, Settings settings, RowFile<PredictionRow> rows,
                               Monitor monitor) throws IOException {
        requireBytes(settings.noise, subject.data(), subject.indices());
        Batches batches = new Batches("predict at sigma " + settings.sigma, subject.indices(), rows::contains,
                settings.imagesPerCall(fleet));
        batches.<Timed<Prediction>>run(fleet, monitor, (backend, source) -> {
            try (Plan network = Plan.load(backend, subject.network());
                 SmoothedClassifier smoothed = smoothed(network, settings)) {
                source.forEach(batch -> Timed.each(batch, some ->
                        smoothed.predict(subject.pixels(some), some, settings.n, settings.alpha)));
            }
        }, (index, found) -> {
            OptionalInt label = found.result instanceof Prediction.Label said
                    ? OptionalInt.of(said.label()) : OptionalInt.empty();
            rows.append(new PredictionRow(index, subject.data().label(index), label, found.time));
        });
    }

    private static SmoothedClassifier smoothed(Plan network, Settings settings) {
        return new SmoothedClassifier(network, settings.noise, settings.sigma, settings.seed);
    }

    private static SmoothingRow smoothingRow(int index, int label, Certification found, Duration time) {
        return found.certificate() instanceof Certificate.Robust robust
                ? SmoothingRow.certified(index, label, robust.label(), robust.radius(), time)
                : SmoothingRow.abstained(index, label, time);
    }

    private static CertificateRow certificateRow(int index, int label, Certification found, Settings settings) {
        OptionalInt predict = OptionalInt.empty();
        double radius = 0;
        if (found.certificate() instanceof Certificate.Robust robust) {
            predict = OptionalInt.of(robust.label());
            radius = robust.radius();
        }
        List<Long> counts = Arrays.stream(found.counts()).mapToObj(votes -> (long) votes).toList();
        return CertificateRow.of(index, label, new CertificateRow.Claim(predict, radius, found.pALower()),
                new CertificateRow.Votes(counts.get(found.guess()), counts),
                new CertificateRow.Stopped(new CertificateRow.Draws(settings.n0, settings.n, settings.alpha,
                        new CertificateRow.Noise(settings.noise, settings.sigma, settings.seed)), found.sampling(), found.samples()));
    }
}
