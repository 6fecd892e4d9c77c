/* driver.cpp: streams, contexts, and the life of everything that a driver hands out. */
#include "driver.h"
#include "races.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace emu {

thread_local Context* current = nullptr;
thread_local int capture_mode = GLOBAL;

Driver& driver() {
    static Driver& driver = *new Driver; // never destroyed: workers outlive main
    return driver;
}

std::string last_line;

void say(const std::string& line) {
    // A test run has most faults on purpose: scripts/test keeps what is said of them beside its reports.
    static FILE* const log = [] {
        const char* file = getenv("BULWARK_EMULATED_LOG");
        return file != nullptr && *file != '\0' ? fopen(file, "a") : nullptr;
    }();
    last_line = line;
    fprintf(log != nullptr ? log : stderr, "emulated driver: %s\n", line.c_str());
    if (log != nullptr) {
        fflush(log);
    }
}

namespace {

/** A setting from the environment, for tests of whole processes. */
void read_environment(const char* name, size_t& value) {
    const char* text = getenv((std::string("BULWARK_EMULATED_") + name).c_str());
    if (text != nullptr && *text != '\0') {
        value = strtoull(text, nullptr, 10);
    }
}

double now() {
    const auto time = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>(time).count();
}

constexpr size_t longest_queue = 1024; // a real driver's calls wait when so much is pending

} // namespace

Driver::Driver() { settle(settings); }

void Driver::settle(Settings& s) {
    s = Settings();
    s.workers = std::max(1u, std::min(8u, std::thread::hardware_concurrency()));
    size_t late = s.schedule.late, lose = 0;
    faults = Faults();
    read_environment("DEVICES", s.devices);
    read_environment("CAPABILITY", s.capability);
    read_environment("DRIVER_VERSION", s.driver_version);
    read_environment("MULTIPROCESSORS", s.multiprocessors);
    read_environment("RACES", s.races);
    read_environment("SCHEDULE", s.schedule.order);
    read_environment("LATE", late);
    read_environment("WORKERS", s.workers);
    read_environment("MEMORY", s.memory);
    read_environment("ALIGNMENT", s.alignment);
    read_environment("INIT_RESULT", s.init_result);
    read_environment("HANGING", s.hanging);
    read_environment("FAIL_ALLOCATION", faults.allocations_until_failure);
    read_environment("FAIL_LAUNCH", faults.launches_until_failure);
    read_environment("LOSE_DEVICE", lose);
    s.schedule.late = late != 0;
    lost = static_cast<int>(lose);
}

Limits limits(size_t capability) {
    constexpr unsigned reserved = 1 << 10; // of each block
    const auto with = [](unsigned kilobytes, unsigned threads, unsigned blocks) {
        return Limits{kilobytes << 10, (kilobytes << 10) - reserved, threads, blocks};
    };
    switch (capability) {
        case 80: case 87: return with(164, 2048, capability == 80 ? 32 : 16);
        case 86: return with(100, 1536, 16);
        case 89: case 120: case 121: return with(100, 1536, 24);
        default: return with(capability < 80 ? 64 : 228, capability < 80 ? 1024 : 2048, capability < 80 ? 16 : 32);
    }
}

Context& Driver::context(int device) {
    while (contexts.size() <= static_cast<size_t>(device)) {
        contexts.push_back({static_cast<int>(contexts.size())});
    }
    return contexts[static_cast<size_t>(device)];
}

Stream& Driver::default_stream(Context& context) {
    std::unique_ptr<Stream>& stream = default_streams[&context];
    if (stream == nullptr) {
        stream.reset(new Stream{&context, true, {}, nullptr});
    }
    return *stream;
}

// ---- streams -------------------------------------------------------------------------------------------------------------

int Driver::perform(Stream& stream, Stream::Operation& operation) {
    Context& context = *stream.context;
    if (context.error == 0 && operation.work.run) {
        if (const int result = operation.work.run()) {
            context.error = result;
        }
    }
    if (operation.marker) {
        operation.marker->reached = true;
        operation.marker->milliseconds = now();
    }
    return context.error;
}

int Driver::drain(Stream& stream, const Marker* until) {
    while (!stream.pending.empty() && (until == nullptr || !until->reached)) {
        Stream::Operation operation = std::move(stream.pending.front());
        stream.pending.pop_front();
        perform(stream, operation);
    }
    return stream.context->error;
}

int Driver::drain_blocking(Context& context) {
    drain(default_stream(context));
    for (Stream* stream : streams) {
        if (stream->context == &context && stream->blocking) {
            drain(*stream);
        }
    }
    return context.error;
}

int Driver::drain(Context& context) {
    drain(default_stream(context));
    for (Stream* stream : streams) {
        if (stream->context == &context) {
            drain(*stream);
        }
    }
    return context.error;
}

int Driver::submit(Stream& stream, Work work, std::shared_ptr<Marker> marker) {
    if (stream.capture) {
        if (stream.capture->invalidated) {
            return STREAM_CAPTURE_INVALIDATED;
        }
        stream.capture->nodes.push_back(std::move(work));
        if (&stream != stream.capture->origin) {
            stream.capture->unjoined.insert(&stream);
        }
        return SUCCESS;
    }
    ++submitted[static_cast<size_t>(work.kind)];
    Stream& legacy = default_stream(*stream.context);
    if (&stream == &legacy) {
        for (Stream* other : streams) { // whose work is older
            if (other->context == stream.context && other->blocking) {
                drain(*other);
            }
        }
    } else if (stream.blocking) {
        drain(legacy);
    }
    stream.pending.push_back({std::move(work), std::move(marker)});
    if (!settings.schedule.late || stream.pending.size() > longest_queue) {
        return drain(stream);
    }
    return SUCCESS;
}

int Driver::run(Context& context, const Launch& launch) {
    ++launches;
    const std::string name = launch.kernel->name;
    if (faults.launches_until_failure != 0 && --faults.launches_until_failure == 0) {
        say("kernel " + name + ": fails as it was asked to");
        return LAUNCH_FAILED;
    }
    for (const auto& argument : launch.arguments) {
        uintptr_t pointer = 0;
        if (argument.size() == sizeof pointer) {
            memcpy(&pointer, argument.data(), sizeof pointer);
            const int owner = memory.device_of(pointer);
            if (owner >= 0 && owner != context.device) {
                say("kernel " + name + " on device " + std::to_string(context.device) + ": a pointer to memory of device "
                    + std::to_string(owner));
                return ILLEGAL_ADDRESS;
            }
        }
    }
    static Races& watch = *new Races(memory);
    if (launch.watched) {
        watch.begin();
        races = &watch;
    }
    Failure failure = emu::run(launch, settings.schedule, launch.watched ? 1 : settings.workers);
    races = nullptr;
    if (failure.code == 0) {
        const std::string overrun = memory.overrun();
        if (!overrun.empty()) {
            say("kernel " + name + ": " + overrun);
            return ILLEGAL_ADDRESS;
        }
        return SUCCESS;
    }
    std::string line = "kernel " + name + ", block " + std::to_string(failure.block);
    if (failure.thread >= 0) {
        line += ", thread " + std::to_string(failure.thread);
    }
    line += ": " + memory.with_names(with_lines(failure.reason));
    if (failure.code == ILLEGAL_ADDRESS && failure.address != nullptr) {
        line += ": " + memory.describe(failure.address);
    }
    say(line);
    return failure.code;
}

// ---- memory and lives ----------------------------------------------------------------------------------------------------

bool Driver::is_pinned(const void* pointer) const {
    const auto address = reinterpret_cast<uintptr_t>(pointer);
    auto entry = pinned.upper_bound(address);
    return entry != pinned.begin() && address - (--entry)->first < entry->second.bytes;
}

size_t Driver::pinned_bytes() const {
    size_t bytes = 0;
    for (const auto& entry : pinned) {
        bytes += entry.second.bytes;
    }
    return bytes;
}

bool Driver::forbidden_by_capture() {
    bool forbidden = false;
    if (capture_mode == RELAXED) {
        return false;
    }
    for (Stream* stream : streams) {
        Capture* capture = stream->capture.get();
        if (capture != nullptr && !capture->invalidated && capture->mode != RELAXED
                && ((capture->mode == GLOBAL && capture_mode == GLOBAL) || capture->thread == std::this_thread::get_id())) {
            capture->invalidated = true;
            forbidden = true;
        }
    }
    return forbidden;
}

void Driver::release(Context& context) {
    const auto mine = [&](const auto& object) { return object.context == &context; };
    const size_t before = memory.live_count();
    memory.free_all(context.device);
    leaked += before - memory.live_count();
    for (auto entry = pinned.begin(); entry != pinned.end();) {
        if (entry->second.context == &context) {
            ++leaked; // and stays where it is: the program may hold a buffer on it
            entry = pinned.erase(entry);
        } else {
            ++entry;
        }
    }
    leaked += executables.remove_if(mine) + graphs.remove_if(mine) + events.remove_if(mine) + streams.remove_if(mine);
    functions.remove_if([&](const Function& function) { return function.module->context == &context; });
    leaked += modules.remove_if(mine);
    default_streams.erase(&context);
    context.retained = 0;
}

void Driver::reset() {
    for (Context& context : contexts) {
        release(context);
        context.error = 0;
    }
    launches = leaked = 0;
    last_line.clear();
    submitted = {};
    captures.clear();
    settle(settings);
}

Call::Call(Kind kind) : guard(driver().lock) {
    Driver& d = driver();
    if (!d.initialised) {
        result = NOT_INITIALIZED;
    } else if (d.lost != 0) {
        result = d.lost;
    } else if (kind != without_context) {
        if (current == nullptr || current->retained == 0) {
            result = INVALID_CONTEXT;
        } else if (current->error != 0) {
            result = current->error;
        } else if (kind == forbidden_in_capture && d.forbidden_by_capture()) {
            result = STREAM_CAPTURE_UNSUPPORTED;
        }
    }
}

} // namespace emu
