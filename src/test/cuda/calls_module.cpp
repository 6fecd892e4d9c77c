/* calls_module.cpp: modules, kernels and launches. */
#include "cubin.h"
#include "driver.h"

#include <algorithm>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <unordered_map>

using namespace emu;

namespace {

/** The newest PTX of a CUDA release, as 85 for 8.5. */
int newest_ptx(int cuda) {
    const int major = cuda / 1000, minor = cuda % 1000 / 10;
    if (major == 12) {
        return 80 + (minor < 6 ? minor : minor - 1); // 12.6 brought 8.5 once more
    }
    return 10 * (major - 4) + minor;
}

bool runs_on(const Ptx& ptx, int capability) {
    return ptx.exact_target ? ptx.target == capability : ptx.target <= capability;
}

unsigned most_shared() { return limits(driver().settings.capability).shared_of_block; }

/** What a driver's compiler tells of a module, where it is asked. */
struct Logs {
    std::string errors, information;
};

/** As Ptx::parse, which takes longer than most tests: each text that can be read is parsed once. */
bool parse_once(const std::string& text, Ptx& ptx) {
    static std::mutex lock;
    static std::unordered_map<std::string, Ptx> parsed;
    const std::lock_guard<std::mutex> guard(lock);
    auto known = parsed.find(text);
    if (known == parsed.end()) {
        Ptx fresh;
        if (!Ptx::parse(text, fresh)) {
            return false;
        }
        known = parsed.emplace(text, std::move(fresh)).first;
    }
    ptx = known->second;
    return true;
}

int read_ptx(const char* text, Ptx& ptx, Logs& logs) {
    if (!parse_once(text, ptx)) {
        say("a module that is no PTX");
        logs.errors = "no PTX that the emulated driver can read";
        return INVALID_IMAGE;
    }
    const int newest = newest_ptx(static_cast<int>(driver().settings.driver_version));
    if (ptx.version > newest) {
        logs.errors = "Unsupported .version " + std::to_string(ptx.version / 10) + "." + std::to_string(ptx.version % 10)
                + "; current version is '" + std::to_string(newest / 10) + "." + std::to_string(newest % 10) + "'";
        return UNSUPPORTED_PTX_VERSION;
    }
    logs.information = std::to_string(ptx.entries.size()) + " kernels, as if compiled";
    return SUCCESS;
}

int read_cubin(const char* image, Ptx& kernels) {
    Cubin cubin;
    if (driver().settings.cubin_result != 0) {
        return static_cast<int>(driver().settings.cubin_result);
    }
    if (!Cubin::parse(image, cubin) || cubin.oldest_driver > static_cast<int>(driver().settings.driver_version)) {
        return INVALID_IMAGE;
    }
    kernels = cubin.kernels;
    return cubin.runs_on(static_cast<int>(driver().settings.capability)) ? SUCCESS : NO_BINARY_FOR_GPU;
}

int load(void** module, const char* image, Logs& logs) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Module loaded{current, {}};
    if (const int result = Cubin::is(image) ? read_cubin(image, loaded.ptx) : read_ptx(image, loaded.ptx, logs)) {
        return result;
    }
    if (!Cubin::is(image) && !runs_on(loaded.ptx, static_cast<int>(driver().settings.capability))) {
        return NO_BINARY_FOR_GPU;
    }
    for (const auto& entry : loaded.ptx.entries) {
        if (entry.second.shared_bytes > most_shared_unasked) {
            say("kernel " + entry.first + " declares " + std::to_string(entry.second.shared_bytes)
                + " bytes of shared memory, where " + std::to_string(most_shared_unasked) + " are allowed");
            return INVALID_PTX;
        }
    }
    *module = driver().modules.add(std::move(loaded));
    return SUCCESS;
}

/** The value of a compiler's option, null if it is not given. */
void* option(unsigned count, const int* options, void** values, int wanted) {
    for (unsigned i = 0; i < count; ++i) {
        if (options[i] == wanted) {
            return values[i];
        }
    }
    return nullptr;
}

/** Writes a log where an option says, no longer than the option after it says. */
void tell(const std::string& log, unsigned count, const int* options, void** values, int buffer) {
    char* target = static_cast<char*>(option(count, options, values, buffer));
    const size_t bytes = static_cast<unsigned>(reinterpret_cast<uintptr_t>(option(count, options, values, buffer + 1)));
    if (target != nullptr && bytes > 0) {
        snprintf(target, bytes, "%s", log.c_str());
    }
}

const Registration* find(const std::string& name, const Registration* among = registered) {
    for (const Registration* kernel = among; kernel != nullptr; kernel = kernel->next) {
        if (name == kernel->name) {
            return kernel;
        }
    }
    return nullptr;
}

/** Whether this kernel may be launched so; a line says why not. */
bool allowed(const Function& function, dim3 grid, dim3 block, unsigned dynamic_shared) {
    const auto threads = static_cast<unsigned long long>(block.x) * block.y * block.z;
    const std::string kernel = std::string("kernel ") + function.kernel->name + ": ";
    if (threads == 0 || grid.x == 0 || grid.y == 0 || grid.z == 0) {
        say(kernel + "a launch of nothing");
    } else if (grid.x > 0x7FFFFFFF || grid.y > 65535 || grid.z > 65535) {
        say(kernel + "a grid of more than 2^31 - 1, 65535 and 65535 blocks");
    } else if (threads > function.entry.most_threads || block.z > 64) {
        say(kernel + std::to_string(threads) + " threads a block where its bounds allow "
            + std::to_string(function.entry.most_threads));
    } else if (dynamic_shared > function.most_dynamic_shared
               || dynamic_shared + function.entry.shared_bytes > most_shared()) {
        say(kernel + std::to_string(dynamic_shared) + " bytes of dynamic shared memory, and "
            + std::to_string(function.entry.shared_bytes) + " of static, where "
            + std::to_string(function.most_dynamic_shared) + " dynamic ones are allowed");
    } else {
        return true;
    }
    return false;
}

/** Whether its blocks can run in clusters as the kernel wants; a line says why not. */
int allowed_cluster(const Function& function, dim3 grid, dim3 block) {
    const unsigned cluster = function.entry.cluster;
    const std::string kernel = std::string("kernel ") + function.kernel->name + ": ";
    if (cluster == 1) {
        return SUCCESS;
    }
    if (grid.x % cluster != 0) {
        say(kernel + std::to_string(grid.x) + " blocks are no whole clusters of " + std::to_string(cluster));
        return INVALID_CLUSTER_SIZE;
    }
    if (cluster > most_cluster || block.x * block.y * block.z * cluster > most_fibers || function.entry.shared_bytes != 0) {
        say(kernel + "the emulated driver has no such clusters: more than " + std::to_string(most_cluster) + " blocks or "
            + std::to_string(most_fibers) + " threads, or static shared memory");
        return NOT_SUPPORTED;
    }
    return SUCCESS;
}

int resident_blocks(const Function& function, unsigned threads, size_t dynamic_shared) {
    const Limits has = limits(driver().settings.capability);
    const size_t shared = dynamic_shared + function.entry.shared_bytes + 1024;
    const unsigned rounded = (threads + warp_size - 1) / warp_size * warp_size;
    if (threads == 0 || threads > function.entry.most_threads || dynamic_shared > function.most_dynamic_shared) {
        return 0;
    }
    return static_cast<int>(std::min<size_t>({has.blocks, has.threads / rounded, has.shared / shared}));
}

int launch(void* handle, dim3 grid, dim3 block, unsigned dynamic_shared, void* stream_handle, void** arguments) {
    Driver& d = driver();
    Function* function = d.functions.get(handle);
    Stream* stream = stream_handle == nullptr ? &d.default_stream(*current) : d.streams.get(stream_handle);
    if (function == nullptr || stream == nullptr || function->module->context != current || stream->context != current) {
        return INVALID_HANDLE;
    }
    if (!allowed(*function, grid, block, dynamic_shared)) {
        return INVALID_VALUE;
    }
    if (const int result = allowed_cluster(*function, grid, block)) {
        return result;
    }
    auto launch = std::make_shared<Launch>();
    launch->watched = d.settings.races != 0;
    launch->kernel = launch->watched ? find(function->kernel->name, registered_watched) : function->kernel;
    launch->grid = grid;
    launch->block = block;
    launch->cluster = function->entry.cluster;
    launch->dynamic_shared_bytes = dynamic_shared;
    launch->static_shared = function->entry.shared_bytes != 0;
    for (unsigned i = 0; i < function->kernel->count; ++i) {
        launch->arguments.emplace_back(function->kernel->parameters[i].bytes);
        void* argument = nullptr;
        if (arguments == nullptr || !copy_guarded(&argument, &arguments[i], sizeof argument)
                || !copy_guarded(launch->arguments.back().data(), argument, launch->arguments.back().size())) {
            say(std::string("kernel ") + function->kernel->name + ": argument " + std::to_string(i) + " is missing");
            return INVALID_VALUE;
        }
    }
    Context* context = current;
    return d.submit(*stream, {Kind::kernel, [=] {
        if (driver().functions.get(handle) == nullptr) {
            say(std::string("kernel ") + launch->kernel->name + ": its module was unloaded");
            return static_cast<int>(ILLEGAL_ADDRESS);
        }
        return driver().run(*context, *launch);
    }});
}

} // namespace

EMULATED_CALL cuModuleLoadData(void** module, const void* image) {
    Logs logs;
    return load(module, static_cast<const char*>(image), logs);
}

EMULATED_CALL cuModuleLoadDataEx(void** module, const void* image, unsigned count, int* options, void** values) {
    constexpr int information_buffer = 3, error_buffer = 5;
    Logs logs;
    const int result = load(module, static_cast<const char*>(image), logs);
    tell(logs.information, count, options, values, information_buffer);
    tell(logs.errors, count, options, values, error_buffer);
    return result;
}

EMULATED_CALL cuModuleLoad(void** module, const char* path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return cuModuleLoadData(module, text.str().c_str());
}

EMULATED_CALL cuModuleUnload(void* handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Driver& d = driver();
    Module* module = d.modules.get(handle);
    if (module == nullptr) {
        return INVALID_HANDLE;
    }
    const int result = d.drain(*module->context);
    d.functions.remove_if([&](const Function& function) { return function.module == module; });
    d.modules.remove(module);
    return result;
}

EMULATED_CALL cuModuleGetFunction(void** function, void* handle, const char* name) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Driver& d = driver();
    Module* module = d.modules.get(handle);
    if (module == nullptr) {
        return INVALID_HANDLE;
    }
    const auto entry = module->ptx.entries.find(name);
    const Registration* kernel = find(name);
    if (entry == module->ptx.entries.end() || kernel == nullptr) {
        if (entry != module->ptx.entries.end()) {
            say(std::string("kernel ") + name + " is in the PTX, but not linked in: is EXPORT_KERNEL missing?");
        }
        return NOT_FOUND;
    }
    const std::string wrong = difference(entry->second, *kernel);
    if (!wrong.empty()) {
        say(std::string("kernel ") + name + ": " + wrong + "; run scripts/build-kernels");
        return INVALID_IMAGE;
    }
    for (Function* known : d.functions) {
        if (known->module == module && known->kernel == kernel) {
            *function = known;
            return SUCCESS;
        }
    }
    *function = d.functions.add({module, kernel, entry->second});
    return SUCCESS;
}

EMULATED_CALL cuFuncGetAttribute(int* value, int attribute, void* handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    const Function* function = driver().functions.get(handle);
    if (function == nullptr) {
        return INVALID_HANDLE;
    }
    switch (attribute) {
        case 0: *value = static_cast<int>(function->entry.most_threads); break;
        case 1: *value = static_cast<int>(function->entry.shared_bytes); break;
        case 4: *value = 32; break; // registers: as if they never limited anything
        case 5: *value = function->module->ptx.version; break;
        case 6: *value = static_cast<int>(driver().settings.capability); break;
        case 8: *value = static_cast<int>(function->most_dynamic_shared); break;
        default: *value = 0;
    }
    return SUCCESS;
}

EMULATED_CALL cuFuncSetAttribute(void* handle, int attribute, int value) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Function* function = driver().functions.get(handle);
    if (function == nullptr) {
        return INVALID_HANDLE;
    }
    constexpr int most_dynamic_shared = 8;
    if (attribute == most_dynamic_shared) {
        if (value < 0 || static_cast<unsigned>(value) + function->entry.shared_bytes > most_shared()) {
            return INVALID_VALUE;
        }
        function->most_dynamic_shared = static_cast<unsigned>(value);
    }
    return SUCCESS;
}

EMULATED_CALL cuFuncSetCacheConfig(void*, int) { return SUCCESS; }

EMULATED_CALL cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                             unsigned dynamic_shared, void* stream, void** arguments, void** extra) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    return extra != nullptr ? static_cast<int>(NOT_SUPPORTED)
                            : launch(function, {gx, gy, gz}, {bx, by, bz}, dynamic_shared, stream, arguments);
}

/** Its blocks still run one after another: a kernel whose blocks wait for one another would not end. */
EMULATED_CALL cuLaunchCooperativeKernel(void* handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                                        unsigned bz, unsigned dynamic_shared, void* stream, void** arguments) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    const unsigned long long multiprocessors = driver().settings.multiprocessors;
    const Function* function = driver().functions.get(handle);
    if (function != nullptr && static_cast<unsigned long long>(gx) * gy * gz
            > multiprocessors * static_cast<unsigned>(resident_blocks(*function, bx * by * bz, dynamic_shared))) {
        return COOPERATIVE_LAUNCH_TOO_LARGE;
    }
    return launch(handle, {gx, gy, gz}, {bx, by, bz}, dynamic_shared, stream, arguments);
}

EMULATED_CALL cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void* handle, int threads, size_t dynamic_shared) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    const Function* function = driver().functions.get(handle);
    if (function == nullptr) {
        return INVALID_HANDLE;
    }
    *blocks = resident_blocks(*function, static_cast<unsigned>(threads), dynamic_shared);
    return SUCCESS;
}

EMULATED_CALL cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, void* handle, int threads,
                                                                   size_t dynamic_shared, unsigned) {
    return cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, handle, threads, dynamic_shared);
}
