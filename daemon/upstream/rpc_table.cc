// Room: upstream.
#include "daemon/upstream/rpc_table.h"

#include <array>

namespace gw {
namespace {

constexpr bool kSlow = true;
constexpr bool kQuick = false;

#define GW_RPC(name, action, slow) \
  { RpcId::k##name, #name, "/grep11.Crypto/" #name, "hs-crypto.crypto." action, slow }

constexpr auto kRpcs = std::to_array<RpcInfo>({
    GW_RPC(GenerateRandom, "generaterandom", kQuick),
    GW_RPC(DigestSingle, "digest", kQuick),
    GW_RPC(DigestInit, "digest", kQuick),
    GW_RPC(DigestUpdate, "digest", kQuick),
    GW_RPC(DigestKey, "digestkey", kQuick),
    GW_RPC(DigestFinal, "digest", kQuick),
    GW_RPC(EncryptSingle, "encrypt", kQuick),
    GW_RPC(DecryptSingle, "decrypt", kQuick),
    GW_RPC(SignSingle, "sign", kQuick),
    GW_RPC(VerifySingle, "verify", kQuick),
    GW_RPC(EncryptInit, "encrypt", kQuick),
    GW_RPC(DecryptInit, "decrypt", kQuick),
    GW_RPC(SignInit, "sign", kQuick),
    GW_RPC(VerifyInit, "verify", kQuick),
    GW_RPC(EncryptUpdate, "encrypt", kQuick),
    GW_RPC(DecryptUpdate, "decrypt", kQuick),
    GW_RPC(SignUpdate, "sign", kQuick),
    GW_RPC(VerifyUpdate, "verify", kQuick),
    GW_RPC(EncryptFinal, "encrypt", kQuick),
    GW_RPC(DecryptFinal, "decrypt", kQuick),
    GW_RPC(SignFinal, "sign", kQuick),
    GW_RPC(VerifyFinal, "verify", kQuick),
    GW_RPC(GenerateKey, "generatekey", kSlow),
    GW_RPC(GenerateKeyPair, "generatekeypair", kSlow),
    GW_RPC(WrapKey, "wrapkey", kQuick),
    GW_RPC(UnwrapKey, "unwrapkey", kQuick),
    GW_RPC(DeriveKey, "derivekey", kQuick),
    GW_RPC(SetAttributeValue, "setattributevalue", kQuick),
    GW_RPC(GetMechanismList, "getmechanismlist", kQuick),
    GW_RPC(GetMechanismInfo, "getmechanisminfo", kQuick),
    // No action of theirs is documented.
    {RpcId::kLogin, "Login", "/grep11.Crypto/Login", "hs-crypto.ep11.use", kQuick},
    {RpcId::kLogout, "Logout", "/grep11.Crypto/Logout", "hs-crypto.ep11.use", kQuick},
    GW_RPC(GetAttributeValue, "getattributevalue", kQuick),
    GW_RPC(RewrapKeyBlob, "rewrapkeyblob", kQuick),
});
#undef GW_RPC
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
