package dev.bulwark.audit;

/** A proof's hints, followed. */
final class Trees {

    private static final double LARGEST = 255;

    private final Network network;
    private final Margins margins;
    private final Proof proof;

    Trees(Network network, Margins margins, Proof proof) {
        this.network = network;
        this.margins = margins;
        this.proof = proof;
    }

    /**
     * Lower bounds of some margins over the whole ball, by trees that are leaves; by the rule for all where they are not.
     */
    double[] atRoot(Backward pass, Domain whole, int[] classes) {
        Proof.Leaf[] leaves = new Proof.Leaf[classes.length];
        for (int r = 0; r < leaves.length; ++r) {
            leaves[r] = proof.margins().get(classes[r]) instanceof Proof.Leaf leaf ? leaf : new Proof.Leaf(new byte[0],
                    new double[0]);
        }
        return classes.length == 0 ? new double[0] : margins.backward(pass, whole, classes, choice(whole, leaves));
    }

    /** A lower bound of a margin over a domain: the least of those of the two parts, which cover it, or of a leaf. */
    double least(int c, Domain whole) {
        return least(c, whole, proof.margins().get(c));
    }

    private double least(int c, Domain domain, Proof.Node node) {
        if (domain.isEmpty()) {
            return Double.POSITIVE_INFINITY;
        }
        if (node instanceof Proof.Split split) {
            double below = least(c, domain.within(network, cut(split, false)), split.below());
            double above = least(c, domain.within(network, cut(split, true)), split.above());
            return below < above || Double.isNaN(below) ? below : above;
        }
        Proof.Leaf leaf = (Proof.Leaf) node;
        return Backward.better(margins.byIntervals(domain)[c],
                margins.backward(new Backward(domain), domain, new int[] {c}, choice(domain, leaf))[0]);
    }

    static Domain.Cut cut(Proof.Split split, boolean above) {
        return new Domain.Cut(split.layer(), split.unit(), split.threshold(), above);
    }

    /** Slopes and multipliers of leaves, one a form. */
    Backward.Choice choice(Domain domain, Proof.Leaf... leaves) {
        return new Backward.Choice() {
            @Override
            public double[] slopes(int r, int layer, double[] adaptive) {
                return chosen(proof.open(), domain.kept(layer), layer, leaves[r].slopes(), adaptive);
            }

            @Override
            public double multiplier(int r, int k) {
                return k < leaves[r].multipliers().length ? leaves[r].multipliers()[k] : 0;
            }
        };
    }

    /** Slopes of a hidden layer's kept units: those given, and by the rule for all where none are. */
    static double[] chosen(int[][] open, int[] kept, int layer, byte[] slopes, double[] adaptive) {
        if (layer >= open.length || slopes.length == 0) {
            return adaptive;
        }
        int first = 0;
        for (int k = 0; k < layer; ++k) {
            first += open[k].length;
        }
        double[] chosen = adaptive.clone();
        for (int k = 0, j = 0; k < open[layer].length; ++k) {
            while (j < kept.length && kept[j] < open[layer][k]) {
                ++j;
            }
            if (j < kept.length && kept[j] == open[layer][k]) {
                chosen[j] = Byte.toUnsignedInt(slopes[first + k]) / LARGEST;
            }
        }
        return chosen;
    }
}
