// Room: upstream.
#include "daemon/upstream/rpc_table.h"

#include <array>

namespace gw {
namespace {

constexpr bool kSlow = true;
constexpr bool kQuick = false;

constexpr auto kRpcs = std::to_array<RpcInfo>({
    {RpcId::kGenerateRandom, "GenerateRandom", "hs-crypto.crypto.generaterandom", kQuick},
    {RpcId::kDigestSingle, "DigestSingle", "hs-crypto.crypto.digest", kQuick},
    {RpcId::kEncryptSingle, "EncryptSingle", "hs-crypto.crypto.encrypt", kQuick},
    {RpcId::kDecryptSingle, "DecryptSingle", "hs-crypto.crypto.decrypt", kQuick},
    {RpcId::kSignSingle, "SignSingle", "hs-crypto.crypto.sign", kQuick},
    {RpcId::kVerifySingle, "VerifySingle", "hs-crypto.crypto.verify", kQuick},
    {RpcId::kEncryptInit, "EncryptInit", "hs-crypto.crypto.encrypt", kQuick},
    {RpcId::kDecryptInit, "DecryptInit", "hs-crypto.crypto.decrypt", kQuick},
    {RpcId::kSignInit, "SignInit", "hs-crypto.crypto.sign", kQuick},
    {RpcId::kVerifyInit, "VerifyInit", "hs-crypto.crypto.verify", kQuick},
    {RpcId::kEncryptUpdate, "EncryptUpdate", "hs-crypto.crypto.encrypt", kQuick},
    {RpcId::kDecryptUpdate, "DecryptUpdate", "hs-crypto.crypto.decrypt", kQuick},
    {RpcId::kSignUpdate, "SignUpdate", "hs-crypto.crypto.sign", kQuick},
    {RpcId::kVerifyUpdate, "VerifyUpdate", "hs-crypto.crypto.verify", kQuick},
    {RpcId::kEncryptFinal, "EncryptFinal", "hs-crypto.crypto.encrypt", kQuick},
    {RpcId::kDecryptFinal, "DecryptFinal", "hs-crypto.crypto.decrypt", kQuick},
    {RpcId::kSignFinal, "SignFinal", "hs-crypto.crypto.sign", kQuick},
    {RpcId::kVerifyFinal, "VerifyFinal", "hs-crypto.crypto.verify", kQuick},
    {RpcId::kGenerateKey, "GenerateKey", "hs-crypto.crypto.generatekey", kSlow},
    {RpcId::kGenerateKeyPair, "GenerateKeyPair", "hs-crypto.crypto.generatekeypair", kSlow},
    {RpcId::kWrapKey, "WrapKey", "hs-crypto.crypto.wrapkey", kQuick},
    {RpcId::kUnwrapKey, "UnwrapKey", "hs-crypto.crypto.unwrapkey", kQuick},
    {RpcId::kDeriveKey, "DeriveKey", "hs-crypto.crypto.derivekey", kQuick},
    {RpcId::kSetAttributeValue, "SetAttributeValue", "hs-crypto.crypto.setattributevalue", kQuick},
    {RpcId::kGetMechanismList, "GetMechanismList", "hs-crypto.crypto.getmechanismlist", kQuick},
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
