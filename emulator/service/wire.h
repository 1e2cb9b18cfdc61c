// Room: emulator/service. Messages of the interface to domain types and back.
#pragma once

#include <string>

#include "emulator/engine/attributes.h"
#include "emulator/engine/keys.h"
#include "emulator/mechanism.h"
#include "grep11.pb.h"

namespace gw::emulator {

using WireAttributes = google::protobuf::Map<google::protobuf::uint64, grep11::AttributeValue>;

// Parameters of a member that no mechanism here takes become ForeignParams.
Mechanism FromWire(const grep11::Mechanism& mechanism);
AttributeMap FromWire(const WireAttributes& attributes);
// Element 0 is the blob; empty if there is none.
ByteView BlobOf(const grep11::KeyBlob& key);

void ToWire(const AttributeMap& attributes, WireAttributes* out);
// The blob with its attributes, as every key-creating RPC returns it.
void ToWire(const Card& card, const NewKey& key, grep11::KeyBlob* out);

inline std::string Text(ByteView bytes) { return std::string(TextOf(bytes)); }

// Moves a result into a response field: GW_TRY and assignment in one.
template <typename Setter>
Status Deliver(Result<Bytes> result, Setter setter) {
  if (!result) return std::move(result).error();
  setter(Text(*result));
  return Ok();
}

}  // namespace gw::emulator
