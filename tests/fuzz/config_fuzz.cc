// Room: tests/fuzz. The configuration as text: it is loaded or refused, with complaints, and never
// both or neither.
#include <cstdint>
#include <string_view>

#include "daemon/config/load.h"
#include "daemon/core/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = gw::LoadConfigText(text, "fuzz.yaml");
  GW_CHECK((loaded.config == nullptr) == !loaded.errors.empty());
  return 0;
}
