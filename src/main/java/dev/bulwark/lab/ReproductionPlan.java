package dev.bulwark.lab;

import dev.bulwark.attack.AttackKind;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.attack.Search;
import dev.bulwark.attack.SuiteSettings;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Crown;
import dev.bulwark.bounds.Exact;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.report.Table1;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.RunLayout;
import dev.bulwark.results.Words;
import dev.bulwark.runs.Attack;
import dev.bulwark.runs.AttackChoice;
import dev.bulwark.runs.Certify;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Selection;
import dev.bulwark.runs.Verify;
import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.stats.Sampling;
import dev.bulwark.training.Preset;
import dev.bulwark.training.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What to do for both tables of the lab report.
 *
 * @param networks where networks come from
 * @param seed     of training, noise and attacks
 */
public record ReproductionPlan(Smoothing smoothing, Bounds bounds, Images images, NetworkSource networks, long seed) {

    public ReproductionPlan {
        // What is wrong with any of them is said before anything is trained.
        for (double sigma : smoothing.sigmas) {
            smoothing.settings(sigma, seed);
        }
        if (smoothing.deep.isPresent()) {
            Deep deep = smoothing.deep.get();
            deep.requireUse(smoothing);
            smoothing.deepSettings(1, seed);
        }
        for (Epsilon epsilon : bounds.epsilons) {
            bounds.attacks.settings(new Ball(epsilon, Ball.Centre.FLOAT), seed);
            bounds.attacks.beyond(new Ball(epsilon, Ball.Centre.FLOAT), new ImageShape(1, 1, 1), seed);
        }
    }

    /**
     * What Table 1 rests on.
     *
     * @param sigmas noise levels
     * @param samples of every image
     * @param alpha   failure probability of a certificate
     * @param deep    further lines, if wanted
     */
    public record Smoothing(List<Double> sigmas, Samples samples, double alpha, Optional<Deep> deep) {

        public Smoothing {
            sigmas = List.copyOf(sigmas);
        }

        /** Estimation samples, at most. */
        int n() {
            return samples.n;
        }

        Certify.Settings settings(double sigma, long seed) {
            return settings(sigma, samples.n, seed);
        }

        /** Those of {@link #deep}. */
        Certify.Settings deepSettings(double sigma, long seed) {
            return settings(sigma, deep.orElseThrow().n, seed);
        }

        private Certify.Settings settings(double sigma, int n, long seed) {
            Certify.Settings fixed = new Certify.Settings(sigma, samples.n0, n, alpha, seed).with(samples.noise);
            return samples.sampling == Sampling.FIXED ? fixed : fixed.sequentially(Table1.RADII);
        }

        /**
         * The noise levels that {@link #deep} is for: those at which {@link #n} samples can't reach Table 1's largest radius and,
         * unless it was asked for, its own can. None without it.
         */
        List<Double> deepSigmas() {
            return deep.isPresent() ? sigmasOutOfReach(n()).stream()
                    .filter(sigma -> deep.get().asked || !sigmasOutOfReach(deep.get().n).contains(sigma)).toList() : List.of();
        }

        /** Those at which {@code most} samples can't reach Table 1's largest radius. */
        private List<Double> sigmasOutOfReach(int most) {
            return sigmas.stream().filter(sigma -> Table1.outOfReach(samples.sampling, sigma, most, alpha)).toList();
        }
    }

    /**
     * Noisy copies of an image.
     *
     * @param n0       for selection
     * @param n        for estimation, at most
     * @param sampling whether an image that is settled at all of Table 1's radii needs fewer than n
     * @param noise    how the noise is distributed
     */
    public record Samples(int n0, int n, Sampling sampling, NoiseLaw noise) {
    }

    /**
     * What Table 2 rests on.
     *
     * @param epsilons L-infinity radii
     * @param cascade  of what IBP leaves open; empty to leave it at that
     */
    public record Bounds(List<Epsilon> epsilons, Attacks attacks, Optional<Cascade> cascade) {

        public Bounds {
            epsilons = List.copyOf(epsilons);
            requireNamesOfTheirOwn(epsilons);
        }
    }

    /**
     * Further methods on the images that IBP leaves open: CROWN-IBP, CROWN, alpha-CROWN, then branch and bound.
     *
     * @param seconds of branch and bound on one image, at most
     * @param budget  seconds of branch and bound at one radius, at most; images that are open then stay undecided
     */
    public record Cascade(double seconds, double budget) {

        public Cascade {
            requirePositive(Setting.EXACT_BUDGET, budget);
            requirePositive(Setting.EXACT_TIMEOUT, seconds);
        }

        private static void requirePositive(Setting setting, double value) {
            if (!(value > 0)) {
                throw new ExperimentException(setting, " must be a number of seconds above 0: " + value);
            }
        }

        Verify.Bounding bounding() {
            return new Verify.Bounding(Method.CASCADE, Crown.DEFAULT_STEPS, false,
                    new Exact.Limits(seconds, Exact.Limits.DEFAULT_DOMAINS), budget, Claim.REAL);
        }

        @Override
        public String toString() {
            return "at most " + seconds + " s an image" + (Double.isInfinite(budget) ? "" : ", " + budget + " s in all");
        }
    }

    /**
     * Which images.
     *
     * @param sampled  for smoothing
     * @param verified for IBP and PGD
     * @param training how many of the training images, at most
     */
    public record Images(Selection sampled, Selection verified, int training) {
    }

    /**
     * Where networks come from.
     *
     * @param preset how they are trained where none are given
     * @param folder of networks; empty to train them
     */
    public record NetworkSource(Preset preset, Optional<Path> folder) {
    }

    /** Files and rows are named after the nearest double, which two different numbers may share. */
    private static void requireNamesOfTheirOwn(List<Epsilon> epsilons) {
        if (epsilons.stream().distinct().count() > epsilons.stream().map(Epsilon::nearest).distinct().count()) {
            throw new ExperimentException(Setting.EPSILON, " has different numbers that no double tells apart: " + epsilons);
        }
    }

    /** What is left out of {@code size} test images, a sentence each. */
    List<String> leftOut(int size) {
        int smoothed = images.sampled.of(size).length;
        int bounded = images.verified.of(size).length;
        List<String> left = new ArrayList<>();
        if (smoothing.samples.sampling == Sampling.SEQUENTIAL) {
            left.add("Randomized smoothing samples an image until it is settled at " + Table1.RADII.stream()
                    .map(radius -> "r = " + RunLayout.decimals(radius)).collect(Collectors.joining(", "))
                    + ", by a test that is valid at every number of samples; more would certify larger radii.");
        }
        if (smoothed < size) {
            left.add(String.format(Locale.ROOT, "Randomized smoothing on %,d of %,d test images (%s).",
                    smoothed, size, images.sampled.describe()));
        }
        if (bounded < size) {
            left.add(String.format(Locale.ROOT, "IBP and PGD on %,d of %,d test images (%s).",
                    bounded, size, images.verified.describe()));
        }
        bounds.cascade.ifPresentOrElse(cascade -> left.add("What IBP leaves open goes on to a short attack, CROWN-IBP, CROWN, "
                + "alpha-CROWN and branch and bound, this last for " + cascade + " at each epsilon; where that gives up, to AutoAttack."),
                () -> left.add("Bounds by IBP alone: what it leaves open went to no other method."));
        smoothing.deep.filter(more -> deepImages(size).length > 0).ifPresent(more -> left.add(String.format(Locale.ROOT,
                "Certificates with n = %,d at sigma %s on %,d of smoothing's images, spread evenly.", more.n,
                smoothing.deepSigmas().stream().map(RunLayout::decimals).collect(Collectors.joining(", ")),
                deepImages(size).length)));
        return left;
    }

    /** The images of {@link Smoothing#deep}, of {@code size} test images. */
    int[] deepImages(int size) {
        int[] sampled = images.sampled.of(size);
        Deep deep = smoothing.deep.orElseThrow();
        int some = deep.images.orElse(Math.max(deep.asked ? 1 : 0, sampled.length / Deep.ONE_IN));
        return some == 0 || smoothing.deepSigmas().isEmpty() ? new int[0] : Selection.spread(sampled, some);
    }

    /** How attacks beyond PGD are run at one radius, if there are any. @param image how inputs lie in an image */
    Optional<SuiteSettings> beyondPgd(Ball ball, ImageShape image) {
        return bounds.attacks.beyond(ball, image, seed);
    }

    /** How PGD is run at one radius. */
    PgdSettings attack(Ball ball) {
        return bounds.attacks.settings(ball, seed);
    }

    /** What all rows about {@code test} depend on but for the networks, the data and the devices. */
    Map<String, Object> identity(Dataset test) {
        Map<String, Object> identity = new LinkedHashMap<>();
        identity.put("sigmas", smoothing.sigmas);
        identity.put("epsilons", bounds.epsilons.stream().map(Epsilon::nearest).toList());
        identity.put(Verify.CENTRE, Verify.centre(test));
        if (bounds.epsilons.stream().anyMatch(epsilon -> epsilon.beyondDouble().isPresent())) {
            identity.put("epsilons_exact", bounds.epsilons.stream().map(Epsilon::toString).toList());
        }
        identity.put("n0", smoothing.samples.n0);
        identity.put("n", smoothing.n());
        identity.put("alpha", smoothing.alpha);
        if (smoothing.samples.sampling != Sampling.FIXED) {
            identity.put("sampling", Words.of(smoothing.samples.sampling));
            identity.put("radii", Table1.RADII);
        }
        if (smoothing.samples.noise != NoiseLaw.GAUSSIAN) {
            identity.put("noise", Words.of(smoothing.samples.noise));
        }
        identity.put("deep", smoothing.deep.map(Deep::toString).orElse("none"));
        identity.put("cascade", bounds.cascade.map(Cascade::toString).orElse("none"));
        identity.put("pgd_steps", bounds.attacks.steps);
        identity.put("pgd_restarts", bounds.attacks.restarts);
        identity.put("pgd_loss", "both");
        identity.put(AttackRecord.IMAGES, bounds.attacks.images.toString());
        if (bounds.attacks.beyond != AttackKind.PGD) {
            identity.put(AttackRecord.ATTACK, bounds.attacks.beyond.toString());
            identity.put("searches", bounds.attacks.beyond.searches(Ball.aroundFloats(0)).stream().map(Search::describe).toList());
        }
        identity.put("sampled_images", images.sampled.toString());
        identity.put("verified_images", images.verified.toString());
        return identity;
    }

    /** How each network is trained, those for smoothing first. */
    List<Recipe> recipes() {
        return Stream.concat(smoothing.sigmas.stream().map(networks.preset::smoothing),
                bounds.epsilons.stream().map(this::ibp))
                .map(recipe -> recipe.withSeed(seed)).toList();
    }

    Recipe ibp(Epsilon epsilon) {
        return networks.preset.ibp(epsilon.nearest());
    }

    /**
     * How images are attacked: by PGD, then by another attack what stands against it and is not certified.
     *
     * @param steps    of each restart of PGD
     * @param restarts of PGD for each loss
     * @param images   which of the bounded ones
     * @param beyond   the other attack; PGD for none
     */
    public record Attacks(int steps, int restarts, AttackChoice images, AttackKind beyond) {

        /** What attacks beyond PGD take, in a sentence. */
        Optional<String> described() {
            return beyond == AttackKind.PGD ? Optional.empty() : Optional.of(images.sentence(AttackRecord.suite(beyond.toString())));
        }

        private Optional<SuiteSettings> beyond(Ball ball, ImageShape image, long seed) {
            return beyond == AttackKind.PGD ? Optional.empty()
                    : Optional.of(Attack.suite(ball, image, seed, beyond.searches(ball)));
        }

        private PgdSettings settings(Ball ball, long seed) {
            return Attack.settings(ball, steps, PgdSettings.defaultStep(ball), restarts, seed, Attack.BOTH_LOSSES);
        }
    }

    /**
     * Certificates with many more samples, for the noise levels at which the others can't reach Table 1's largest radius.
     *
     * @param n      estimation samples, at most
     * @param images how many at most, spread evenly over those that the other certificates take; empty for one in 100
     * @param asked  whether it was asked for, and so must be of use
     */
    public record Deep(int n, OptionalInt images, boolean asked) {

        private static final int ONE_IN = 100;

        public Deep {
            if (images.orElse(1) < 1) {
                throw new ExperimentException(Setting.DEEP_IMAGES, " must be at least 1: " + images.getAsInt());
            }
        }

        @Override
        public String toString() {
            return "n = " + n + " on " + (images.isPresent() ? images.getAsInt() + " images" : "one image in " + ONE_IN);
        }

        private void requireUse(Smoothing others) {
            if (asked && (n <= others.n() || others.sigmasOutOfReach(others.n()).isEmpty())) {
                throw new ExperimentException(Setting.DEEP_N, " is for noise levels at which ", Setting.N,
                        " samples can't reach Table 1's largest radius: ", n <= others.n()
                                ? Message.of(n + " is no more than ", Setting.N, " " + others.n())
                                : others.n() + " reach it at " + others.sigmas);
            }
        }
    }
}
