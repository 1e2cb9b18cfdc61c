// Room: emulator/blob.
#include "emulator/blob/spki.h"

#include <algorithm>

#include "emulator/blob/codec.h"
#include "emulator/blob/envelope.h"
#include "emulator/blob/key_blob.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator {
namespace {

constexpr Byte kOctetString = 0x04;
constexpr std::size_t kSaltBytes = 8;
constexpr std::size_t kMacBytes = 32;
// Attribute field: version 1, then how many integer attributes; generated keys carry one, imported
// ones none.
constexpr std::uint32_t kAttributesGenerated = 0x10010000;
constexpr std::uint32_t kAttributesImported = 0x10000000;

Bytes AttributeField(const Key& key) {
  const bool generated = key.Has(kLocal);
  Writer writer;
  writer.U32(generated ? kAttributesGenerated : kAttributesImported).U32(key.bits).U32(key.bits);
  if (generated) writer.U32(static_cast<std::uint32_t>(CKA_IBM_STD_COMPLIANCE1)).U32(1);
  return writer.Take();
}

void AppendString(Bytes& out, ByteView content) {
  out.push_back(kOctetString);
  out.push_back(static_cast<Byte>(content.size()));
  Append(out, content);
}

// Content of the next OCTET STRING with a one-octet length; empty once the reader has run out.
ByteView NextString(Reader& reader) {
  if (reader.U8() != kOctetString) return {};
  return reader.Raw(reader.U8());
}

Result<Key> PublicKeyOf(ByteView spki) {
  GW_TRY(pkey, PKey::FromSpki(spki));
  Key key;
  key.object_class = CKO_PUBLIC_KEY;
  key.type = pkey.type();
  key.maced = false;
  key.pkey = std::move(pkey);
  return key;
}

struct Trailer {
  ByteView wkid;
  ByteView session;
  ByteView salt;
  ByteView mode;
  ByteView attributes;
  ByteView mac;
};

Result<Trailer> TrailerOf(ByteView bytes) {
  Reader reader(bytes);
  Trailer t;
  for (ByteView* field : {&t.wkid, &t.session, &t.salt, &t.mode, &t.attributes, &t.mac}) {
    *field = NextString(reader);
  }
  const bool shaped = reader.ok() && reader.rest().empty() && t.wkid.size() == kWkidBytes &&
                      t.session.size() == kSessionBytes && t.attributes.size() >= 12 &&
                      t.mac.size() == kMacBytes;
  if (!shaped) return CallerError(CKR_ENCRYPTED_DATA_INVALID, "malformed MAC of a public key");
  return t;
}

}  // namespace

Bytes SealSpki(const MasterKey& master, const Key& key) {
  Bytes out = key.pkey->Spki();
  AppendString(out, master.wkid());
  AppendString(out, key.session);
  AppendString(out, RandomBytes(kSaltBytes));
  AppendString(out, Writer().U64(kFips2009Mode).Take());
  AppendString(out, AttributeField(key));
  AppendString(out, HmacOnce(HashId::kSha256, master.spki_mac_key(), out));
  return out;
}

Result<Key> OpenSpki(const MasterKey& master, ByteView bytes) {
  const auto spki_bytes = DerSequenceSize(bytes);
  if (!spki_bytes) return CallerError(CKR_PUBLIC_KEY_INVALID, "no SubjectPublicKeyInfo");
  if (*spki_bytes == bytes.size()) return PublicKeyOf(bytes);
  GW_TRY(trailer, TrailerOf(bytes.subspan(*spki_bytes)));
  if (!Equal(trailer.wkid, master.wkid())) {
    return CallerError(CKR_IBM_WKID_MISMATCH, "public key authenticated by another master key");
  }
  const ByteView covered = bytes.first(bytes.size() - kMacBytes - 2);
  if (!EqualConstantTime(HmacOnce(HashId::kSha256, master.spki_mac_key(), covered), trailer.mac)) {
    return CallerError(CKR_ENCRYPTED_DATA_INVALID, "public key or its attributes were modified");
  }
  GW_TRY(key, PublicKeyOf(bytes.first(*spki_bytes)));
  Reader attributes(trailer.attributes);
  attributes.U32();
  key.bits = attributes.U32();
  key.maced = true;
  std::ranges::copy(trailer.session, key.session.begin());
  return std::move(key);
}

}  // namespace gw::emulator
