package dev.bulwark.report;

/**
 * What PGD achieved against one image. An attack that fails proves nothing.
 *
 * @param broken                whether an input inside the box was found that is not classified as the label
 * @param adversarialPrediction class of the strongest input found
 * @param linf                  L-infinity distance of that input from the image, in input units
 */
public record AttackRow(int index, int label, int cleanPrediction, boolean broken, int adversarialPrediction, double linf)
        implements Row {

    public static final RowFormat<AttackRow> FORMAT = new JsonLines<>(AttackRow.class);

    public AttackRow {
        Require.notNegative("index", index);
        Require.notNegative("label", label);
        Require.notNegative("clean_prediction", cleanPrediction);
        Require.notNegative("adversarial_prediction", adversarialPrediction);
        Require.finiteNotNegative("linf", linf);
        Require.that(!broken || adversarialPrediction != label,
                "broken is true, but adversarial_prediction is the label " + label);
    }

    /** Whether the unperturbed image is classified as its label. */
    public boolean cleanCorrect() {
        return cleanPrediction == label;
    }

    /** Whether the attack left the image correctly classified: robust as far as anyone has shown otherwise. */
    public boolean survived() {
        return cleanCorrect() && !broken;
    }
}
