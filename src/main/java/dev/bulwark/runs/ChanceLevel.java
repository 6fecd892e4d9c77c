package dev.bulwark.runs;

import dev.bulwark.data.Dataset;
import dev.bulwark.device.Backend;
import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import java.util.Locale;
import java.util.Optional;

/** Whether a network knows its images at all: one that guesses is probably given other inputs than it was trained on. */
public final class ChanceLevel {

    /** Enough to tell a network that guesses, and a moment's work. */
    private static final int IMAGES = 256;
    /** Of fewer, an accuracy says little. */
    private static final int LEAST_IMAGES = 100;
    private static final double DEVIATIONS = 3;

    private ChanceLevel() {
    }

    /**
     * What to say before a long run where clean accuracy on some of the images is no better than guessing is; nothing where
     * there are too few to tell.
     *
     * @param normalised whether the user named a normalisation
     */
    public static Optional<Message> warning(Backend backend, Subject subject, boolean normalised) {
        int[] chosen = Selection.spread(subject.indices(), IMAGES);
        if (chosen.length < LEAST_IMAGES || !subject.data().labelled()) {
            return Optional.empty();
        }
        Dataset some = subject.data().subset(chosen);
        double clean = new Evaluation(backend, subject.network(), some).clean() / 100;
        double chance = 1.0 / some.classes();
        if (some.classes() < 2 || clean > chance + DEVIATIONS * Math.sqrt(chance * (1 - chance) / chosen.length)) {
            return Optional.empty();
        }
        String said = String.format(Locale.ROOT, "warning: the network is right on %.1f%% of %d images, which is no more than "
                + "guessing: ", 100 * clean, chosen.length);
        return Optional.of(normalised
                ? Message.of(said, "is this the normalisation of its training, and are the classes in its order?")
                : Message.of(said, "if it was trained on normalised images, name their ", Setting.MEAN, " and ", Setting.STD,
                        "; and the classes must be in its order"));
    }
}
