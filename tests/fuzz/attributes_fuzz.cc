// Room: tests/fuzz. Attribute lists as the keystore holds them: what decodes is encoded again to
// the same octets, and nothing else is accepted.
#include <cstdint>

#include "daemon/core/attribute_codec.h"
#include "daemon/core/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto list = gw::DecodeAttributes({data, size});
  if (!list) return 0;
  const auto again = gw::DecodeAttributes(gw::EncodeAttributes(*list));
  GW_CHECK(again.ok());
  GW_CHECK(gw::EncodeAttributes(*again) == gw::EncodeAttributes(*list));
  return 0;
}
