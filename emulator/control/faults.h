// Room: emulator/control. The language of trouble: JSON, from a file at start and from POST /faults
// at run time. Understood completely before anything of it takes effect.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "emulator/iam/tokens.h"
#include "emulator/trouble/trouble.h"

namespace gw::emulator {

// What trouble is made for; all of it outlives its users.
struct FaultTargets {
  Trouble& trouble;
  Tokens& tokens;
  ConnectionTrouble& connections;
  bool has_expired_certificate;
};

// One object, or a list of them; comments as in C++ are skipped. Returns what is wrong; empty: all
// of it was applied. Thread: the loop, or before it runs.
std::vector<std::string> ApplyFaults(std::string_view json, const FaultTargets& targets);

}  // namespace gw::emulator
