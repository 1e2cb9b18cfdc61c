// Room: emulator/crypto.
#include "emulator/crypto/eddsa.h"

#include <openssl/err.h>

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;

Status RequireEdwards(const PKey& key) {
  if (key.curve() != nullptr && key.curve()->kind == CurveKind::kEdwards) return Ok();
  return CallerError(CKR_KEY_TYPE_INCONSISTENT, "not a key on an Edwards curve");
}

}  // namespace

Result<Bytes> EddsaSign(const PKey& key, ByteView message) {
  GW_TRY_VOID(RequireEdwards(key));
  if (auto value = key.PrivateValue(); !value) return std::move(value).error();
  const MdCtxPtr context(EVP_MD_CTX_new());
  Bytes signature(key.signature_bytes());
  std::size_t size = signature.size();
  GW_CHECK(context != nullptr);
  GW_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.handle()) == 1);
  GW_CHECK(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) ==
           1);
  GW_CHECK(size == signature.size());
  return signature;
}

Status EddsaVerify(const PKey& key, ByteView message, ByteView signature) {
  GW_TRY_VOID(RequireEdwards(key));
  if (signature.size() != key.signature_bytes()) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE, "no length of an EdDSA signature");
  }
  const MdCtxPtr context(EVP_MD_CTX_new());
  GW_CHECK(context != nullptr);
  GW_CHECK(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.handle()) == 1);
  const int verdict = EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                       message.data(), message.size());
  ERR_clear_error();
  if (verdict != 1) return CallerError(CKR_SIGNATURE_INVALID);
  return Ok();
}

}  // namespace gw::emulator
