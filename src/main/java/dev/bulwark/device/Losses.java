package dev.bulwark.device;

/** Losses of logits with their gradients, and the worst-case logits that training takes them of; rounded to nearest. */
public interface Losses {

    /**
     * Softmax cross-entropy. {@code losses[n]} is row n's loss; {@code gradient = weight/rows (softmax - one-hot)}.
     *
     * @param logits {@code [rows,classes]}; gradient may be the same buffer
     * @param labels {@code int [rows]}
     * @param weight one element
     */
    void crossEntropy(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer weight,
                      DeviceBuffer gradient, DeviceBuffer losses);

    /**
     * Cross-entropy over noisy copies of each row's image, and a penalty where the copies disagree (Jeong and Shin 2020,
     * "Consistency regularization for certified robustness of smoothed classifiers"). With {@code F_i} the
     * softmax of copy i's logits and F the mean of them,
     * <pre>  losses[n] = mean over i of CE(F_i, labels[n])
     *  penalties[n] = lambda mean over i of KL(F || F_i) + eta H(F)</pre>
     * and {@code gradient = weight/rows} times that of {@code losses[n] + penalties[n]}. Where a logit is not finite, its
     * row's penalty is not either.
     *
     * @param logits   {@code [copies,rows,classes]}, as is gradient, which is another buffer
     * @param labels   {@code int [rows]}
     * @param weight   one element
     */
    void consistencyLoss(DeviceBuffer logits, DeviceBuffer labels, int copies, int rows, int classes,
                         float lambda, float eta, DeviceBuffer weight,
                         DeviceBuffer gradient, DeviceBuffer losses, DeviceBuffer penalties);

    /**
     * The difference of logits ratio (Croce and Hein 2020) and its gradient: with j the best class other than the label y, and
     * the logits in falling order z_1, z_2, ..., {@code losses[n] = (z[j] - z[y]) / (z_1 - z_3 + 1e-12)}. It does not change
     * where all logits are shifted, or scaled by a positive number. With two classes, where there is no third logit, it is the
     * margin. A row with a logit that is not finite, or without another class, has the loss NaN and the gradient 0.
     *
     * @param logits   {@code [rows,classes]}, as is gradient, which may be the same buffer
     * @param labels   {@code int [rows]}
     * @param losses   {@code [rows]}
     */
    void dlr(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer gradient, DeviceBuffer losses);

    /**
     * As {@link #dlr}, toward a class: with t the target, {@code losses[n] = (z[t] - z[y]) / (z_1 - (z_3 + z_4) / 2 + 1e-12)},
     * with z_3 alone where there are three classes.
     *
     * @param targets {@code int [rows]}, not the labels
     */
    void targetedDlr(DeviceBuffer logits, DeviceBuffer labels, DeviceBuffer targets, int rows, int classes, DeviceBuffer gradient,
                     DeviceBuffer losses);

    /**
     * {@code losses[n] = z[t] - z[y]}, t = targets[n] and y = labels[n], and its gradient; a row with a logit that is not finite
     * as in {@link #dlr}.
     */
    void targetedMargin(DeviceBuffer logits, DeviceBuffer labels, DeviceBuffer targets, int rows, int classes,
                        DeviceBuffer gradient, DeviceBuffer losses);

    /** {@code losses[n]} is the margin that {@link #marginGradient} has the gradient of; NaN where that is 0 for want of one. */
    void margins(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer losses);

    /**
     * Gradient of the margin {@code max over c != y of logits[n,c] - logits[n,y]}, y = labels[n], which Carlini and Wagner
     * 2017 ascend: 1 at the best other class, the lowest index at a tie, -1 at the label, and 0 elsewhere. A row with a
     * NaN, or without another class, has the gradient 0. Unlike {@link #crossEntropy}'s it never vanishes otherwise,
     * however far apart the logits lie.
     *
     * @param logits {@code [rows,classes]}; gradient may be the same buffer
     * @param labels {@code int [rows]}
     */
    void marginGradient(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer gradient);

    /**
     * Worst-case logits of an output box (the label's lower bound, every other class's upper bound).
     * All matrices {@code [rows,classes]}.
     */
    void worstCaseLogits(DeviceBuffer centre, DeviceBuffer radius, DeviceBuffer labels, int rows, int classes,
                         DeviceBuffer worst);

    /** Gradient of {@link #worstCaseLogits}; {@code gradientCentre} may be {@code gradientWorst} itself. */
    void worstCaseLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int rows, int classes,
                                 DeviceBuffer gradientCentre, DeviceBuffer gradientRadius);

    /** {@code target[y C + c, i] = |W[c,i] - W[y,i]|}: radii of every logit difference's coefficients, {@code [C*C,I]}. */
    void pairwiseDifferences(DeviceBuffer weight, int classes, int in, DeviceBuffer target);

    /** Gradient of {@link #pairwiseDifferences}, added to {@code gradientWeight} {@code [C,I]}. */
    void pairwiseDifferencesGradient(DeviceBuffer weight, DeviceBuffer gradientTarget, int classes, int in,
                                     DeviceBuffer gradientWeight);

    /**
     * Worst-case logit differences with the last layer elided (Gowal et al. 2019, section 3):
     * {@code worst[n,c] = centreLogits[n,c] - centreLogits[n,y] + spread[n, y C + c]}, 0 at c = y = labels[n].
     *
     * @param centreLogits {@code [rows,classes]}, the last layer at the box's centre
     * @param spread       {@code [rows,classes^2]}, the box's radius times {@link #pairwiseDifferences}
     */
    void elidedLogits(DeviceBuffer centreLogits, DeviceBuffer spread, DeviceBuffer labels, int rows, int classes,
                      DeviceBuffer worst);

    /** Gradient of {@link #elidedLogits}; {@code gradientCentre} may be {@code gradientWorst} itself. */
    void elidedLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int rows, int classes,
                              DeviceBuffer gradientCentre, DeviceBuffer gradientSpread);
}
