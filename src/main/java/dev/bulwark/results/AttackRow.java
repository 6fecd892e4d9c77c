package dev.bulwark.results;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.AttackMethod;
import dev.bulwark.attack.AttackOutcome;
import dev.bulwark.data.Norm;
import java.util.Optional;

/**
 * What an attack achieved against one image. An attack that fails proves nothing.
 *
 * @param cleanPrediction       class of the image as it is; {@link #NO_PREDICTION} where the network gives it none, as where a
 *                              logit is NaN: such an image is neither right nor broken
 * @param broken                whether an input inside the ball was found that is given another class than the label
 * @param adversarialPrediction class of the strongest input found; {@link #NO_PREDICTION} where the clean prediction is
 * @param linf                  where the image is broken, the l-infinity distance of that input from the centre of the ball,
 *                              k / 255 for bytes, in input units, and 0 where it is the image itself; empty, null in the file,
 *                              where the image is not broken. Versions before wrote 0 there
 * @param loss                  what the attack climbed to break the image; empty where it stands, where the clean
 *                              prediction is wrong already, by FAB, which climbs none, and in rows of versions that did not say
 * @param attack                which of several attacks broke the image; rows that PGD broke alone, and others where nothing broke
 *                              what was right, do not have the field
 * @param realNetwork           what the real-number network, of which bounds speak, does at that input; only where the
 *                              image is certified and broken. Rows without it do not have the field
 * @param l2                    of a broken image and an l2 ball, the l2 distance likewise, rounded up; other rows do not have it
 * @param l1                    the same of an l1 ball and the l1 distance
 * @param norm                  of the ball; rows of the l-infinity norm do not have the field
 * @param saved                 what is kept of the image; rows of attacks that keep nothing do not have the field
 */
public record AttackRow(int index, int label, int cleanPrediction, boolean broken, int adversarialPrediction,
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.NumberReader.class)
        Optional<Double> linf,
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.LossReader.class)
        Optional<AttackLoss> loss,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.AttackReader.class)
        Optional<AttackMethod> attack,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.RealNetworkReader.class)
        Optional<RealNetwork> realNetwork,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.NumberReader.class)
        Optional<Double> l2,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.NumberReader.class)
        Optional<Double> l1,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.NormReader.class)
        Optional<Norm> norm,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.SavedReader.class)
        Optional<Saved> saved) implements Row {

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

    /** Which image an attack keeps of one that it was given. */
    public enum Saved {
        /** The one that breaks it. */
        ADVERSARIAL("adversarial"),
        /** The image as it is: nothing was found, or nothing had to be. */
        CLEAN("clean");

        private final String text;

        Saved(String text) {
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

    public static final RowFormat<AttackRow> FORMAT = new JsonLines<>(AttackRow.class, "loss", "attack", "real_network",
            "l2", "l1", "norm", "saved");

    public AttackRow {
        Require.notNegative("index", index);
        Require.notNegative("label", label);
        if (cleanPrediction != NO_PREDICTION) {
            Require.notNegative("clean_prediction", cleanPrediction);
            Require.notNegative("adversarial_prediction", adversarialPrediction);
        }
        linf.ifPresent(distance -> Require.finiteNotNegative("linf", distance));
        Require.that(broken ? linf.isPresent() : linf.orElse(0.0) == 0,
                "linf is " + linf.map(String::valueOf).orElse("null") + ", but broken is " + broken);
        Require.that(!broken || adversarialPrediction != label,
                "broken is true, but adversarial_prediction is the label " + label);
        Require.that(cleanPrediction != NO_PREDICTION || adversarialPrediction == NO_PREDICTION && !broken,
                "clean_prediction is -1, so there is nothing to attack, but adversarial_prediction is "
                        + adversarialPrediction + " and broken is " + broken);
        Require.that(broken || loss.isEmpty(), "loss is " + loss.map(Words::of).orElse("") + ", but broken is false");
        Require.that(broken || attack.isEmpty(), "attack is " + attack.map(Words::of).orElse("") + ", but broken is false");
        Require.that(broken || realNetwork.isEmpty(),
                "real_network is " + realNetwork.map(RealNetwork::text).orElse("") + ", but broken is false");
        Require.that(norm.isEmpty() || norm.get() != Norm.INF, "norm is inf, which rows leave out");
        l2.ifPresent(distance -> Require.finiteNotNegative("l2", distance));
        Require.that(l2.isPresent() == (broken && norm.equals(Optional.of(Norm.TWO))),
                "l2 is there, or not, against what broken and norm say");
        l1.ifPresent(distance -> Require.finiteNotNegative("l1", distance));
        Require.that(l1.isPresent() == (broken && norm.equals(Optional.of(Norm.ONE))),
                "l1 is there, or not, against what broken and norm say");
        Require.that(saved.isEmpty() || saved.get() == (broken && cleanPrediction == label ? Saved.ADVERSARIAL : Saved.CLEAN),
                "saved is " + saved.map(Saved::text).orElse("") + ", against what the other fields say");
    }

    public static AttackRow of(int index, AttackOutcome outcome) {
        CleanPrediction clean = new CleanPrediction(index, outcome.label(), outcome.cleanPrediction());
        return outcome.broken() ? broken(clean, outcome.adversarialPrediction(), outcome.linf(), outcome.loss())
                .by(outcome.method()) : stands(clean, outcome.adversarialPrediction());
    }

    /** An image that an input at this distance breaks. */
    public static AttackRow broken(CleanPrediction clean, int adversarialPrediction, double linf, Optional<AttackLoss> loss) {
        return new AttackRow(clean.index(), clean.label(), clean.predict(), true, adversarialPrediction, Optional.of(linf), loss,
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** An image that the attack did not break, with the class of the strongest input found. */
    public static AttackRow stands(CleanPrediction clean, int adversarialPrediction) {
        return new AttackRow(clean.index(), clean.label(), clean.predict(), false, adversarialPrediction, Optional.empty(),
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty());
    }

    /** The same broken by an attack, which rows name if it is another than PGD. */
    private AttackRow by(Optional<AttackMethod> method) {
        return new AttackRow(index, label, cleanPrediction, broken, adversarialPrediction, linf, loss,
                method.filter(each -> each != AttackMethod.PGD), realNetwork, l2, l1, norm, saved);
    }

    /** The same with what the real-number network does there. */
    public AttackRow with(RealNetwork real) {
        return new AttackRow(index, label, cleanPrediction, broken, adversarialPrediction, linf, loss, attack,
                Optional.of(real), l2, l1, norm, saved);
    }

    /** The same in an l2 ball. @param distance of a broken image in that norm; of others left out */
    public AttackRow inEuclideanBall(double distance) {
        return new AttackRow(index, label, cleanPrediction, broken, adversarialPrediction, linf, loss, attack, realNetwork,
                broken ? Optional.of(distance) : Optional.empty(), Optional.empty(), Optional.of(Norm.TWO), saved);
    }

    /** As {@link #inEuclideanBall}, in an l1 ball. */
    public AttackRow inL1Ball(double distance) {
        return new AttackRow(index, label, cleanPrediction, broken, adversarialPrediction, linf, loss, attack, realNetwork,
                Optional.empty(), broken ? Optional.of(distance) : Optional.empty(), Optional.of(Norm.ONE), saved);
    }

    /** The same of an attack that keeps an image for each row. */
    public AttackRow keepingImages() {
        return new AttackRow(index, label, cleanPrediction, broken, adversarialPrediction, linf, loss, attack, realNetwork, l2,
                l1, norm,                 Optional.of(broken && cleanCorrect() ? Saved.ADVERSARIAL : Saved.CLEAN));
    }

    /** Of the ball. */
    public Norm ballNorm() {
        return norm.orElse(Norm.INF);
    }

    /** How far the adversarial image lies from the centre in the ball's norm; empty where the image is not broken. */
    public Optional<Double> distance() {
        return switch (ballNorm()) {
            case INF -> linf;
            case TWO -> l2;
            case ONE -> l1;
        };
    }

    /** Whether the unperturbed image is classified as its label. */
    public boolean cleanCorrect() {
        return cleanPrediction == label;
    }

    /** Whether the attack left the image correctly classified: robust as far as anyone has shown otherwise. */
    public boolean survived() {
        return cleanCorrect() && !broken;
    }

    /** Which attack broke the image, if the network has it right. */
    public Optional<AttackMethod> brokenBy() {
        return cleanCorrect() && broken ? attack.or(() -> Optional.of(AttackMethod.PGD)) : Optional.empty();
    }

    /** Whether the network has the image right and this loss is what broke it. */
    public boolean brokenBy(AttackLoss what) {
        return cleanCorrect() && loss.equals(Optional.of(what));
    }
}
