package dev.bulwark.device.cuda;

import dev.bulwark.device.TrainingOperations;

/** Every family of operations on one GPU, from its kernels, and the training steps that fuse several of them. */
final class CudaFamilies {

    final Products linear;
    final CudaConvolutions convolutions;
    final CudaChannelwise channelwise;
    final CudaElementwise elementwise;
    final CudaActivations activations;
    final CudaMaxPooling maxPooling;
    final CudaMultipliers multipliers;
    final CudaIndexing indexing;
    final CudaReductions reductions;
    final CudaBallSteps ballSteps;
    final CudaAscentSteps ascentSteps;
    final CudaBoundarySteps boundarySteps;
    final CudaSquareProposals squareProposals;
    final CudaLosses losses;
    final CudaTrainingIntervals trainingIntervals;
    final CudaOptimisers optimisers;
    final CudaNoise noise;
    final CudaVotes votes;
    final CudaOutwardIntervals outwardIntervals;
    final CudaReluRelaxations reluRelaxations;
    final CudaLinearRelaxations linearRelaxations;
    final CudaPatchForms patchForms;
    final TrainingOperations training;

    /** @param opened takes what is to be closed with the backend */
    CudaFamilies(CudaOptions options, CudaMemory memory, Transfers transfers, Modules modules, Opened opened) {
        KernelModule ofElements = modules.module("elementwise");
        KernelModule ofProducts = modules.module("products");
        Tickets tickets = opened.add(new Tickets(memory, transfers));
        ColumnSums columnSums = new ColumnSums(ofProducts, tickets);
        elementwise = new CudaElementwise(ofElements, transfers);
        activations = new CudaActivations(modules.module("activations"));
        indexing = new CudaIndexing(ofElements, modules.module("resampling"));
        reductions = new CudaReductions(modules.module("reductions"), columnSums, tickets);
        linear = opened.add(new Products(memory, options, elementwise, ofProducts, modules::module));
        convolutions = linear.convolutions(modules.module("convolutions"));
        channelwise = new CudaChannelwise(modules.module("channelwise"));
        ballSteps = new CudaBallSteps(modules.module("ball_steps"));
        ascentSteps = new CudaAscentSteps(modules.module("ascent_steps"));
        boundarySteps = new CudaBoundarySteps(modules.module("boundary_steps"));
        squareProposals = new CudaSquareProposals(modules.module("square_proposals"));
        losses = new CudaLosses(modules.module("losses"), tickets);
        trainingIntervals = opened.add(new CudaTrainingIntervals(memory, modules.module("training_intervals"), tickets));
        optimisers = new CudaOptimisers(modules.module("optimisers"));
        training = new FusedTraining(modules.module("interval_layers"), linear.matrixProduct(), columnSums,
                elementwise, trainingIntervals, losses, reductions, optimisers, tickets);
        noise = new CudaNoise(modules.module("noise"));
        votes = new CudaVotes(modules.module("votes"));
        outwardIntervals = new CudaOutwardIntervals(memory.gpu().multiprocessors(), modules.module("outward_intervals"));
        reluRelaxations = linear.reluRelaxations(modules.module("relu_relaxation"));
        multipliers = new CudaMultipliers(modules.module("multipliers"));
        maxPooling = new CudaMaxPooling(modules.module("max_pooling"), reluRelaxations);
        linearRelaxations = new CudaLinearRelaxations(modules.module("linear_relaxation"), linear.floats());
        patchForms = new CudaPatchForms(modules.module("patches"));
    }
}
