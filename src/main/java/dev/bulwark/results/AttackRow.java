package dev.bulwark.results;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.AttackOutcome;
import java.util.Optional;

/**
 * What PGD achieved against one image. An attack that fails proves nothing.
 *
 * @param cleanPrediction       class of the image as it is; {@link #NO_PREDICTION} where the network gives it none, as where
 *                              a logit is NaN: such an image is neither right nor broken
 * @param broken                whether an input inside the box was found that is given another class than the label
 * @param adversarialPrediction class of the strongest input found; {@link #NO_PREDICTION} where the clean prediction is
 * @param linf                  L-infinity distance of that input from the centre of the ball, k / 255 for bytes, in input
 *                              units
 * @param loss                  what the attack climbed to break the image; empty where it stands, where the clean
 *                              prediction is wrong already, and in rows of versions that did not say
 * @param realNetwork           what the real-number network, of which bounds speak, does at that input; only where the
 *                              image is certified and broken. Rows without it do not have the field
 */
public record AttackRow(int index, int label, int cleanPrediction, boolean broken, int adversarialPrediction, double linf,
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.LossReader.class)
        Optional<AttackLoss> loss,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.RealNetworkReader.class)
        Optional<RealNetwork> realNetwork) implements Row {

    /** What the network of the float weights does in real-number arithmetic at an input that breaks the float network. */
    public enum RealNetwork {
        /** It gives the label: float rounding alone broke the image, and no bound is contradicted. */
        STANDS("stands"),
        /** It does not: a certificate for the image is false. */
        BREAKS("breaks");

        private final String text;

        RealNetwork(String text) {
            this.text = text;
        }

        /** As files spell it. */
        @JsonValue
        public String text() {
            return text;
        }
    }

    /** Stands for the prediction of a network that makes none. */
    public static final int NO_PREDICTION = -1;

    public static final RowFormat<AttackRow> FORMAT = new JsonLines<>(AttackRow.class, "loss", "real_network");

    public AttackRow {
        Require.notNegative("index", index);
        Require.notNegative("label", label);
        if (cleanPrediction != NO_PREDICTION) {
            Require.notNegative("clean_prediction", cleanPrediction);
            Require.notNegative("adversarial_prediction", adversarialPrediction);
        }
        Require.finiteNotNegative("linf", linf);
        Require.that(!broken || adversarialPrediction != label,
                "broken is true, but adversarial_prediction is the label " + label);
        Require.that(cleanPrediction != NO_PREDICTION || adversarialPrediction == NO_PREDICTION && !broken && linf == 0,
                "clean_prediction is -1, so there is nothing to attack, but adversarial_prediction is "
                        + adversarialPrediction + ", broken is " + broken + " and linf is " + linf);
        Require.that(broken || loss.isEmpty(), "loss is " + loss.map(Words::of).orElse("") + ", but broken is false");
        Require.that(broken || realNetwork.isEmpty(),
                "real_network is " + realNetwork.map(RealNetwork::text).orElse("") + ", but broken is false");
    }

    public static AttackRow of(int index, AttackOutcome outcome) {
        CleanPrediction clean = new CleanPrediction(index, outcome.label(), outcome.cleanPrediction());
        return outcome.broken() ? broken(clean, outcome.adversarialPrediction(), outcome.linf(), outcome.loss())
                : stands(clean, outcome.adversarialPrediction(), outcome.linf());
    }

    /** An image that an input at this distance breaks. */
    public static AttackRow broken(CleanPrediction clean, int adversarialPrediction, double linf, Optional<AttackLoss> loss) {
        return new AttackRow(clean.index(), clean.label(), clean.predict(), true, adversarialPrediction, linf, loss,
                Optional.empty());
    }

    /** An image that the attack did not break, with the strongest input found. */
    public static AttackRow stands(CleanPrediction clean, int adversarialPrediction, double linf) {
        return new AttackRow(clean.index(), clean.label(), clean.predict(), false, adversarialPrediction, linf,
                Optional.empty(), Optional.empty());
    }

    /** The same with what the real-number network does there. */
    public AttackRow with(RealNetwork real) {
        return new AttackRow(index, label, cleanPrediction, broken, adversarialPrediction, linf, loss, Optional.of(real));
    }

    /** Whether the unperturbed image is classified as its label. */
    public boolean cleanCorrect() {
        return cleanPrediction == label;
    }

    /** Whether the attack left the image correctly classified: robust as far as anyone has shown otherwise. */
    public boolean survived() {
        return cleanCorrect() && !broken;
    }

    /** Whether the network has the image right and this loss is what broke it. */
    public boolean brokenBy(AttackLoss what) {
        return cleanCorrect() && loss.equals(Optional.of(what));
    }
}
