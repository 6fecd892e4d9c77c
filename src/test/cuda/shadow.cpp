/* shadow.cpp: clocks and cells. */
#include "shadow.h"

#include <algorithm>

namespace emu {

void Clock::raise(unsigned who, uint32_t tick) {
    if (who >= ticks.size()) {
        ticks.resize(who + 1);
    }
    ticks[who] = std::max(ticks[who], tick);
}

void Clock::join(const Clock& other) {
    if (other.ticks.size() > ticks.size()) {
        ticks.resize(other.ticks.size());
    }
    for (size_t i = 0; i < other.ticks.size(); ++i) {
        ticks[i] = std::max(ticks[i], other.ticks[i]);
    }
}

void Clock::meet(const Clock& other) {
    ticks.resize(std::min(ticks.size(), other.ticks.size()));
    for (size_t i = 0; i < ticks.size(); ++i) {
        ticks[i] = std::min(ticks[i], other.ticks[i]);
    }
}

void join(Known& known, const Known& other) {
    if (other == nullptr || other == known) {
        return;
    }
    if (known == nullptr) {
        known = other;
        return;
    }
    Others both = *known;
    for (const auto& entry : *other) {
        std::shared_ptr<const Clock>& own = both[entry.first];
        if (own == nullptr || own == entry.second) {
            own = entry.second;
        } else {
            Clock joined = *own;
            joined.join(*entry.second);
            own = std::make_shared<const Clock>(std::move(joined));
        }
    }
    known = std::make_shared<const Others>(std::move(both));
}

namespace {

constexpr size_t hashes = 1 << 14;

size_t hash(const Access& a) {
    const uint64_t epoch = static_cast<uint64_t>(a.epoch.who) << 32 | a.epoch.tick;
    const uint64_t place = static_cast<uint64_t>(a.before) << 32 | a.site;
    return (epoch * 0x9E3779B97F4A7C15u + place * 0xC2B2AE3D27D4EB4Fu + a.cluster * 0x165667B19E3779F9u) >> 50;
}

} // namespace

uint32_t AccessLog::number(const Access& access) {
    uint32_t& number = latest[hash(access)];
    const Access& known = accesses[number];
    if (number == 0 || !(known.epoch == access.epoch) || known.before != access.before || known.site != access.site
            || known.cluster != access.cluster) {
        number = static_cast<uint32_t>(accesses.size());
        accesses.push_back(access);
    }
    return number;
}

void AccessLog::clear() {
    accesses.assign(1, {});
    latest.assign(hashes, 0);
}

Cell* Shadow::of(uintptr_t page) {
    std::unique_ptr<Cell[]>& cells = pages[page];
    if (cells == nullptr) {
        cells.reset(new Cell[page_bytes / cell_bytes]());
    }
    return cells.get();
}

void Shadow::trim() {
    if (pages.size() > most_pages) {
        pages.clear();
        latest_page = 0;
    }
}

} // namespace emu
