/* races.cpp: accesses, and what is said of those that nothing orders. */
#include "races.h"

#include "cuda_result.h"

#include <algorithm>
#include <cstdio>
#include <dlfcn.h>
#include <map>

namespace emu {

Races* races = nullptr;

namespace {

const char* verb(Races::Kind kind) {
    switch (kind) {
        case Races::Kind::read: return "a read";
        case Races::Kind::copy: return "a copy";
        case Races::Kind::write: return "a write";
        default: return "an atomic operation";
    }
}

std::string line(uint32_t site) { return site == 0 ? "" : " (<" + std::to_string(site) + ">)"; }

} // namespace

// ---- launches and clusters -----------------------------------------------------------------------------------------------

void Races::begin() {
    launch_start = ++stamp;
    handed_on.clear();
    any_fence = false;
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
    if (address - memory.first() < memory.last() - memory.first()) {
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
        cell.others_atomic = cell.atomic != 0 ? cell.atomic : cell.others_atomic;
        if (cell.reads != 0) {
            const Access read = log[cell.reads];
            cell.others_reads = log.number({cell.others_reads, read.epoch, read.site, read.cluster});
        }
        cell.write = cell.reads = cell.atomic = 0;
    } else if (log[cell.reads].before != 0) { // since then all threads of the only block have met: one stands for all
        const Access read = log[cell.reads];
        cell.reads = log.number({0, read.epoch, read.site, read.cluster});
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

/** The same of other clusters' accesses. */
uint32_t Races::unordered(uint32_t number, const Known& others) const {
    for (; number != 0; number = log[number].before) {
        const Access& access = log[number];
        if (others == nullptr || others->count(access.cluster) == 0
                || others->at(access.cluster)->at(access.epoch.who) < access.epoch.tick) {
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
    list = log.number({list, epoch, site, cluster_start});
}

void Races::access(Kind kind, uintptr_t address, size_t bytes, Epoch epoch, const Thread& by, uint32_t site) {
    const Region where = region(address);
    if (where == Region::none) {
        return;
    }
    if (where == Region::device) {
        if (kind == Kind::write) {
            memory.wrote(address, bytes);
        } else if (kind != Kind::copy && !memory.written(address, bytes)) {
            worker->leave(LAUNCH_FAILED, std::string(verb(kind)) + " of " + std::to_string(bytes) + " bytes" + line(site) + " at "
                          + place(address) + ", which was not written");
        }
    }
    const uintptr_t end = address + bytes;
    for (uintptr_t at = address / cell_bytes * cell_bytes; at < end; at += cell_bytes) {
        Cell& c = cell(at, where != Region::device);
        if ((kind == Kind::read && c.reads != 0 && log[c.reads].epoch == epoch)
                || (kind == Kind::write && c.write != 0 && log[c.write].epoch == epoch && c.reads == 0 && c.atomic == 0)) {
            continue; // once more
        }
        const auto require = [&](uint32_t own, uint32_t others, const char* did) {
            if (const uint32_t other = unordered(own, epoch.who, by.knows)) {
                report(kind, at, bytes, site, other, did, false);
            }
            if (const uint32_t other = unordered(others, by.others)) {
                report(kind, at, bytes, site, other, did, true);
            }
        };
        require(c.write, c.others_write, "the write");
        if (kind != Kind::atomic) {
            require(c.atomic, c.others_atomic, "the atomic operation");
        }
        if (kind == Kind::write || kind == Kind::atomic) {
            require(c.reads, c.others_reads, "the read");
        }
        switch (kind) {
            case Kind::read: case Kind::copy: extend(c.reads, epoch, by.knows, site); break;
            case Kind::atomic: // after all others on this place, in coherence order, and so is what is ordered after this one
                c.atomic = log.number({0, epoch, site, cluster_start});
                c.others_atomic = 0;
                break;
            case Kind::write:
                c = Cell();
                c.write = log.number({0, epoch, site, cluster_start});
                c.stamp = stamp;
                break;
        }
    }
}

void Races::access(Kind kind, const void* address, size_t bytes, const void* site) {
    if (!exchanging) {
        const unsigned who = own();
        access(kind, reinterpret_cast<uintptr_t>(address), bytes, now(who), threads[who], site_of(site));
        if (kind == Kind::atomic) {
            hands_on(reinterpret_cast<uintptr_t>(address), threads[who]);
        }
    }
}

void Races::read_by(unsigned lane, const void* address, size_t bytes, const void* site) {
    const unsigned who = first_lane() + lane;
    access(Kind::read, reinterpret_cast<uintptr_t>(address), bytes, now(who), threads[who], site_of(site));
}

void lane_reads(unsigned lane, const void* address, unsigned bytes) {
    if (races != nullptr) {
        races->read_by(lane, address, bytes, __builtin_return_address(0));
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
    const bool under_way = before.epoch.tick == pending;
    const std::string text = std::string("a race: ") + verb(kind) + " of " + std::to_string(bytes) + " bytes" + line(site) + " at "
            + place(address) + ", not ordered with " + did + " by " + (under_way ? "a cp.async of " : "")
            + (other_cluster ? "a thread of another block" : name(before.epoch.who)) + line(before.site)
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
