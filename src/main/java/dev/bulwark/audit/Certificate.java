package dev.bulwark.audit;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * A claim about one image, and what it takes to prove it again.
 *
 * @param index       of the image in its data set
 * @param label       the class that leads all over the ball
 * @param ball        what the claim is about
 * @param by          what found it; nothing is concluded from that
 * @param bound       what network and image it speaks of
 * @param verdict     what is claimed
 * @param marginLower by class: at most {@code logit[label] - logit[class]} all over the ball; empty of the label itself; of
 *                    certified rows alone
 * @param witness     a point of the ball at which the label does not lead; of falsified rows alone
 * @param proof       hints
 */
public record Certificate(int index, int label, Region ball, Origin by, Digests bound, Verdict verdict,
                          List<OptionalDouble> marginLower, Optional<double[]> witness, Proof proof) {

    /** What is claimed. */
    public enum Verdict {
        CERTIFIED, FALSIFIED,
        /** Nothing. */
        UNDECIDED
    }

    /**
     * A ball around the image, cut to [0, 1].
     *
     * @param epsilon as it was typed: a decimal or a fraction, exactly
     * @param norm    inf, 2 or 1
     */
    public record Region(String epsilon, String norm) {
    }

    /**
     * Where a claim comes from.
     *
     * @param method the verifier's
     * @param claim  real, of the network of real numbers, or deployed, of its float evaluations
     */
    public record Origin(String method, String claim) {
    }

    /**
     * SHA-256, in hexadecimal.
     *
     * @param model of the network's file
     * @param image of the image's bytes, or of its floats, big-endian
     * @param bytes whether the image's elements are bytes over 255
     */
    public record Digests(String model, String image, boolean bytes) {
    }

    public Certificate {
        marginLower = List.copyOf(marginLower);
    }

    /** @throws AuditException if no certificate may name this radius: a number of too many digits, for instance */
    public static void requireReadable(String epsilon) {
        Ball.requireReadable(epsilon);
    }

    /** The same with other margins and hints. */
    Certificate with(double[] margins, Proof hints) {
        List<OptionalDouble> lower = Arrays.stream(margins).mapToObj(OptionalDouble::of).collect(Collectors.toList());
        lower.set(label, OptionalDouble.empty());
        return new Certificate(index, label, ball, by, bound, verdict, lower, witness, hints);
    }
}
