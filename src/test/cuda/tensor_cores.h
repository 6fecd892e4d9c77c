/*
 * tensor_cores.h: products that four warps start together (wgmma) and what shared memory is to them.
 *
 * A warp's share of a product, 16 rows, happens when the schedule says: as the warp starts it, or only when it waits for
 * it. Until then its sums hold NaN, and nothing may be written over its operands; these must have come by a bulk copy, or
 * by store_operand and a fence of the thread that stored. No warp waits for another of its warpgroup, as on a GPU none is
 * promised to; but all four must start the same products.
 */
#pragma once

#include "emulated_block.h"

namespace emu {

/** The address of a byte of this block's dynamic shared memory as descriptors have it. */
unsigned shared_address(const void* pointer);

/** A thread has stored what tensor cores will read. */
void operand_stored(const void* target, unsigned bytes);
/** fence.proxy.async. */
void fence_proxy();

/** wgmma.fence, .mma_async, .commit_group and .wait_group. */
void wgmma_fence();
void wgmma(float* sums, unsigned columns, uint64_t a, uint64_t b);
void wgmma_commit();
void wgmma_wait(unsigned pending);

/** setmaxnreg: all of a block's threads start with the same number, and together have 65,536. */
void keep_registers(unsigned registers);
void take_registers(unsigned registers);

} // namespace emu
