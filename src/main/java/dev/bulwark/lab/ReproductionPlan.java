package dev.bulwark.lab;

import dev.bulwark.attack.PgdSettings;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.report.Table1;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.RunLayout;
import dev.bulwark.runs.Attack;
import dev.bulwark.runs.AttackChoice;
import dev.bulwark.runs.Certify;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Selection;
import dev.bulwark.runs.Verify;
import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import dev.bulwark.training.Preset;
import dev.bulwark.training.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What to do for both tables of the lab report.
 *
 * @param sigmas         noise levels of Table 1
 * @param epsilons       L-infinity radii of Table 2
 * @param n0             selection samples
 * @param n              estimation samples
 * @param alpha          failure probability of a certificate
 * @param deep           further lines of Table 1, if wanted
 * @param sampled        images for smoothing
 * @param verified       images for IBP and PGD
 * @param preset         how networks are trained where none are given
 * @param trainingImages how many of the training images, at most
 * @param models         folder of networks; empty to train them
 */
public record ReproductionPlan(List<Double> sigmas, List<Epsilon> epsilons, int n0, int n, double alpha, Optional<Deep> deep,
        Attacks attacks, Selection sampled, Selection verified, Preset preset, int trainingImages, Optional<Path> models,
        long seed) {

    public ReproductionPlan {
        sigmas = List.copyOf(sigmas);
        epsilons = List.copyOf(epsilons);
        // What is wrong with any of them is said before anything is trained.
        sigmas.forEach(sigma -> new Certify.Settings(sigma, n0, n, alpha, seed));
        if (deep.isPresent()) {
            deep.get().requireUse(sigmas, n, alpha);
            new Certify.Settings(1, n0, deep.get().n, alpha, seed);
        }
        for (Epsilon epsilon : epsilons) {
            attacks.settings(new Ball(epsilon, Ball.Centre.FLOAT), seed);
        }
        requireNamesOfTheirOwn(epsilons);
    }

    /** Files and rows are named after the nearest double, which two different numbers may share. */
    private static void requireNamesOfTheirOwn(List<Epsilon> epsilons) {
        if (epsilons.stream().distinct().count() > epsilons.stream().map(Epsilon::nearest).distinct().count()) {
            throw new ExperimentException(Setting.EPSILON, " has different numbers that no double tells apart: " + epsilons);
        }
    }

    /** What is left out of {@code size} test images, a sentence each. */
    List<String> leftOut(int size) {
        int smoothed = sampled.of(size).length;
        int bounded = verified.of(size).length;
        List<String> left = new ArrayList<>();
        if (smoothed < size) {
            left.add(String.format(Locale.ROOT, "Randomized smoothing on %,d of %,d test images (%s).",
                    smoothed, size, sampled.describe()));
        }
        if (bounded < size) {
            left.add(String.format(Locale.ROOT, "IBP and PGD on %,d of %,d test images (%s).",
                    bounded, size, verified.describe()));
        }
        deep.ifPresent(more -> left.add(String.format(Locale.ROOT,
                "Certificates with n = %,d at sigma %s on %,d of smoothing's images, spread evenly.", more.n,
                deepSigmas().stream().map(RunLayout::decimals).collect(Collectors.joining(", ")), deepImages(size).length)));
        return left;
    }

    /** The noise levels that {@link #deep} is for; none without it. */
    List<Double> deepSigmas() {
        return deep.isPresent() ? deepSigmas(sigmas, n, alpha) : List.of();
    }

    private static List<Double> deepSigmas(List<Double> sigmas, int n, double alpha) {
        return sigmas.stream().filter(sigma -> Table1.outOfReach(sigma, n, alpha)).toList();
    }

    /** Its images, of {@code size} test images. */
    int[] deepImages(int size) {
        return Selection.spread(sampled.of(size), deep.orElseThrow().images);
    }

    /** How PGD is run at one radius. */
    PgdSettings attack(Ball ball) {
        return attacks.settings(ball, seed);
    }

    /** What all rows about {@code test} depend on but for the networks, the data and the devices. */
    Map<String, Object> identity(Dataset test) {
        Map<String, Object> identity = new LinkedHashMap<>();
        identity.put("sigmas", sigmas);
        identity.put("epsilons", epsilons.stream().map(Epsilon::nearest).toList());
        identity.put(Verify.CENTRE, Verify.centre(test));
        if (epsilons.stream().anyMatch(epsilon -> epsilon.beyondDouble().isPresent())) {
            identity.put("epsilons_exact", epsilons.stream().map(Epsilon::toString).toList());
        }
        identity.put("n0", n0);
        identity.put("n", n);
        identity.put("alpha", alpha);
        identity.put("deep", deep.map(Deep::toString).orElse("none"));
        identity.put("pgd_steps", attacks.steps);
        identity.put("pgd_restarts", attacks.restarts);
        identity.put("pgd_loss", "both");
        identity.put(AttackRecord.IMAGES, attacks.images.toString());
        identity.put("sampled_images", sampled.toString());
        identity.put("verified_images", verified.toString());
        return identity;
    }

    /** How each network is trained, those for smoothing first. */
    List<Recipe> recipes() {
        return Stream.concat(sigmas.stream().map(preset::smoothing), epsilons.stream().map(this::ibp))
                .map(recipe -> recipe.withSeed(seed)).toList();
    }

    Recipe ibp(Epsilon epsilon) {
        return preset.ibp(epsilon.nearest());
    }

    /**
     * How PGD is run.
     *
     * @param steps    of each restart
     * @param restarts for each loss
     * @param images   which of the bounded ones
     */
    public record Attacks(int steps, int restarts, AttackChoice images) {

        private PgdSettings settings(Ball ball, long seed) {
            return Attack.settings(ball, steps, PgdSettings.defaultStep(ball), restarts, seed, Attack.BOTH_LOSSES);
        }
    }

    /**
     * Certificates with many more samples, for the noise levels at which the others can't reach Table 1's largest radius.
     *
     * @param n      estimation samples
     * @param images how many at most, spread evenly over those that the other certificates take
     */
    public record Deep(int n, int images) {

        public Deep {
            if (images < 1) {
                throw new ExperimentException(Setting.DEEP_IMAGES, " must be at least 1: " + images);
            }
        }

        @Override
        public String toString() {
            return "n = " + n + " on " + images + " images";
        }

        private void requireUse(List<Double> sigmas, int fewer, double alpha) {
            if (n <= fewer || deepSigmas(sigmas, fewer, alpha).isEmpty()) {
                throw new ExperimentException(Setting.DEEP_N, " is for noise levels at which ", Setting.N,
                        " samples can't reach Table 1's largest radius: ", n <= fewer
                                ? Message.of(n + " is no more than ", Setting.N, " " + fewer)
                                : fewer + " reach it at " + sigmas);
            }
        }
    }
}
