/* tensor_core_state.h: the products of one block that are under way, and what its shared memory is to them. */
#pragma once

#include "emulated_async.h"
#include "tensor_cores.h"

#include <deque>
#include <list>
#include <vector>

namespace emu {

/** A warp's part of sums: 16 rows, in the registers of its threads or, while products run, here. */
struct Sums {
    float* registers[warp_size];
    unsigned columns;
    std::vector<float> values; // [16,columns]
    unsigned products;         // that have not been waited for
};

/** A warp's part of one product. */
struct Product {
    Sums* sums;
    unsigned columns;
    uint64_t a, b;
    bool done;
};

using ProductGroup = std::vector<Product>;

/** What one warp has started. */
struct WarpProducts {
    std::list<Sums> sums;
    ProductGroup open;
    std::deque<ProductGroup> committed;
    bool fenced = false;
    size_t started = 0; // since the block began
};

/** The tensor cores of one block. */
class TensorCores {
public:
    explicit TensorCores(const Block& of) : block(of) {}

    /** As before a block. */
    void forget();
    /** Fails if the block left with products under way, or if a warp started others than its warpgroup. */
    void check_end() const;

    void stored(const void* target, unsigned bytes);
    void fence();
    void copied(const void* target, unsigned bytes);
    /** Fails if a product under way may still read these bytes. */
    void require_unread(const void* target, unsigned bytes) const;

    void fence_registers() { own().fenced = true; }
    void start(Warp& warp);
    void commit();
    void wait(unsigned pending);

    void made_barrier(Mbarrier* barrier) { unpublished.push_back({self()->index, barrier}); }
    void publish_barriers();

private:
    /** Who wrote two bytes, as far as tensor cores are concerned: none, a thread, a thread that has fenced, a copy. */
    using Cell = uint16_t;
    static constexpr Cell unwritten = 0, seen = 0x8000, by_copy = 0xFFFF;

    struct Started {
        unsigned columns;
        uint64_t a, b;
    };
    struct Unpublished {
        unsigned thread;
        Mbarrier* barrier;
    };

    WarpProducts& own();
    Cell* cells(const void* target);
    std::vector<const unsigned char*> operands(uint64_t a, uint64_t b, unsigned columns, unsigned warp_in_group) const;
    const unsigned char* core(uint64_t descriptor, unsigned group, unsigned half) const;
    void require_visible(const unsigned char* start, unsigned halves);
    const unsigned char* row(uint64_t descriptor, unsigned row, unsigned half);
    void check_like_others(unsigned warp, const Started& product);
    void hand_over(WarpProducts& mine, Sums& sums);
    void compute(Product& product, unsigned warp_in_group);
    bool reads(const Product& product, unsigned warp_in_group, const void* target, unsigned bytes) const;

    const Block& block;
    std::vector<Cell> memory;                       // empty until something is stored for tensor cores
    std::vector<std::vector<Cell*>> unfenced;       // by thread
    std::vector<WarpProducts> warps;
    std::vector<std::deque<Started>> started;       // by warpgroup: what not all four warps have started yet
    std::vector<Unpublished> unpublished;
};

} // namespace emu
