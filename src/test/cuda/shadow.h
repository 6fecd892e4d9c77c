/* shadow.h: who accessed which memory, and what one thread may know of another. */
#pragma once

#include "emulated_block.h"

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace emu {

/** How far one thread or agent knows all others to have come: threads of the cluster by their number, then agents. */
class Clock {
public:
    uint32_t at(unsigned who) const { return who < ticks.size() ? ticks[who] : 0; }
    void raise(unsigned who, uint32_t tick);
    /** Knows what {@code other} knows, too. */
    void join(const Clock& other);
    /** Knows only what {@code other} knows, too. */
    void meet(const Clock& other);
    void clear() { ticks.clear(); }

private:
    std::vector<uint32_t> ticks;
};

/** What is known of other clusters' threads, by cluster. */
using Others = std::map<uint32_t, std::shared_ptr<const Clock>>;

/** Knowledge that is shared as it is; null is none. */
using Known = std::shared_ptr<const Others>;

/** Knows what {@code other} knows, too. */
void join(Known& known, const Known& other);

/** A thread or agent at a tick of its own. */
struct Epoch {
    unsigned who;
    uint32_t tick;

    bool operator==(const Epoch& other) const { return who == other.who && tick == other.tick; }
};

/** An access, and the one before it of the same kind that it was not ordered with. */
struct Access {
    uint32_t before; // 0: none
    Epoch epoch;
    uint32_t site;    // in the library: where the code returns to
    uint32_t cluster; // whose thread or agent that was
};

/** All accesses, by number: cells that were accessed alike share theirs, as a rule. */
class AccessLog {
public:
    AccessLog() { clear(); }

    uint32_t number(const Access& access);
    const Access& operator[](uint32_t number) const { return accesses[number]; }
    void clear();

private:
    std::vector<Access> accesses;
    std::vector<uint32_t> latest; // numbers, by hash
};

/** What happened to two bytes of memory: numbers in the log, 0 for nothing. */
struct Cell {
    uint32_t write, reads, atomic; // by the present cluster: the latest; all since that; the latest since
    uint32_t others_write, others_reads, others_atomic; // by earlier clusters of the launch, a read of each
    uint32_t stamp;                             // the stretch of the launch that the first three belong to
};

constexpr size_t cell_bytes = 2;

/** Cells of all memory that was accessed. */
class Shadow {
public:
    Cell& cell(uintptr_t address) {
        const uintptr_t page = address / page_bytes;
        if (page != latest_page) {
            latest = of(page);
            latest_page = page;
        }
        return latest[address % page_bytes / cell_bytes];
    }

    /** Drops everything, where that is much. */
    void trim();

private:
    static constexpr size_t page_bytes = 4096, most_pages = 2048;

    Cell* of(uintptr_t page);

    std::unordered_map<uintptr_t, std::unique_ptr<Cell[]>> pages;
    uintptr_t latest_page = 0;
    Cell* latest = nullptr;
};

} // namespace emu
