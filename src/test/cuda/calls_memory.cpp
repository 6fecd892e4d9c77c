/* calls_memory.cpp: allocations, copies and fills. */
#include "driver.h"

#include <cstdlib>

using namespace emu;

using DevicePointer = unsigned long long;

namespace {

void* at(DevicePointer pointer) { return reinterpret_cast<void*>(pointer); }

/** The handle's stream in the current context; null if it is none. */
Stream* stream_of(void* handle) {
    if (handle == nullptr || handle == reinterpret_cast<void*>(1)) { // CU_STREAM_LEGACY
        return &driver().default_stream(*current);
    }
    Stream* stream = driver().streams.get(handle);
    return stream != nullptr && stream->context == current ? stream : nullptr;
}

/** A copy whose ends are checked again when its time comes: memory may have been freed meanwhile. */
int copy_now(void* target, bool target_on_device, const void* source, bool source_on_device, size_t bytes) {
    DeviceMemory& memory = driver().memory;
    if ((target_on_device && !memory.contains(reinterpret_cast<uintptr_t>(target), bytes))
            || (source_on_device && !memory.contains(reinterpret_cast<uintptr_t>(source), bytes))) {
        say("a copy of " + std::to_string(bytes) + " bytes touches memory that is not allocated");
        return ILLEGAL_ADDRESS;
    }
    if (!copy_guarded(target, source, bytes)) {
        say("a copy of " + std::to_string(bytes) + " bytes touches no memory of the process");
        return ILLEGAL_ADDRESS;
    }
    if (target_on_device && source_on_device) {
        memory.copied(reinterpret_cast<uintptr_t>(target), reinterpret_cast<uintptr_t>(source), bytes);
    } else if (target_on_device) {
        memory.wrote(reinterpret_cast<uintptr_t>(target), bytes);
    }
    return SUCCESS;
}

bool on_device(DevicePointer pointer, size_t bytes) { return driver().memory.contains(pointer, bytes); }

template <class Word>
int fill(DevicePointer target, Word value, size_t count, void* handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = stream_of(handle);
    if (stream == nullptr) {
        return INVALID_HANDLE;
    }
    if (count == 0) {
        return SUCCESS;
    }
    if (target % sizeof(Word) != 0 || !on_device(target, count * sizeof(Word))) {
        return INVALID_VALUE;
    }
    return driver().submit(*stream, {Kind::fill, [=] {
        if (!on_device(target, count * sizeof(Word))) {
            say("a fill touches memory that was freed");
            return static_cast<int>(ILLEGAL_ADDRESS);
        }
        Word* words = static_cast<Word*>(at(target));
        for (size_t i = 0; i < count; ++i) {
            words[i] = value;
        }
        driver().memory.wrote(target, count * sizeof(Word));
        return static_cast<int>(SUCCESS);
    }});
}

} // namespace

EMULATED_CALL cuMemAlloc_v2(DevicePointer* pointer, size_t bytes) {
    Call call(Call::forbidden_in_capture);
    if (call.refused()) {
        return call.refused();
    }
    Driver& d = driver();
    if (bytes == 0) {
        return INVALID_VALUE;
    }
    if (d.faults.allocations_until_failure != 0 && --d.faults.allocations_until_failure == 0) {
        return OUT_OF_MEMORY;
    }
    const size_t used = d.memory.live_bytes(current->device);
    if (bytes > d.settings.memory || used > d.settings.memory - bytes) {
        return OUT_OF_MEMORY;
    }
    *pointer = d.memory.allocate(bytes, current->device, d.settings.alignment, d.settings.races != 0);
    return *pointer == 0 ? OUT_OF_MEMORY : SUCCESS;
}

EMULATED_CALL cuMemFree_v2(DevicePointer pointer) {
    Call call(Call::forbidden_in_capture);
    if (call.refused()) {
        return call.refused();
    }
    if (pointer == 0) {
        return SUCCESS;
    }
    Driver& d = driver();
    if (d.memory.device_of(pointer) != current->device) {
        return INVALID_VALUE;
    }
    if (const int result = d.drain(*current)) { // as the real one does: work may still use it
        return result;
    }
    switch (d.memory.free(pointer)) {
        case DeviceMemory::Freed::well: return SUCCESS;
        case DeviceMemory::Freed::unknown: return INVALID_VALUE;
        default:
            say("the memory around a buffer was written to before it was freed");
            return current->error = ILLEGAL_ADDRESS;
    }
}

EMULATED_CALL cuMemGetInfo_v2(size_t* free, size_t* total) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    *total = driver().settings.memory;
    const size_t used = driver().memory.live_bytes(current->device);
    *free = used > *total ? 0 : *total - used;
    return SUCCESS;
}

EMULATED_CALL cuMemGetAddressRange_v2(DevicePointer* base, size_t* size, DevicePointer pointer) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    uintptr_t start = 0;
    size_t bytes = 0;
    if (!driver().memory.find(pointer, start, bytes)) {
        return NOT_FOUND;
    }
    if (base != nullptr) {
        *base = start;
    }
    if (size != nullptr) {
        *size = bytes;
    }
    return SUCCESS;
}

EMULATED_CALL cuMemHostAlloc(void** pointer, size_t bytes, unsigned) {
    Call call(Call::forbidden_in_capture);
    if (call.refused()) {
        return call.refused();
    }
    constexpr size_t page = 4096;
    *pointer = bytes == 0 ? nullptr : aligned_alloc(page, (bytes + page - 1) / page * page);
    if (*pointer == nullptr) {
        return bytes == 0 ? INVALID_VALUE : OUT_OF_MEMORY;
    }
    memset(*pointer, poison, bytes);
    driver().pinned[reinterpret_cast<uintptr_t>(*pointer)] = {bytes, current};
    return SUCCESS;
}

EMULATED_CALL cuMemAllocHost_v2(void** pointer, size_t bytes) { return cuMemHostAlloc(pointer, bytes, 0); }

EMULATED_CALL cuMemFreeHost(void* pointer) {
    Call call(Call::forbidden_in_capture);
    if (call.refused()) {
        return call.refused();
    }
    if (driver().pinned.count(reinterpret_cast<uintptr_t>(pointer)) == 0) {
        return INVALID_VALUE;
    }
    const int result = driver().drain(*current);
    driver().pinned.erase(reinterpret_cast<uintptr_t>(pointer));
    free(pointer);
    return result;
}

// ---- copies --------------------------------------------------------------------------------------------------------------

EMULATED_CALL cuMemcpyHtoD_v2(DevicePointer target, const void* source, size_t bytes) {
    Call call(Call::forbidden_in_capture);
    if (call.refused()) {
        return call.refused();
    }
    if (!on_device(target, bytes)) {
        return INVALID_VALUE;
    }
    const int pending = driver().drain_blocking(*current);
    return pending != 0 ? pending : copy_now(at(target), true, source, false, bytes);
}

EMULATED_CALL cuMemcpyDtoH_v2(void* target, DevicePointer source, size_t bytes) {
    Call call(Call::forbidden_in_capture);
    if (call.refused()) {
        return call.refused();
    }
    if (!on_device(source, bytes)) {
        return INVALID_VALUE;
    }
    const int pending = driver().drain_blocking(*current);
    return pending != 0 ? pending : copy_now(target, false, at(source), true, bytes);
}

EMULATED_CALL cuMemcpyDtoD_v2(DevicePointer target, DevicePointer source, size_t bytes) {
    Call call(Call::forbidden_in_capture);
    if (call.refused()) {
        return call.refused();
    }
    if (!on_device(target, bytes) || !on_device(source, bytes)) {
        return INVALID_VALUE;
    }
    const int pending = driver().drain_blocking(*current);
    return pending != 0 ? pending : copy_now(at(target), true, at(source), true, bytes);
}

/** From pinned memory the copy reads when its turn comes; other memory the driver reads at once. */
EMULATED_CALL cuMemcpyHtoDAsync_v2(DevicePointer target, const void* source, size_t bytes, void* handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = stream_of(handle);
    if (stream == nullptr) {
        return INVALID_HANDLE;
    }
    if (bytes == 0) {
        return SUCCESS;
    }
    if (!on_device(target, bytes)) {
        return INVALID_VALUE;
    }
    if (driver().is_pinned(source) || stream->capture) {
        return driver().submit(*stream, {Kind::copy, [=] { return copy_now(at(target), true, source, false, bytes); }});
    }
    auto staged = std::make_shared<std::vector<unsigned char>>(bytes);
    if (!copy_guarded(staged->data(), source, bytes)) {
        return INVALID_VALUE;
    }
    return driver().submit(*stream, {Kind::copy, [=] { return copy_now(at(target), true, staged->data(), false, bytes); }});
}

/** To pinned memory the copy comes later; where memory is not pinned, the call waits for it. */
EMULATED_CALL cuMemcpyDtoHAsync_v2(void* target, DevicePointer source, size_t bytes, void* handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = stream_of(handle);
    if (stream == nullptr) {
        return INVALID_HANDLE;
    }
    if (bytes == 0) {
        return SUCCESS;
    }
    if (!on_device(source, bytes)) {
        return INVALID_VALUE;
    }
    const int result = driver().submit(*stream, {Kind::copy, [=] { return copy_now(target, false, at(source), true, bytes); }});
    return result != 0 || stream->capture || driver().is_pinned(target) ? result : driver().drain(*stream);
}

EMULATED_CALL cuMemcpyDtoDAsync_v2(DevicePointer target, DevicePointer source, size_t bytes, void* handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = stream_of(handle);
    if (stream == nullptr) {
        return INVALID_HANDLE;
    }
    if (bytes == 0) {
        return SUCCESS;
    }
    if (!on_device(target, bytes) || !on_device(source, bytes)) {
        return INVALID_VALUE;
    }
    return driver().submit(*stream, {Kind::copy, [=] { return copy_now(at(target), true, at(source), true, bytes); }});
}

EMULATED_CALL cuMemsetD8Async(DevicePointer target, unsigned char value, size_t count, void* stream) {
    return fill(target, value, count, stream);
}
EMULATED_CALL cuMemsetD16Async(DevicePointer target, unsigned short value, size_t count, void* stream) {
    return fill(target, value, count, stream);
}
EMULATED_CALL cuMemsetD32Async(DevicePointer target, unsigned value, size_t count, void* stream) {
    return fill(target, value, count, stream);
}
EMULATED_CALL cuMemsetD8_v2(DevicePointer target, unsigned char value, size_t count) { return fill(target, value, count, nullptr); }
EMULATED_CALL cuMemsetD16_v2(DevicePointer target, unsigned short value, size_t count) { return fill(target, value, count, nullptr); }
EMULATED_CALL cuMemsetD32_v2(DevicePointer target, unsigned value, size_t count) { return fill(target, value, count, nullptr); }
