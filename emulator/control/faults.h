// Room: emulator/control. The JSON of POST /faults, understood completely before anything of it
// takes effect.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "emulator/iam/tokens.h"
#include "emulator/trouble/trouble.h"

namespace gw::emulator {

// One object, or a list of them. Returns what is wrong; empty: all of it was applied.
std::vector<std::string> ApplyFaults(std::string_view json, Trouble& trouble, Tokens& tokens,
                                     ConnectionTrouble& connections);

}  // namespace gw::emulator
