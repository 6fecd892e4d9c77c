/* calls_device.cpp: initialisation, devices, contexts, and the control codes. */
#include "driver.h"

#include <cstdio>

using namespace emu;

namespace {

bool known(int device) { return device >= 0 && static_cast<size_t>(device) < driver().settings.devices; }

/** A setting that a control code names, or null. */
size_t* setting(int code) {
    Settings& s = driver().settings;
    switch (code) {
        case DEVICES: return &s.devices;
        case CAPABILITY: return &s.capability;
        case DRIVER_VERSION: return &s.driver_version;
        case MULTIPROCESSORS: return &s.multiprocessors;
        case RACES: return &s.races;
        case SCHEDULE: return &s.schedule.order;
        case WORKERS: return &s.workers;
        case MEMORY: return &s.memory;
        case ALIGNMENT: return &s.alignment;
        case INIT_RESULT: return &s.init_result;
        case CUBIN_RESULT: return &s.cubin_result;
        case FAIL_ALLOCATION: return &driver().faults.allocations_until_failure;
        case FAIL_LAUNCH: return &driver().faults.launches_until_failure;
        default: return nullptr;
    }
}

int counter(int code, size_t& value) {
    Driver& d = driver();
    switch (code) {
        case LATE: value = d.settings.schedule.late; break;
        case LOSE_DEVICE: value = static_cast<size_t>(d.lost); break;
        case LIVE_ALLOCATIONS: value = d.memory.live_count(); break;
        case LIVE_BYTES: value = d.memory.live_bytes(); break;
        case LIVE_PINNED_BYTES: value = d.pinned_bytes(); break;
        case LIVE_STREAMS: value = d.streams.size(); break;
        case LIVE_EVENTS: value = d.events.size(); break;
        case LIVE_MODULES: value = d.modules.size(); break;
        case LIVE_GRAPHS: value = d.graphs.size() + d.executables.size(); break;
        case LEAKED: value = d.leaked; break;
        case LAUNCHES: value = d.launches; break;
        case LIVE_CONTEXTS:
            value = 0;
            for (const Context& context : d.contexts) {
                value += context.retained != 0;
            }
            break;
        case CAPTURES: value = d.captures.size(); break;
        case COPIES: value = d.submitted[static_cast<size_t>(Kind::copy)]; break;
        case FILLS: value = d.submitted[static_cast<size_t>(Kind::fill)]; break;
        default:
            if (code >= LAST_LINE) {
                const auto n = static_cast<size_t>(code - LAST_LINE);
                value = n < last_line.size() ? static_cast<unsigned char>(last_line[n]) : 0;
                return SUCCESS;
            }
            if (code < GRAPH_NODES || static_cast<size_t>(code - GRAPH_NODES) / kinds >= d.captures.size()) {
                return INVALID_VALUE;
            }
            value = d.captures[static_cast<size_t>(code - GRAPH_NODES) / kinds][static_cast<size_t>(code - GRAPH_NODES) % kinds];
    }
    return SUCCESS;
}

} // namespace

EMULATED_CALL cuInit(unsigned) {
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    if (driver().settings.init_result != 0) {
        return static_cast<int>(driver().settings.init_result);
    }
    if (driver().settings.devices == 0) {
        return NO_DEVICE;
    }
    install_fault_handler();
    driver().initialised = true;
    return SUCCESS;
}

EMULATED_CALL cuDriverGetVersion(int* version) {
    *version = static_cast<int>(driver().settings.driver_version);
    return SUCCESS;
}

EMULATED_CALL cuDeviceGetCount(int* count) {
    Call call(Call::without_context);
    *count = static_cast<int>(driver().settings.devices);
    return call.refused();
}

EMULATED_CALL cuDeviceGet(int* device, int ordinal) {
    Call call(Call::without_context);
    if (call.refused()) {
        return call.refused();
    }
    *device = ordinal;
    return known(ordinal) ? SUCCESS : INVALID_DEVICE;
}

EMULATED_CALL cuDeviceGetName(char* name, int length, int device) {
    if (!known(device)) {
        return INVALID_DEVICE;
    }
    snprintf(name, static_cast<size_t>(length), "emulated GPU");
    return SUCCESS;
}

EMULATED_CALL cuDeviceTotalMem_v2(size_t* bytes, int device) {
    *bytes = driver().settings.memory;
    return known(device) ? SUCCESS : INVALID_DEVICE;
}

EMULATED_CALL cuDeviceGetUuid(unsigned char* uuid, int device) {
    memset(uuid, 0xE0, 16);
    uuid[15] = static_cast<unsigned char>(device);
    return known(device) ? SUCCESS : INVALID_DEVICE;
}

EMULATED_CALL cuDeviceGetUuid_v2(unsigned char* uuid, int device) { return cuDeviceGetUuid(uuid, device); }

EMULATED_CALL cuDeviceGetPCIBusId(char* id, int length, int device) {
    snprintf(id, static_cast<size_t>(length), "0000:%02X:00.0", device + 1);
    return known(device) ? SUCCESS : INVALID_DEVICE;
}

EMULATED_CALL cuDeviceComputeCapability(int* major, int* minor, int device) {
    *major = static_cast<int>(driver().settings.capability / 10);
    *minor = static_cast<int>(driver().settings.capability % 10);
    return known(device) ? SUCCESS : INVALID_DEVICE;
}

EMULATED_CALL cuDeviceGetAttribute(int* value, int attribute, int device) {
    if (!known(device)) {
        return INVALID_DEVICE;
    }
    const int capability = static_cast<int>(driver().settings.capability);
    const bool hopper = capability >= 90;
    const Limits has = limits(driver().settings.capability);
    switch (attribute) {
        case 1: *value = most_threads; break;                             // MAX_THREADS_PER_BLOCK
        case 2: case 3: *value = 1024; break;                             // MAX_BLOCK_DIM_X, _Y
        case 4: *value = 64; break;                                       // _Z
        case 5: *value = 2147483647; break;                               // MAX_GRID_DIM_X
        case 6: case 7: *value = 65535; break;                            // _Y, _Z
        case 8: *value = most_shared_unasked; break;                      // MAX_SHARED_MEMORY_PER_BLOCK
        case 10: *value = warp_size; break;                               // WARP_SIZE
        case 12: case 82: *value = 65536; break;                          // MAX_REGISTERS_PER_BLOCK, _PER_MULTIPROCESSOR
        case 13: *value = 1980000; break;                                 // CLOCK_RATE
        case 16: *value = static_cast<int>(driver().settings.multiprocessors); break; // MULTIPROCESSOR_COUNT
        case 31: case 41: case 35: case 95: *value = 1; break; // CONCURRENT_KERNELS, UNIFIED_ADDRESSING, ..., COOPERATIVE_LAUNCH
        case 33: *value = device + 1; break;                              // PCI_BUS_ID
        case 38: *value = (hopper ? 50 : 40) << 20; break;                // L2_CACHE_SIZE
        case 39: *value = static_cast<int>(has.threads); break;           // MAX_THREADS_PER_MULTIPROCESSOR
        case 75: *value = capability / 10; break;                         // COMPUTE_CAPABILITY_MAJOR
        case 76: *value = capability % 10; break;                         // _MINOR
        case 81: *value = static_cast<int>(has.shared); break;            // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
        case 97: *value = static_cast<int>(has.shared_of_block); break;   // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
        case 106: *value = static_cast<int>(has.blocks); break;           // MAX_BLOCKS_PER_MULTIPROCESSOR
        case 111: *value = 1024; break;                                   // RESERVED_SHARED_MEMORY_PER_BLOCK
        default: *value = 0;
    }
    return SUCCESS;
}

EMULATED_CALL cuDevicePrimaryCtxRetain(void** context, int device) {
    while (static_cast<size_t>(device) + 1 == driver().settings.hanging) {
        std::this_thread::sleep_for(std::chrono::hours(1));
    }
    Call call(Call::without_context);
    if (call.refused()) {
        return call.refused();
    }
    if (!known(device)) {
        return INVALID_DEVICE;
    }
    Context& primary = driver().context(device);
    ++primary.retained;
    *context = &primary;
    return SUCCESS;
}

EMULATED_CALL cuDevicePrimaryCtxRelease_v2(int device) {
    Call call(Call::without_context);
    Driver& d = driver();
    if (!known(device) || d.context(device).retained == 0) {
        return known(device) ? INVALID_CONTEXT : INVALID_DEVICE;
    }
    Context& context = d.context(device);
    if (context.retained == 1) {
        d.drain(context);
        d.release(context);
    } else {
        --context.retained;
    }
    return SUCCESS;
}

EMULATED_CALL cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
    *flags = 0;
    *active = known(device) && driver().context(device).retained != 0;
    return known(device) ? SUCCESS : INVALID_DEVICE;
}

EMULATED_CALL cuCtxSetCurrent(void* context) {
    Call call(Call::without_context);
    if (call.refused()) {
        return call.refused();
    }
    Context* wanted = static_cast<Context*>(context);
    if (wanted != nullptr && wanted->retained == 0) {
        return INVALID_CONTEXT;
    }
    current = wanted;
    return SUCCESS;
}

EMULATED_CALL cuCtxGetCurrent(void** context) {
    *context = current;
    return SUCCESS;
}

EMULATED_CALL cuCtxPushCurrent_v2(void* context) { return cuCtxSetCurrent(context); }

EMULATED_CALL cuCtxPopCurrent_v2(void** context) {
    *context = current;
    current = nullptr;
    return SUCCESS;
}

EMULATED_CALL cuCtxGetDevice(int* device) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    *device = current->device;
    return SUCCESS;
}

EMULATED_CALL cuCtxSynchronize() {
    Call call(Call::forbidden_in_capture);
    return call.refused() ? call.refused() : driver().drain(*current);
}

EMULATED_CALL cuCtxSetLimit(int limit, size_t value) {
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    Driver& d = driver();
    if (size_t* wanted = setting(limit)) {
        *wanted = value;
        return SUCCESS;
    }
    switch (limit) {
        case LATE: d.settings.schedule.late = value != 0; return SUCCESS;
        case LOSE_DEVICE: d.lost = static_cast<int>(value); return SUCCESS;
        case RESET: d.reset(); return SUCCESS;
        default: return limit < DEVICES ? SUCCESS : INVALID_VALUE; // stack size and the like: nothing to limit here
    }
}

EMULATED_CALL cuCtxGetLimit(size_t* value, int limit) {
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    if (const size_t* wanted = setting(limit)) {
        *value = *wanted;
        return SUCCESS;
    }
    return counter(limit, *value);
}

EMULATED_CALL cuGetErrorName(int result, const char** name) {
    switch (result) {
#define EMULATED_NAME(code, number) case number: *name = "CUDA_ERROR_" #code; return SUCCESS;
        EMULATED_RESULTS(EMULATED_NAME)
#undef EMULATED_NAME
        default: *name = nullptr; return INVALID_VALUE;
    }
}

EMULATED_CALL cuGetErrorString(int result, const char** text) { return cuGetErrorName(result, text); }
