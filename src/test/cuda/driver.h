/*
 * driver.h: the state of the emulated driver. One lock guards all of it, and is held while kernels run.
 *
 * Streams are lazy: what a call submits waits in its stream until something waits for it, unless the schedule asks for
 * copies to arrive at once. A program that reads or reuses memory too early then sees the old, or the wrong, contents.
 */
#pragma once

#include "cuda_result.h"
#include "device_memory.h"
#include "engine.h"
#include "ptx.h"

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#define EMULATED_CALL extern "C" __attribute__((visibility("default"))) int

namespace emu {

/** Codes of cuCtxSetLimit and cuCtxGetLimit that are the emulated driver's own; settings, faults to come, counters. */
enum Control : int {
    DEVICES = 0x42000000,
    CAPABILITY,          // 80, 86, 89, 90, 120: decides which PTX runs, and what a multiprocessor has
    DRIVER_VERSION,      // 12060
    SCHEDULE,            // Schedule::order
    LATE,                // Schedule::late
    WORKERS,
    MEMORY,              // bytes of each device
    ALIGNMENT,           // of allocations; a real driver gives 256, less catches more
    INIT_RESULT,         // what cuInit returns
    CUBIN_RESULT,        // what loading machine code returns; 0 as the machine code is
    MULTIPROCESSORS,     // 4; decide how work is cut up
    RACES,               // 1: launches are watched for races, at a cost

    FAIL_ALLOCATION = 0x42000100, // the n-th from now on; 0 none
    FAIL_LAUNCH,                  // the n-th kernel to run from now on; 0 none
    LOSE_DEVICE,                  // the result of every call from now on; 0 none
    RESET,                        // as the library was loaded; everything live is gone

    LIVE_ALLOCATIONS = 0x42000200,
    LIVE_BYTES,
    LIVE_PINNED_BYTES,
    LIVE_STREAMS,
    LIVE_EVENTS,
    LIVE_MODULES,
    LIVE_GRAPHS,         // graphs and executable graphs
    LEAKED,              // objects of any kind that were alive when their context went away
    LAUNCHES,            // kernels that have run
    LIVE_CONTEXTS,
    CAPTURES,            // graphs that a capture has ended in
    COPIES,              // that streams were asked for, outside of captures
    FILLS,

    GRAPH_NODES = 0x42010000, // + 4 n + k: nodes of kind k (Kind) in the n-th of those
    LAST_LINE = 0x43000000,   // + n: the n-th character of the line that was said last, or 0
};

/** What a graph's node does. */
enum class Kind { kernel, copy, fill, other };
constexpr size_t kinds = 4;

struct Settings {
    size_t devices = 1, capability = 90, driver_version = 12060, multiprocessors = 4;
    size_t workers = 0; // set from the number of processors
    size_t memory = size_t(8) << 30, alignment = 16, init_result = 0, cubin_result = 0, races = 0;
    size_t hanging = 0; // a device's number plus one: a call that asks for its context never returns
    Schedule schedule;
};

/** What a multiprocessor has, of shared memory in bytes (CUDA C++ Programming Guide, "Technical Specifications"). */
struct Limits {
    unsigned shared, shared_of_block; // of a block at most, where its kernel asks for it
    unsigned threads, blocks;
};

/** For compute capability {@code capability} / 10. */
Limits limits(size_t capability);

/** Of shared memory that a kernel declares, or has without asking for more. */
constexpr unsigned most_shared_unasked = 48 << 10;

struct Faults {
    size_t allocations_until_failure = 0, launches_until_failure = 0;
};

/** A device's primary context; its address is the handle. */
struct Context {
    int device;
    unsigned retained = 0;
    int error = 0; // of the first call that broke it; stays
};

/** Something that a stream does. */
struct Work {
    Kind kind = Kind::other;
    std::function<int()> run;
};

struct Stream;

/** A point in a stream that was reached, or not yet. */
struct Marker {
    Stream* stream;
    bool reached = false;
    double milliseconds = 0;
};

/** What a stream, and others that join it, have been asked to do meanwhile. */
struct Capture {
    Stream* origin;
    int mode;
    std::thread::id thread;
    bool invalidated = false;
    std::vector<Work> nodes;
    std::set<Stream*> unjoined; // other streams with work that the origin has not waited for
};

struct Stream {
    Context* context;
    bool blocking; // with the legacy default stream
    struct Operation {
        Work work;
        std::shared_ptr<Marker> marker;
    };
    std::deque<Operation> pending;
    std::shared_ptr<Capture> capture;
};

struct Event {
    Context* context;
    bool timing;
    std::shared_ptr<Marker> marker;   // of the latest record
    std::weak_ptr<Capture> captured;  // the capture it was recorded in
    Stream* captured_stream = nullptr;
};

struct Module {
    Context* context;
    Ptx ptx;
};

struct Function {
    Module* module;
    const Registration* kernel;
    PtxEntry entry;
    unsigned most_dynamic_shared = most_shared_unasked;
};

/** A graph, or an executable one. */
struct Graph {
    Context* context;
    std::vector<Work> nodes;
};

/** Live objects of one kind, by handle. */
template <class T>
class Live {
public:
    T* add(T object) {
        T* handle = new T(std::move(object));
        objects.insert(handle);
        return handle;
    }

    /** Null if it is no live handle. */
    T* get(void* handle) const {
        T* object = static_cast<T*>(handle);
        return objects.count(object) != 0 ? object : nullptr;
    }

    bool remove(void* handle) {
        T* object = static_cast<T*>(handle);
        if (objects.erase(object) == 0) {
            return false;
        }
        delete object;
        return true;
    }

    template <class Predicate>
    size_t remove_if(Predicate predicate) {
        std::vector<T*> found;
        for (T* object : objects) {
            if (predicate(*object)) {
                found.push_back(object);
            }
        }
        for (T* object : found) {
            remove(object);
        }
        return found.size();
    }

    typename std::set<T*>::const_iterator begin() const { return objects.begin(); }
    typename std::set<T*>::const_iterator end() const { return objects.end(); }
    size_t size() const { return objects.size(); }

private:
    std::set<T*> objects;
};

struct Driver {
    Driver();

    std::recursive_mutex lock;
    bool initialised = false;
    Settings settings;
    Faults faults;
    int lost = 0;
    size_t launches = 0, leaked = 0;
    std::array<size_t, kinds> submitted{};           // work of each kind, outside of captures
    std::vector<std::array<size_t, kinds>> captures; // nodes of each graph by their kind

    std::deque<Context> contexts; // by device
    DeviceMemory memory;
    struct Pinned {
        size_t bytes;
        Context* context;
    };
    std::map<uintptr_t, Pinned> pinned;
    Live<Stream> streams;
    Live<Event> events;
    Live<Module> modules;
    Live<Function> functions;
    Live<Graph> graphs;
    Live<Graph> executables;

    Context& context(int device);
    Stream& default_stream(Context& context);

    /** Hands work to a stream, or to the capture that it is in. */
    int submit(Stream& stream, Work work, std::shared_ptr<Marker> marker = nullptr);
    /** Does what is pending in a stream, up to the marker, or all. */
    int drain(Stream& stream, const Marker* until = nullptr);
    /** Does all that is pending in a context's streams. */
    int drain(Context& context);
    /** What the legacy default stream waits for. */
    int drain_blocking(Context& context);
    int run(Context& context, const Launch& launch);

    bool is_pinned(const void* address) const;
    size_t pinned_bytes() const;
    /** Invalidates captures that a call of this thread must not meet; true if there was one. */
    bool forbidden_by_capture();
    void release(Context& context);
    void reset();

private:
    void settle(Settings& settings);
    int perform(Stream& stream, Stream::Operation& operation);
    std::map<Context*, std::unique_ptr<Stream>> default_streams;
};

Driver& driver();

/** The calling thread's context. */
extern thread_local Context* current;

/** How a thread gets on with captures: modes of cuStreamBeginCapture and cuThreadExchangeStreamCaptureMode. */
enum CaptureMode : int { GLOBAL, THREAD_LOCAL, RELAXED };
extern thread_local int capture_mode;

/** The lock, and whether a call may go on at all. */
class Call {
public:
    enum Kind { needs_context, forbidden_in_capture, without_context };

    explicit Call(Kind kind = needs_context);

    /** The result to return at once, if not 0. */
    int refused() const { return result; }

private:
    std::lock_guard<std::recursive_mutex> guard;
    int result = 0;
};

/** A line on standard error: what went wrong, in words that the driver API has no room for. */
void say(const std::string& line);
extern std::string last_line;

} // namespace emu
