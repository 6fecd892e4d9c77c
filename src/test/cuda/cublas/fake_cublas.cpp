/*
 * fake_cublas.cpp: the few functions of cuBLAS that the backend calls, on the emulated driver's memory, which is the
 * host's. It insists on what the backend promises: a stream, then a workspace, and products in a thread that may do
 * beside a capture what loading a kernel takes.
 */
#include <dlfcn.h>

namespace {

enum Status { SUCCESS = 0, INVALID_VALUE = 7, EXECUTION_FAILED = 13 };

struct Handle {
    void* stream;
    void* workspace;
    int pointers_on_device;
};

/** A function of the driver that the process has loaded. */
template <class Function>
Function* driver_function(const char* name) {
    void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    return driver ? (Function*) dlsym(driver, name) : nullptr;
}

/** Waits for the launches before. */
bool synchronized(void* stream) {
    auto* synchronize = driver_function<int(void*)>("cuStreamSynchronize");
    return synchronize && synchronize(stream) == 0;
}

/** Whether the calling thread's capture mode is the relaxed one. */
bool relaxed() {
    auto* exchange = driver_function<int(int*)>("cuThreadExchangeStreamCaptureMode");
    int mode = 2;
    if (!exchange || exchange(&mode) != 0) {
        return false;
    }
    int before = mode;
    return exchange(&mode) == 0 && before == 2;
}

}

extern "C" {

int cublasCreate_v2(Handle** handle) {
    *handle = new Handle();
    return SUCCESS;
}

int cublasDestroy_v2(Handle* handle) {
    delete handle;
    return SUCCESS;
}

int cublasGetVersion_v2(Handle*, int* version) {
    *version = FAKE_VERSION;
    return SUCCESS;
}

int cublasSetStream_v2(Handle* handle, void* stream) {
    handle->stream = stream;
    handle->workspace = nullptr;
    return SUCCESS;
}

int cublasSetWorkspace_v2(Handle* handle, void* workspace, unsigned long bytes) {
    handle->workspace = workspace;
    return (unsigned long) workspace % 256 == 0 && bytes > 0 ? SUCCESS : INVALID_VALUE;
}

int cublasSetMathMode(Handle*, int) {
    return SUCCESS;
}

int cublasGetPointerMode_v2(Handle* handle, int* mode) {
    *mode = handle->pointers_on_device;
    return SUCCESS;
}

int cublasSetPointerMode_v2(Handle* handle, int mode) {
    handle->pointers_on_device = mode;
    return SUCCESS;
}

/** c = alpha op(a) op(b) + beta c, along columns: c [m,n], leading dimensions of at least the rows stored. */
int cublasSgemm_v2(Handle* handle, int transpose_a, int transpose_b, int m, int n, int k, const float* alpha,
                   const float* a, int lda, const float* b, int ldb, const float* beta, float* c, int ldc) {
    if (!handle->stream || !handle->workspace || lda < (transpose_a ? k : m) || ldb < (transpose_b ? n : k) || ldc < m) {
        return INVALID_VALUE;
    }
    if (!relaxed() || !synchronized(handle->stream)) {
        return EXECUTION_FAILED;
    }
    for (long i = 0; i < m; ++i) {
        for (long j = 0; j < n; ++j) {
            double sum = 0;
            for (long p = 0; p < k; ++p) {
                sum += (double) a[transpose_a ? p + i * lda : i + p * lda] * b[transpose_b ? j + p * ldb : p + j * ldb];
            }
            float* target = c + i + j * ldc;
            *target = (float) (*alpha * sum + (*beta == 0 ? 0 : *beta * *target));
        }
    }
    return SUCCESS;
}

}
