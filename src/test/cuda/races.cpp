/* races.cpp: what orders accesses, and accesses that nothing orders. */
#include "races.h"

#include "cuda_result.h"

#include <algorithm>
#include <cstdio>
#include <dlfcn.h>
#include <map>

namespace emu {

Races* races = nullptr;

namespace {

/** Of an access that is under way, and ordered before nothing yet. */
constexpr uint32_t pending = UINT32_MAX;

const char* verb(Races::Kind kind) {
    return kind == Races::Kind::read ? "a read" : kind == Races::Kind::write ? "a write" : "an atomic operation";
}

} // namespace

// ---- launches and clusters -----------------------------------------------------------------------------------------------

void Races::begin(uintptr_t begin, uintptr_t end) {
    device_begin = begin;
    device_end = end;
    launch_start = ++stamp;
    log.clear();
    shadow.trim();
}

void Races::begin(Worker& of, unsigned char* static_shared, size_t static_bytes) {
    worker = &of;
    static_begin = reinterpret_cast<uintptr_t>(static_shared);
    static_end = static_begin + static_bytes;
    cluster_start = ++stamp;
    exchanging = false;
    unsigned total = 0;
    for (unsigned rank = 0; rank < worker->launch->cluster; ++rank) {
        total += worker->blocks[rank].threads;
    }
    threads.assign(total, Thread());
    agents.clear();
    meetings.clear();
    cluster_arrivals = cluster_met_last = Thread();
    barriers.clear();
    warps.clear();
}

unsigned Races::new_agent(std::string name) {
    agents.push_back(std::move(name));
    return static_cast<unsigned>(threads.size() + agents.size() - 1);
}

// ---- accesses ------------------------------------------------------------------------------------------------------------

Races::Region Races::region(uintptr_t address) const {
    if (address - device_begin < device_end - device_begin) {
        return Region::device;
    }
    if (address - static_begin < static_end - static_begin) {
        return Region::static_shared;
    }
    for (unsigned rank = 0; rank < worker->launch->cluster; ++rank) {
        const Block& block = worker->blocks[rank];
        if (address - reinterpret_cast<uintptr_t>(block.dynamic_shared) < block.dynamic_shared_bytes) {
            return Region::dynamic_shared;
        }
    }
    return Region::none;
}

/** The cell, with what a meeting of all threads, or the end of a cluster, has made of it. */
Cell& Races::cell(uintptr_t address, bool shared) {
    Cell& cell = shadow.cell(address);
    if (cell.stamp == stamp) {
        return cell;
    }
    if (cell.stamp < launch_start || (shared && cell.stamp < cluster_start)) {
        cell = Cell();
    } else if (cell.stamp < cluster_start) {
        cell.others_write = cell.write != 0 ? cell.write : cell.others_write;
        cell.others_read = cell.reads != 0 ? cell.reads : cell.others_read;
        cell.others_atomic = cell.atomics != 0 ? cell.atomics : cell.others_atomic;
        cell.write = cell.reads = cell.atomics = 0;
    } else { // since then all threads of the only block have met: one access of each kind stands for all
        for (uint32_t* list : {&cell.reads, &cell.atomics}) {
            *list = log[*list].before == 0 ? *list : log.number({0, log[*list].epoch, log[*list].site});
        }
    }
    cell.stamp = stamp;
    return cell;
}

/** An access of this list that is not ordered before what {@code who} does now; 0 if all are. */
uint32_t Races::unordered(uint32_t number, unsigned who, const Clock& knows) const {
    for (; number != 0; number = log[number].before) {
        const Epoch& epoch = log[number].epoch;
        if (epoch.tick == pending || (epoch.who != who && epoch.tick > knows.at(epoch.who))) {
            return number;
        }
    }
    return 0;
}

void Races::extend(uint32_t& list, Epoch epoch, const Clock& knows, uint32_t site) {
    if (list != 0) {
        const Access& top = log[list];
        if (top.epoch == epoch) {
            return;
        }
        if (top.before == 0 && unordered(list, epoch.who, knows) == 0) {
            list = 0;
        }
    }
    list = log.number({list, epoch, site});
}

void Races::access(Kind kind, uintptr_t address, size_t bytes, Epoch epoch, const Clock& knows, uint32_t site) {
    const Region where = region(address);
    if (where == Region::none) {
        return;
    }
    const uintptr_t end = address + bytes;
    for (uintptr_t at = address / cell_bytes * cell_bytes; at < end; at += cell_bytes) {
        Cell& c = cell(at, where != Region::device);
        if ((kind == Kind::read && c.reads != 0 && log[c.reads].epoch == epoch)
                || (kind == Kind::write && c.write != 0 && log[c.write].epoch == epoch && c.reads == 0 && c.atomics == 0)) {
            continue; // once more
        }
        if (const uint32_t other = unordered(c.write, epoch.who, knows)) {
            report(kind, at, bytes, site, other, "the write", false);
        }
        if (c.others_write != 0) {
            report(kind, at, bytes, site, c.others_write, "the write", true);
        }
        if (kind != Kind::atomic) {
            if (const uint32_t other = unordered(c.atomics, epoch.who, knows)) {
                report(kind, at, bytes, site, other, "the atomic operation", false);
            }
            if (c.others_atomic != 0) {
                report(kind, at, bytes, site, c.others_atomic, "the atomic operation", true);
            }
        }
        if (kind != Kind::read) {
            if (const uint32_t other = unordered(c.reads, epoch.who, knows)) {
                report(kind, at, bytes, site, other, "the read", false);
            }
            if (c.others_read != 0) {
                report(kind, at, bytes, site, c.others_read, "the read", true);
            }
        }
        switch (kind) {
            case Kind::read: extend(c.reads, epoch, knows, site); break;
            case Kind::atomic: extend(c.atomics, epoch, knows, site); break;
            case Kind::write:
                c.write = log.number({0, epoch, site});
                c.reads = c.atomics = 0;
                break;
        }
    }
}

void Races::access(Kind kind, const void* address, size_t bytes, const void* site) {
    if (!exchanging) {
        const unsigned who = own();
        access(kind, reinterpret_cast<uintptr_t>(address), bytes, now(who), threads[who].knows, site_of(site));
    }
}

void Races::read_by(unsigned lane, const void* address, size_t bytes, const void* site) {
    const unsigned who = first_lane() + lane;
    access(Kind::read, reinterpret_cast<uintptr_t>(address), bytes, now(who), threads[who].knows, site_of(site));
}

void lane_reads(unsigned lane, const void* address, unsigned bytes) {
    if (races != nullptr) {
        races->read_by(lane, address, bytes, __builtin_return_address(0));
    }
}

// ---- meetings ------------------------------------------------------------------------------------------------------------

/** All know what each knows, and of what each has done. */
void Races::join(const std::vector<unsigned>& who, bool memory) {
    Clock knows, follows;
    const bool both = !barriers.empty();
    for (unsigned i : who) {
        Thread& thread = threads[i];
        thread.knows.raise(i, thread.tick);
        thread.follows.raise(i, thread.tick);
        if (memory) {
            knows.join(thread.knows);
        }
        if (both) {
            follows.join(thread.follows);
        }
        ++thread.tick;
    }
    for (unsigned i : who) {
        if (memory) {
            threads[i].knows.join(knows);
        }
        if (both) {
            threads[i].follows.join(follows);
        }
    }
}

void Races::comes(const void* meeting) { meetings[meeting].push_back(own()); }

void Races::all_met(const void* meeting) {
    std::vector<unsigned>& who = meetings[meeting];
    join(who, true);
    who.clear();
}

/** Those that have left count as if they came. */
void Races::block_met(const Block& block) {
    std::vector<unsigned> who(block.threads);
    for (unsigned i = 0; i < block.threads; ++i) {
        who[i] = block.rank * block.threads + i;
    }
    join(who, true);
    if (block.cluster == 1 && agents.empty()) {
        ++stamp; // from here on nobody needs to be asked what he knows of accesses before
    }
}

void Races::lanes_met(unsigned lanes, bool memory) {
    if (!memory && barriers.empty()) {
        return;
    }
    std::vector<unsigned> who;
    for (unsigned lane = 0; lane < warp_size; ++lane) {
        if (lanes >> lane & 1) {
            who.push_back(first_lane() + lane);
        }
    }
    join(who, memory);
}

void Races::arrives_at_cluster() {
    Thread& thread = threads[own()];
    thread.knows.raise(own(), thread.tick);
    thread.follows.raise(own(), thread.tick++);
    cluster_arrivals.knows.join(thread.knows);
    cluster_arrivals.follows.join(thread.follows);
}

void Races::cluster_met() {
    cluster_met_last = std::move(cluster_arrivals);
    cluster_arrivals = Thread();
}

void Races::leaves_cluster_barrier() {
    threads[own()].knows.join(cluster_met_last.knows);
    threads[own()].follows.join(cluster_met_last.follows);
}

// ---- mbarriers -----------------------------------------------------------------------------------------------------------

void Races::made(const Mbarrier* barrier) {
    access(Kind::write, barrier, sizeof *barrier, nullptr);
    Phases fresh;
    fresh.agent = new_agent("copies that arrive at the mbarrier at " + place(reinterpret_cast<uintptr_t>(barrier)));
    fresh.made = now(own());
    fresh.latest.assign(threads.size(), -2);
    barriers[barrier] = std::move(fresh);
}

/** The barrier's record; the calling thread must know that it was made. */
Races::Phases& Races::phases(const Mbarrier* barrier) {
    const auto found = barriers.find(barrier);
    if (found == barriers.end()) {
        fail("an mbarrier is used that nobody has made");
    }
    Phases& phases = found->second;
    if (phases.made.who != own() && phases.made.tick > threads[own()].knows.at(phases.made.who)) {
        const std::string text = "a race: a thread uses the mbarrier at " + place(reinterpret_cast<uintptr_t>(barrier))
                + ", not ordered with its making by " + name(phases.made.who);
        worker->leave(LAUNCH_FAILED, text);
    }
    return phases;
}

void Races::arrives(const Mbarrier* barrier) {
    Phases& at = phases(barrier);
    Thread& thread = threads[own()];
    thread.knows.raise(own(), thread.tick);
    thread.follows.raise(own(), thread.tick++);
    at.arrivals.knows.join(thread.knows);
    at.arrivals.follows.join(thread.follows);
}

/**
 * A thread that waited for the phase before must have gone on before this one could end, or it would, under another
 * schedule, find a phase of the same parity under way and wait for the end of that.
 */
void Races::phase_ended(const Mbarrier* barrier) {
    Phases& at = barriers[barrier];
    auto& waiting = at.waiting;
    for (const Waiting& w : waiting) {
        if (w.phase < at.current && (w.tick == 0 || at.arrivals.follows.at(w.who) < w.tick)) {
            worker->leave(LAUNCH_FAILED, "a race: phase " + std::to_string(at.current) + " of the mbarrier at "
                          + place(reinterpret_cast<uintptr_t>(barrier)) + " may end while " + name(w.who)
                          + " still waits for phase " + std::to_string(w.phase) + ", and is then two phases behind");
        }
    }
    waiting.erase(std::remove_if(waiting.begin(), waiting.end(), [&](const Waiting& w) { return w.phase < at.current; }),
                  waiting.end());
    ++at.current;
    at.ended = std::move(at.arrivals);
    at.arrivals = Thread();
    at.ended.knows.raise(at.agent, static_cast<uint32_t>(at.current));
}

/** Which phase a thread means: the one after that it last waited for, or that one again where it is still the last. */
void Races::waits(const Mbarrier* barrier, unsigned parity) {
    Phases& at = phases(barrier);
    const int last = at.latest[own()];
    int phase = last + 1;
    if ((phase & 1) != static_cast<int>(parity)) {
        phase = last >= -1 && at.current == last + 1 ? last : last + 2;
    }
    if (at.current >= phase + 2) {
        worker->leave(LAUNCH_FAILED, "a race: a thread waits for phase " + std::to_string(phase) + " of the mbarrier at "
                      + place(reinterpret_cast<uintptr_t>(barrier)) + ", which is in phase " + std::to_string(at.current)
                      + ": two phases behind");
    }
    at.latest[own()] = phase;
    at.waiting.push_back({own(), phase, 0});
}

void Races::waited(const Mbarrier* barrier) {
    Phases& at = barriers[barrier];
    Thread& thread = threads[own()];
    ++thread.tick;
    for (Waiting& w : at.waiting) {
        if (w.who == own()) {
            w.tick = thread.tick;
        }
    }
    thread.knows.join(at.ended.knows);
    thread.follows.join(at.ended.follows);
}

// ---- what happens beside the threads -------------------------------------------------------------------------------------

void Races::copy_started(const AsyncCopy& copy, const void* site) {
    const unsigned who = own();
    const Clock& knows = threads[who].knows;
    access(Kind::read, reinterpret_cast<uintptr_t>(copy.source), copy.valid, now(who), knows, site_of(site));
    access(Kind::write, reinterpret_cast<uintptr_t>(copy.target), copy.bytes, {who, pending}, knows, site_of(site));
}

void Races::copy_arrived(const AsyncCopy& copy) {
    const auto start = reinterpret_cast<uintptr_t>(copy.target);
    for (uintptr_t at = start; at < start + copy.bytes; at += cell_bytes) {
        Cell& c = cell(at, true);
        if (log[c.write].epoch == Epoch{own(), pending}) {
            c.write = log.number({0, now(own()), log[c.write].site});
        }
    }
}

void Races::bulk_copy_started(const BulkCopy& copy, const void* site) {
    const Phases& at = phases(copy.barrier);
    const unsigned who = own();
    access(Kind::read, reinterpret_cast<uintptr_t>(copy.source), copy.bytes, now(who), threads[who].knows, site_of(site));
    access(Kind::write, reinterpret_cast<uintptr_t>(copy.target), copy.bytes,
           {at.agent, static_cast<uint32_t>(at.current + 1)}, threads[who].knows, site_of(site));
}

void Races::fenced(const void* address) {
    Cell& c = cell(reinterpret_cast<uintptr_t>(address), true);
    if (c.write != 0 && log[c.write].epoch.who == own()) {
        c.write = log.number({0, now(own()), log[c.write].site});
    }
}

Races::Products& Races::products() {
    const unsigned first = first_lane();
    const auto entry = warps.emplace(first, Products());
    if (entry.second) {
        entry.first->second.agent = new_agent("a product of the warp of " + name(first));
    }
    return entry.first->second;
}

/** Every lane must know of what the product reads. */
void Races::product_started(const std::vector<const unsigned char*>& operands, const void* site) {
    const Products& own_products = products();
    const unsigned first = first_lane();
    Clock knows;
    for (unsigned lane = 0; lane < warp_size; ++lane) {
        Thread& thread = threads[first + lane];
        thread.knows.raise(first + lane, thread.tick);
        if (lane == 0) {
            knows = thread.knows;
        } else {
            knows.meet(thread.knows);
        }
    }
    for (const unsigned char* operand : operands) {
        access(Kind::read, reinterpret_cast<uintptr_t>(operand), 128, {own_products.agent, own_products.committed + 1}, knows,
               site_of(site));
    }
}

void Races::products_committed() { ++products().committed; }

void Races::products_waited(unsigned pending_groups) {
    const Products& own_products = products();
    const unsigned first = first_lane();
    if (own_products.committed > pending_groups) {
        for (unsigned lane = 0; lane < warp_size; ++lane) {
            threads[first + lane].knows.raise(own_products.agent, own_products.committed - pending_groups);
        }
    }
}

// ---- words ---------------------------------------------------------------------------------------------------------------

std::string Races::name(unsigned who) const {
    if (who >= threads.size()) {
        return agents[who - threads.size()];
    }
    const unsigned of_block = worker->blocks[0].threads;
    return "thread " + std::to_string(who % of_block)
            + (worker->launch->cluster > 1 ? " of block " + std::to_string(who / of_block) + " of the cluster" : "");
}

std::string Races::place(uintptr_t address) const {
    switch (region(address)) {
        case Region::device: return "device memory at {" + std::to_string(address) + "}";
        case Region::static_shared: return "byte " + std::to_string(address - static_begin) + " of static shared memory";
        default: break;
    }
    for (unsigned rank = 0; rank < worker->launch->cluster; ++rank) {
        const uintptr_t offset = address - reinterpret_cast<uintptr_t>(worker->blocks[rank].dynamic_shared);
        if (offset < worker->blocks[rank].dynamic_shared_bytes) {
            return "byte " + std::to_string(offset) + " of dynamic shared memory"
                    + (worker->launch->cluster > 1 ? " of block " + std::to_string(rank) + " of the cluster" : "");
        }
    }
    return "an address";
}

void Races::report(Kind kind, uintptr_t address, size_t bytes, uint32_t site, uint32_t other, const char* did,
                   bool other_cluster) const {
    const Access& before = log[other];
    const auto at = [](uint32_t code) { return code == 0 ? "" : " (<" + std::to_string(code) + ">)"; };
    const bool under_way = before.epoch.tick == pending;
    const std::string text = std::string("a race: ") + verb(kind) + " of " + std::to_string(bytes) + " bytes" + at(site) + " at "
            + place(address) + ", not ordered with " + did + " by " + (under_way ? "a cp.async of " : "")
            + (other_cluster ? "a thread of another block" : name(before.epoch.who)) + at(before.site)
            + (under_way ? ", which has not been waited for" : "");
    worker->leave(LAUNCH_FAILED, text);
}

uint32_t site_of(const void* code) {
    static const char* base = [] {
        Dl_info library{};
        dladdr(reinterpret_cast<const void*>(&site_of), &library);
        return static_cast<const char*>(library.dli_fbase);
    }();
    return code == nullptr ? 0 : static_cast<uint32_t>(static_cast<const char*>(code) - base);
}

namespace {

/** file:line of the instruction before a site, in the kernel rather than in a header of the driver's own; or nothing. */
std::string line_of(const std::string& site) {
    static std::map<std::string, std::string> known;
    const auto entry = known.emplace(site, "");
    Dl_info library{};
    if (!entry.second || dladdr(reinterpret_cast<const void*>(&site_of), &library) == 0) {
        return entry.first->second;
    }
    char command[4096], line[1024];
    snprintf(command, sizeof command, "addr2line -s -i -e '%s' 0x%lx 2> /dev/null", library.dli_fname, std::stoul(site) - 1);
    if (FILE* output = popen(command, "r")) {
        while (fgets(line, sizeof line, output) != nullptr) { // inlined functions first
            const std::string text(line);
            if (entry.first->second.empty() || entry.first->second.rfind("emulated_", 0) == 0) {
                entry.first->second = text.substr(0, text.find_first_of(" \n"));
            }
        }
        pclose(output);
    }
    return entry.first->second;
}

} // namespace

std::string with_lines(std::string text) {
    for (size_t start; (start = text.find('<')) != std::string::npos;) {
        const size_t end = text.find('>', start);
        const std::string line = line_of(text.substr(start + 1, end - start - 1));
        text.replace(start, end + 1 - start, line.empty() ? "no line" : line);
    }
    return text;
}

} // namespace emu
