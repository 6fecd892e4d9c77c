package dev.bulwark.audit;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/** Proves certificates of one network again. Certificates may come from anybody: what they say is never more than a hint. */
public final class Checker {

    /** Of a margin that is claimed: another machine's last bits. */
    private static final double TOLERANCE = 1e-6;

    private final Network network;

    public Checker(Network network) {
        this.network = network;
    }

    /** What becomes of a certificate. */
    public enum Outcome {
        PROVEN,
        /** Too little was proven, which does not say that the claim is false. */
        NOT_PROVEN,
        /** It speaks of something else, or contradicts itself or what is proven. */
        DIFFERS,
        /** A claim of a kind that is not checked. */
        NOT_CHECKED,
        /** It claims nothing. */
        NOTHING_CLAIMED
    }

    /**
     * @param reason why, where it is not proven; else empty
     * @param margins by class what was proven; empty where nothing was
     */
    public record Result(Outcome outcome, String reason, double[] margins) {

        public static Result of(Outcome outcome, String reason) {
            return new Result(outcome, reason, new double[0]);
        }

        private static Result differs(String reason) {
            return of(Outcome.DIFFERS, reason);
        }
    }

    /**
     * Checks one certificate.
     *
     * @param image its image, from the data set
     */
    public Result check(Certificate row, Image image) {
        if (!row.bound().model().equals(network.sha256())) {
            return Result.differs("model_sha256 is another network's: " + row.bound().model());
        }
        if (row.bound().bytes() != image.isBytes() || !row.bound().image().equals(image.sha256())) {
            return Result.differs("image_sha256 is another image's than the data have at this index");
        }
        if (image.size() != network.inputs()) {
            return Result.differs("the image has " + image.size() + " elements, the network takes " + network.inputs());
        }
        if (row.label() < 0 || row.label() >= network.classes()) {
            return Result.differs("label is " + row.label() + ", the network has " + network.classes() + " classes");
        }
        if (row.verdict() == Certificate.Verdict.UNDECIDED) {
            return Result.of(Outcome.NOTHING_CLAIMED, "");
        }
        if (!row.by().claim().equals("real")) {
            return Result.of(Outcome.NOT_CHECKED, "claim " + row.by().claim() + ": not checked here, only claims about real "
                    + "arithmetic are");
        }
        try {
            Ball ball = new Ball(image, row.ball().epsilon(), row.ball().norm());
            return row.witness().isPresent() ? witness(row, ball, row.witness().get()) : certified(row, ball);
        } catch (AuditException e) {
            return Result.differs(e.getMessage());
        }
    }

    private Result witness(Certificate row, Ball ball, double[] point) {
        if (point.length != network.inputs()) {
            return Result.differs("witness has " + point.length + " elements, the network takes " + network.inputs());
        }
        if (!ball.holds(point)) {
            return Result.differs("witness does not lie in the ball");
        }
        return new PointEvaluation(network, point).leads(row.label())
                ? Result.differs("the label leads at the witness")
                : Result.of(Outcome.PROVEN, "");
    }

    private Result certified(Certificate row, Ball ball) {
        if (row.marginLower().size() != network.classes()) {
            return Result.differs("margin_lower is of " + row.marginLower().size() + " classes, the network has "
                    + network.classes());
        }
        for (OptionalDouble margin : row.marginLower()) {
            if (margin.isPresent() && !(margin.getAsDouble() > 0)) {
                return Result.differs("verdict is certified, but a margin of " + margin.getAsDouble() + " is claimed");
            }
        }
        double[] proven = prove(row.label(), ball, row.proof(), row.marginLower());
        for (int c = 0; c < proven.length; ++c) {
            if (c != row.label() && !(proven[c] > 0)) {
                return new Result(Outcome.NOT_PROVEN, "the margin to class " + c + " is only shown to be at least "
                        + proven[c], proven);
            }
        }
        for (int c = 0; c < proven.length; ++c) {
            if (c != row.label() && !reaches(proven[c], row.marginLower().get(c))) {
                return new Result(Outcome.DIFFERS, "margin_lower claims " + row.marginLower().get(c).getAsDouble()
                        + " to class " + c
                        + ", of which " + proven[c] + " is proven", proven);
            }
        }
        return new Result(Outcome.PROVEN, "", proven);
    }

    private static boolean reaches(double proven, OptionalDouble claimed) {
        return claimed.isEmpty() || proven >= claimed.getAsDouble() * (1 - TOLERANCE);
    }

    /**
     * Lower bounds of all margins: by intervals, and where that does not reach what is claimed, by forms that go back, with
     * the rule for all and then with the hints.
     */
    double[] prove(int label, Ball ball, Proof proof, List<OptionalDouble> claimed) {
        Margins margins = new Margins(network, label);
        double[] proven = margins.byIntervals(Domain.of(network, ball, false));
        int[] open = open(proven, claimed, label);
        if (open.length == 0) {
            return proven;
        }
        Domain whole = Domain.of(network, ball, new Sides(proof.open(), proof.sides()));
        Backward pass = new Backward(whole);
        take(proven, open, margins.backward(pass, whole, open, Backward.Choice.ADAPTIVE));
        open = Arrays.stream(open(proven, claimed, label)).filter(proof.margins()::containsKey).toArray();
        Trees trees = new Trees(network, margins, proof);
        take(proven, open, trees.atRoot(pass, whole, open));
        for (int c : open(proven, claimed, label)) {
            if (proof.margins().get(c) instanceof Proof.Split) {
                proven[c] = Backward.better(proven[c], trees.least(c, whole));
            }
        }
        return proven;
    }

    private static void take(double[] proven, int[] classes, double[] least) {
        for (int k = 0; k < classes.length; ++k) {
            proven[classes[k]] = Backward.better(proven[classes[k]], least[k]);
        }
    }

    private static int[] open(double[] proven, List<OptionalDouble> claimed, int label) {
        return IntStream.range(0, proven.length)
                .filter(c -> c != label && !(proven[c] > 0 && reaches(proven[c], claimed.get(c)))).toArray();
    }
}
