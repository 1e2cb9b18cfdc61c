// Room: localcrypto.
#include "daemon/localcrypto/keystore_secret.h"

#include <array>
#include <string>

#include "daemon/localcrypto/random.h"
#include "daemon/localcrypto/scrypt.h"
#include "daemon/localcrypto/sealer.h"

namespace gw {
namespace {

constexpr Byte kVersion = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kSaltAt = 1 + ScryptCost::kBytes;
constexpr std::size_t kSealedAt = kSaltAt + kSaltBytes;
constexpr std::string_view kDomain = "grep11d keystore secret 1 ";
constexpr std::string_view kPinDomain = "grep11d login pin 1 ";
constexpr std::size_t kPinKeyBytes = 8;

// What the sealed key is bound to: nothing before it can be changed, and no other keystore has it.
Bytes Binding(ByteView head, std::string_view keystore) {
  Bytes binding = CopyOf(kDomain);
  Append(binding, head);
  Append(binding, ViewOf(keystore));
  return binding;
}

}  // namespace

KeystoreSecret MakeKeystoreSecret(ByteView password, std::string_view keystore) {
  const ScryptCost cost;
  std::array<Byte, kSaltBytes> salt{};
  RandomBytes(salt);
  KeystoreSecret made;
  made.stored = Bytes{kVersion};
  Append(made.stored, cost.Encoded());
  Append(made.stored, salt);
  made.key = SecretBytes::OfSize(Sealer::kKeyBytes);
  RandomBytes(made.key.mutable_view());
  const Sealer sealer(Scrypt(password, salt, cost));
  Append(made.stored, sealer.Seal(made.key.view(), Binding(made.stored, keystore)));
  return made;
}

Result<SecretBytes> OpenKeystoreSecret(ByteView stored, ByteView password,
                                       std::string_view keystore) {
  const Error wrong = CallerError(CKR_PIN_INCORRECT, "the keystore has another password");
  if (stored.size() != kSealedAt + Sealer::kKeyBytes + Sealer::kOverheadBytes ||
      stored[0] != kVersion) {
    return wrong;
  }
  const auto cost = ScryptCost::Decode(stored.subspan(1, ScryptCost::kBytes));
  if (!cost) return wrong;
  const Sealer sealer(Scrypt(password, stored.subspan(kSaltAt, kSaltBytes), *cost));
  const ByteView head = stored.first(kSealedAt);
  auto key = sealer.Unseal(stored.subspan(kSealedAt), Binding(head, keystore));
  if (!key) return wrong;
  return std::move(*key);
}

SecretBytes LoginPinFor(ByteView password, std::string_view keystore) {
  const std::string salt = std::string(kPinDomain) + std::string(keystore);
  const SecretBytes key = Scrypt(password, ViewOf(salt), ScryptCost{});
  std::string digits = HexOf(key.view().first(kPinKeyBytes));
  SecretBytes pin{ViewOf(digits)};
  Wipe({reinterpret_cast<Byte*>(digits.data()), digits.size()});
  return pin;
}

}  // namespace gw
