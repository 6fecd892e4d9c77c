/*
 * racy_kernels.cu: kernels in which one thing is missing that orders two accesses, and their sound twins (fault 0).
 *
 * In the order that the emulated driver happens to take, most of them come to the right result all the same: only a launch
 * that is watched for races tells. Every element that two threads access is one of `tile`.
 * Launch    as each kernel says; RacesTest holds their PTX declarations
 */
#include "bulk_copy.cuh"
#include "tensor_core.cuh"

/** One block: neighbours exchange elements, twice. 1: no barrier before the reads; 2: none before the next writes. */
extern "C" __global__ void racy_block(const float* x, float* y, int fault) {
    __shared__ float tile[64];
    const int i = threadIdx.x;
    float sum = 0.f;
    for (int round = 0; round < 2; ++round) {
        tile[i] = x[i] + round;
        if (fault != 1) {
            __syncthreads();
        }
        sum += tile[63 - i];
        if (fault != 2) {
            __syncthreads();
        }
    }
    y[i] = sum;
}
EXPORT_KERNEL(racy_block)

/**
 * Whole warps: each turns its elements round. 1: no __syncwarp; 2: a shuffle, which orders nothing, in its place; 3: half
 * a warp each in a __syncwarp of its own.
 */
extern "C" __global__ void racy_warp(const float* x, float* y, int fault) {
    __shared__ float tile[64];
    const int i = threadIdx.x, lane = i % 32;
    tile[i] = x[i];
    if (fault == 0) {
        __syncwarp();
    } else if (fault == 2) {
        tile[i] += __shfl_xor_sync(~0u, 0.f, 1);
    } else if (fault == 3) {
        __syncwarp(lane < 16 ? 0xFFFF : 0xFFFF0000);
    }
    y[i] = tile[i - lane + 31 - lane];
}
EXPORT_KERNEL(racy_warp)

/**
 * One block: copies come while threads go on. 1: no thread waits for them; 2: each waits for its own, but not for the
 * others.
 */
extern "C" __global__ void racy_copy(const float* x, float* y, int fault) {
    __shared__ __align__(16) float tile[256];
    const int i = threadIdx.x;
    copy_async16(tile + 4 * i, x + 4 * i);
    commit_copies();
    if (fault != 1) {
        await_copies<0>();
    }
    if (fault != 2) {
        __syncthreads();
    }
    y[i] = tile[255 - 4 * i];
}
EXPORT_KERNEL(racy_copy)

/** Two groups of copies, of which the first is read. 1: the wait leaves both open. */
extern "C" __global__ void racy_groups(const float* x, float* y, int fault) {
    __shared__ __align__(16) float tile[2][256];
    const int i = threadIdx.x;
    for (int group = 0; group < 2; ++group) {
        copy_async16(tile[group] + 4 * i, x + 4 * i);
        commit_copies();
    }
    if (fault == 1) {
        await_copies<2>();
    } else {
        await_copies<1>();
    }
    y[i] = tile[0][4 * i];
    await_copies<0>();
}
EXPORT_KERNEL(racy_groups)

/** Blocks count into one sum. 1: with a plain read beside it; 2: in device memory, without atomic operations. */
extern "C" __global__ void racy_sum(int* y, int fault) {
    __shared__ int tile;
    if (threadIdx.x == 0) {
        tile = 0;
    }
    __syncthreads();
    atomicAdd(&tile, 1);
    if (fault != 1) {
        __syncthreads();
    }
    if (threadIdx.x == 7) {
        if (fault == 2) {
            y[0] += tile;
        } else {
            atomicAdd(y, tile);
        }
    }
}
EXPORT_KERNEL(racy_sum)

/** One block, through device memory. 1: without a barrier between. */
extern "C" __global__ void racy_device(float* tile, float* y, int fault) {
    tile[threadIdx.x] = 1.f;
    if (fault != 1) {
        __syncthreads();
    }
    y[threadIdx.x] = tile[threadIdx.x ^ 32];
}
EXPORT_KERNEL(racy_device)

/**
 * Two warps: the first hands a tile to the second, several times, by an mbarrier each way. 1: the second waits for the
 * other parity; 2: the first does not wait until the tile was read; 3: as 2, and there is no tile, only the waiting.
 */
extern "C" __global__ void racy_phases(float* y, int rounds, int fault) {
    DYNAMIC_SHARED(unsigned char, memory);
    Mbarrier* full = reinterpret_cast<Mbarrier*>(memory);
    Mbarrier* empty = full + 1;
    float* tile = reinterpret_cast<float*>(full + 2);
    const int lane = threadIdx.x % 32;
    if (threadIdx.x == 0) {
        make_barrier(full, 32);
        make_barrier(empty, 32);
    }
    __syncthreads();
    float sum = 0.f;
    for (int round = 0; round < rounds; ++round) {
        if (threadIdx.x < 32) {
            if (round > 0 && fault < 2) {
                await_phase(empty, (round - 1) & 1);
            }
            if (fault != 3) {
                tile[lane] = 1.f;
            }
            arrive(full);
        } else {
            await_phase(full, (round & 1) ^ (fault == 1));
            if (fault != 3) {
                sum += tile[31 - lane];
            }
            arrive(empty);
        }
    }
    if (threadIdx.x >= 32) {
        y[lane] = sum;
    }
}
EXPORT_KERNEL(racy_phases)

/** What racy_ring leaves out. */
enum RingFault {
    NO_RING_FAULT,
    NO_WAIT_FOR_FREE,    // but for the last copy: the next may overwrite what is still being read
    FREE_OF_ONE_BLOCK,   // and here what the other block reads
    FREE_WITHOUT_WARP,   // a lane gives the tile back for others that may still read
    NO_WAIT_FOR_LOADED,
};

/**
 * Two blocks of two warps: the first warps fetch half of a tile each for both blocks, the second ones read it and give it
 * back to both. y[rank][lane] is the sum of what the lane has read.
 */
extern "C" __global__ void __cluster_dims__(2, 1, 1) __launch_bounds__(64, 1)
racy_ring(const float* x, float* y, int rounds, int fault) {
    DYNAMIC_SHARED(unsigned char, memory);
    Mbarrier* loaded = reinterpret_cast<Mbarrier*>(memory);
    Mbarrier* free = loaded + 1;
    float* tile = reinterpret_cast<float*>(memory + 1024);
    const unsigned rank = cluster_rank(), lane = threadIdx.x % 32;
    if (threadIdx.x == 0) {
        make_barrier(loaded, 1);
        make_barrier(free, 2);
        publish_barriers();
    }
    meet_in_cluster();
    if (threadIdx.x == 0) {
        for (int round = 0; round < rounds; ++round) {
            if (round > 0) {
                await_phase(fault == NO_WAIT_FOR_FREE ? loaded : free, (round - 1) & 1);
            }
            arrive_expecting(loaded, 256);
            copy_to_blocks(tile + 32 * rank, x + 64 * round + 32 * rank, 128, loaded, 3);
        }
    } else if (threadIdx.x >= 32) {
        float sum = 0.f;
        for (int round = 0; round < rounds; ++round) {
            if (fault != NO_WAIT_FOR_LOADED) {
                await_phase(loaded, round & 1);
            }
            sum += tile[lane] + tile[63 - lane];
            if (fault != FREE_WITHOUT_WARP) {
                __syncwarp();
            }
            if (lane < 2) {
                arrive_at(cluster_address(free, fault == FREE_OF_ONE_BLOCK ? rank : lane));
            }
        }
        y[32 * rank + lane] = sum;
    }
    meet_in_cluster();
}
EXPORT_KERNEL(racy_ring)

/**
 * Every block leaves a tile in device memory, and the last to come adds them all up, as sums.cuh does. 1: without a fence
 * before it is counted; 2: without one after; 3: with one by its first thread alone; 4: without being the last.
 */
extern "C" __global__ void racy_last(float* tile, float* y, unsigned* ticket, int fault) {
    __shared__ bool last;
    tile[grid_first()] = 1.f;
    if (fault != 1 && (fault != 3 || threadIdx.x == 0)) {
        __threadfence();
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        last = atomicAdd(ticket, 1u) == gridDim.x - 1;
        if (last) {
            *ticket = 0;
        }
    }
    __syncthreads();
    if (last || fault == 4) {
        if (fault != 2) {
            __threadfence();
        }
        float sum = 0.f;
        for (unsigned block = 0; block < gridDim.x; ++block) {
            sum += tile[block * blockDim.x + (threadIdx.x ^ 1)];
        }
        if (last) {
            y[threadIdx.x] = sum;
        }
    }
}
EXPORT_KERNEL(racy_last)

/** y = x where i < n; 1: and one element more, which was not written. */
extern "C" __global__ void unwritten(const float* x, float* y, int n, int fault) {
    const int i = threadIdx.x;
    if (i < n + fault) {
        y[i] = x[i];
    }
}
EXPORT_KERNEL(unwritten)
