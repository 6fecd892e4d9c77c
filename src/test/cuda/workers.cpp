/* workers.cpp: shares a launch's blocks, or clusters of them, out among threads that stay between launches. */
#include "cuda_result.h"
#include "engine.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

namespace emu {

const Registration *registered = nullptr, *registered_watched = nullptr;

namespace {

constexpr size_t most_workers = 64;
std::atomic<Worker*> workers[most_workers];

/** What the workers do at present. */
struct Job {
    const Launch* launch = nullptr;
    Schedule schedule;
    size_t clusters = 0;
    std::atomic<size_t> next{0};
    std::atomic<bool> failed{false};
    Failure failure;
};

class Pool {
public:
    Failure run(const Launch& launch, const Schedule& schedule, size_t count) {
        std::unique_lock<std::mutex> lock(mutex);
        job.launch = &launch;
        job.schedule = schedule;
        job.clusters = static_cast<size_t>(launch.grid.x) * launch.grid.y * launch.grid.z / launch.cluster;
        job.next = 0;
        job.failed = false;
        job.failure = Failure();
        active = std::min({std::max<size_t>(count, 1), job.clusters, most_workers});
        while (started < active) {
            start();
        }
        running = active;
        ++generation;
        work.notify_all();
        done.wait(lock, [&] { return running == 0; });
        return job.failure;
    }

private:
    /** The JVM's signals stay away from workers; those of a fault come whatever is blocked. */
    void start() {
        sigset_t all, before;
        sigfillset(&all);
        for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) {
            sigdelset(&all, fault);
        }
        pthread_sigmask(SIG_SETMASK, &all, &before);
        std::thread(&Pool::serve, this, started++, generation).detach();
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    void serve(size_t number, unsigned seen) {
        constexpr size_t signal_stack_bytes = 64 << 10; // a fault may come from a fiber that has no stack left
        stack_t signal_stack{};
        signal_stack.ss_sp = new char[signal_stack_bytes];
        signal_stack.ss_size = signal_stack_bytes;
        sigaltstack(&signal_stack, nullptr);
        unsigned plain_arithmetic = 0x1F80; // whatever the thread that started this one had set
        asm volatile("ldmxcsr %0" : : "m"(plain_arithmetic));
        Worker* worker = new Worker;
        workers[number] = worker;
        for (;;) {
            {
                std::unique_lock<std::mutex> lock(mutex);
                work.wait(lock, [&] { return generation != seen && number < active; });
                seen = generation;
            }
            run_clusters(*worker);
            std::lock_guard<std::mutex> lock(mutex);
            if (--running == 0) {
                done.notify_all();
            }
        }
    }

    void run_clusters(Worker& worker) {
        for (size_t turn; !job.failed && (turn = job.next++) < job.clusters;) {
            worker.run(*job.launch, job.schedule, cluster_at(turn));
            if (worker.failure.code != 0) {
                std::lock_guard<std::mutex> lock(mutex);
                if (!job.failed) {
                    job.failure = worker.failure;
                    job.failed = true;
                }
            }
        }
    }

    /** Blocks come in no order on a GPU either. */
    size_t cluster_at(size_t turn) const { return job.schedule.order == Schedule::forward ? turn : job.clusters - 1 - turn; }

    std::mutex mutex;
    std::condition_variable work, done;
    Job job;
    size_t started = 0, active = 0, running = 0;
    unsigned generation = 0;
};

} // namespace

Failure run(const Launch& launch, const Schedule& schedule, size_t count) {
    static Pool& pool = *new Pool; // never destroyed: its threads live as long as the process
    return pool.run(launch, schedule, count);
}

Worker* worker_of(uintptr_t stack) {
    for (std::atomic<Worker*>& entry : workers) {
        Worker* worker = entry;
        if (worker != nullptr && worker->owns(stack)) {
            return worker;
        }
    }
    return nullptr;
}

} // namespace emu
