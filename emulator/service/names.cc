// Room: emulator/service.
#include "emulator/service/names.h"

#include <algorithm>
#include <array>
#include <string>

#include "daemon/core/ck.h"
#include "emulator/service/rpc_table.h"

namespace gw::emulator {
namespace {

constexpr auto kCodes = std::to_array<std::string_view>(
    {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
     "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
     "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"});

// PKCS #11 codes and the two blocks of vendor codes.
struct Range {
  std::uint64_t first;
  std::uint64_t last;
};
constexpr Range kRvRanges[] = {{0x1, 0x202}, {0x80010001, 0x80010101}, {0x80040001, 0x80040007}};

}  // namespace

bool IsRpcName(std::string_view name) {
  return std::ranges::any_of(RpcTable(), [name](const RpcRow& row) { return row.name == name; });
}

std::string_view GrpcName(int code) {
  const auto index = static_cast<std::size_t>(code);
  return index < kCodes.size() ? kCodes[index] : std::string_view();
}

std::optional<int> GrpcCodeOf(std::string_view name) {
  const auto at = std::ranges::find(kCodes, name);
  if (at == kCodes.end()) return std::nullopt;
  return static_cast<int>(at - kCodes.begin());
}

std::optional<std::uint64_t> RvOf(std::string_view name) {
  for (const Range& range : kRvRanges) {
    for (std::uint64_t rv = range.first; rv <= range.last; ++rv) {
      if (NameOfRv(rv) == name) return rv;
    }
  }
  return std::nullopt;
}

}  // namespace gw::emulator
