// Room: localcrypto. What is computed with a public key: PublicKey::Verify and PublicKey::Encrypt.
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <optional>

#include "daemon/localcrypto/der.h"
#include "daemon/localcrypto/pkey_engine.h"
#include "daemon/localcrypto/public_key.h"
#include "daemon/mechanism/mechanism_table.h"

namespace gw {
namespace {

// 00 01 | at least 8 x FF | 00, RFC 8017 9.2.
constexpr std::size_t kPkcs1Overhead = 11;

struct MaskRow {
  CK_ULONG mgf;
  Hash hash;
};
constexpr auto kMasks = std::to_array<MaskRow>({
    {CKG_MGF1_SHA1, Hash::kSha1},
    {CKG_MGF1_SHA256, Hash::kSha256},
    {CKG_MGF1_SHA384, Hash::kSha384},
    {CKG_MGF1_SHA512, Hash::kSha512},
    {CKG_MGF1_SHA224, Hash::kSha224},
    {CKG_IBM_MGF1_SHA3_224, Hash::kSha3_224},
    {CKG_IBM_MGF1_SHA3_256, Hash::kSha3_256},
    {CKG_IBM_MGF1_SHA3_384, Hash::kSha3_384},
    {CKG_IBM_MGF1_SHA3_512, Hash::kSha3_512},
});

std::optional<Hash> HashOfMask(CK_ULONG mgf) {
  const auto row = std::ranges::find(kMasks, mgf, &MaskRow::mgf);
  return row == kMasks.end() ? std::nullopt : std::optional(row->hash);
}

struct Hashes {
  Hash hash;
  Hash mask;
};

// `Parameter` is PssParameter or OaepParameter.
template <typename Parameter>
std::optional<Hashes> HashesOf(const Parameter& parameter) {
  const auto hash = HashOfMechanism(parameter.hash);
  const auto mask = HashOfMask(parameter.mgf);
  if (!hash || *hash == Hash::kNone || !mask) return std::nullopt;
  return Hashes{*hash, *mask};
}

Error BadParameter(std::string what) {
  return CallerError(CKR_MECHANISM_PARAM_INVALID, std::move(what));
}

char* NameOf(Hash hash) {
  // OSSL_PARAM has no const text; it is only read.
  return const_cast<char*>(EVP_MD_get0_name(openssl::MdOf(hash)));
}

Bytes Pkcs1SignatureBlock(std::size_t size, ByteView data) {
  Bytes block(size, 0xff);
  block[0] = 0;
  block[1] = 1;
  block[size - data.size() - 1] = 0;
  std::ranges::copy(data, block.end() - static_cast<std::ptrdiff_t>(data.size()));
  return block;
}

// `out` has the length of the modulus. False: OpenSSL refuses, for instance because the number is
// not smaller than the modulus.
bool RunEncrypt(EVP_PKEY_CTX* context, ByteView in, Bytes& out) {
  // Not null, so that empty input does not look like a question for the length.
  static constexpr Byte kEmpty = 0;
  const Byte* data = in.empty() ? &kEmpty : in.data();
  std::size_t size = out.size();
  const bool done =
      EVP_PKEY_encrypt(context, out.data(), &size, data, in.size()) == 1 && size == out.size();
  openssl::TakeErrors();
  return done;
}

bool RunVerify(EVP_PKEY_CTX* context, ByteView digest, ByteView signature) {
  const bool good = EVP_PKEY_verify(context, signature.data(), signature.size(), digest.data(),
                                    digest.size()) == 1;
  openssl::TakeErrors();
  return good;
}

Status Verdict(bool good) {
  if (!good) return CallerError(CKR_SIGNATURE_INVALID);
  return Ok();
}

// Sets the padding of an encryption context. `data_bytes` is what it shall take.
Status SetOaep(EVP_PKEY_CTX* context, const OaepParameter& parameter, std::size_t key_bytes,
               std::size_t data_bytes) {
  const auto hashes = HashesOf(parameter);
  if (!hashes) return BadParameter("OAEP: unknown hash or mask generator");
  const bool has_source = parameter.source == CKZ_DATA_SPECIFIED;
  if (!has_source && (parameter.source != 0 || !parameter.source_data.empty())) {
    return BadParameter("OAEP: unknown source");
  }
  // RFC 8017 7.1.1 step 1b: mLen > k - 2hLen - 2 is too long.
  if (data_bytes + 2 * HashBytes(hashes->hash) + 2 > key_bytes) {
    return CallerError(CKR_DATA_LEN_RANGE, "too long for the key and hash");
  }
  Bytes label = parameter.source_data;
  // OpenSSL takes no empty label, and has none unless told.
  const OSSL_PARAM label_param =
      label.empty() ? OSSL_PARAM_construct_end()
                    : OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
                                                        label.data(), label.size());
  const std::array params{
      OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, NameOf(hashes->hash), 0),
      OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, NameOf(hashes->mask), 0),
      label_param, OSSL_PARAM_construct_end()};
  if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_params(context, params.data()) != 1) {
    return BadParameter("OAEP: " + openssl::TakeErrors());
  }
  return Ok();
}

Status SetPkcs1(EVP_PKEY_CTX* context, std::size_t key_bytes, std::size_t data_bytes) {
  // RFC 8017 7.2.1 step 1: mLen > k - 11 is too long.
  if (data_bytes + kPkcs1Overhead > key_bytes) {
    return CallerError(CKR_DATA_LEN_RANGE, "too long for the key");
  }
  if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1) {
    return InternalError("RSA padding: " + openssl::TakeErrors());
  }
  return Ok();
}

// DER ECDSA-Sig-Value of r || s.
Bytes DerSignature(ByteView raw) {
  const Bytes r = der::EncodeUnsigned(raw.first(raw.size() / 2));
  const Bytes s = der::EncodeUnsigned(raw.last(raw.size() / 2));
  return der::Encode(der::kSequence, der::Join({r, s}));
}

Error NotOfThisType() {
  return CallerError(CKR_KEY_TYPE_INCONSISTENT, "mechanism and public key are of different types");
}
Error NotHere() { return CallerError(CKR_MECHANISM_INVALID, "not computed outside the HSM"); }

}  // namespace

Status PublicKey::Verify(const Mechanism& raw_mechanism, ByteView data, ByteView signature) const {
  const CK_MECHANISM_TYPE type = raw_mechanism.type;
  const bool rsa_mechanism = type == CKM_RSA_PKCS || type == CKM_RSA_PKCS_PSS;
  const bool eddsa_mechanism = type == CKM_IBM_ED25519_SHA512 || type == CKM_IBM_ED448_SHA3;
  if (!rsa_mechanism && !eddsa_mechanism && type != CKM_ECDSA) return NotHere();
  const bool edwards = curve_ != nullptr && curve_->kind == CurveKind::kEdwards;
  if (rsa_mechanism != is_rsa() || eddsa_mechanism != edwards) return NotOfThisType();
  if (!computes_here()) return NotHere();
  if (eddsa_mechanism) return VerifyEddsa(data, signature);
  if (type == CKM_RSA_PKCS) return VerifyRsaPkcs(data, signature);
  if (type == CKM_ECDSA) return VerifyEcdsa(data, signature);
  return VerifyPss(raw_mechanism, data, signature);
}

Status PublicKey::VerifyRsaPkcs(ByteView data, ByteView signature) const {
  const std::size_t key_bytes = modulus_.size();
  if (data.size() + kPkcs1Overhead > key_bytes) {
    return CallerError(CKR_DATA_LEN_RANGE, "too long for the key");
  }
  if (signature.size() != key_bytes) return CallerError(CKR_SIGNATURE_LEN_RANGE);
  Bytes recovered(key_bytes);
  const auto context = engine_->ForEncrypt();
  if (!RunEncrypt(context.get(), signature, recovered)) return Verdict(false);
  return Verdict(Equal(recovered, Pkcs1SignatureBlock(key_bytes, data)));
}

Result<Bytes> PublicKey::Recover(ByteView signature) const {
  if (!is_rsa()) return NotOfThisType();
  if (!computes_here()) return NotHere();
  if (signature.size() != modulus_.size()) return CallerError(CKR_SIGNATURE_LEN_RANGE);
  Bytes block(signature.size());
  const auto context = engine_->ForEncrypt();
  if (!RunEncrypt(context.get(), signature, block)) return CallerError(CKR_SIGNATURE_INVALID);
  // 00 at the front is of the block, the next one is before the data.
  const auto zero = std::find(block.begin() + 1, block.end(), Byte{0});
  if (zero == block.end()) return CallerError(CKR_SIGNATURE_INVALID);
  Bytes data(zero + 1, block.end());
  const bool well_formed = data.size() + kPkcs1Overhead <= block.size() &&
                           Equal(block, Pkcs1SignatureBlock(block.size(), data));
  if (!well_formed) return CallerError(CKR_SIGNATURE_INVALID);
  return data;
}

Status PublicKey::VerifyPss(const Mechanism& mechanism, ByteView digest, ByteView signature) const {
  const auto* parameter = std::get_if<PssParameter>(&mechanism.parameter);
  if (parameter == nullptr) return BadParameter("PSS: no parameter");
  const auto hashes = HashesOf(*parameter);
  if (!hashes) return BadParameter("PSS: unknown hash or mask generator");
  const std::size_t hash_bytes = HashBytes(hashes->hash);
  // RFC 8017 9.1.2 step 3: emLen < hLen + sLen + 2 cannot be; emLen = ceil((modBits - 1) / 8).
  const std::size_t em_bytes = (Bits() + 6) / 8;
  if (parameter->salt_bytes > em_bytes || parameter->salt_bytes + hash_bytes + 2 > em_bytes) {
    return BadParameter("PSS: salt is too long for the key");
  }
  if (digest.size() != hash_bytes) return CallerError(CKR_DATA_LEN_RANGE, "not a digest");
  if (signature.size() != modulus_.size()) return CallerError(CKR_SIGNATURE_LEN_RANGE);
  int salt_bytes = static_cast<int>(parameter->salt_bytes);
  const std::array params{
      OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NameOf(hashes->hash), 0),
      OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NameOf(hashes->mask), 0),
      OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt_bytes),
      OSSL_PARAM_construct_end()};
  const auto context = engine_->ForVerify();
  if (EVP_PKEY_CTX_set_params(context.get(), params.data()) != 1) {
    return BadParameter("PSS: " + openssl::TakeErrors());
  }
  return Verdict(RunVerify(context.get(), digest, signature));
}

Status PublicKey::VerifyEcdsa(ByteView digest, ByteView signature) const {
  if (digest.empty()) return CallerError(CKR_DATA_LEN_RANGE, "nothing to verify");
  if (signature.size() != 2 * std::size_t{curve_->order_bytes}) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE);
  }
  const auto context = engine_->ForVerify();
  return Verdict(RunVerify(context.get(), digest, DerSignature(signature)));
}

Status PublicKey::VerifyEddsa(ByteView message, ByteView signature) const {
  if (signature.size() != 2 * std::size_t{curve_->order_bytes}) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE);
  }
  const auto context = engine_->ForMessage();
  const bool good = EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                     message.data(), message.size()) == 1;
  openssl::TakeErrors();
  return Verdict(good);
}

Result<Bytes> PublicKey::Encrypt(const Mechanism& mechanism, ByteView data) const {
  const bool oaep = mechanism.type == CKM_RSA_PKCS_OAEP;
  if (!oaep && mechanism.type != CKM_RSA_PKCS) return NotHere();
  if (!is_rsa()) return NotOfThisType();
  if (!computes_here()) return NotHere();
  const auto context = engine_->ForEncrypt();
  Bytes out(modulus_.size());
  if (oaep) {
    const auto* parameter = std::get_if<OaepParameter>(&mechanism.parameter);
    if (parameter == nullptr) return BadParameter("OAEP: no parameter");
    GW_TRY_VOID(SetOaep(context.get(), *parameter, out.size(), data.size()));
  } else {
    GW_TRY_VOID(SetPkcs1(context.get(), out.size(), data.size()));
  }
  if (!RunEncrypt(context.get(), data, out)) return InternalError("RSA encryption failed");
  return out;
}

}  // namespace gw
