/* cubin.h: what machine code says about itself and its kernels. */
#pragma once

#include "ptx.h"

namespace emu {

struct Cubin {
    int oldest_driver = 0; // 13000: the first that reads this version of the format
    int machine = 0;       // 86 for sm_86
    Ptx kernels;           // their declarations, as PTX would have them; of parameters only the sizes are known

    /** Whether an image begins as a cubin does, rather than as PTX. */
    static bool is(const char* image);

    /** False if the image is no cubin. It has to hold what its section headers say: a driver is not told its size either. */
    static bool parse(const char* image, Cubin& cubin);

    /** On this GPU, and later ones of the same major compute capability; code for 9.0 here is for 9.0 alone. */
    bool runs_on(int capability) const;
};

} // namespace emu
