/*
 * votes.cu: the class that each row of logits votes for, and what to keep of rows whose vote is wrong.
 * Math      vote = the class that votes.cuh gives the row to, or none
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

/** Where predictions[n] is a class and not labels[n]: kept[n,:] = x[n,:] and kept_predictions[n] = predictions[n]. */
extern "C" __global__ void keep_misclassified(const float* __restrict__ x, const int* __restrict__ predictions,
                                              const int* __restrict__ labels, int rows, int columns,
                                              float* __restrict__ kept, int* __restrict__ kept_predictions) {
    const long long n = (long long) rows * columns;
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        const long long row = i / columns;
        if (predictions[row] >= 0 && predictions[row] != labels[row]) {
            kept[i] = x[i];
            if (i == row * columns) {
                kept_predictions[row] = predictions[row];
            }
        }
    }
}
EXPORT_KERNEL(keep_misclassified)
