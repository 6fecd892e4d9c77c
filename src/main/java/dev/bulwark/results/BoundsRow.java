package dev.bulwark.results;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Method;
import dev.bulwark.bounds.Specification;
import dev.bulwark.data.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Deterministic bounds of one image's logits over the ball of radius {@code epsilon}, clipped to [0,1].
 *
 * <p>Bounds are doubles although networks compute floats: a float's shortest decimal, read as a double, may lie on the
 * wrong side of the bound.
 *
 * <p>Where no finite bound is known, for instance as the network's values exceed the largest float, the bound is infinite,
 * and null in the file.
 *
 * @param epsilon         radius of the ball, in input units
 * @param cleanPrediction the network's class for the image itself, -1 if its logits hold a NaN
 * @param lower           lower bounds of the logits; -infinity if none is known
 * @param upper           upper bounds of the logits; infinity if none is known
 * @param marginLower     lower bounds of {@code logit[label] - logit[c]}, 0 at {@code c = label}; -infinity if none is known
 * @param realNetwork     what the real-number network, of which the bounds speak, does at the image itself; only where the
 *                        image is certified and the float network gives it another class, or none. Rows without it do not
 *                        have the field
 * @param norm            of the ball; rows of the l-infinity norm do not have the field
 * @param largestEpsilon  of a search for the largest epsilon: this row's epsilon, if the image is certified at it, which is the
 *                        largest of those tried. Rows of images that are certified at none of them, whose bounds are those at the
 *                        last, and rows of no search do not have the field
 * @param verdict         of {@link Method#EXACT} and {@link Method#CASCADE}; other methods' rows do not have the field
 * @param decidedBy       the cascade's stage that the verdict is of; other rows, and undecided ones, do not have the field
 * @param reason          why it is undecided; other rows do not have the field
 * @param witness         a point of the ball at which the label of the network that is claimed about does not lead; only where
 *                        the verdict says so, and rows without it do not have the field
 * @param seconds         that the image took: its share of what its batch took, in a cascade of each stage that it went through,
 *                        and a search's own time. Two runs agree where all other fields do. Rows of earlier versions do not have it
 * @param claim           which network the bounds speak of; rows of earlier versions do not have the field, and speak of the
 *                        real-number network
 */
@JsonPropertyOrder({"index", "label", "epsilon", "method", "claim", "clean_prediction", "lower", "upper", "margin_lower",
        "certified", "certified_by_box", "real_network", "norm", "largest_epsilon",
        "verdict", "decided_by", "reason", "witness", "seconds"})
@JsonIgnoreProperties(value = {"certified", "certified_by_box"}, allowGetters = true)
public record BoundsRow(int index, int label, double epsilon, Method method, int cleanPrediction,
        @JsonSerialize(contentUsing = JsonFields.FiniteWriter.class)
        @JsonDeserialize(contentUsing = JsonFields.LowerReader.class) List<Double> lower,
        @JsonSerialize(contentUsing = JsonFields.FiniteWriter.class)
        @JsonDeserialize(contentUsing = JsonFields.UpperReader.class) List<Double> upper,
        @JsonSerialize(contentUsing = JsonFields.FiniteWriter.class)
        @JsonDeserialize(contentUsing = JsonFields.LowerReader.class) List<Double> marginLower,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.RealNetworkReader.class)
        Optional<AttackRow.RealNetwork> realNetwork,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.NormReader.class)
        Optional<Norm> norm,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.NumberReader.class)
        Optional<Double> largestEpsilon,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.DecisionReader.class)
        Optional<Decision> verdict,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.StageReader.class)
        Optional<Cascade.Stage> decidedBy,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.TextReader.class)
        Optional<String> reason,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.PointReader.class)
        Optional<double[]> witness,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.NumberReader.class)
        Optional<Double> seconds,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.ClaimReader.class)
        Optional<Claim> claim) implements Row {

    private static final int NO_PREDICTION = -1;

    public static final RowFormat<BoundsRow> FORMAT = new JsonLines<>(BoundsRow.class, "real_network", "norm",
            "largest_epsilon", "verdict", "decided_by", "reason", "witness", "seconds", "claim");

    /** What a search comes to. */
    public enum Decision {
        CERTIFIED,
        /** A point of the ball is known at which the label does not lead. */
        FALSIFIED,
        UNDECIDED
    }

    public BoundsRow {
        lower = List.copyOf(lower);
        upper = List.copyOf(upper);
        marginLower = List.copyOf(marginLower);
        int classes = lower.size();
        Require.notNegative("index", index);
        Require.classOf("label", label, classes);
        if (cleanPrediction != NO_PREDICTION) {
            Require.classOf("clean_prediction", cleanPrediction, classes);
        }
        Require.finiteNotNegative("epsilon", epsilon);
        Require.that(upper.size() == classes && marginLower.size() == classes, "lower has " + classes
                + " classes, upper " + upper.size() + ", margin_lower " + marginLower.size());
        for (int c = 0; c < classes; ++c) {
            double l = lower.get(c);
            double u = upper.get(c);
            double m = marginLower.get(c);
            Require.that(l < Double.POSITIVE_INFINITY && u > Double.NEGATIVE_INFINITY && m < Double.POSITIVE_INFINITY,
                    "class " + c + " has bounds that no number lies in: " + l + ", " + u + ", margin " + m);
            Require.that(l <= u, "class " + c + " has lower " + l + " above upper " + u);
        }
        Require.that(largestEpsilon.isEmpty() || largestEpsilon.get() == epsilon
                && Specification.labelProvenBy(label, classes, marginLower::get), "largest_epsilon is "
                + largestEpsilon.map(String::valueOf).orElse("") + ", but the bounds prove nothing at it");
        Require.that(verdict.isEmpty() || (verdict.get() == Decision.CERTIFIED)
                == Specification.labelProvenBy(label, classes, marginLower::get), "verdict is "
                + verdict.map(BoundsRow.Decision::name).orElse("") + ", but the margins say otherwise");
        Require.that(witness.isPresent() == (verdict.isPresent() && verdict.get() == Decision.FALSIFIED),
                "a witness belongs to the verdict falsified, and to no other");
        boolean decided = verdict.isPresent() && verdict.get() != Decision.UNDECIDED;
        Require.that(decidedBy.isPresent() == (method == Method.CASCADE && decided),
                "decided_by belongs to the cascade's rows with an answer, and to no others");
        Require.that(reason.isEmpty() || verdict.equals(Optional.of(Decision.UNDECIDED)),
                "a reason belongs to the verdict undecided, and to no other");
        seconds.ifPresent(time -> Require.finiteNotNegative("seconds", time));
        Require.that(norm.isEmpty() || norm.get() != Norm.INF, "norm is inf, which rows leave out");
        Require.that(marginLower.get(label) == 0, "margin_lower is " + marginLower.get(label) + " at the label, not 0");
        Require.that(realNetwork.isEmpty() || claim.orElse(Claim.REAL) == Claim.REAL, "real_network belongs to the claim real");
        Require.that(realNetwork.isEmpty() || cleanPrediction != label,
                "real_network is " + realNetwork.map(AttackRow.RealNetwork::text).orElse("")
                        + ", but clean_prediction is the label");
    }

    /** What a method finds, a number for each class. */
    public record Bounds(List<Double> lower, List<Double> upper, List<Double> marginLower) {

        /** Of the arrays that a backend hands out. */
        public static Bounds of(float[] lower, float[] upper, float[] marginLower) {
            return new Bounds(widen(lower), widen(upper), widen(marginLower));
        }
    }

    /** Over an l-infinity ball. */
    public static BoundsRow of(CleanPrediction clean, double epsilon, Method method, Bounds bounds) {
        return new BoundsRow(clean.index(), clean.label(), epsilon, method, clean.predict(), bounds.lower, bounds.upper,
                bounds.marginLower, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(Claim.REAL));
    }

    /** The same, speaking of another network. */
    public BoundsRow of(Claim other) {
        return new BoundsRow(index, label, epsilon, method, cleanPrediction, lower, upper, marginLower, realNetwork, norm,
                largestEpsilon, verdict, decidedBy, reason, witness, seconds, Optional.of(other));
    }

    /** Which network the bounds speak of. */
    public Claim speaksOf() {
        return claim.orElse(Claim.REAL);
    }

    /** The same with what the real-number network does at the image itself. */
    public BoundsRow with(AttackRow.RealNetwork real) {
        return new BoundsRow(index, label, epsilon, method, cleanPrediction, lower, upper, marginLower, Optional.of(real),
                norm, largestEpsilon, verdict, decidedBy, reason, witness, seconds, claim);
    }

    /** The same over a ball of another norm. */
    public BoundsRow in(Norm other) {
        return new BoundsRow(index, label, epsilon, method, cleanPrediction, lower, upper, marginLower, realNetwork,
                Optional.of(other).filter(of -> of != Norm.INF), largestEpsilon, verdict, decidedBy, reason, witness, seconds, claim);
    }

    /** The same as what a search ends with: its epsilon is the largest certified, if it is certified. */
    public BoundsRow largest() {
        return new BoundsRow(index, label, epsilon, method, cleanPrediction, lower, upper, marginLower, realNetwork, norm,
                certified() ? Optional.of(epsilon) : Optional.empty(), verdict, decidedBy, reason, witness, seconds, claim);
    }

    /**
     * The same as what a search for a counterexample ends with.
     *
     * @param by    the stage of a cascade that decided the image, if one did
     * @param point where a counterexample was found
     * @param why   the search ended without an answer, where it did
     */
    public BoundsRow decided(Optional<Cascade.Stage> by, Optional<float[]> point, Optional<String> why) {
        Decision decision = certified() ? Decision.CERTIFIED : point.isPresent() ? Decision.FALSIFIED : Decision.UNDECIDED;
        return new BoundsRow(index, label, epsilon, method, cleanPrediction, lower, upper, marginLower, realNetwork, norm,
                largestEpsilon, Optional.of(decision), by, why.filter(said -> decision == Decision.UNDECIDED),
                point.map(BoundsRow::exactly), seconds, claim);
    }

    /** The same with the time that it took, to a microsecond. */
    public BoundsRow timed(double took) {
        return timed(Optional.of(Math.round(took * 1e6) / 1e6));
    }

    /** The same without it: what two runs agree on. */
    public BoundsRow untimed() {
        return timed(Optional.empty());
    }

    private BoundsRow timed(Optional<Double> took) {
        return new BoundsRow(index, label, epsilon, method, cleanPrediction, lower, upper, marginLower, realNetwork, norm,
                largestEpsilon, verdict, decidedBy, reason, witness, took, claim);
    }

    private static double[] exactly(float[] values) {
        double[] doubles = new double[values.length];
        for (int k = 0; k < doubles.length; ++k) {
            doubles[k] = values[k];
        }
        return doubles;
    }

    /** Of the ball. */
    public Norm ballNorm() {
        return norm.orElse(Norm.INF);
    }

    /** Whether every other margin is positive; equality is no certificate. */
    @JsonProperty("certified")
    public boolean certified() {
        return Specification.labelProvenBy(label, marginLower.size(), marginLower::get);
    }

    /** The looser certificate that compares boxes: every other class's upper bound lies below the label's lower bound. */
    @JsonProperty("certified_by_box")
    public boolean certifiedByBox() {
        return Specification.labelProvenBy(label, upper.size(), c -> lower.get(label) - upper.get(c));
    }

    /** Whether the image is certified in either way although the float network does not give it its label. */
    public boolean differs() {
        return !cleanCorrect() && (certified() || certifiedByBox());
    }

    /** Whether the unperturbed image is classified as its label. */
    public boolean cleanCorrect() {
        return cleanPrediction == label;
    }

    private static List<Double> widen(float[] values) {
        List<Double> doubles = new ArrayList<>(values.length);
        for (float value : values) {
            doubles.add((double) value);
        }
        return doubles;
    }
}
