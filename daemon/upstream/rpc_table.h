// Room: upstream. May include: core. What is to be known about each RPC, one row each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gw {

enum class RpcId : std::uint8_t {
  kGenerateRandom,
  kDigestSingle,
  kDigestInit,
  kDigestUpdate,
  kDigestKey,
  kDigestFinal,
  kEncryptSingle,
  kDecryptSingle,
  kSignSingle,
  kVerifySingle,
  kEncryptInit,
  kDecryptInit,
  kSignInit,
  kVerifyInit,
  kEncryptUpdate,
  kDecryptUpdate,
  kSignUpdate,
  kVerifyUpdate,
  kEncryptFinal,
  kDecryptFinal,
  kSignFinal,
  kVerifyFinal,
  kGenerateKey,
  kGenerateKeyPair,
  kWrapKey,
  kUnwrapKey,
  kDeriveKey,
  kSetAttributeValue,
  kGetMechanismList,
  kGetMechanismInfo,
  kLogin,
  kLogout,
  kGetAttributeValue,
  kRewrapKeyBlob,
};
inline constexpr std::size_t kRpcCount = 34;

struct RpcInfo {
  RpcId id;
  std::string_view name;    // of the RPC, for metrics and logs
  std::string_view method;  // as it is sent
  std::string_view action;  // the IAM action that a caller needs (wire sheet 8.6)
  // May take minutes in the HSM (prime generation): bounded by the call's deadline alone.
  bool slow;
};

const RpcInfo& InfoOf(RpcId id);

}  // namespace gw
