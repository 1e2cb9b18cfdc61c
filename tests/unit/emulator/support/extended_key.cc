// Room: tests.
#include "tests/unit/emulator/support/extended_key.h"

#include "emulator/crypto/group.h"
#include "emulator/crypto/hash.h"

namespace gw::emulator {
namespace {

// version 4, depth 1, fingerprint of the parent 4, child number 4, chain code 32, key 33
constexpr std::size_t kPayloadBytes = 78;
constexpr std::size_t kCheckBytes = 4;

// Base58; empty if it is not kPayloadBytes + kCheckBytes long.
Bytes Decode(const std::string& text) {
  static constexpr std::string_view kDigits =
      "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const BignumPtr number(BN_new());
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return {};
    BN_mul_word(number.get(), kDigits.size());
    BN_add_word(number.get(), digit);
  }
  Bytes octets(kPayloadBytes + kCheckBytes);
  const int size = static_cast<int>(octets.size());
  if (BN_bn2binpad(number.get(), octets.data(), size) != size) return {};
  return octets;
}

bool HoldsItsCheck(const Bytes& octets) {
  const ByteView payload = ByteView(octets).first(kPayloadBytes);
  const Bytes hash = HashOnce(HashId::kSha256, HashOnce(HashId::kSha256, payload));
  return Equal(ByteView(hash).first(kCheckBytes), ByteView(octets).last(kCheckBytes));
}

bool IsOnCurve(ByteView compressed) {
  const EC_GROUP* group = GroupOf(*FindCurve(ViewOf("SECP256K1")));
  const EcPointPtr point(EC_POINT_new(group));
  return EC_POINT_oct2point(group, point.get(), compressed.data(), compressed.size(), nullptr) == 1;
}

bool IsTextual(ByteView payload, bool is_private) {
  const bool is_root = payload[4] == 0;
  const bool has_parent = !Equal(payload.subspan(5, 8), Bytes(8, 0));
  const Byte form = payload[45];
  const bool form_fits = is_private ? form == 0x00 : form == 0x02 || form == 0x03;
  return form_fits && !(is_root && has_parent);
}

}  // namespace

ExtendedKey ReadExtendedKey(const std::string& text) {
  ExtendedKey key;
  const Bytes octets = Decode(text);
  if (octets.empty() || !HoldsItsCheck(octets)) return key;
  const std::string version = HexOf(ByteView(octets).first(4));
  const bool is_private = version == "0488ade4";
  if (!is_private && version != "0488b21e") return key;
  if (!IsTextual(octets, is_private)) return key;
  key.chain_code = CopyOf(ByteView(octets).subspan(13, 32));
  key.data = CopyOf(ByteView(octets).subspan(45, 33));
  const ByteView number = ByteView(key.data).subspan(1);
  key.fault = ExtendedKeyFault::kNone;
  if (is_private && ScalarOf(*FindCurve(ViewOf("SECP256K1")), number) == nullptr) {
    key.fault = ExtendedKeyFault::kPrivateKey;
  }
  if (!is_private && !IsOnCurve(key.data)) key.fault = ExtendedKeyFault::kPublicKey;
  return key;
}

}  // namespace gw::emulator
