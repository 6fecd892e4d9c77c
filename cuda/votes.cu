/*
 * votes.cu: the class that each row of logits votes for.
 * Math      vote = the index of the largest logit, the lowest at a tie; none where the row holds a NaN
 * Shapes    logits [rows,classes]   votes int [rows]   counts int [classes]
 * Launch    any 1-D grid and block; a thread a row, grid-stride
 * Traffic   4 bytes a logit; neighbouring threads read neighbouring rows, which the first-level cache makes good
 * Counts    are integers: the order of the atomic additions does not matter
 * Oracle    BackendContract
 */
#include "votes.cuh"

/** votes[n] = row n's vote, -1 for none. */
extern "C" __global__ void arg_max(const float* __restrict__ logits, int rows, int classes, int* __restrict__ votes) {
    for (long long row = grid_first(); row < rows; row += grid_stride()) {
        votes[row] = vote_of(logits + row * classes, classes);
    }
}
EXPORT_KERNEL(arg_max)

/** counts[vote] += 1 for each row that has one. */
extern "C" __global__ void count_arg_max(const float* __restrict__ logits, int rows, int classes,
                                         int* __restrict__ counts) {
    for (long long row = grid_first(); row < rows; row += grid_stride()) {
        const int vote = vote_of(logits + row * classes, classes);
        if (vote >= 0) {
            atomicAdd(counts + vote, 1);
        }
    }
}
EXPORT_KERNEL(count_arg_max)
