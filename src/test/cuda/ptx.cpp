/* ptx.cpp: reads the declarations of PTX, and none of its instructions. */
#include "ptx.h"

#include <regex>
#include <sstream>

namespace emu {

namespace {

unsigned number(const std::ssub_match& match) { return static_cast<unsigned>(std::stoul(match.str())); }

/** .param .u64 name / .param .align 8 .b8 name[24], between the brackets of an entry. */
std::vector<Parameter> parameters_of(const std::string& text) {
    static const std::regex parameter(
            R"(\.param\s+(?:\.align\s+\d+\s+)?\.([a-z]+)(\d+)\s+(?:\.ptr\s+)?(?:\.[a-z]+\s+)*(?:\.align\s+\d+\s+)?[\w$]+(?:\[(\d+)\])?)");
    std::vector<Parameter> parameters;
    for (std::sregex_iterator at(text.begin(), text.end(), parameter), end; at != end; ++at) {
        const char kind = (*at)[1].str()[0];
        const unsigned bytes = number((*at)[2]) / 8 * ((*at)[3].matched ? number((*at)[3]) : 1);
        parameters.push_back({bytes, kind == 's' ? 'u' : kind});
    }
    return parameters;
}

/** The product of a directive's numbers, 0 where it is absent: .maxntid 256, 1, 1. */
unsigned threads_of(const std::string& text, const char* directive) {
    std::smatch match;
    const std::regex pattern(std::string(R"(\.)") + directive + R"(\s+(\d+)(?:\s*,\s*(\d+))?(?:\s*,\s*(\d+))?)");
    if (!std::regex_search(text, match, pattern)) {
        return 0;
    }
    unsigned threads = 1;
    for (int i = 1; i <= 3; ++i) {
        threads *= match[i].matched ? number(match[i]) : 1;
    }
    return threads;
}

/** Names and bytes of the shared variables that a piece of PTX declares; extern ones are the dynamic memory. */
std::map<std::string, unsigned> shared_of(const std::string& text) {
    static const std::regex variable(R"(\.shared\s+(?:\.align\s+\d+\s+)?\.[a-z]+(\d+)\s+([\w$]+)(?:\[(\d+)\])?)");
    std::map<std::string, unsigned> variables;
    std::istringstream lines(text);
    std::smatch match;
    for (std::string line; std::getline(lines, line);) {
        const size_t at = line.find(".shared ");
        if (at != std::string::npos && line.find(".extern") > at && std::regex_search(line, match, variable)) {
            variables[match[2]] = number(match[1]) / 8 * (match[3].matched ? number(match[3]) : 1);
        }
    }
    return variables;
}

} // namespace

bool Ptx::parse(const std::string& text, Ptx& ptx) {
    static const std::regex version(R"(\.version\s+(\d+)\.(\d+))"), target(R"(\.target\s+sm_(\d+)(a?))"),
            entry(R"(\.entry\s+([\w$]+)\s*\()");
    // Only short pieces go to the expressions: the library's matcher recurses.
    const std::string head = text.substr(0, text.find(".address_size"));
    std::smatch match;
    if (!std::regex_search(head, match, version)) {
        return false;
    }
    ptx.version = static_cast<int>(10 * number(match[1]) + number(match[2]));
    if (!std::regex_search(head, match, target)) {
        return false;
    }
    ptx.target = static_cast<int>(number(match[1]));
    ptx.exact_target = match[2].length() > 0;
    const auto outside = shared_of(text.substr(0, text.find(".entry")));
    for (size_t at = text.find(".entry"); at != std::string::npos;) {
        const size_t next = text.find(".entry", at + 1);
        const size_t close = text.find(')', at), body = text.find('{', at);
        if (close == std::string::npos || body == std::string::npos || body < close) {
            return false;
        }
        const std::string head_of_entry = text.substr(at, body - at);
        if (!std::regex_search(head_of_entry, match, entry)) {
            return false;
        }
        PtxEntry& found = ptx.entries[match[1]];
        found.parameters = parameters_of(text.substr(at, close - at));
        const std::string directives = text.substr(close, body - close);
        for (const char* directive : {"maxntid", "reqntid"}) {
            if (const unsigned threads = threads_of(directives, directive)) {
                found.most_threads = threads;
            }
        }
        if (const unsigned blocks = threads_of(directives, "reqnctapercluster")) {
            found.cluster = blocks; // clusters of this project lie along x
        }
        const std::string code = text.substr(body, next == std::string::npos ? next : next - body);
        for (const auto& variable : shared_of(code)) {
            found.shared_bytes += variable.second;
        }
        for (const auto& variable : outside) { // those of device functions that are inlined into kernels
            found.shared_bytes += code.find(variable.first) == std::string::npos ? 0 : variable.second;
        }
        at = next;
    }
    return true;
}

std::string difference(const PtxEntry& ptx, const Registration& twin) {
    if (ptx.parameters.size() != twin.count) {
        return "the PTX has " + std::to_string(ptx.parameters.size()) + " parameters, the source "
                + std::to_string(twin.count);
    }
    for (unsigned i = 0; i < twin.count; ++i) {
        const Parameter& there = ptx.parameters[i];
        const Parameter& here = twin.parameters[i];
        if (there.bytes != here.bytes || (there.kind != here.kind && there.kind != 'b' && here.kind != 'b')) {
            const auto name = [](const Parameter& p) { return std::string(1, p.kind) + std::to_string(8 * p.bytes); };
            return "parameter " + std::to_string(i) + " is ." + name(there) + " in the PTX, ." + name(here)
                    + " in the source";
        }
    }
    return "";
}

} // namespace emu
