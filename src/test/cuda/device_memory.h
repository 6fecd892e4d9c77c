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
#include <vector>

namespace emu {

class DeviceMemory {
public:
    DeviceMemory();

    /**
     * An address, or 0 where there is no room. {@code alignment} is of its start, and of its end where bytes allow;
     * {@code watched}: it is known which bytes have been written.
     */
    uintptr_t allocate(size_t bytes, int device, size_t alignment, bool watched = false);

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

    /** Notes that bytes were written, or copied from device memory. */
    void wrote(uintptr_t address, size_t bytes);
    void copied(uintptr_t target, uintptr_t source, size_t bytes);
    /** Whether these bytes were written, as far as that is known. */
    bool written(uintptr_t address, size_t bytes);

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
        std::vector<bool> unwritten; // by bytes; empty where that is not watched, or all have been
    };
    using Live = std::map<uintptr_t, Allocation>;

    /**
     * The allocation that holds this address, which is then its offset there; null where there is none, or where accesses
     * are not watched.
     */
    Allocation* watched(uintptr_t& address);
    uintptr_t place(size_t bytes);
    Live::const_iterator holding(uintptr_t address) const;
    static bool intact(uintptr_t address, const Allocation& allocation);
    Live::iterator release(Live::iterator entry);

    uintptr_t begin, end, cursor;
    Live live;
    Live::iterator latest; // that watched has found
    std::map<uintptr_t, size_t> freed; // for messages; by start
};

} // namespace emu
