/* calls_stream.cpp: streams, events, capture and graphs. */
#include "driver.h"

#include <thread>
#include <utility>

using namespace emu;

namespace {

Stream* stream_of(void* handle) {
    if (handle == nullptr) {
        return &driver().default_stream(*current);
    }
    Stream* stream = driver().streams.get(handle);
    return stream != nullptr && stream->context == current ? stream : nullptr;
}

/** A capture does not survive what it must not meet. */
int invalidate(Capture& capture, Result result) {
    capture.invalidated = true;
    return result;
}

int run_all(const std::vector<Work>& nodes) {
    for (const Work& node : nodes) {
        if (const int result = node.run()) {
            return result;
        }
    }
    return SUCCESS;
}

/** Does one more piece of a stream's work, as time passes on a GPU while a program polls. */
int poll(Stream& stream) {
    if (stream.pending.empty()) {
        return stream.context->error;
    }
    const auto marker = std::make_shared<Marker>();
    Stream::Operation& first = stream.pending.front();
    Work work = std::move(first.work);
    first.work.run = nullptr;
    if (work.run && stream.context->error == 0) {
        stream.context->error = work.run();
    }
    if (first.marker) {
        driver().drain(stream, first.marker.get());
    } else {
        stream.pending.pop_front();
    }
    return stream.context->error != 0 ? stream.context->error : static_cast<int>(NOT_READY);
}

void leave_capture(const std::shared_ptr<Capture>& capture) {
    for (Stream* stream : driver().streams) {
        if (stream->capture == capture) {
            stream->capture = nullptr;
        }
    }
}

} // namespace

EMULATED_CALL cuStreamCreateWithPriority(void** stream, unsigned flags, int) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    constexpr unsigned non_blocking = 1;
    *stream = driver().streams.add({current, (flags & non_blocking) == 0, {}, nullptr});
    return SUCCESS;
}

EMULATED_CALL cuStreamCreate(void** stream, unsigned flags) { return cuStreamCreateWithPriority(stream, flags, 0); }

EMULATED_CALL cuStreamDestroy_v2(void* handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = driver().streams.get(handle);
    if (stream == nullptr) {
        return INVALID_HANDLE;
    }
    const int result = driver().drain(*stream);
    for (Event* event : driver().events) {
        if (event->captured_stream == stream) {
            event->captured_stream = nullptr;
        }
    }
    driver().streams.remove(stream);
    return result;
}

EMULATED_CALL cuStreamSynchronize(void* handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = stream_of(handle);
    if (stream == nullptr) {
        return INVALID_HANDLE;
    }
    return stream->capture ? invalidate(*stream->capture, STREAM_CAPTURE_UNSUPPORTED) : driver().drain(*stream);
}

EMULATED_CALL cuStreamQuery(void* handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = stream_of(handle);
    if (stream == nullptr) {
        return INVALID_HANDLE;
    }
    return stream->capture ? invalidate(*stream->capture, STREAM_CAPTURE_UNSUPPORTED) : poll(*stream);
}

EMULATED_CALL cuStreamWaitEvent(void* stream_handle, void* event_handle, unsigned) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = stream_of(stream_handle);
    Event* event = driver().events.get(event_handle);
    if (stream == nullptr || event == nullptr) {
        return INVALID_HANDLE;
    }
    if (const std::shared_ptr<Capture> capture = event->captured.lock()) {
        if (stream->capture != nullptr && stream->capture != capture) {
            return invalidate(*capture, STREAM_CAPTURE_MERGE);
        }
        capture->unjoined.erase(event->captured_stream);
        if (stream != capture->origin) {
            capture->unjoined.insert(stream);
        }
        stream->capture = capture;
        return SUCCESS;
    }
    if (stream->capture != nullptr) {
        return event->marker == nullptr ? static_cast<int>(SUCCESS) : invalidate(*stream->capture, STREAM_CAPTURE_ISOLATION);
    }
    const std::shared_ptr<Marker> marker = event->marker;
    return marker == nullptr || marker->reached ? static_cast<int>(SUCCESS) : driver().submit(*stream, {Kind::other, [marker] {
        return marker->reached ? static_cast<int>(SUCCESS) : driver().drain(*marker->stream, marker.get());
    }});
}

// ---- events --------------------------------------------------------------------------------------------------------------

EMULATED_CALL cuEventCreate(void** event, unsigned flags) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    constexpr unsigned disable_timing = 2;
    *event = driver().events.add({current, (flags & disable_timing) == 0, nullptr, {}, nullptr});
    return SUCCESS;
}

EMULATED_CALL cuEventDestroy_v2(void* handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    return driver().events.remove(handle) ? SUCCESS : INVALID_HANDLE;
}

EMULATED_CALL cuEventRecord(void* event_handle, void* stream_handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = stream_of(stream_handle);
    Event* event = driver().events.get(event_handle);
    if (stream == nullptr || event == nullptr || event->context != stream->context) {
        return INVALID_HANDLE;
    }
    if (stream->capture) {
        if (stream->capture->invalidated) {
            return STREAM_CAPTURE_INVALIDATED;
        }
        event->captured = stream->capture;
        event->captured_stream = stream;
        return SUCCESS;
    }
    event->captured.reset();
    event->marker = std::make_shared<Marker>(Marker{stream});
    return driver().submit(*stream, {}, event->marker);
}

EMULATED_CALL cuEventSynchronize(void* handle) {
    Call call(Call::forbidden_in_capture);
    if (call.refused()) {
        return call.refused();
    }
    Event* event = driver().events.get(handle);
    if (event == nullptr) {
        return INVALID_HANDLE;
    }
    if (const auto capture = event->captured.lock()) {
        return invalidate(*capture, CAPTURED_EVENT);
    }
    const std::shared_ptr<Marker> marker = event->marker;
    return marker == nullptr || marker->reached ? current->error : driver().drain(*marker->stream, marker.get());
}

EMULATED_CALL cuEventQuery(void* handle) {
    Call call(Call::forbidden_in_capture);
    if (call.refused()) {
        return call.refused();
    }
    Event* event = driver().events.get(handle);
    if (event == nullptr) {
        return INVALID_HANDLE;
    }
    if (const auto capture = event->captured.lock()) {
        return invalidate(*capture, CAPTURED_EVENT);
    }
    const std::shared_ptr<Marker> marker = event->marker;
    return marker == nullptr || marker->reached ? current->error : poll(*marker->stream);
}

EMULATED_CALL cuEventElapsedTime(float* milliseconds, void* from, void* to) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    const Event* first = driver().events.get(from);
    const Event* second = driver().events.get(to);
    if (first == nullptr || second == nullptr || !first->timing || !second->timing || !first->marker || !second->marker) {
        return INVALID_HANDLE;
    }
    if (!first->marker->reached || !second->marker->reached) {
        return NOT_READY;
    }
    *milliseconds = static_cast<float>(second->marker->milliseconds - first->marker->milliseconds);
    return SUCCESS;
}

// ---- capture and graphs --------------------------------------------------------------------------------------------------

EMULATED_CALL cuStreamBeginCapture_v2(void* handle, int mode) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = driver().streams.get(handle); // the legacy stream can't be captured
    if (stream == nullptr) {
        return handle == nullptr ? STREAM_CAPTURE_UNSUPPORTED : INVALID_HANDLE;
    }
    if (stream->capture) {
        return INVALID_VALUE;
    }
    stream->capture = std::make_shared<Capture>();
    stream->capture->origin = stream;
    stream->capture->mode = mode;
    stream->capture->thread = std::this_thread::get_id();
    return SUCCESS;
}

EMULATED_CALL cuStreamEndCapture(void* handle, void** graph) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    *graph = nullptr;
    Stream* stream = driver().streams.get(handle);
    if (stream == nullptr || !stream->capture) {
        return stream == nullptr ? INVALID_HANDLE : INVALID_VALUE;
    }
    const std::shared_ptr<Capture> capture = stream->capture;
    if (capture->mode != RELAXED && capture->thread != std::this_thread::get_id()) {
        return STREAM_CAPTURE_WRONG_THREAD;
    }
    if (stream != capture->origin) {
        return invalidate(*capture, STREAM_CAPTURE_UNMATCHED);
    }
    leave_capture(capture);
    if (capture->invalidated) {
        return STREAM_CAPTURE_INVALIDATED;
    }
    if (!capture->unjoined.empty()) {
        return STREAM_CAPTURE_UNJOINED;
    }
    std::array<size_t, kinds> nodes{};
    for (const Work& node : capture->nodes) {
        ++nodes[static_cast<size_t>(node.kind)];
    }
    driver().captures.push_back(nodes);
    *graph = driver().graphs.add({stream->context, capture->nodes});
    return SUCCESS;
}

EMULATED_CALL cuThreadExchangeStreamCaptureMode(int* mode) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    if (mode == nullptr || *mode < 0 || *mode > RELAXED) {
        return INVALID_VALUE;
    }
    std::swap(*mode, capture_mode);
    return SUCCESS;
}

EMULATED_CALL cuStreamIsCapturing(void* handle, int* status) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = stream_of(handle);
    if (stream == nullptr) {
        return INVALID_HANDLE;
    }
    *status = !stream->capture ? 0 : stream->capture->invalidated ? 2 : 1;
    return SUCCESS;
}

EMULATED_CALL cuGraphInstantiateWithFlags(void** executable, void* handle, unsigned long long) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    const Graph* graph = driver().graphs.get(handle);
    if (graph == nullptr) {
        return INVALID_VALUE;
    }
    *executable = driver().executables.add(Graph(*graph));
    return SUCCESS;
}

EMULATED_CALL cuGraphUpload(void* executable, void*) {
    Call call;
    return call.refused() ? call.refused() : driver().executables.get(executable) != nullptr ? SUCCESS : INVALID_VALUE;
}

EMULATED_CALL cuGraphLaunch(void* handle, void* stream_handle) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Stream* stream = stream_of(stream_handle);
    const Graph* executable = driver().executables.get(handle);
    if (stream == nullptr || executable == nullptr || executable->context != current) {
        return stream == nullptr ? INVALID_HANDLE : INVALID_VALUE;
    }
    return driver().submit(*stream, {Kind::other, [nodes = executable->nodes] { return run_all(nodes); }});
}

EMULATED_CALL cuGraphGetNodes(void* handle, void**, size_t* count) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    const Graph* graph = driver().graphs.get(handle);
    if (graph == nullptr) {
        return INVALID_VALUE;
    }
    *count = graph->nodes.size();
    return SUCCESS;
}

EMULATED_CALL cuGraphDestroy(void* graph) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    return driver().graphs.remove(graph) ? SUCCESS : INVALID_VALUE;
}

EMULATED_CALL cuGraphExecDestroy(void* executable) {
    Call call;
    if (call.refused()) {
        return call.refused();
    }
    Driver& d = driver();
    const Graph* graph = d.executables.get(executable);
    if (graph == nullptr) {
        return INVALID_VALUE;
    }
    d.executables.remove(executable); // launches under way have their own copy
    return SUCCESS;
}
