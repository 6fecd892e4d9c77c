/* device_memory.cpp: allocations between no-access pages. */
#include "device_memory.h"

#include "engine.h"

#include <algorithm>
#include <cstring>

#include <sys/mman.h>

namespace emu {

namespace {

constexpr size_t page = 4096;
/** NaN as float and as halves, and no count or index. */
constexpr uint32_t canary = 0xFFFEFFFE;

size_t up(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

unsigned char canary_at(uintptr_t address) { return static_cast<unsigned char>(canary >> address % 4 * 8); }

/** What a mapping holds outside of its allocation, for memcmp: less than a page on either side. */
const unsigned char* canaries() {
    static const auto bytes = [] {
        std::vector<unsigned char> filled(page + sizeof canary);
        for (size_t i = 0; i < filled.size(); ++i) {
            filled[i] = canary_at(i);
        }
        return filled;
    }();
    return bytes.data();
}

bool all_canary(uintptr_t from, uintptr_t to) {
    for (size_t bytes; from < to; from += bytes) {
        bytes = std::min(to - from, page);
        if (memcmp(reinterpret_cast<const void*>(from), canaries() + from % sizeof canary, bytes) != 0) {
            return false;
        }
    }
    return true;
}

void write_canary(uintptr_t from, uintptr_t to) {
    for (; from < to; ++from) {
        *reinterpret_cast<unsigned char*>(from) = canary_at(from);
    }
}

} // namespace

DeviceMemory::DeviceMemory() : latest(live.end()) {
    for (size_t bytes = size_t(1) << 40; ; bytes /= 2) { // addresses only; a limited process gets fewer
        void* arena = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (arena != MAP_FAILED) {
            begin = reinterpret_cast<uintptr_t>(arena);
            end = begin + bytes;
            cursor = begin + page;
            return;
        }
    }
}

/** Addresses for a mapping of this size, with a page on either side that must not be accessed; 0 if there are none. */
uintptr_t DeviceMemory::place(size_t bytes) {
    for (int round = 0; round < 2; ++round) {
        while (cursor + bytes + page <= end) {
            const auto above = live.lower_bound(cursor);
            if (above == live.end() || above->second.mapped >= cursor + bytes + page) {
                return cursor;
            }
            cursor = above->second.mapped + above->second.mapped_bytes + page;
        }
        cursor = begin + page;
        freed.clear();
    }
    return 0;
}

uintptr_t DeviceMemory::allocate(size_t bytes, int device, size_t alignment, bool watched) {
    const size_t aligned = up(bytes, alignment), mapped_bytes = up(aligned, page);
    if (mapped_bytes < bytes) {
        return 0;
    }
    const uintptr_t mapped = place(mapped_bytes);
    if (mapped == 0 || mprotect(reinterpret_cast<void*>(mapped), mapped_bytes, PROT_READ | PROT_WRITE) != 0) {
        return 0;
    }
    cursor = mapped + mapped_bytes + page;
    const uintptr_t address = mapped + mapped_bytes - aligned;
    write_canary(mapped, address);
    memset(reinterpret_cast<void*>(address), poison, bytes);
    write_canary(address + bytes, mapped + mapped_bytes);
    live[address] = {mapped, mapped_bytes, bytes, device, std::vector<bool>(watched ? bytes : 0, true)};
    return address;
}

DeviceMemory::Live::iterator DeviceMemory::release(Live::iterator entry) {
    const Allocation& allocation = entry->second;
    mmap(reinterpret_cast<void*>(allocation.mapped), allocation.mapped_bytes, PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    freed[entry->first] = allocation.bytes;
    latest = live.end();
    return live.erase(entry);
}

DeviceMemory::Freed DeviceMemory::free(uintptr_t address) {
    const auto entry = live.find(address);
    if (entry == live.end()) {
        return Freed::unknown;
    }
    const bool good = intact(address, entry->second);
    release(entry);
    return good ? Freed::well : Freed::overrun;
}

void DeviceMemory::free_all(int device) {
    for (auto entry = live.begin(); entry != live.end();) {
        entry = entry->second.device == device ? release(entry) : ++entry;
    }
}

DeviceMemory::Live::const_iterator DeviceMemory::holding(uintptr_t address) const {
    auto entry = live.upper_bound(address);
    if (entry == live.begin()) {
        return live.end();
    }
    --entry;
    return address - entry->first < entry->second.bytes ? entry : live.end();
}

bool DeviceMemory::contains(uintptr_t address, size_t bytes) const {
    const auto entry = holding(address);
    return entry != live.end() && bytes <= entry->second.bytes - (address - entry->first);
}

int DeviceMemory::device_of(uintptr_t address) const {
    const auto entry = holding(address);
    return entry == live.end() ? -1 : entry->second.device;
}

bool DeviceMemory::find(uintptr_t address, uintptr_t& start, size_t& bytes) const {
    const auto entry = holding(address);
    if (entry == live.end()) {
        return false;
    }
    start = entry->first;
    bytes = entry->second.bytes;
    return true;
}

DeviceMemory::Allocation* DeviceMemory::watched(uintptr_t& address) {
    if (latest == live.end() || address - latest->first >= latest->second.bytes) {
        latest = live.upper_bound(address);
        if (latest == live.begin() || address - (--latest)->first >= latest->second.bytes) {
            latest = live.end();
            return nullptr;
        }
    }
    address -= latest->first;
    return latest->second.unwritten.empty() ? nullptr : &latest->second;
}

void DeviceMemory::wrote(uintptr_t address, size_t bytes) {
    if (Allocation* allocation = watched(address)) {
        const auto from = allocation->unwritten.begin() + static_cast<std::ptrdiff_t>(address);
        std::fill(from, from + static_cast<std::ptrdiff_t>(std::min(bytes, allocation->bytes - address)), false);
    }
}

void DeviceMemory::copied(uintptr_t target, uintptr_t source, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) {
        uintptr_t byte = target + i;
        const bool known = written(source + i, 1);
        if (Allocation* allocation = watched(byte)) {
            allocation->unwritten[byte] = !known;
        }
    }
}

bool DeviceMemory::written(uintptr_t address, size_t bytes) {
    const Allocation* allocation = watched(address);
    for (size_t i = address; allocation != nullptr && i < std::min<size_t>(address + bytes, allocation->bytes); ++i) {
        if (allocation->unwritten[i]) {
            return false;
        }
    }
    return true;
}

std::string DeviceMemory::describe(const void* pointer) const {
    const auto address = reinterpret_cast<uintptr_t>(pointer);
    if (address - begin >= end - begin) {
        return "no memory of the GPU's";
    }
    constexpr uintptr_t near = 1 << 20; // farther away, the neighbour is hardly the one that was meant
    auto above = live.upper_bound(address);
    auto was = freed.upper_bound(address);
    if (was != freed.begin() && address - (--was)->first < was->second) {
        return "memory that was freed, " + std::to_string(was->second) + " bytes of it";
    }
    if (above != live.begin()) {
        const auto below = std::prev(above);
        const uintptr_t past = address - below->first - below->second.bytes;
        if (past < near) {
            return std::to_string(past) + " bytes past the end of " + std::to_string(below->second.bytes) + " bytes";
        }
    }
    if (above != live.end() && above->first - address < near) {
        return std::to_string(above->first - address) + " bytes before the start of "
                + std::to_string(above->second.bytes) + " bytes";
    }
    return "no allocation";
}

std::string DeviceMemory::with_names(std::string text) const {
    for (size_t start; (start = text.find('{')) != std::string::npos;) {
        const size_t end = text.find('}', start);
        const uintptr_t address = std::stoull(text.substr(start + 1, end - start - 1));
        uintptr_t first = 0;
        size_t bytes = 0;
        text.replace(start, end + 1 - start, find(address, first, bytes)
                ? "byte " + std::to_string(address - first) + " of " + std::to_string(bytes) : "no allocation");
    }
    return text;
}

bool DeviceMemory::intact(uintptr_t address, const Allocation& allocation) {
    return all_canary(allocation.mapped, address)
            && all_canary(address + allocation.bytes, allocation.mapped + allocation.mapped_bytes);
}

std::string DeviceMemory::overrun() const {
    for (const auto& entry : live) {
        if (!intact(entry.first, entry.second)) {
            return "a write just outside of an allocation of " + std::to_string(entry.second.bytes) + " bytes";
        }
    }
    return "";
}

size_t DeviceMemory::live_bytes(int device) const {
    size_t bytes = 0;
    for (const auto& entry : live) {
        bytes += entry.second.device == device ? entry.second.bytes : 0;
    }
    return bytes;
}

size_t DeviceMemory::live_bytes() const {
    size_t bytes = 0;
    for (const auto& entry : live) {
        bytes += entry.second.bytes;
    }
    return bytes;
}

} // namespace emu
