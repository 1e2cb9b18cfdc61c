// Room: emulator/control. The part of the language of trouble that describes the fault of an RPC.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/trouble/trouble.h"

namespace gw::emulator {

// True for the keys that together make one such fault.
bool IsRpcFaultKey(std::string_view key);
// "rpc" of the object: the name of an RPC, or "*". Empty, with a complaint, if it is neither.
std::string ReadRpcName(const nlohmann::json& object, std::vector<std::string>& complaints);
// "count" of the object, at least 1; `otherwise` if there is none.
std::uint64_t ReadCount(const nlohmann::json& object, std::uint64_t otherwise,
                        std::vector<std::string>& complaints);
// The fault that the object describes; of no use if there are complaints.
RpcFault ReadRpcFault(const nlohmann::json& object, std::vector<std::string>& complaints);

}  // namespace gw::emulator
