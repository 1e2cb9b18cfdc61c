// Room: emulator/crypto.
#include "emulator/crypto/dsa.h"

#include <algorithm>

#include "emulator/crypto/pair_signature.h"

namespace gw::emulator {
namespace {

constexpr std::size_t kDigestBytes[] = {20, 28, 32, 48, 64};

Status RequireUsable(const PKey& key, ByteView digest) {
  if (key.type() != CKK_DSA) return CallerError(CKR_KEY_TYPE_INCONSISTENT, "not a DSA key");
  if (std::ranges::find(kDigestBytes, digest.size()) != std::end(kDigestBytes)) return Ok();
  return CallerError(CKR_DATA_LEN_RANGE, "input is not as long as a digest");
}

}  // namespace

Result<Bytes> DsaSign(const PKey& key, ByteView digest) {
  GW_TRY_VOID(RequireUsable(key, digest));
  return SignPair(key, digest, CKR_KEY_TYPE_INCONSISTENT);
}

Status DsaVerify(const PKey& key, ByteView digest, ByteView signature) {
  GW_TRY_VOID(RequireUsable(key, digest));
  return VerifyPair(key, digest, signature);
}

}  // namespace gw::emulator
