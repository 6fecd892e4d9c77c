/*
 * faults.cpp: turns the signals of kernels into failures of their launch.
 *
 * The JVM lives on some of these signals (a null check is a SIGSEGV that it expects), so what no kernel has caused goes to
 * the handler that was there before, as if this one had never been.
 */
#include "cuda_result.h"
#include "engine.h"

#include <csetjmp>
#include <csignal>
#include <mutex>
#include <ucontext.h>

namespace emu {

namespace {

constexpr int handled[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
struct sigaction previous[65];

/** A copy under way that may meet a bad address; its thread. */
sigjmp_buf guarded_copy;
std::atomic<pthread_t> guarded_thread{0};

void pass_on(int signal, siginfo_t* info, void* context) {
    const struct sigaction& old = previous[signal];
    if (old.sa_flags & SA_SIGINFO) {
        old.sa_sigaction(signal, info, context);
    } else if (old.sa_handler == SIG_DFL) {
        ::signal(signal, SIG_DFL); // and the instruction, run again, ends the process
    } else if (old.sa_handler != SIG_IGN) {
        old.sa_handler(signal);
    }
}

void describe(Failure& failure, int signal, const siginfo_t* info, const ucontext_t* context) {
    constexpr long written = 2; // bit of the page fault's error code
    failure.code = signal == SIGSEGV || signal == SIGBUS ? ILLEGAL_ADDRESS : LAUNCH_FAILED;
    failure.address = info->si_addr;
    failure.reason = signal == SIGFPE ? "an integer division by zero"
            : signal == SIGILL ? "an instruction that must not be reached"
            : context->uc_mcontext.gregs[REG_ERR] & written ? "an illegal write" : "an illegal read";
}

void on_fault(int signal, siginfo_t* info, void* opaque) {
    auto* context = static_cast<ucontext_t*>(opaque);
    const auto stack = static_cast<uintptr_t>(context->uc_mcontext.gregs[REG_RSP]);
    if (Worker* worker = worker_of(stack)) {
        describe(worker->failure, signal, info, context);
        const Fiber* fiber = worker->fiber_of(stack);
        worker->failure.thread = static_cast<int>(fiber->index);
        worker->failure.block = fiber->block->rank;
        pthread_sigmask(SIG_SETMASK, &context->uc_sigmask, nullptr);
        worker->leave();
    }
    const pthread_t guarded = guarded_thread;
    if (guarded != 0 && pthread_equal(guarded, pthread_self())) {
        siglongjmp(guarded_copy, 1);
    }
    pass_on(signal, info, opaque);
}

} // namespace

void install_fault_handler() {
    static std::once_flag once;
    std::call_once(once, [] {
        for (int signal : handled) {
            sigaction(signal, nullptr, &previous[signal]);
            struct sigaction action{};
            action.sa_sigaction = on_fault;
            action.sa_flags = SA_SIGINFO | SA_ONSTACK | (previous[signal].sa_flags & (SA_RESTART | SA_NODEFER));
            action.sa_mask = previous[signal].sa_mask;
            sigaction(signal, &action, nullptr);
        }
    });
}

bool copy_guarded(void* target, const void* source, size_t bytes) {
    guarded_thread = pthread_self();
    const bool good = sigsetjmp(guarded_copy, 1) == 0;
    if (good) {
        memmove(target, source, bytes);
    }
    guarded_thread = 0;
    return good;
}

} // namespace emu
