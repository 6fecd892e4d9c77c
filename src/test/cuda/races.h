/*
 * races.h: finds accesses to the same memory that nothing orders, whatever the order in which they happened to come.
 *
 * Every thread of a cluster has a vector clock (Flanagan and Freund, FastTrack, 2009): how far it knows each other to
 * have come. What hands such knowledge on:
 *   __syncthreads and the like, named barriers, barrier.cluster   to all who meet
 *   __syncwarp                                                   among its lanes; shuffles, votes and products do not
 *   an mbarrier                                                  from who arrives to who waits for the phase
 *   cp.async                                                     is a write that no thread may read before its own waits
 *   a bulk copy                                                  is a write by its mbarrier, in the phase that it ends
 *   wgmma                                                        reads as its warp, until that waits for the product;
 *                                                                a thread's writes count from its fence on
 *   __threadfence                                                from who passes one before an atomic operation to who
 *                                                                passes one after a later operation on the same place
 * The last is how blocks that run side by side hand results on; race_order.cpp says why it holds. Atomic operations alone
 * order nothing but accesses to their own place, and do not race with one another. A launch that is so watched runs kernels
 * that were compiled with -fsanitize=thread, whose every access calls race_hooks.cpp, and on one worker.
 *
 * Device memory is watched like shared memory, and between a launch's clusters too. Bytes are looked at
 * in pairs: two threads that write one byte each of a pair are taken for a race.
 *
 * A read of device memory that was not written is found, too, where that was allocated while launches were watched. Its
 * copies to shared memory are not: the layered smoothing kernels copy rows and columns that they then leave out.
 */
#pragma once

#include "device_memory.h"
#include "emulated_async.h"
#include "engine.h"
#include "shadow.h"

namespace emu {

class Races {
public:
    /** A copy to shared memory is a read that makes no use of the value. */
    enum class Kind { read, copy, write, atomic };

    explicit Races(DeviceMemory& of_devices) : memory(of_devices) {}

    /** Watches the next launch. */
    void begin();
    /** Watches the worker's next cluster, whose static shared memory this is. */
    void begin(Worker& worker, unsigned char* static_shared, size_t static_bytes);

    /** The calling thread accesses memory; {@code site} is where its code goes on. */
    void access(Kind kind, const void* address, size_t bytes, const void* site);
    /** A lane of the calling thread's warp reads shared memory. */
    void read_by(unsigned lane, const void* address, size_t bytes, const void* site);

    // ---- meetings: each comes, and once all have come they know of one another
    void comes(const void* meeting);
    void all_met(const void* meeting);
    void block_met(const Block& block);
    /** Lanes of the calling thread's warp; {@code memory} where they then know of one another's accesses, too. */
    void lanes_met(unsigned lanes, bool memory);
    void arrives_at_cluster();
    void cluster_met();
    void leaves_cluster_barrier();
    /** __threadfence. */
    void fences();

    // ---- mbarriers
    void made(const Mbarrier* barrier);
    void arrives(const Mbarrier* barrier);
    void phase_ended(const Mbarrier* barrier);
    void waits(const Mbarrier* barrier, unsigned parity);
    void waited(const Mbarrier* barrier);

    // ---- what happens beside the threads
    void copy_started(const AsyncCopy& copy, const void* site);
    void copy_arrived(const AsyncCopy& copy);
    void bulk_copy_started(const BulkCopy& copy, const void* site);
    /** Two bytes that the calling thread stored are now there for tensor cores. */
    void fenced(const void* address);
    /** The calling thread's warp starts a product that reads 128 bytes at each address. */
    void product_started(const std::vector<const unsigned char*>& operands, const void* site);
    void products_committed();
    void products_waited(unsigned pending);

    /** While a warp's exchange runs, for all lanes on one of them: its accesses are no thread's. */
    bool exchanging = false;

private:
    struct Thread {
        uint32_t tick = 1;
        Clock knows;   // whose accesses are ordered before its next
        Clock follows; // who had come how far, without that: all that a meeting without memory says
        Known others;  // as knows, of other clusters
        Known fenced;  // of its own and other clusters, at its latest fence: what its atomic operations hand on
        Known seen;    // what they were handed: known from its next fence on
    };
    struct Waiting {
        unsigned who;
        int phase;
        uint32_t tick; // at which it went on; 0: still waits
    };
    struct Phases {
        unsigned agent;
        int current = 0;
        Epoch made{};
        Thread arrivals, ended; // what those know who have arrived; who arrived in the latest phase that ended
        std::vector<Waiting> waiting;
        std::vector<int> latest; // phase that a thread has waited for
    };
    struct Products {
        unsigned agent;
        uint32_t committed = 0;
    };

    /** Of an access that is under way, and ordered before nothing yet. */
    static constexpr uint32_t pending = UINT32_MAX;

    enum class Region { none, dynamic_shared, static_shared, device };

    unsigned own() const { return self()->number; }
    unsigned first_lane() const { return self()->number - lane(); }
    Epoch now(unsigned who) const { return {who, threads[who].tick}; }
    unsigned new_agent(std::string name);
    Region region(uintptr_t address) const;
    void access(Kind kind, uintptr_t address, size_t bytes, Epoch epoch, const Thread& by, uint32_t site);
    void hands_on(uintptr_t address, Thread& by);
    Cell& cell(uintptr_t address, bool shared);
    uint32_t unordered(uint32_t number, unsigned who, const Clock& knows) const;
    uint32_t unordered(uint32_t number, const Known& others) const;
    void extend(uint32_t& list, Epoch epoch, const Clock& knows, uint32_t site);
    void join(const std::vector<unsigned>& who, bool memory);
    Phases& phases(const Mbarrier* barrier);
    Products& products();

    std::string name(unsigned who) const;
    std::string place(uintptr_t address) const;
    [[noreturn]] void report(Kind kind, uintptr_t address, size_t bytes, uint32_t site, uint32_t other, const char* did,
                             bool other_cluster) const;

    Shadow shadow;
    AccessLog log;
    uint32_t stamp = 0, launch_start = 0, cluster_start = 0;
    uintptr_t static_begin = 0, static_end = 0;
    DeviceMemory& memory;
    Worker* worker = nullptr;
    std::vector<Thread> threads;
    std::vector<std::string> agents;
    std::unordered_map<const void*, std::vector<unsigned>> meetings;
    Thread cluster_arrivals, cluster_met_last;
    std::unordered_map<const Mbarrier*, Phases> barriers;
    std::unordered_map<uintptr_t, Known> handed_on; // at a place of an atomic operation
    bool any_fence = false;                         // since the launch began
    std::unordered_map<unsigned, Products> warps; // by the number of their first thread
};

/** Watches the launch under way; null where that is not asked for. */
extern Races* races;

/** Where in the library an address of code is; 0 for none. */
uint32_t site_of(const void* code);

/** A text whose sites, as Races writes them, are replaced by lines of the source. */
std::string with_lines(std::string text);

} // namespace emu
