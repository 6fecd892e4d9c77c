package dev.bulwark.device;

/** What every backend must do, against references in double: the contracts of all families, but for convolutions. */
public interface BackendContract extends MemoryContract, LinearContract, ChannelwiseContract, ElementwiseContract,
        IndexingContract, BallStepsContract, AscentStepsContract,
        BoundaryStepsContract, SquareProposalsContract, ReductionsContract, LossesContract, TrainingIntervalsContract, OptimisersContract, NoiseContract,
        VotesContract, OutwardIntervalsContract, ReluRelaxationsContract, LinearRelaxationsContract, PatchFormsContract,
        MultipliersContract, PreparedNetworksContract {
}
