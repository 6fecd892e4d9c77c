/*
 * column_sums.cuh: sums over the rows of a matrix [rows,columns], by blocks of SUM_THREADS threads.
 *
 * A block has a group of up to 32 neighbouring columns and one of `chunks` equal parts of the rows, of which it reads as
 * many rows at a time as it has threads for: 8 of 32 columns, 25 of 10. Each thread sums in ascending order, the threads of
 * a column in a fixed tree, and the last block of a group adds up its chunks in ascending order. All of that follows from
 * the shape and from `chunks`, and so do the bits.
 */
#pragma once

#include "sums.cuh"

constexpr int GROUP_COLUMNS = 32;

/** The sum over the block's lines of `wide` threads each, in the first line. */
__device__ __forceinline__ float sum_of_lines(float x, int wide, int lines) {
    __shared__ float sums[SUM_THREADS];
    const int line = (int) threadIdx.x / wide;
    sums[threadIdx.x] = x;
    for (int half = SUM_THREADS / 2; half > 0; half /= 2) { // as if every line were there: those beyond add nothing
        __syncthreads();
        if (line < half && line + half < lines) {
            sums[threadIdx.x] += sums[threadIdx.x + half * wide];
        }
    }
    return sums[threadIdx.x];
}

/**
 * sums = beta sums + column sums of x, for block `block` of (columns + 31) / 32 times `chunks`.
 *
 * @param partials [chunks,columns], scratch; unused with one chunk
 * @param tickets  a 0 for each group of columns; unused with one chunk
 */
__device__ __forceinline__ void sum_columns(const float* __restrict__ x, long long rows, int columns, float beta,
                                            float* sums, float* partials, unsigned* tickets, int block, int chunks) {
    const int group = block / chunks, chunk = block - group * chunks, first_column = group * GROUP_COLUMNS;
    const int wide = columns - first_column < GROUP_COLUMNS ? columns - first_column : GROUP_COLUMNS;
    const int lines = SUM_THREADS / wide, line = (int) threadIdx.x / wide;
    const long long column = first_column + (int) threadIdx.x % wide;
    const long long height = (rows + chunks - 1) / chunks, first = chunk * height;
    const long long end = rows - first < height ? rows : first + height;
    float sum = 0.f;
    if (line < lines) {
        for (long long n = first + line; n < end; n += lines) {
            sum += x[n * columns + column];
        }
    }
    sum = sum_of_lines(sum, wide, lines);
    if (chunks > 1) {
        if (line == 0) {
            partials[chunk * (long long) columns + column] = sum;
        }
        if (!last_block(tickets + group, chunks)) {
            return;
        }
        sum = 0.f;
        for (int c = 0; line == 0 && c < chunks; ++c) {
            sum += partials[c * (long long) columns + column];
        }
    }
    if (line == 0) {
        sums[column] = beta == 0.f ? sum : fmaf(beta, sums[column], sum);
    }
}
