/* race_order.cpp: what orders the accesses of different threads. */
#include "cuda_result.h"
#include "races.h"

#include <algorithm>

namespace emu {

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
    for (Known Thread::*known : {&Thread::others, &Thread::fenced, &Thread::seen}) {
        Known all;
        for (unsigned i : who) {
            if (memory && any_fence) {
                emu::join(all, threads[i].*known);
            }
        }
        for (unsigned i : who) {
            threads[i].*known = all != nullptr ? all : threads[i].*known;
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
        ++stamp; // from here on no thread's knowledge of accesses before matters
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
        fail("an mbarrier is used that was not initialised");
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

// ---- fences and atomic operations ----------------------------------------------------------------------------------------

/*
 * __threadfence is fence.sc.gpu in PTX (membar.gl is the same from sm_70 on). By the PTX memory consistency model one of two
 * such fences precedes the other in Fence-SC order, and then synchronizes with it. Let F be a fence before an atomic
 * operation A, by program order and barriers, and G one after B, which reads what A has left, or what operations after A
 * have made of it. If G preceded F, then B would precede A in causality order and so in coherence order, and could not read
 * from it. So F precedes G: all that is ordered before F is ordered before all that is ordered after G. A and B may be other
 * threads' than F and G, as long as barriers stand between. A fence before a barrier covers its own thread's accesses and
 * those that this thread knew of, and no others: those of threads that only meet it afterwards are not handed on.
 */

void Races::fences() {
    Thread& thread = threads[own()];
    any_fence = true;
    emu::join(thread.others, thread.seen);
    if (thread.seen != nullptr && thread.seen->count(cluster_start) != 0) {
        thread.knows.join(*thread.seen->at(cluster_start));
    }
    thread.knows.raise(own(), thread.tick++);
    thread.fenced = std::make_shared<const Others>(Others{{cluster_start, std::make_shared<const Clock>(thread.knows)}});
    emu::join(thread.fenced, thread.others);
}

void fence() {
    if (races != nullptr) {
        races->fences();
    }
}

/** By an atomic operation: from those before it on the same place, to those after it. */
void Races::hands_on(uintptr_t address, Thread& by) {
    if (any_fence) {
        Known& there = handed_on[address];
        emu::join(by.seen, there);
        emu::join(there, by.fenced);
    }
}

// ---- what happens beside the threads -------------------------------------------------------------------------------------

void Races::copy_started(const AsyncCopy& copy, const void* site) {
    const unsigned who = own();
    const Thread& by = threads[who];
    access(Kind::copy, reinterpret_cast<uintptr_t>(copy.source), copy.valid, now(who), by, site_of(site));
    access(Kind::write, reinterpret_cast<uintptr_t>(copy.target), copy.bytes, {who, pending}, by, site_of(site));
}

void Races::copy_arrived(const AsyncCopy& copy) {
    const auto start = reinterpret_cast<uintptr_t>(copy.target);
    for (uintptr_t at = start; at < start + copy.bytes; at += cell_bytes) {
        Cell& c = cell(at, true);
        if (log[c.write].epoch == Epoch{own(), pending}) {
            c.write = log.number({0, now(own()), log[c.write].site, cluster_start});
        }
    }
}

void Races::bulk_copy_started(const BulkCopy& copy, const void* site) {
    const Phases& at = phases(copy.barrier);
    const unsigned who = own();
    access(Kind::copy, reinterpret_cast<uintptr_t>(copy.source), copy.bytes, now(who), threads[who], site_of(site));
    access(Kind::write, reinterpret_cast<uintptr_t>(copy.target), copy.bytes,
           {at.agent, static_cast<uint32_t>(at.current + 1)}, threads[who], site_of(site));
}

void Races::fenced(const void* address) {
    Cell& c = cell(reinterpret_cast<uintptr_t>(address), true);
    if (c.write != 0 && log[c.write].epoch.who == own()) {
        c.write = log.number({0, now(own()), log[c.write].site, cluster_start});
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
    Thread by;
    for (unsigned lane = 0; lane < warp_size; ++lane) {
        Thread& thread = threads[first + lane];
        thread.knows.raise(first + lane, thread.tick);
        if (lane == 0) {
            by = thread;
        } else {
            by.knows.meet(thread.knows);
        }
    }
    for (const unsigned char* operand : operands) {
        access(Kind::read, reinterpret_cast<uintptr_t>(operand), 128, {own_products.agent, own_products.committed + 1}, by,
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

} // namespace emu
