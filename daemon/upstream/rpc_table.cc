// Room: upstream.
#include "daemon/upstream/rpc_table.h"

#include <array>

namespace gw {
namespace {

constexpr bool kRepeatable = true;
constexpr bool kOnce = false;
constexpr bool kSlow = true;
constexpr bool kQuick = false;

constexpr auto kRpcs = std::to_array<RpcInfo>({
    {RpcId::kGenerateRandom, "GenerateRandom", "hs-crypto.crypto.generaterandom", kRepeatable,
     kQuick},
    {RpcId::kDigestSingle, "DigestSingle", "hs-crypto.crypto.digest", kRepeatable, kQuick},
    {RpcId::kEncryptSingle, "EncryptSingle", "hs-crypto.crypto.encrypt", kRepeatable, kQuick},
    {RpcId::kDecryptSingle, "DecryptSingle", "hs-crypto.crypto.decrypt", kRepeatable, kQuick},
    {RpcId::kSignSingle, "SignSingle", "hs-crypto.crypto.sign", kRepeatable, kQuick},
    {RpcId::kVerifySingle, "VerifySingle", "hs-crypto.crypto.verify", kRepeatable, kQuick},
    {RpcId::kEncryptInit, "EncryptInit", "hs-crypto.crypto.encrypt", kRepeatable, kQuick},
    {RpcId::kDecryptInit, "DecryptInit", "hs-crypto.crypto.decrypt", kRepeatable, kQuick},
    {RpcId::kSignInit, "SignInit", "hs-crypto.crypto.sign", kRepeatable, kQuick},
    {RpcId::kVerifyInit, "VerifyInit", "hs-crypto.crypto.verify", kRepeatable, kQuick},
    {RpcId::kEncryptUpdate, "EncryptUpdate", "hs-crypto.crypto.encrypt", kOnce, kQuick},
    {RpcId::kDecryptUpdate, "DecryptUpdate", "hs-crypto.crypto.decrypt", kOnce, kQuick},
    {RpcId::kSignUpdate, "SignUpdate", "hs-crypto.crypto.sign", kOnce, kQuick},
    {RpcId::kVerifyUpdate, "VerifyUpdate", "hs-crypto.crypto.verify", kOnce, kQuick},
    {RpcId::kEncryptFinal, "EncryptFinal", "hs-crypto.crypto.encrypt", kOnce, kQuick},
    {RpcId::kDecryptFinal, "DecryptFinal", "hs-crypto.crypto.decrypt", kOnce, kQuick},
    {RpcId::kSignFinal, "SignFinal", "hs-crypto.crypto.sign", kOnce, kQuick},
    {RpcId::kVerifyFinal, "VerifyFinal", "hs-crypto.crypto.verify", kOnce, kQuick},
    {RpcId::kGenerateKey, "GenerateKey", "hs-crypto.crypto.generatekey", kOnce, kSlow},
    {RpcId::kGenerateKeyPair, "GenerateKeyPair", "hs-crypto.crypto.generatekeypair", kOnce, kSlow},
    {RpcId::kWrapKey, "WrapKey", "hs-crypto.crypto.wrapkey", kRepeatable, kQuick},
    {RpcId::kUnwrapKey, "UnwrapKey", "hs-crypto.crypto.unwrapkey", kRepeatable, kQuick},
    {RpcId::kDeriveKey, "DeriveKey", "hs-crypto.crypto.derivekey", kRepeatable, kQuick},
    {RpcId::kSetAttributeValue, "SetAttributeValue", "hs-crypto.crypto.setattributevalue",
     kRepeatable, kQuick},
    {RpcId::kGetMechanismList, "GetMechanismList", "hs-crypto.crypto.getmechanismlist", kRepeatable,
     kQuick},
});
static_assert(kRpcs.size() == kRpcCount);
static_assert([] {
  for (std::size_t i = 0; i < kRpcs.size(); ++i) {
    if (static_cast<std::size_t>(kRpcs[i].id) != i) return false;
  }
  return true;
}());

}  // namespace

const RpcInfo& InfoOf(RpcId id) { return kRpcs[static_cast<std::size_t>(id)]; }

}  // namespace gw
