// Room: emulator/service. Mechanism list and info, attributes of blobs.
#include "emulator/blob/codec.h"
#include "emulator/engine/attributes.h"
#include "emulator/mechanism_table.h"
#include "emulator/service/families.h"
#include "emulator/service/wire.h"

namespace gw::emulator {
namespace {

// "In byte form integers would be big-endian"; booleans are one octet.
Bytes AsBytes(const AttributeValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return Writer().U64(static_cast<std::uint64_t>(*number)).Take();
  }
  if (const auto* flag = std::get_if<bool>(&value)) return {static_cast<Byte>(*flag ? 1 : 0)};
  const auto* bytes = std::get_if<Bytes>(&value);
  return bytes == nullptr ? Bytes() : *bytes;
}

template <typename Map>
std::vector<CK_ATTRIBUTE_TYPE> KeysOf(const Map& map) {
  std::vector<CK_ATTRIBUTE_TYPE> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

}  // namespace

GW_RPC(GetMechanismList) {
  static_cast<void>(card);
  static_cast<void>(request);
  for (const MechanismRow& row : MechanismTable()) response.add_mechs(row.type);
  for (const MechanismRow& row : AddedMechanisms()) response.add_mechs(row.type);
  return Ok();
}

GW_RPC(GetMechanismInfo) {
  static_cast<void>(card);
  const MechanismRow* row = FindMechanismRow(request.mech());
  if (row == nullptr) return CallerError(CKR_MECHANISM_INVALID, "mechanism is not supported");
  grep11::MechanismInfo& info = *response.mutable_mechinfo();
  info.set_minkeysize(row->min_key_size);
  info.set_maxkeysize(row->max_key_size);
  info.set_flags(row->functions);
  return Ok();
}

GW_RPC(GetAttributeValue) {
  const ByteView blob = ViewOf(request.object());
  GW_TRY(typed, ReadAttributes(card, blob, KeysOf(request.attributes())));
  GW_TRY(legacy, ReadAttributes(card, blob, KeysOf(request.attributesbytes())));
  ToWire(typed, response.mutable_attributes());
  for (const auto& [type, value] : legacy) {
    (*response.mutable_attributesbytes())[type] = Text(AsBytes(value));
  }
  return Ok();
}

GW_RPC(SetAttributeValue) {
  return Deliver(ChangeAttributes(card, ViewOf(request.object()), FromWire(request.attributes())),
                 [&response](std::string blob) { response.set_object(std::move(blob)); });
}

}  // namespace gw::emulator
