/*
 * fake_curand.cpp: the few functions of cuRAND that the backend calls, on the emulated driver's memory, which is the
 * host's. Pairs of uniforms from SplitMix64 (Steele, Lea, Flood 2014), made normal by Box and Muller's transform; not
 * cuRAND's own numbers. It insists on what the backend promises: Philox, a stream, then a seed, and even lengths.
 */
#include <cmath>
#include <cstdint>
#include <dlfcn.h>

namespace {

enum Status { SUCCESS = 0, NOT_INITIALIZED = 101, TYPE_ERROR = 103, LENGTH_NOT_MULTIPLE = 105, LAUNCH_FAILURE = 201 };

constexpr int PHILOX4_32_10 = 161;

struct Generator {
    void* stream;
    bool seeded;
    std::uint64_t state;
};

/** Waits for the launches before. */
bool synchronized(void* stream) {
    void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    auto* synchronize = driver ? (int (*)(void*)) dlsym(driver, "cuStreamSynchronize") : nullptr;
    return synchronize && synchronize(stream) == 0;
}

/** In (0, 1). */
double uniform(Generator& generator) {
    std::uint64_t z = generator.state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double) ((z ^ (z >> 31)) >> 11) * 0x1p-53 + 0x1p-54;
}

}

extern "C" {

int curandCreateGenerator(Generator** generator, int type) {
    if (type != PHILOX4_32_10) {
        return TYPE_ERROR;
    }
    *generator = new Generator();
    return SUCCESS;
}

int curandDestroyGenerator(Generator* generator) {
    delete generator;
    return generator ? SUCCESS : NOT_INITIALIZED;
}

int curandSetStream(Generator* generator, void* stream) {
    generator->stream = stream;
    return SUCCESS;
}

int curandSetPseudoRandomGeneratorSeed(Generator* generator, unsigned long long seed) {
    generator->seeded = true;
    generator->state = seed;
    return SUCCESS;
}

int curandGenerateNormal(Generator* generator, float* target, unsigned long length, float mean, float deviation) {
    if (!generator->stream || !generator->seeded) {
        return NOT_INITIALIZED;
    }
    if (length % 2 != 0) {
        return LENGTH_NOT_MULTIPLE;
    }
    if (!synchronized(generator->stream)) {
        return LAUNCH_FAILURE;
    }
    for (unsigned long i = 0; i < length; i += 2) {
        const double radius = std::sqrt(-2 * std::log(uniform(*generator)));
        const double angle = 2 * M_PI * uniform(*generator);
        target[i] = (float) (mean + deviation * radius * std::cos(angle));
        target[i + 1] = (float) (mean + deviation * radius * std::sin(angle));
    }
    return SUCCESS;
}

}
