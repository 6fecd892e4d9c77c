/*
 * race_hooks.cpp: what kernels that were compiled with -fsanitize=thread call, instead of that sanitizer's own library.
 *
 * Calls come from threads of kernels, and, while the library loads, from what registers them: nothing is watched then.
 */
#include "races.h"

using emu::Races;

namespace {

inline void note(Races::Kind kind, const volatile void* address, size_t bytes, const void* site) {
    if (emu::races != nullptr) {
        emu::races->access(kind, const_cast<const void*>(address), bytes, site);
    }
}

} // namespace

#define SITE __builtin_return_address(0)

#define ACCESS(bytes)                                                                                          \
    void __tsan_read##bytes(void* address) { note(Races::Kind::read, address, bytes, SITE); }                  \
    void __tsan_write##bytes(void* address) { note(Races::Kind::write, address, bytes, SITE); }                \
    void __tsan_unaligned_read##bytes(void* address) { note(Races::Kind::read, address, bytes, SITE); }        \
    void __tsan_unaligned_write##bytes(void* address) { note(Races::Kind::write, address, bytes, SITE); }      \
    void __tsan_volatile_read##bytes(void* address) { note(Races::Kind::read, address, bytes, SITE); }         \
    void __tsan_volatile_write##bytes(void* address) { note(Races::Kind::write, address, bytes, SITE); }

#define FETCH(bits, Type, operation)                                                                           \
    Type __tsan_atomic##bits##_##operation(volatile Type* p, Type value, int) {                                \
        note(Races::Kind::atomic, p, sizeof(Type), SITE);                                                      \
        return __atomic_##operation(p, value, __ATOMIC_RELAXED);                                               \
    }

#define EXCHANGE(bits, Type, strength)                                                                         \
    int __tsan_atomic##bits##_compare_exchange_##strength(volatile Type* p, Type* expected, Type value, int, int) { \
        note(Races::Kind::atomic, p, sizeof(Type), SITE);                                                      \
        return __atomic_compare_exchange_n(p, expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);     \
    }

#define ATOMIC(bits, Type)                                                                                     \
    Type __tsan_atomic##bits##_load(const volatile Type* p, int) {                                             \
        note(Races::Kind::atomic, p, sizeof(Type), SITE);                                                      \
        return __atomic_load_n(p, __ATOMIC_RELAXED);                                                           \
    }                                                                                                          \
    void __tsan_atomic##bits##_store(volatile Type* p, Type value, int) {                                      \
        note(Races::Kind::atomic, p, sizeof(Type), SITE);                                                      \
        __atomic_store_n(p, value, __ATOMIC_RELAXED);                                                          \
    }                                                                                                          \
    Type __tsan_atomic##bits##_exchange(volatile Type* p, Type value, int) {                                   \
        note(Races::Kind::atomic, p, sizeof(Type), SITE);                                                      \
        return __atomic_exchange_n(p, value, __ATOMIC_RELAXED);                                                \
    }                                                                                                          \
    FETCH(bits, Type, fetch_add)                                                                               \
    FETCH(bits, Type, fetch_sub)                                                                               \
    FETCH(bits, Type, fetch_and)                                                                               \
    FETCH(bits, Type, fetch_or)                                                                                \
    FETCH(bits, Type, fetch_xor)                                                                               \
    EXCHANGE(bits, Type, strong)                                                                               \
    EXCHANGE(bits, Type, weak)

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __tsan_read_range(void* address, unsigned long bytes) { note(Races::Kind::read, address, bytes, SITE); }
void __tsan_write_range(void* address, unsigned long bytes) { note(Races::Kind::write, address, bytes, SITE); }

ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

} // extern "C"
