/*
 * cubin.cpp: reads the kernels' declarations out of machine code, and none of its instructions. A cubin is an ELF file: the
 * code of kernel K is in section .text.K, its parameters and bounds in .nv.info.K, its static shared memory in .nv.shared.K.
 */
#include "cubin.h"

#include <cstring>
#include <elf.h>

namespace emu {

namespace {

constexpr unsigned cuda_machine = 190;

/** An attribute of .nv.info: a code, and a value of this many bytes. */
enum Attribute { MAX_THREADS = 0x05, REQUIRED_THREADS = 0x10, PARAMETER = 0x17, CLUSTER = 0x3d };

/** What static shared memory holds beside the kernel's own from compute capability 9.0 on. */
unsigned reserved_shared(int machine) { return machine >= 90 ? 1024 : 0; }

template <class T>
T read(const char* at) {
    T value;
    memcpy(&value, at, sizeof value);
    return value;
}

/** Of a parameter's attribute: its number is in bytes 4 and 5, its size in the upper 14 bits of the last word. */
void read_parameter(const char* value, PtxEntry& entry) {
    const unsigned number = read<uint16_t>(value + 4), bytes = read<uint32_t>(value + 8) >> 18;
    if (entry.parameters.size() <= number) {
        entry.parameters.resize(number + 1, {0, 'b'});
    }
    entry.parameters[number].bytes = bytes;
}

void read_info(const char* at, const char* end, PtxEntry& entry) {
    constexpr char sized = 4; // the format whose value follows; those of others fit the attribute itself
    while (at + 4 <= end) {
        const char format = at[0];
        const int attribute = static_cast<unsigned char>(at[1]);
        const unsigned bytes = format == sized ? read<uint16_t>(at + 2) : 0;
        const char* value = at + 4;
        at = value + bytes;
        if (at > end || bytes != 12) {
            continue;
        }
        if (attribute == PARAMETER) {
            read_parameter(value, entry);
        } else if (attribute == MAX_THREADS || attribute == REQUIRED_THREADS) {
            entry.most_threads = read<uint32_t>(value) * read<uint32_t>(value + 4) * read<uint32_t>(value + 8);
        } else if (attribute == CLUSTER) {
            entry.cluster = read<uint32_t>(value); // clusters of this project lie along x
        }
    }
}

} // namespace

bool Cubin::is(const char* image) { return memcmp(image, ELFMAG, SELFMAG) == 0; }

bool Cubin::parse(const char* image, Cubin& cubin) {
    const auto header = read<Elf64_Ehdr>(image);
    if (!is(image) || header.e_machine != cuda_machine || header.e_shentsize != sizeof(Elf64_Shdr)) {
        return false;
    }
    const bool newer = header.e_ident[EI_ABIVERSION] >= 8; // of CUDA 13
    cubin.oldest_driver = newer ? 13000 : 11000;
    cubin.machine = static_cast<int>(newer ? header.e_flags >> 8 & 0xff : header.e_flags & 0xff);
    cubin.kernels.version = header.e_ident[EI_ABIVERSION];
    cubin.kernels.target = cubin.machine;
    const auto section = [&](unsigned i) {
        return read<Elf64_Shdr>(image + header.e_shoff + static_cast<size_t>(i) * sizeof(Elf64_Shdr));
    };
    const Elf64_Shdr names = section(header.e_shstrndx);
    for (unsigned i = 0; i < header.e_shnum; ++i) {
        const Elf64_Shdr found = section(i);
        const std::string name = image + names.sh_offset + found.sh_name;
        const auto of = [&](const char* prefix) { return name.rfind(prefix, 0) == 0; };
        if (of(".text.")) {
            cubin.kernels.entries[name.substr(6)];
        } else if (of(".nv.info.")) {
            read_info(image + found.sh_offset, image + found.sh_offset + found.sh_size, cubin.kernels.entries[name.substr(9)]);
        } else if (of(".nv.shared.") && !of(".nv.shared.reserved")) {
            cubin.kernels.entries[name.substr(11)].shared_bytes =
                    static_cast<unsigned>(found.sh_size) - reserved_shared(cubin.machine);
        }
    }
    return true;
}

bool Cubin::runs_on(int capability) const {
    return machine == 90 ? capability == 90 : machine / 10 == capability / 10 && machine <= capability;
}

} // namespace emu
