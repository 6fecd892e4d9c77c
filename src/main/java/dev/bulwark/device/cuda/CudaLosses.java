package dev.bulwark.device.cuda;

import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Losses;
import dev.bulwark.device.TrainingOperations.LossTerm;
import java.util.Optional;

/** Cross-entropy, the worst-case logits it is taken of, and the margin: losses.cu. */
final class CudaLosses implements Losses {

    private static final int WARP = 32;

    private final Kernel classLosses;
    private final Kernel crossEntropy;
    private final Kernel consistencyLoss;
    private final Kernel marginGradient;
    private final Kernel dlr;
    private final Kernel targetedDlr;
    private final Kernel targetedMargin;
    private final Kernel margins;
    private final Kernel worstCaseLogits;
    private final Kernel worstCaseLogitsGradient;
    private final Kernel pairwiseDifferences;
    private final Kernel pairwiseDifferencesGradient;
    private final Kernel elidedLogits;
    private final Kernel elidedLogitsGradient;

    private final Tickets tickets;

    CudaLosses(KernelModule module, Tickets tickets) {
        this.tickets = tickets;
        classLosses = module.kernel("class_losses");
        crossEntropy = module.kernel("cross_entropy");
        consistencyLoss = module.kernel("consistency_loss");
        marginGradient = module.kernel("margin_gradient");
        dlr = module.kernel("dlr");
        targetedDlr = module.kernel("targeted_dlr");
        targetedMargin = module.kernel("targeted_margin");
        margins = module.kernel("margins");
        worstCaseLogits = module.kernel("worst_case_logits");
        worstCaseLogitsGradient = module.kernel("worst_case_logits_gradient");
        pairwiseDifferences = module.kernel("pairwise_differences");
        pairwiseDifferencesGradient = module.kernel("pairwise_differences_gradient");
        elidedLogits = module.kernel("elided_logits");
        elidedLogitsGradient = module.kernel("elided_logits_gradient");
    }

    @Override
    public void crossEntropy(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer weight,
                             DeviceBuffer gradient, DeviceBuffer losses) {
        long size = (long) rows * classes;
        crossEntropy.launch(Grid.overWarps(rows), logits.require("logits", size), labels.require("labels", rows), rows,
                classes, weight.require("weight", 1), gradient.require("gradient", size), losses.require("losses", rows));
    }

    /** Shared memory holds each copy's normaliser, two doubles, for the row of each warp: 384 copies fit. */
    @Override
    public void consistencyLoss(DeviceBuffer logits, DeviceBuffer labels, int copies, int rows, int classes,
                                float lambda, float eta, DeviceBuffer weight,
                                DeviceBuffer gradient, DeviceBuffer losses, DeviceBuffer penalties) {
        long size = (long) copies * rows * classes;
        Grid warps = Grid.overWarps(rows);
        consistencyLoss.launch(warps.withShared(Math.multiplyExact(warps.threads() / WARP * 2 * Double.BYTES, copies)),
                logits.require("logits", size), labels.require("labels", rows), copies, rows, classes, lambda, eta,
                weight.require("weight", 1), gradient.require("gradient", size),
                losses.require("losses", rows), penalties.require("penalties", rows));
    }

    @Override
    public void marginGradient(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer gradient) {
        long size = (long) rows * classes;
        marginGradient.launch(Grid.over(rows), logits.require("logits", size), labels.require("labels", rows), rows, classes,
                gradient.require("gradient", size));
    }

    @Override
    public void dlr(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer gradient, DeviceBuffer losses) {
        long size = (long) rows * classes;
        dlr.launch(Grid.over(rows), logits.require("logits", size), labels.require("labels", rows), rows, classes,
                gradient.require("gradient", size), losses.require("losses", rows));
    }

    @Override
    public void targetedDlr(DeviceBuffer logits, DeviceBuffer labels, DeviceBuffer targets, int rows, int classes,
                            DeviceBuffer gradient, DeviceBuffer losses) {
        launch(targetedDlr, logits, labels, targets, rows, classes, gradient, losses);
    }

    @Override
    public void targetedMargin(DeviceBuffer logits, DeviceBuffer labels, DeviceBuffer targets, int rows, int classes,
                               DeviceBuffer gradient, DeviceBuffer losses) {
        launch(targetedMargin, logits, labels, targets, rows, classes, gradient, losses);
    }

    private static void launch(Kernel targeted, DeviceBuffer logits, DeviceBuffer labels, DeviceBuffer targets, int rows, int classes,
                               DeviceBuffer gradient, DeviceBuffer losses) {
        long size = (long) rows * classes;
        targeted.launch(Grid.over(rows), logits.require("logits", size), labels.require("labels", rows),
                targets.require("targets", rows), rows, classes, gradient.require("gradient", size), losses.require("losses", rows));
    }

    @Override
    public void margins(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer losses) {
        margins.launch(Grid.over(rows), logits.require("logits", (long) rows * classes), labels.require("labels", rows), rows,
                classes, losses.require("losses", rows));
    }

    @Override
    public void worstCaseLogits(DeviceBuffer centre, DeviceBuffer radius, DeviceBuffer labels, int rows, int classes,
                                DeviceBuffer worst) {
        long size = (long) rows * classes;
        worstCaseLogits.launch(Grid.over(size), centre.require("centre", size), radius.require("radius", size),
                labels.require("labels", rows), rows, classes, worst.require("worst", size));
    }

    @Override
    public void worstCaseLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int rows, int classes,
                                        DeviceBuffer gradientCentre, DeviceBuffer gradientRadius) {
        long size = (long) rows * classes;
        worstCaseLogitsGradient.launch(Grid.over(size), gradientWorst.require("gradientWorst", size),
                labels.require("labels", rows), rows, classes, gradientCentre.require("gradientCentre", size),
                gradientRadius.require("gradientRadius", size));
    }

    @Override
    public void pairwiseDifferences(DeviceBuffer weight, int classes, int in, DeviceBuffer target) {
        long size = (long) classes * classes * in;
        pairwiseDifferences.launch(Grid.over(size), weight.require("weight", (long) classes * in), classes, in,
                target.require("target", size));
    }

    @Override
    public void pairwiseDifferencesGradient(DeviceBuffer weight, DeviceBuffer gradientTarget, int classes, int in,
                                            DeviceBuffer gradientWeight) {
        long size = (long) classes * in;
        pairwiseDifferencesGradient.launch(Grid.over(size), weight.require("weight", size),
                gradientTarget.require("gradientTarget", size * classes), classes, in,
                gradientWeight.require("gradientWeight", size));
    }

    @Override
    public void elidedLogits(DeviceBuffer centreLogits, DeviceBuffer spread, DeviceBuffer labels, int rows, int classes,
                             DeviceBuffer worst) {
        long size = (long) rows * classes;
        elidedLogits.launch(Grid.over(size), centreLogits.require("centreLogits", size),
                spread.require("spread", size * classes), labels.require("labels", rows), rows, classes,
                worst.require("worst", size));
    }

    @Override
    public void elidedLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int rows, int classes,
                                     DeviceBuffer gradientCentre, DeviceBuffer gradientSpread) {
        long size = (long) rows * classes;
        elidedLogitsGradient.launch(Grid.overWarps(rows), gradientWorst.require("gradientWorst", size),
                labels.require("labels", rows), rows, classes, gradientCentre.require("gradientCentre", size),
                gradientSpread.require("gradientSpread", size * classes));
    }

    /** Both losses as of TrainingOperations; of a term that is empty, the other's buffers stand in and are not touched. */
    void classLosses(BoxRows logits, DeviceBuffer labels, boolean elided, Optional<LossTerm> natural,
                     Optional<LossTerm> worst, BoxRows gradient) {
        int classes = logits.columns();
        int clean = natural.isPresent() ? logits.clean() : 0;
        int boxes = worst.isPresent() ? logits.boxes() : 0;
        LossTerm first = natural.or(() -> worst).orElseThrow();
        LossTerm second = worst.orElse(first);
        long radii = (long) boxes * classes * (elided ? classes : 1);
        DeviceBuffer points = clean > 0 ? logits.points() : logits.centre();
        DeviceBuffer slopes = clean > 0 ? gradient.points() : gradient.centre();
        int most = Math.max(clean, boxes);
        classLosses.launch(Grid.overWarpsWithPartialSums((long) clean + boxes), points,
                logits.radius().require("radius", radii), labels.require("labels", most), clean, boxes, classes,
                elided ? 1 : 0, first.weight(), second.weight(), slopes, gradient.radius().require("gradientRadius", radii),
                first.predictions().require("predictions", clean), second.predictions().require("predictions", boxes),
                first.sum(), second.sum(), tickets.partials(), tickets.tickets());
    }
}
