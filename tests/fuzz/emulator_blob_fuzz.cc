// Room: tests/fuzz. Blobs of the emulator: octets as they come, and octets behind a good seal, as
// an encrypted key or as a public one. What opens can be sealed again and opens as the same key.
#include "emulator/blob/codec.h"
#include "emulator/blob/envelope.h"
#include "emulator/blob/spki.h"
#include "emulator/engine/attributes.h"
#include "tests/fuzz/emulator_keys.h"

namespace gw::emulator {
namespace {

void Examine(ByteView blob) {
  const auto key = OpenKey(FuzzMaster(), blob);
  if (!key) return;
  const Bytes again = SealKey(FuzzMaster(), *key);
  const auto reopened = OpenKey(FuzzMaster(), again);
  GW_CHECK(reopened.ok());
  GW_CHECK(reopened->type == key->type && reopened->object_class == key->object_class);
  GW_CHECK(reopened->bits == key->bits && reopened->session == key->session);
  const Card card(FuzzUnit(), FuzzConnection);
  GW_CHECK(!DescribeKey(card, *key).empty());
}

void Run(ByteView input) {
  Examine(input);
  if (input.size() < 4) return;
  // Attribute bits, then the content.
  Reader reader(input);
  const std::uint32_t bits = reader.U32();
  Envelope envelope{bits, kBlobMarker, CopyOf(reader.rest())};
  Examine(SealEnvelope(FuzzMaster(), envelope));
}

}  // namespace
}  // namespace gw::emulator

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gw::emulator::Run({data, size});
  return 0;
}
