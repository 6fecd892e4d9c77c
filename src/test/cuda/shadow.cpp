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

size_t AccessLog::Hash::operator()(const Access& a) const {
    const uint64_t epoch = static_cast<uint64_t>(a.epoch.who) << 32 | a.epoch.tick;
    const uint64_t place = static_cast<uint64_t>(a.before) << 32 | a.site;
    const uint64_t mixed = (epoch * 0x9E3779B97F4A7C15u) ^ (place * 0xC2B2AE3D27D4EB4Fu);
    return mixed ^ mixed >> 29;
}

bool AccessLog::Same::operator()(const Access& a, const Access& b) const {
    return a.before == b.before && a.epoch == b.epoch && a.site == b.site;
}

uint32_t AccessLog::number(const Access& access) {
    if (latest_number == 0 || !Same()(access, latest)) {
        const auto entry = known.emplace(access, accesses.size());
        if (entry.second) {
            accesses.push_back(access);
        }
        latest = access;
        latest_number = entry.first->second;
    }
    return latest_number;
}

void AccessLog::clear() {
    accesses.assign(1, {});
    known.clear();
    latest_number = 0;
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
