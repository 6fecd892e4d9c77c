package dev.bulwark.cli;

import dev.bulwark.bounds.Claim;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.runs.ExperimentException;

/** Which networks can be certified for every float32 evaluation. */
final class DeployedClaim {

    private DeployedClaim() {
    }

    /** @throws ExperimentException if the claim is deployed and {@code network} rounds in ways that are not known */
    static void requireFit(Claim claim, StoredNetwork network) {
        if (claim == Claim.REAL) {
            return;
        }
        network.otherInFloat32().ifPresent(why -> {
            throw new ExperimentException("--claim deployed speaks of float32 evaluations of the file, and " + why
                    + ": export the model without that, or use --claim real");
        });
        for (Graph.Node node : network.graph().nodes()) {
            if (node.op() instanceof Op.Sigmoid || node.op() instanceof Op.Tanh) {
                throw new ExperimentException("--claim deployed knows no bound of how a "
                        + (node.op() instanceof Op.Tanh ? "hyperbolic tangent" : "sigmoid") + " rounds, as this network has: use "
                        + "--claim real");
            }
        }
    }
}
