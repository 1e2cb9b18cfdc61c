// Room: emulator/service. Names of RPCs, gRPC codes and return codes, for people and for the
// control service.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gw::emulator {

bool IsRpcName(std::string_view name);
// "UNAVAILABLE" for 14. Empty for a number that is no code.
std::string_view GrpcName(int code);
std::optional<int> GrpcCodeOf(std::string_view name);
// The number of a CKR_ name.
std::optional<std::uint64_t> RvOf(std::string_view name);

}  // namespace gw::emulator
