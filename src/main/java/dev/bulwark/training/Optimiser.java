package dev.bulwark.training;

/**
 * How a gradient becomes a step.
 *
 * @param kind        the rule
 * @param momentum    SGD's momentum; Adam's beta1
 * @param weightDecay L2 penalty's weight, added to the gradient of every parameter
 * @param l1          weight of the sum of the weights' magnitudes, which joins the loss; biases are not among them
 * @param clipNorm    the gradient is scaled down to this L2 norm; 0 leaves it alone
 */
public record Optimiser(Kind kind, double momentum, double weightDecay, double l1, double clipNorm) {

    public enum Kind { SGD, ADAM }

    public Optimiser {
        Checks.named("optimiser", kind);
        Checks.inUnitInterval("momentum", momentum);
        Checks.below(1, "momentum", momentum);
        Checks.atLeast(0, "weight decay", weightDecay);
        Checks.atLeast(0, "weight of the L1 norm", l1);
        Checks.atLeast(0, "clip norm", clipNorm);
    }

    public static Optimiser sgd(double momentum) {
        return new Optimiser(Kind.SGD, momentum, 0, 0, 0);
    }

    public static Optimiser adam() {
        return new Optimiser(Kind.ADAM, 0.9, 0, 0, 0);
    }

    public Optimiser withWeightDecay(double decay) {
        return new Optimiser(kind, momentum, decay, l1, clipNorm);
    }

    public Optimiser withClipNorm(double norm) {
        return new Optimiser(kind, momentum, weightDecay, l1, norm);
    }

    public Optimiser withL1(double weight) {
        return new Optimiser(kind, momentum, weightDecay, weight, clipNorm);
    }
}
