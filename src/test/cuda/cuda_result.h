/* cuda_result.h: the results that the emulated driver gives, by the driver API's numbers. */
#pragma once

namespace emu {

#define EMULATED_RESULTS(RESULT)               \
    RESULT(SUCCESS, 0)                         \
    RESULT(INVALID_VALUE, 1)                   \
    RESULT(OUT_OF_MEMORY, 2)                   \
    RESULT(NOT_INITIALIZED, 3)                 \
    RESULT(DEVICE_UNAVAILABLE, 46)             \
    RESULT(NO_DEVICE, 100)                     \
    RESULT(INVALID_DEVICE, 101)                \
    RESULT(INVALID_IMAGE, 200)                 \
    RESULT(INVALID_CONTEXT, 201)               \
    RESULT(NO_BINARY_FOR_GPU, 209)             \
    RESULT(INVALID_PTX, 218)                   \
    RESULT(UNSUPPORTED_PTX_VERSION, 222)       \
    RESULT(INVALID_HANDLE, 400)                \
    RESULT(NOT_FOUND, 500)                     \
    RESULT(NOT_READY, 600)                     \
    RESULT(ILLEGAL_ADDRESS, 700)               \
    RESULT(LAUNCH_OUT_OF_RESOURCES, 701)       \
    RESULT(MISALIGNED_ADDRESS, 716)            \
    RESULT(LAUNCH_FAILED, 719)                 \
    RESULT(COOPERATIVE_LAUNCH_TOO_LARGE, 720)  \
    RESULT(NOT_SUPPORTED, 801)                 \
    RESULT(STREAM_CAPTURE_UNSUPPORTED, 900)    \
    RESULT(STREAM_CAPTURE_INVALIDATED, 901)    \
    RESULT(STREAM_CAPTURE_MERGE, 902)          \
    RESULT(STREAM_CAPTURE_UNMATCHED, 903)      \
    RESULT(STREAM_CAPTURE_UNJOINED, 904)       \
    RESULT(STREAM_CAPTURE_ISOLATION, 905)      \
    RESULT(STREAM_CAPTURE_IMPLICIT, 906)       \
    RESULT(CAPTURED_EVENT, 907)                \
    RESULT(STREAM_CAPTURE_WRONG_THREAD, 908)   \
    RESULT(INVALID_CLUSTER_SIZE, 912)

#define EMULATED_RESULT(name, number) name = number,
enum Result : int { EMULATED_RESULTS(EMULATED_RESULT) };
#undef EMULATED_RESULT

} // namespace emu
