/*
 * device_memory.h: the emulated GPUs' memory.
 *
 * Each allocation ends where a no-access page begins, so that a kernel that goes past it faults; what alignment leaves
 * between the two, and before its start, is a canary. Fresh memory is poison. Addresses are not used again until all have
 * been, so that a freed buffer faults too.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace emu {

class DeviceMemory {
public:
    DeviceMemory();

    /** An address, or 0 where there is no room. {@code alignment} is of its start, and of its end where bytes allow. */
    uintptr_t allocate(size_t bytes, int device, size_t alignment);

    enum class Freed { well, unknown, overrun };
    Freed free(uintptr_t address);

    /** Whether all of [address, address + bytes) lies in one live allocation. */
    bool contains(uintptr_t address, size_t bytes) const;

    /** The device whose memory this is, or -1. */
    int device_of(uintptr_t address) const;

    /** Start and length of the allocation that holds this address; false if there is none. */
    bool find(uintptr_t address, uintptr_t& start, size_t& bytes) const;

    /** What lies at an address that a kernel must not touch. */
    std::string describe(const void* address) const;

    /** Device memory lies in [first, last), allocated or not. */
    uintptr_t first() const { return begin; }
    uintptr_t last() const { return end; }

    /** A text whose {addresses} are told as bytes of an allocation. */
    std::string with_names(std::string text) const;

    /** Describes an allocation whose canary was overwritten, or returns nothing. */
    std::string overrun() const;

    void free_all(int device);

    size_t live_bytes(int device) const;
    size_t live_count() const { return live.size(); }
    size_t live_bytes() const;

private:
    struct Allocation {
        uintptr_t mapped;
        size_t mapped_bytes, bytes;
        int device;
    };
    using Live = std::map<uintptr_t, Allocation>;

    uintptr_t place(size_t bytes);
    Live::const_iterator holding(uintptr_t address) const;
    static bool intact(uintptr_t address, const Allocation& allocation);
    Live::iterator release(Live::iterator entry);

    uintptr_t begin, end, cursor;
    Live live;
    std::map<uintptr_t, size_t> freed; // for messages; by start
};

} // namespace emu
