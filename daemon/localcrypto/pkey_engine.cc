// Room: localcrypto.
#include "daemon/localcrypto/pkey_engine.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>
#include <string>

#include "daemon/core/check.h"

namespace gw {
namespace {

using Builder = std::unique_ptr<OSSL_PARAM_BLD, openssl::Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, openssl::Free<OSSL_PARAM_free>>;
using Number = std::unique_ptr<BIGNUM, openssl::Free<BN_free>>;

Number NumberOf(ByteView magnitude) {
  Number number(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr));
  GW_CHECK(number != nullptr);
  return number;
}

openssl::Pkey FromParams(const char* type, const OSSL_PARAM* params) {
  const openssl::PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  GW_CHECK(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* made = nullptr;
  // The parameters are only read.
  static_cast<void>(EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY,
                                      const_cast<OSSL_PARAM*>(params)));
  return openssl::Pkey(made);
}

openssl::Pkey RsaPkey(ByteView modulus, ByteView exponent) {
  const Builder builder(OSSL_PARAM_BLD_new());
  const Number n = NumberOf(modulus);
  const Number e = NumberOf(exponent);
  GW_CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1);
  GW_CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  GW_CHECK(params != nullptr);
  return FromParams("RSA", params.get());
}

openssl::Pkey EcPkey(const Curve& curve, ByteView point) {
  std::string group(curve.openssl_name);
  const std::array params{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<Byte*>(point.data()),
                                        point.size()),
      OSSL_PARAM_construct_end()};
  return FromParams("EC", params.data());
}

openssl::PkeyContext ContextOf(const openssl::Pkey& pkey) {
  openssl::PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey.get(), nullptr));
  GW_CHECK(context != nullptr);
  return context;
}

}  // namespace

std::unique_ptr<const PkeyEngine> PkeyEngine::OfRsa(ByteView modulus, ByteView exponent) {
  const openssl::Pkey pkey = RsaPkey(modulus, exponent);
  if (pkey == nullptr) return nullptr;
  std::unique_ptr<PkeyEngine> engine(new PkeyEngine());
  engine->verify_ = ContextOf(pkey);
  engine->encrypt_ = ContextOf(pkey);
  EVP_PKEY_CTX* verify = engine->verify_.get();
  EVP_PKEY_CTX* encrypt = engine->encrypt_.get();
  const bool ready = EVP_PKEY_verify_init(verify) == 1 &&
                     EVP_PKEY_CTX_set_rsa_padding(verify, RSA_PKCS1_PSS_PADDING) == 1 &&
                     EVP_PKEY_encrypt_init(encrypt) == 1 &&
                     EVP_PKEY_CTX_set_rsa_padding(encrypt, RSA_NO_PADDING) == 1;
  if (!ready) return nullptr;
  return engine;
}

std::unique_ptr<const PkeyEngine> PkeyEngine::OfEc(const Curve& curve, ByteView point) {
  const openssl::Pkey pkey = EcPkey(curve, point);
  if (pkey == nullptr) return nullptr;
  std::unique_ptr<PkeyEngine> engine(new PkeyEngine());
  engine->verify_ = ContextOf(pkey);
  if (EVP_PKEY_verify_init(engine->verify_.get()) != 1) return nullptr;
  return engine;
}

std::unique_ptr<const PkeyEngine> PkeyEngine::OfEdwards(const Curve& curve, ByteView point) {
  const std::string name(curve.openssl_name);
  const openssl::Pkey pkey(
      EVP_PKEY_new_raw_public_key_ex(nullptr, name.c_str(), nullptr, point.data(), point.size()));
  if (pkey == nullptr) return nullptr;
  std::unique_ptr<PkeyEngine> engine(new PkeyEngine());
  engine->message_.reset(EVP_MD_CTX_new());
  GW_CHECK(engine->message_ != nullptr);
  if (EVP_DigestVerifyInit(engine->message_.get(), nullptr, nullptr, nullptr, pkey.get()) != 1)
    return nullptr;
  return engine;
}

openssl::MdContext PkeyEngine::ForMessage() const {
  GW_CHECK(message_ != nullptr);
  openssl::MdContext copy(EVP_MD_CTX_new());
  GW_CHECK(copy != nullptr && EVP_MD_CTX_copy_ex(copy.get(), message_.get()) == 1);
  return copy;
}

openssl::PkeyContext PkeyEngine::Copy(const openssl::PkeyContext& from) {
  GW_CHECK(from != nullptr);
  openssl::PkeyContext copy(EVP_PKEY_CTX_dup(from.get()));
  GW_CHECK(copy != nullptr);
  return copy;
}

}  // namespace gw
