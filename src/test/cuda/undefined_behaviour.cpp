/*
 * undefined_behaviour.cpp: what g++'s checks of undefined behaviour call when one fails in a kernel.
 *
 * A GPU faults on a float4 at an address that is no multiple of 16, where an x86 processor does not care; and an index
 * outside of an array in shared memory hits a neighbour on both. The compiler knows alignments and sizes: it is asked to
 * check them in kernels (-fsanitize), and calls these functions instead of its own library's.
 */
#include "cuda_result.h"
#include "engine.h"

namespace emu {

namespace {

/** Where in the source; as g++ lays it out. */
struct Location {
    const char* file;
    unsigned line, column;
};

[[noreturn]] void undefined(Result code, const std::string& what, const Location& location) {
    self()->block->worker->leave(code, what + " in " + location.file + ":" + std::to_string(location.line));
}

} // namespace

} // namespace emu

using emu::Location;

struct MisalignedAccess {
    Location location;
    const void* type;
    unsigned char log_alignment, kind;
};

struct WithLocation {
    Location location;
};

extern "C" {

void __ubsan_handle_type_mismatch_v1_abort(MisalignedAccess* access, uintptr_t address) {
    emu::undefined(emu::MISALIGNED_ADDRESS, "an address that is no multiple of "
                   + std::to_string(1u << access->log_alignment) + " (" + std::to_string(address % 16) + " mod 16)",
                   access->location);
}

void __ubsan_handle_out_of_bounds_abort(WithLocation* access, uintptr_t index) {
    emu::undefined(emu::ILLEGAL_ADDRESS, "index " + std::to_string(static_cast<intptr_t>(index)) + " of an array",
                   access->location);
}

void __ubsan_handle_divrem_overflow_abort(WithLocation* operation, uintptr_t, uintptr_t) {
    emu::undefined(emu::LAUNCH_FAILED, "an integer division by zero", operation->location);
}

void __ubsan_handle_shift_out_of_bounds_abort(WithLocation* operation, uintptr_t, uintptr_t) {
    emu::undefined(emu::LAUNCH_FAILED, "a shift by as many bits as there are, or more", operation->location);
}

} // extern "C"
