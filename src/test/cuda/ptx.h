/* ptx.h: what PTX says about itself and its kernels. */
#pragma once

#include "emulated_block.h"

#include <map>
#include <string>
#include <vector>

namespace emu {

/** A kernel's declaration. */
struct PtxEntry {
    std::vector<Parameter> parameters;
    unsigned most_threads = emu::most_threads; // .maxntid or .reqntid
    unsigned shared_bytes = 0;                 // static
    unsigned cluster = 1;                      // .reqnctapercluster: blocks along x
};

struct Ptx {
    int version = 0;               // 78 for .version 7.8
    int target = 0;                // 80 for .target sm_80
    bool exact_target = false;     // sm_90a runs on 9.0 only
    std::map<std::string, PtxEntry> entries;

    /** False if the text is no PTX. */
    static bool parse(const std::string& text, Ptx& ptx);
};

/** What is wrong between a kernel's declaration in the PTX and the C++ function that stands for it; empty if nothing. */
std::string difference(const PtxEntry& ptx, const Registration& twin);

} // namespace emu
