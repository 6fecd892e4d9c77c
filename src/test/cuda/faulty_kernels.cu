/*
 * faulty_kernels.cu: kernels with one fault each, which the emulated driver must find, and what they are compared with.
 * Launch    as each kernel says; EmulatedDriverTest holds their PTX declarations
 */
#include "bulk_copy.cuh"
#include "warpgroup.cuh"

/** Reads one element past the end of x. */
extern "C" __global__ void faulty_read(const float* x, float* y, int n) {
    const long long i = grid_first();
    if (i <= n) {
        y[i % n] = x[i];
    }
}
EXPORT_KERNEL(faulty_read)

/** Writes at an index: past the end, before the start, or inside. */
extern "C" __global__ void faulty_write(float* x, long long index) {
    if (grid_first() == 0) {
        x[index] = 1.f;
    }
}
EXPORT_KERNEL(faulty_write)

/** Reverses a block's elements through shared memory, and forgets to wait between its two halves. */
extern "C" __global__ void faulty_reverse(const float* x, float* y) {
    __shared__ float tile[64];
    tile[threadIdx.x] = x[threadIdx.x];
    y[threadIdx.x] = tile[63 - threadIdx.x];
}
EXPORT_KERNEL(faulty_reverse)

/** The same, and waits. */
extern "C" __global__ void sound_reverse(const float* x, float* y) {
    __shared__ float tile[64];
    tile[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    y[threadIdx.x] = tile[63 - threadIdx.x];
}
EXPORT_KERNEL(sound_reverse)

/** Some threads wait for all, the others for their warp. */
extern "C" __global__ void faulty_barrier(float* x) {
    if (threadIdx.x < 40) {
        __syncthreads();
    } else {
        x[threadIdx.x] = __shfl_xor_sync(~0u, 1.f, 1);
    }
}
EXPORT_KERNEL(faulty_barrier)

/** Lanes of one warp in two different intrinsics. */
extern "C" __global__ void faulty_lanes(int* x) {
    x[threadIdx.x] = threadIdx.x % 2 == 0 ? __shfl_xor_sync(~0u, 1, 1) : static_cast<int>(__ballot_sync(~0u, 1));
}
EXPORT_KERNEL(faulty_lanes)

/** Writes past the end of dynamic shared memory, by less than a page. */
extern "C" __global__ void faulty_shared(float* x, int floats) {
    DYNAMIC_SHARED(float, tile);
    tile[floats + threadIdx.x] = 1.f;
    x[threadIdx.x] = tile[floats + threadIdx.x];
}
EXPORT_KERNEL(faulty_shared)

/** Reads shared memory that was not written: static at 0, dynamic at 1. */
extern "C" __global__ void faulty_uninitialised(float* x) {
    __shared__ float fixed[32];
    DYNAMIC_SHARED(float, tile);
    if (threadIdx.x < 32) {
        x[0] = fixed[threadIdx.x];
        x[1] = tile[threadIdx.x];
        fixed[threadIdx.x] = 3.f; // for the next block to find, were it not its own
    }
}
EXPORT_KERNEL(faulty_uninitialised)

/** Sums within warps and blocks by every collective there is; y[0..5] per block are all equal to blockDim.x. */
extern "C" __global__ void sound_collectives(int* y) {
    __shared__ int sum;
    if (threadIdx.x == 0) {
        sum = 0;
    }
    const int counted = __syncthreads_count(1), none = __syncthreads_or(0), all = __syncthreads_and(1);
    const unsigned lanes = __ballot_sync(~0u, 1);
    if (threadIdx.x % 32 == 0) {
        atomicAdd(&sum, __popc(lanes));
    }
    __syncthreads();
    const int lowest = __shfl_sync(~0u, static_cast<int>(threadIdx.x), 0), halves = __reduce_add_sync(~0u, 1);
    const int up = __shfl_up_sync(~0u, 1, 1) + __shfl_xor_sync(~0u, 1, 0);
    const bool good = lowest == static_cast<int>(threadIdx.x / 32 * 32) && halves == __popc(lanes) && up == 2 && none == 0
            && all == 1 && __all_sync(~0u, 1) && !__any_sync(~0u, 0);
    if (!__syncthreads_and(good)) {
        return;
    }
    if (threadIdx.x == 0) {
        y[2 * blockIdx.x] = counted;
        y[2 * blockIdx.x + 1] = sum;
    }
}
EXPORT_KERNEL(sound_collectives)

/** y[k] = each directed operation of a, b and c in turn; out holds 16 results for each of n. */
extern "C" __global__ void directed_rounding(const float* a, const float* b, const float* c, float* out, int n) {
    for (long long i = grid_first(); i < n; i += grid_stride()) {
        float* y = out + 16 * i;
        y[0] = __fmaf_rd(a[i], b[i], c[i]);
        y[1] = __fmaf_ru(a[i], b[i], c[i]);
        y[2] = __fmaf_rn(a[i], b[i], c[i]);
        y[3] = __fadd_rd(a[i], b[i]);
        y[4] = __fadd_ru(a[i], b[i]);
        y[5] = __fsub_rd(a[i], b[i]);
        y[6] = __fsub_ru(a[i], b[i]);
        y[7] = __fmul_rd(a[i], b[i]);
        y[8] = __fmul_ru(a[i], b[i]);
        y[9] = __fdiv_rd(a[i], b[i]);
        y[10] = __fdiv_ru(a[i], b[i]);
        y[11] = __fsqrt_rn(fabsf(a[i]));
        y[12] = __double2float_rd(static_cast<double>(a[i]) * b[i]);
        y[13] = __double2float_ru(static_cast<double>(a[i]) * b[i]);
        y[14] = __half2float(__float2half_rn(a[i]));
        y[15] = __fmaf_rz(a[i], b[i], c[i]);
    }
}
EXPORT_KERNEL(directed_rounding)

/** Reads float4 from wherever x begins. */
extern "C" __global__ void faulty_alignment(const float* x, float* y) {
    const float4 v = *reinterpret_cast<const float4*>(x + 1);
    y[0] = v.x + v.w;
}
EXPORT_KERNEL(faulty_alignment)

/** An index outside of an array whose size the compiler knows. */
extern "C" __global__ void faulty_index(float* y, int index) {
    __shared__ float tile[8];
    tile[index] = 1.f;
    y[0] = tile[index];
}
EXPORT_KERNEL(faulty_index)

// ---- clusters and tensor cores -------------------------------------------------------------------------------------------

/** What cluster_product leaves out or does wrong. */
enum ClusterFault {
    NO_FAULT,
    NO_FENCE_AFTER_STORE,     // fence.proxy.async
    NO_FENCE_OF_REGISTERS,    // wgmma.fence
    SUMS_READ_IN_FLIGHT,
    SUMS_WRITTEN_IN_FLIGHT,
    OPERAND_OVERWRITTEN,
    COPY_OVER_OPERAND,
    NO_WAIT_FOR_COPY,
    WRONG_PHASE,
    TOO_MANY_ARRIVALS,
    TOO_FEW_BYTES,
    BARRIER_NOT_PUBLISHED,
    BARRIER_NOT_MADE,
    LEAVES_EARLY,
    ONE_WARP_MORE,
    SWIZZLED,
    OUTSIDE,
    TOO_MANY_REGISTERS,
    // Found for certain only in launches that are watched for races:
    LATE_FENCE,            // after the meeting that should hand its effect on
    OVERWRITTEN_FOR_OTHERS, // by a thread whose own warp's product is over
};

/**
 * y[rank][row][column] = sum over 16 inputs of row % 8 times w: each of two blocks of 128 threads stores A [64,16], all of
 * a row r % 8, and has half of B [16,16] copied to both from w, 512 bytes of fp16. Any fault but the first must be found.
 */
extern "C" __global__ void __cluster_dims__(2, 1, 1) __launch_bounds__(128, 1)
cluster_product(const unsigned char* w, float* y, int fault) {
    DYNAMIC_SHARED(unsigned char, memory);
    Mbarrier* arrived = reinterpret_cast<Mbarrier*>(memory);
    Mbarrier* asked = arrived + 1;
    unsigned char* a = memory + 1024;
    unsigned char* b = a + 2048;
    const unsigned rank = cluster_rank();
    const int row = threadIdx.x % 64;
    if (threadIdx.x == 0 && fault != BARRIER_NOT_MADE) {
        make_barrier(arrived, 1);
        make_barrier(asked, 2);
        if (fault != BARRIER_NOT_PUBLISHED) {
            publish_barriers();
        }
    }
    meet_in_cluster();
    for (int i = 0; i < 8; ++i) {
        store_operand(a + threadIdx.x / 64 * 1024 + row * 16 + 2 * i, __float2half_rn((float) (row % 8)));
    }
    if ((fault != NO_FENCE_AFTER_STORE && fault != LATE_FENCE) || threadIdx.x != 77) {
        fence_for_tensor_cores();
    }
    __syncthreads();
    if (fault == LATE_FENCE && threadIdx.x == 77) {
        fence_for_tensor_cores();
    }
    if (threadIdx.x == 0) {
        arrive_at(cluster_address(asked, 1 - rank));
        arrive(asked);
        if (fault == TOO_MANY_ARRIVALS) {
            arrive(asked);
            arrive(asked);
        }
        await_phase(asked, 0); // both are ready for the copies of both
        arrive_expecting(arrived, fault == TOO_FEW_BYTES ? 256 : 512);
        copy_to_blocks(b + rank * 256, w + rank * 256, 256, arrived, 3);
    }
    if (fault == LEAVES_EARLY && rank == 1) {
        return;
    }
    if (fault != NO_WAIT_FOR_COPY) {
        await_phase(arrived, fault == WRONG_PHASE);
    }
    float sums[8] = {};
    if (fault != NO_FENCE_OF_REGISTERS) {
        begin_products();
    }
    Operand left = operand(a, 1024);
    if (fault == SWIZZLED) {
        left.descriptor |= 1ULL << 62;
    }
    multiply_add_64(sums, left, operand(fault == OUTSIDE ? b + 384 : b, 256));
    if (fault == SUMS_WRITTEN_IN_FLIGHT) {
        sums[3] = 1.f;
        multiply_add_64(sums, left, operand(b, 256));
    }
    if (fault == ONE_WARP_MORE && threadIdx.x < 32) {
        multiply_add_64(sums, left, operand(b, 256));
    }
    commit_products();
    if (fault == OPERAND_OVERWRITTEN && threadIdx.x == 5) {
        store_operand(a + 80, __float2half_rn(9.f));
    }
    if (fault == COPY_OVER_OPERAND && threadIdx.x == 5 && rank == 0) {
        copy_to_blocks(b, w, 256, arrived, 1);
    }
    if (fault != SUMS_READ_IN_FLIGHT) {
        await_products<0>();
    }
    if (fault == OVERWRITTEN_FOR_OTHERS && threadIdx.x == 5) {
        store_operand(b + 16, __float2half_rn(9.f));
    }
    for (int i = 0; i < 8; ++i) {
        const int r = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4 + 8 * (i / 2 % 2);
        y[(rank * 64 + r) * 16 + 8 * (i / 4) + 2 * (threadIdx.x % 4) + i % 2] = sums[i];
    }
    await_products<0>();
    if (fault == TOO_MANY_REGISTERS) {
        take_registers<256>();
    }
    meet_in_cluster();
}
EXPORT_KERNEL(cluster_product)
