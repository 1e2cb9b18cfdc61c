// Room: emulator/blob.
#include "emulator/blob/key_blob.h"

#include "daemon/core/check.h"
#include "emulator/blob/codec.h"
#include "emulator/blob/envelope.h"
#include "emulator/blob/spki.h"
#include "emulator/crypto/check_value.h"

namespace gw::emulator {
namespace {

constexpr Byte kContentVersion = 1;
// The card's symmetric blobs are 256 octets whatever the key; padding to this length gives the
// same.
constexpr std::size_t kMinContentBytes = 256 - kEnvelopeOverheadBytes;
constexpr std::size_t kContentUnit = 16;

Bytes ContentOf(const Key& key) {
  const SecretBytes value = key.pkey ? key.pkey->Pkcs8() : key.value.Clone();
  Bytes content = Writer()
                      .U8(kContentVersion)
                      .U64(key.object_class)
                      .U64(key.type)
                      .U64(key.generated_by)
                      .Field(value.view())
                      .Take();
  const std::size_t rounded = (content.size() + kContentUnit - 1) / kContentUnit * kContentUnit;
  content.resize(std::max(rounded, kMinContentBytes), 0);
  return content;
}

Error Inconsistent() {
  return CallerError(CKR_ENCRYPTED_DATA_INVALID, "blob content contradicts itself");
}

Result<Key> KeyOf(const Envelope& envelope) {
  Reader reader(envelope.content);
  const Byte version = reader.U8();
  Key key;
  key.object_class = reader.U64();
  key.type = reader.U64();
  key.generated_by = reader.U64();
  key.bits = static_cast<AttributeBits>(envelope.attributes);
  key.session = envelope.session;
  const ByteView value = reader.Field();
  if (!reader.ok() || version != kContentVersion) {
    return CallerError(CKR_ENCRYPTED_DATA_INVALID, "blob content of an unknown version");
  }
  if (key.object_class == CKO_PRIVATE_KEY) {
    GW_TRY(pkey, PKey::FromPkcs8(value));
    if (pkey.type() != key.type) return Inconsistent();
    key.pkey = std::move(pkey);
  } else {
    // Whatever has a check value is a key of its type.
    const bool fits = key.object_class == CKO_SECRET_KEY && CheckValue(key.type, value).ok();
    if (!fits) return Inconsistent();
    key.value = SecretBytes(value);
  }
  return key;
}

}  // namespace

Bytes SealKey(const MasterKey& master, const Key& key) {
  if (key.object_class == CKO_PUBLIC_KEY) return SealSpki(master, key);
  Envelope envelope{key.bits, kBlobMarker, ContentOf(key), key.session};
  Bytes blob = SealEnvelope(master, envelope);
  Wipe(envelope.content);
  return blob;
}

Result<Key> OpenKey(const MasterKey& master, ByteView blob) {
  if (blob.empty()) return CallerError(CKR_KEY_HANDLE_INVALID, "no key blob");
  if (blob[0] == kSpkiFirstByte) return OpenSpki(master, blob);
  GW_TRY(envelope, OpenEnvelope(master, kBlobMarker, blob));
  Result<Key> key = KeyOf(envelope);
  Wipe(envelope.content);
  return key;
}

Bytes CheckValueOf(const Key& key) {
  GW_CHECK(key.object_class == CKO_SECRET_KEY);
  Result<Bytes> value = CheckValue(key.type, key.value.view());
  GW_CHECK(value.ok());
  return *std::move(value);
}

Bytes CheckSumOf(const Key& key) {
  GW_CHECK(key.object_class == CKO_SECRET_KEY);
  Result<Bytes> sum = CheckSum(key.type, key.value.view());
  GW_CHECK(sum.ok());
  return *std::move(sum);
}

std::optional<std::size_t> DerSequenceSize(ByteView bytes) {
  if (bytes.size() < 2 || bytes[0] != kSpkiFirstByte) return std::nullopt;
  const std::size_t length_octets = bytes[1] < 0x80 ? 0 : bytes[1] & 0x7fU;
  if (length_octets > 4 || bytes[1] == 0x80 || bytes.size() < 2 + length_octets) {
    return std::nullopt;
  }
  std::size_t length = length_octets == 0 ? bytes[1] : 0;
  for (std::size_t i = 0; i < length_octets; ++i) length = length << 8 | bytes[2 + i];
  const std::size_t total = 2 + length_octets + length;
  return total <= bytes.size() ? std::optional(total) : std::nullopt;
}

}  // namespace gw::emulator
