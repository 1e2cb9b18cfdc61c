// Room: emulator/crypto.
#include "emulator/crypto/rsa.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

int PaddingOf(RsaScheme scheme) {
  static constexpr int kPaddings[] = {RSA_PKCS1_PADDING, RSA_PKCS1_OAEP_PADDING,
                                      RSA_PKCS1_PSS_PADDING, RSA_NO_PADDING};
  return kPaddings[static_cast<std::size_t>(scheme)];
}

// OpenSSL takes ownership of a label, so it gets a copy of its own.
bool SetLabel(EVP_PKEY_CTX* context, ByteView label) {
  if (label.empty()) return true;
  void* copy = OPENSSL_memdup(label.data(), label.size());
  return copy != nullptr &&
         EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, static_cast<int>(label.size())) == 1;
}

bool SetOaep(EVP_PKEY_CTX* context, const RsaFormat& format) {
  return EVP_PKEY_CTX_set_rsa_oaep_md(context, MdOf(format.hash)) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, MdOf(format.hash)) == 1 &&
         SetLabel(context, format.label);
}

bool SetSignature(EVP_PKEY_CTX* context, const RsaFormat& format) {
  if (format.hash == HashId::kNone) return true;
  if (EVP_PKEY_CTX_set_signature_md(context, MdOf(format.hash)) != 1) return false;
  if (format.scheme != RsaScheme::kPss) return true;
  return EVP_PKEY_CTX_set_rsa_mgf1_md(context, MdOf(format.hash)) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, format.salt_bytes) == 1;
}

using Init = int (*)(EVP_PKEY_CTX*);

// A context ready for one operation; null if OpenSSL refuses the combination (salt or hash too long
// for the modulus).
PkeyCtxPtr Prepare(const PKey& key, Init init, const RsaFormat& format) {
  PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.handle(), nullptr));
  GW_CHECK(context != nullptr);
  const bool ready = init(context.get()) == 1 &&
                     EVP_PKEY_CTX_set_rsa_padding(context.get(), PaddingOf(format.scheme)) == 1 &&
                     (format.scheme == RsaScheme::kOaep ? SetOaep(context.get(), format)
                                                        : SetSignature(context.get(), format));
  if (!ready) context.reset();
  return context;
}

using Run = int (*)(EVP_PKEY_CTX*, Byte*, std::size_t*, const Byte*, std::size_t);

Result<Bytes> RunOnce(const PKey& key, Init init, Run run, const RsaFormat& format, ByteView data,
                      CK_RV on_failure) {
  const PkeyCtxPtr context = Prepare(key, init, format);
  if (context == nullptr) return OpensslError(on_failure, "RSA parameters do not fit the key");
  Bytes out(key.signature_bytes());
  std::size_t size = out.size();
  if (run(context.get(), out.data(), &size, data.data(), data.size()) != 1) {
    return OpensslError(on_failure, "RSA operation failed");
  }
  out.resize(size);
  return out;
}

}  // namespace

Result<Bytes> RsaSign(const PKey& key, const RsaFormat& format, ByteView data) {
  return RunOnce(key, EVP_PKEY_sign_init, EVP_PKEY_sign, format, data, CKR_DATA_LEN_RANGE);
}

Status RsaVerify(const PKey& key, const RsaFormat& format, ByteView data, ByteView signature) {
  if (signature.size() != key.signature_bytes()) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE, "signature is not as long as the modulus");
  }
  const PkeyCtxPtr context = Prepare(key, EVP_PKEY_verify_init, format);
  if (context == nullptr)
    return OpensslError(CKR_DATA_LEN_RANGE, "RSA parameters do not fit the key");
  const int verdict =
      EVP_PKEY_verify(context.get(), signature.data(), signature.size(), data.data(), data.size());
  ERR_clear_error();
  if (verdict != 1) return CallerError(CKR_SIGNATURE_INVALID);
  return Ok();
}

Result<Bytes> RsaEncrypt(const PKey& key, const RsaFormat& format, ByteView data) {
  return RunOnce(key, EVP_PKEY_encrypt_init, EVP_PKEY_encrypt, format, data, CKR_DATA_LEN_RANGE);
}

Result<Bytes> RsaDecrypt(const PKey& key, const RsaFormat& format, ByteView data) {
  if (data.size() != key.signature_bytes()) {
    return CallerError(CKR_ENCRYPTED_DATA_LEN_RANGE, "ciphertext is not as long as the modulus");
  }
  return RunOnce(key, EVP_PKEY_decrypt_init, EVP_PKEY_decrypt, format, data,
                 CKR_ENCRYPTED_DATA_INVALID);
}

}  // namespace gw::emulator
