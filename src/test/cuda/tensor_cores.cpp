/* tensor_cores.cpp: wgmma, and what may be read and overwritten while it runs. */
#include "emulated_half.h"
#include "engine.h"
#include "races.h"
#include "tensor_core_state.h"

#include <algorithm>
#include <limits>

namespace emu {

namespace {

/** Where dynamic shared memory starts for descriptors: a GPU keeps the first kilobyte. */
constexpr unsigned window_start = 1024;
constexpr unsigned core_rows = 8, core_bytes = 128;
constexpr unsigned rows_of_warp = 16, depth = 16, most_columns = 256;
constexpr float nowhere = std::numeric_limits<float>::signaling_NaN();

TensorCores& tensor_cores() { return *self()->block->tensor_cores; }
bool late() { return self()->block->worker->late; }

bool is_poison(float x) { return memcmp(&x, &nowhere, sizeof x) == 0; }

// A descriptor's fields (PTX ISA, "Matrix descriptor format"), in bytes.
unsigned start_of(uint64_t descriptor) { return (descriptor & 0x3FFF) << 4; }
unsigned leading_of(uint64_t descriptor) { return (descriptor >> 16 & 0x3FFF) << 4; }
unsigned stride_of(uint64_t descriptor) { return (descriptor >> 32 & 0x3FFF) << 4; }

/** Where a thread's i-th sum lies: row of the warp's 16, column. */
unsigned row_of(unsigned lane, unsigned i) { return lane / 4 + 8 * (i / 2 % 2); }
unsigned column_of(unsigned lane, unsigned i) { return 8 * (i / 4) + 2 * (lane % 4) + i % 2; }

/** What a lane brings to a product. */
struct Request {
    float* sums;
    unsigned columns;
    uint64_t a, b;
    const void* site; // where the kernel goes on
};

static_assert(sizeof(Request) <= sizeof(Warp::x[0]), "a request is exchanged like any operand");

Request request_of(const Warp& warp, unsigned lane) {
    Request request;
    memcpy(&request, warp.x[lane], sizeof request);
    return request;
}

} // namespace

// ---- what kernels call ---------------------------------------------------------------------------------------------------

unsigned shared_address(const void* pointer) {
    return static_cast<unsigned>(static_cast<const unsigned char*>(pointer) - dynamic_shared()) + window_start;
}

void operand_stored(const void* target, unsigned bytes) { tensor_cores().stored(target, bytes); }
void fence_proxy() { tensor_cores().fence(); }

void wgmma_fence() {
    collective(~0u, [](Warp&) { tensor_cores().fence_registers(); });
}

void wgmma(float* sums, unsigned columns, uint64_t a, uint64_t b) {
    const Request request{sums, columns, a, b, __builtin_return_address(0)};
    memcpy(warp().x[lane()], &request, sizeof request);
    collective(~0u, [](Warp& w) { tensor_cores().start(w); });
}

void wgmma_commit() {
    collective(~0u, [](Warp&) { tensor_cores().commit(); });
}

void wgmma_wait(unsigned pending) {
    memcpy(warp().x[lane()], &pending, sizeof pending);
    collective(~0u, [](Warp& w) {
        unsigned groups;
        memcpy(&groups, w.x[0], sizeof groups);
        tensor_cores().wait(groups);
    });
}

// ---- shared memory -------------------------------------------------------------------------------------------------------

void TensorCores::forget() {
    memory.clear();
    unfenced.clear();
    warps.clear();
    warps.resize((block.threads + warp_size - 1) / warp_size);
    started.clear();
    started.resize((warps.size() + 3) / 4);
    unpublished.clear();
}

TensorCores::Cell* TensorCores::cells(const void* target) {
    if (memory.empty()) {
        memory.assign(block.dynamic_shared_bytes / sizeof(Cell), unwritten);
        unfenced.resize(block.threads);
    }
    const auto offset = static_cast<const unsigned char*>(target) - block.dynamic_shared;
    if (offset < 0 || static_cast<size_t>(offset) >= block.dynamic_shared_bytes) {
        fail("an operand of tensor cores outside of dynamic shared memory");
    }
    return &memory[static_cast<size_t>(offset) / sizeof(Cell)];
}

void TensorCores::stored(const void* target, unsigned bytes) {
    require_unread(target, bytes);
    Cell* cell = cells(target);
    for (unsigned i = 0; i < bytes / sizeof(Cell); ++i) {
        cell[i] = static_cast<Cell>(self()->index + 1);
        unfenced[self()->index].push_back(cell + i);
    }
}

void TensorCores::fence() {
    if (unfenced.empty()) {
        return;
    }
    const Cell own_store = static_cast<Cell>(self()->index + 1);
    for (Cell* cell : unfenced[self()->index]) {
        if (*cell == own_store) { // another may have stored there since
            *cell |= seen;
            if (races != nullptr) {
                races->fenced(block.dynamic_shared + sizeof(Cell) * (cell - memory.data()));
            }
        }
    }
    unfenced[self()->index].clear();
}

void TensorCores::copied(const void* target, unsigned bytes) {
    Cell* cell = cells(target);
    std::fill(cell, cell + bytes / sizeof(Cell), by_copy);
}

void TensorCores::publish_barriers() {
    for (const Unpublished& entry : unpublished) {
        if (entry.thread == self()->index) {
            entry.barrier->unpublished = 0;
        }
    }
}

// ---- products ------------------------------------------------------------------------------------------------------------

WarpProducts& TensorCores::own() { return warps[self()->index / warp_size]; }

/** Eight inputs of a row, checked to be there for tensor cores. */
const unsigned char* TensorCores::row(uint64_t descriptor, unsigned row, unsigned half) {
    const unsigned address = start_of(descriptor) + half * leading_of(descriptor) + row / core_rows * stride_of(descriptor)
            + row % core_rows * (core_bytes / core_rows);
    if (address < window_start || address - window_start + 16 > block.dynamic_shared_bytes) {
        fail("a product reads beyond its block's dynamic shared memory");
    }
    const unsigned char* eight = block.dynamic_shared + (address - window_start);
    require_visible(eight, 8);
    return eight;
}

/** Fails unless tensor cores may read these halves. */
void TensorCores::require_visible(const unsigned char* start, unsigned halves) {
    const Cell* cell = cells(start);
    for (unsigned i = 0; i < halves; ++i) {
        if (cell[i] == unwritten) {
            fail("a product reads shared memory that was not written for tensor cores");
        }
        if (!(cell[i] & seen)) {
            fail("a product reads what a thread stored without a fence for tensor cores since (fence.proxy.async)");
        }
    }
}

/** The four warps of a warpgroup must start the same products. */
void TensorCores::check_like_others(unsigned warp, const Started& product) {
    std::deque<Started>& awaited = started[warp / 4];
    size_t least = SIZE_MAX, most = 0;
    for (unsigned w = warp / 4 * 4; w < warp / 4 * 4 + 4; ++w) {
        if (w >= warps.size()) {
            fail("a product needs a warpgroup of four warps");
        }
        least = std::min(least, warps[w].started);
        most = std::max(most, warps[w].started);
    }
    const size_t own_number = warps[warp].started++;
    if (own_number == most) {
        awaited.push_back(product);
        return;
    }
    const Started& expected = awaited[awaited.size() - (most - own_number)];
    if (expected.columns != product.columns || expected.a != product.a || expected.b != product.b) {
        fail("the warps of a warpgroup start different products");
    }
    if (own_number == least && std::all_of(warps.begin() + warp / 4 * 4, warps.begin() + warp / 4 * 4 + 4,
                                           [&](const WarpProducts& w) { return w.started > least; })) {
        awaited.pop_front();
    }
}

/** Takes sums out of the registers, or, where they are out already, makes sure that those were not touched. */
void TensorCores::hand_over(WarpProducts& mine, Sums& sums) {
    bool changed = false;
    for (unsigned lane = 0; lane < warp_size; ++lane) {
        for (unsigned i = 0; i < sums.columns / 2; ++i) {
            float& there = sums.registers[lane][i];
            float& here = sums.values[row_of(lane, i) * sums.columns + column_of(lane, i)];
            if (sums.products > 0) {
                if (!is_poison(there)) {
                    fail("a thread touched sums while a product was under way");
                }
            } else {
                changed = changed || memcmp(&here, &there, sizeof here) != 0;
                here = there;
                there = nowhere;
            }
        }
    }
    if (changed && !mine.fenced) {
        fail("a product takes sums that threads have written, without a fence since (wgmma.fence)");
    }
    ++sums.products;
}

void TensorCores::start(Warp& w) {
    const Request request = request_of(w, 0);
    if (request.a >> 62 != 0 || request.b >> 62 != 0 || (request.a | request.b) & 0x3FFFC000C000C000) {
        fail("a matrix descriptor with a swizzle, or bits that must be zero");
    }
    WarpProducts& mine = own();
    check_like_others(self()->index / warp_size, {request.columns, request.a, request.b});
    auto sums = std::find_if(mine.sums.begin(), mine.sums.end(),
                             [&](const Sums& known) { return known.registers[0] == request.sums; });
    if (sums == mine.sums.end()) {
        Sums fresh{{}, request.columns, std::vector<float>(rows_of_warp * request.columns, nowhere), 0};
        for (unsigned lane = 0; lane < warp_size; ++lane) {
            fresh.registers[lane] = request_of(w, lane).sums;
        }
        sums = mine.sums.insert(mine.sums.end(), std::move(fresh));
    }
    for (unsigned lane = 0; lane < warp_size; ++lane) {
        const Request other = request_of(w, lane);
        if (other.a != request.a || other.b != request.b || other.columns != request.columns
                || other.columns != sums->columns || other.sums != sums->registers[lane]) {
            fail("the lanes of a warp start different products");
        }
    }
    hand_over(mine, *sums);
    if (races != nullptr) {
        const auto read = operands(request.a, request.b, request.columns, self()->index / warp_size % 4);
        races->product_started(read, request.site);
        for (const unsigned char* start : read) {
            require_visible(start, core_bytes / sizeof(Cell)); // now, and not only once the schedule has it computed
        }
    }
    mine.open.push_back({&*sums, request.columns, request.a, request.b, false});
    if (!late()) {
        compute(mine.open.back(), self()->index / warp_size % 4);
    }
}

void TensorCores::commit() {
    WarpProducts& mine = own();
    mine.fenced = false;
    if (races != nullptr) {
        races->products_committed();
    }
    mine.committed.push_back(std::move(mine.open));
    mine.open.clear();
}

void TensorCores::wait(unsigned pending) {
    WarpProducts& mine = own();
    while (mine.committed.size() > pending) {
        for (Product& product : mine.committed.front()) {
            if (!product.done) {
                compute(product, self()->index / warp_size % 4);
            }
            Sums& sums = *product.sums;
            if (--sums.products == 0) {
                for (unsigned lane = 0; lane < warp_size; ++lane) {
                    for (unsigned i = 0; i < sums.columns / 2; ++i) {
                        sums.registers[lane][i] = sums.values[row_of(lane, i) * sums.columns + column_of(lane, i)];
                    }
                }
            }
        }
        mine.committed.pop_front();
    }
    if (races != nullptr) {
        races->products_waited(pending);
    }
}

/** Where a warp's 16 rows and all columns of a product lie: eight rows of eight inputs each, 128 bytes. */
std::vector<const unsigned char*> TensorCores::operands(uint64_t a, uint64_t b, unsigned columns, unsigned warp_in_group) const {
    std::vector<const unsigned char*> starts;
    for (unsigned half = 0; half < 2; ++half) {
        for (unsigned group = 0; group < rows_of_warp / core_rows; ++group) {
            starts.push_back(core(a, warp_in_group * rows_of_warp / core_rows + group, half));
        }
        for (unsigned group = 0; group < columns / core_rows; ++group) {
            starts.push_back(core(b, group, half));
        }
    }
    return starts;
}

const unsigned char* TensorCores::core(uint64_t descriptor, unsigned group, unsigned half) const {
    return block.dynamic_shared + start_of(descriptor) + half * leading_of(descriptor) + group * stride_of(descriptor)
            - window_start;
}

/** A warp's 16 rows of a product, summed over the inputs in order. */
void TensorCores::compute(Product& product, unsigned warp_in_group) {
    float a[rows_of_warp][depth];
    float b[depth][most_columns];
    const auto value = [](const unsigned char* eight, unsigned i) {
        uint16_t bits;
        memcpy(&bits, eight + 2 * i, sizeof bits);
        return half_value(bits);
    };
    for (unsigned half = 0; half < 2; ++half) {
        for (unsigned r = 0; r < rows_of_warp; ++r) {
            const unsigned char* eight = row(product.a, warp_in_group * rows_of_warp + r, half);
            for (unsigned i = 0; i < 8; ++i) {
                a[r][8 * half + i] = value(eight, i);
            }
        }
        for (unsigned c = 0; c < product.columns; ++c) {
            const unsigned char* eight = row(product.b, c, half);
            for (unsigned i = 0; i < 8; ++i) {
                b[8 * half + i][c] = value(eight, i);
            }
        }
    }
    float* values = product.sums->values.data();
    for (unsigned r = 0; r < rows_of_warp; ++r) {
        float* __restrict sums = values + r * product.columns;
        for (unsigned k = 0; k < depth; ++k) {
            const float factor = a[r][k];
            const float* __restrict other = b[k];
            for (unsigned c = 0; c < product.columns; ++c) {
                sums[c] += factor * other[c];
            }
        }
    }
    product.done = true;
}

// ---- what must not happen ------------------------------------------------------------------------------------------------

/** Whether any of these bytes is an operand: a bound on its extent, exact for matrices without gaps. */
bool TensorCores::reads(const Product& product, unsigned warp_in_group, const void* target, unsigned bytes) const {
    const auto first = static_cast<const unsigned char*>(target) - block.dynamic_shared + window_start;
    const auto last = first + static_cast<std::ptrdiff_t>(bytes) - 1;
    const auto meets = [&](uint64_t descriptor, unsigned group, unsigned groups) {
        for (unsigned half = 0; half < 2; ++half) {
            const std::ptrdiff_t start = start_of(descriptor) + half * leading_of(descriptor) + group * stride_of(descriptor);
            if (last >= start && first < start + (groups - 1) * static_cast<std::ptrdiff_t>(stride_of(descriptor))
                    + static_cast<std::ptrdiff_t>(core_bytes)) {
                return true;
            }
        }
        return false;
    };
    return meets(product.a, warp_in_group * rows_of_warp / core_rows, rows_of_warp / core_rows)
            || meets(product.b, 0, product.columns / core_rows);
}

void TensorCores::require_unread(const void* target, unsigned bytes) const {
    for (size_t warp = 0; warp < warps.size(); ++warp) {
        const auto check = [&](const ProductGroup& group) {
            for (const Product& product : group) {
                if (reads(product, warp % 4, target, bytes)) {
                    fail("an operand of a product under way is overwritten");
                }
            }
        };
        check(warps[warp].open);
        std::for_each(warps[warp].committed.begin(), warps[warp].committed.end(), check);
    }
}

void TensorCores::check_end() const {
    for (const WarpProducts& warp : warps) {
        if (!warp.open.empty() || !warp.committed.empty()) {
            fail("a block leaves with products under way");
        }
    }
    for (const std::deque<Started>& group : started) {
        if (!group.empty()) {
            fail("a block leaves, and some warps of a warpgroup have started products that others have not");
        }
    }
}

} // namespace emu
