/*
 * forwarder.c: a libcublas.so.12 that hands every call on to libcublas.so.13.
 *
 * JCublas 12.6 is linked to libcublas.so.12 and its symbol versions; where only CUDA 13 is installed it does not load,
 * although the functions used here are the same in both. This library has the name, the versions and those functions.
 * It is itself linked to libcublas.so.13, so that it loads exactly where there is one.
 *
 * JCublas binds lazily: functions that it knows and nobody calls may be missing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

/* glibc's oldest: a newer machine's default would refuse an older one. */
__asm__(".symver dlopen, dlopen@GLIBC_2.2.5");
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");

static int absent(void) {
    return 1; /* CUBLAS_STATUS_NOT_INITIALIZED */
}

/** A function of whatever signature that leaves registers and stack as they are and jumps. */
#define FORWARD(name)                                                 \
    static void* target_##name __attribute__((used)) = (void*) absent; \
    __asm__(".globl " #name "\n"                                      \
            ".type " #name ", @function\n" #name ":\n"                \
            "jmp *target_" #name "(%rip)\n"                           \
            ".size " #name ", . - " #name "\n");

#define FUNCTIONS(f)          \
    f(cublasCreate_v2)        \
    f(cublasDestroy_v2)       \
    f(cublasGetVersion_v2)    \
    f(cublasSetStream_v2)     \
    f(cublasSetWorkspace_v2)  \
    f(cublasSetMathMode)      \
    f(cublasGetPointerMode_v2) \
    f(cublasSetPointerMode_v2) \
    f(cublasSgemm_v2)

FUNCTIONS(FORWARD)

#define FIND(name)                                     \
    {                                                  \
        void* found = dlsym(library, #name);           \
        target_##name = found ? found : (void*) absent; \
    }

__attribute__((constructor)) static void find_targets(void) {
    void* library = dlopen("libcublas.so.13", RTLD_LAZY | RTLD_NOLOAD);
    if (library) {
        FUNCTIONS(FIND)
    }
}
