package dev.bulwark.device.cpu;

/** Every family of operations on the host's processor. */
final class CpuFamilies {

    final SharedProducts linear;
    final CpuConvolutions convolutions;
    final CpuChannelwise channelwise;
    final CpuElementwise elementwise;
    final CpuActivations activations;
    final CpuMaxPooling maxPooling;
    final CpuIndexing indexing;
    final CpuReductions reductions;
    final CpuBallSteps ballSteps;
    final CpuAscentSteps ascentSteps;
    final CpuBoundarySteps boundarySteps;
    final CpuSquareProposals squareProposals;
    final CpuLosses losses;
    final CpuTrainingIntervals trainingIntervals;
    final CpuOptimisers optimisers;
    final CpuNoise noise;
    final CpuVotes votes;
    final CpuOutwardIntervals outwardIntervals;
    final CpuReluRelaxations reluRelaxations;
    final CpuLinearRelaxations linearRelaxations;
    final CpuMultipliers multipliers;
    final CpuPatchForms patchForms;

    /**
     * @param products of the linear family; bounds take products in float, whatever these are in
     * @param blocks   one worker's products in float
     */
    CpuFamilies(Workers workers, Spans spans, SharedProducts products, Products blocks, NoiseRows noiseRows) {
        FormLoops loops = noiseRows instanceof ScalarNoise ? new FormLoops.Plain() : Libraries.forms();
        Rows rows = new Rows(workers);
        linear = products;
        channelwise = new CpuChannelwise(rows);
        elementwise = new CpuElementwise(spans);
        activations = new CpuActivations(spans);
        maxPooling = new CpuMaxPooling(rows);
        indexing = new CpuIndexing(rows);
        reductions = new CpuReductions(workers, spans);
        ballSteps = new CpuBallSteps(rows);
        ascentSteps = new CpuAscentSteps(rows, spans);
        boundarySteps = new CpuBoundarySteps(rows);
        squareProposals = new CpuSquareProposals(rows);
        losses = new CpuLosses(rows);
        trainingIntervals = new CpuTrainingIntervals(spans);
        optimisers = new CpuOptimisers(spans);
        noise = new CpuNoise(rows, noiseRows);
        votes = new CpuVotes(rows);
        outwardIntervals = new CpuOutwardIntervals(spans, workers, blocks);
        convolutions = new CpuConvolutions(workers,
                blocks instanceof JavaProducts ? new JavaConvolution() : new OneDnnConvolution());
        reluRelaxations = new CpuReluRelaxations(spans);
        linearRelaxations = new CpuLinearRelaxations(rows, new FloatRuns(workers, blocks), loops);
        multipliers = new CpuMultipliers(rows);
        patchForms = new CpuPatchForms(rows, loops);
    }
}
