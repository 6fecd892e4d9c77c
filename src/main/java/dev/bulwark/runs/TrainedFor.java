package dev.bulwark.runs;

import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a network's metadata say that it was trained for, and whether that fits what is asked of it: a network for another
 * purpose is no error, but its figures surprise a user who did not mean it.
 */
public final class TrainedFor {

    private static final Pattern NOISE = Pattern.compile("GaussianAugmentation\\[sigma=([0-9.E-]+)[,\\]]");
    private static final Pattern BOX = Pattern.compile("IntervalBounds\\[epsilon=([0-9.E-]+)[,\\]]");

    private final Optional<Double> sigma;
    private final Optional<Double> epsilon;

    private TrainedFor(Optional<Double> sigma, Optional<Double> epsilon) {
        this.sigma = sigma;
        this.epsilon = epsilon;
    }

    /** Of a file without metadata nothing is known, and nothing is said. */
    public static TrainedFor of(StoredNetwork network) {
        String recipe = network.metadata().getOrDefault("recipe", "");
        return new TrainedFor(number(NOISE, recipe), number(BOX, recipe));
    }

    private static Optional<Double> number(Pattern pattern, String recipe) {
        Matcher found = pattern.matcher(recipe);
        try {
            return found.find() ? Optional.of(Double.valueOf(found.group(1))) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** What to say where it is smoothed with noise of {@code asked}. */
    public Optional<Message> warningForNoise(double asked) {
        if (epsilon.isPresent()) {
            return Optional.of(Message.of("warning: this network was trained for bounds at epsilon " + epsilon.get()
                    + ", without noise; under noise of sigma " + asked + " it may certify little"));
        }
        return sigma.filter(trained -> trained != asked).map(trained -> Message.of(
                "warning: this network was trained with noise of sigma " + trained + ", not " + asked
                        + "; smoothing certifies most at the sigma of training"));
    }

    /** What to say where interval bounds are asked for alone, at {@code asked}. */
    public Optional<Message> warningForIntervals(double asked) {
        if (sigma.isPresent()) {
            return Optional.of(Message.of("warning: this network was trained with noise of sigma " + sigma.get()
                    + ", not for interval bounds, which will certify next to nothing; try ", Setting.METHOD,
                    " crown or alpha-crown"));
        }
        return epsilon.filter(trained -> asked > trained).map(trained -> Message.of(
                "warning: this network was trained for epsilon " + trained
                        + "; at " + asked + " interval bounds may certify little"));
    }
}
