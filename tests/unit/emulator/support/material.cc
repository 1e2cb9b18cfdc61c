// Room: tests.
#include "tests/unit/emulator/support/material.h"

#include <openssl/rsa.h>

#include "emulator/blob/key_blob.h"

namespace gw::emulator {
namespace {

using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;

const Byte* Octets(const std::string& text) { return reinterpret_cast<const Byte*>(text.data()); }

std::string RawOfDer(EVP_PKEY* key, const Bytes& der) {
  const Byte* at = der.data();
  const EcdsaSigPtr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  const int half = (EVP_PKEY_get_bits(key) + 7) / 8;
  std::string raw(static_cast<std::size_t>(2 * half), '\0');
  auto* out = reinterpret_cast<Byte*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, half);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + half, half);
  return raw;
}

Bytes DerOfRaw(const std::string& raw) {
  const int half = static_cast<int>(raw.size() / 2);
  const EcdsaSigPtr signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(Octets(raw), half, nullptr),
                 BN_bin2bn(Octets(raw) + half, half, nullptr));
  Bytes der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)));
  Byte* at = der.data();
  i2d_ECDSA_SIG(signature.get(), &at);
  return der;
}

bool IsEc(EVP_PKEY* key) { return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC; }
bool IsEdwards(EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1;
}
const EVP_MD* DigestOf(const char* name) {
  return name == nullptr ? nullptr : EVP_get_digestbyname(name);
}

struct RawType {
  const char* name;
  const char* spki_head;
  std::size_t point_bytes;
};
// The first is that of GREP11's documentation, the others follow from it.
constexpr RawType kRawTypes[] = {
    {"ED25519", "3033300e06072a8648ce3d020106032b6570032100", 32},
    {"ED448", "304c300e06072a8648ce3d020106032b6571033a00", 57},
    {"X25519", "3033300e06072a8648ce3d020106032b656e032100", 32},
    {"X448", "304b300e06072a8648ce3d020106032b656f033900", 56},
};

void Configure(EVP_PKEY_CTX* context, const SoftwareScheme& scheme) {
  if (scheme.rsa_padding == 0) return;
  EVP_PKEY_CTX_set_rsa_padding(context, scheme.rsa_padding);
  if (scheme.rsa_padding != RSA_PKCS1_PSS_PADDING) return;
  if (scheme.pss_hash != nullptr) {
    EVP_PKEY_CTX_set_signature_md(context, EVP_get_digestbyname(scheme.pss_hash));
  }
  EVP_PKEY_CTX_set_rsa_pss_saltlen(context, scheme.salt_bytes);
}

}  // namespace

Bytes Hex(std::string_view text) {
  Bytes out;
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high >= 0) out.push_back(static_cast<Byte>(high << 4 | digit));
    high = high >= 0 ? -1 : digit;
  }
  return out;
}

PkeyPtr PublicKeyOf(const std::string& maced_spki) {
  const auto size = DerSequenceSize(ViewOf(maced_spki));
  const Byte* at = Octets(maced_spki);
  return PkeyPtr(size ? d2i_PUBKEY(nullptr, &at, static_cast<long>(*size)) : nullptr);
}

PkeyPtr NewSoftwareEc(const char* openssl_curve) {
  return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", openssl_curve));
}

PkeyPtr NewSoftwareRaw(const char* type) {
  return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, type));
}

PkeyPtr NewSoftwareRsa(unsigned bits) {
  return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits}));
}

std::string SpkiOf(EVP_PKEY* key) {
  Byte* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

std::string RawSpkiOf(EVP_PKEY* key) {
  for (const RawType& type : kRawTypes) {
    if (EVP_PKEY_is_a(key, type.name) != 1) continue;
    Bytes spki = Hex(type.spki_head);
    const std::size_t head = spki.size();
    std::size_t size = type.point_bytes;
    spki.resize(head + size);
    EVP_PKEY_get_raw_public_key(key, spki.data() + head, &size);
    return std::string(TextOf(spki));
  }
  return {};
}

PkeyPtr RawPublicKeyOf(const char* name, const std::string& maced_spki) {
  for (const RawType& type : kRawTypes) {
    const Bytes head = Hex(type.spki_head);
    const bool fits = std::string_view(name) == type.name &&
                      maced_spki.size() > head.size() + type.point_bytes &&
                      maced_spki.starts_with(TextOf(head));
    if (!fits) continue;
    return PkeyPtr(EVP_PKEY_new_raw_public_key_ex(
        nullptr, name, nullptr, Octets(maced_spki) + head.size(), type.point_bytes));
  }
  return nullptr;
}

std::string Pkcs8Of(EVP_PKEY* key) {
  const Pkcs8Ptr info(EVP_PKEY2PKCS8(key));
  Byte* der = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

PkeyPtr FromPkcs8(const std::string& der) {
  const Byte* at = Octets(der);
  const Pkcs8Ptr info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  return PkeyPtr(info == nullptr ? nullptr : EVP_PKCS82PKEY(info.get()));
}

std::string SoftwareSign(EVP_PKEY* key, const SoftwareScheme& scheme, const std::string& data) {
  Bytes out(2048);
  std::size_t size = out.size();
  if (scheme.digest != nullptr || IsEdwards(key)) {
    const MdCtxPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* inner = nullptr;
    EVP_DigestSignInit(context.get(), &inner, DigestOf(scheme.digest), nullptr, key);
    Configure(inner, scheme);
    EVP_DigestSign(context.get(), out.data(), &size, Octets(data), data.size());
  } else {
    const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    EVP_PKEY_sign_init(context.get());
    Configure(context.get(), scheme);
    EVP_PKEY_sign(context.get(), out.data(), &size, Octets(data), data.size());
  }
  out.resize(size);
  return IsEc(key) ? RawOfDer(key, out) : std::string(TextOf(out));
}

bool SoftwareVerify(EVP_PKEY* key, const SoftwareScheme& scheme, const std::string& data,
                    const std::string& signature) {
  const Bytes encoded = IsEc(key) ? DerOfRaw(signature) : CopyOf(signature);
  if (scheme.digest != nullptr || IsEdwards(key)) {
    const MdCtxPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* inner = nullptr;
    EVP_DigestVerifyInit(context.get(), &inner, DigestOf(scheme.digest), nullptr, key);
    Configure(inner, scheme);
    return EVP_DigestVerify(context.get(), encoded.data(), encoded.size(), Octets(data),
                            data.size()) == 1;
  }
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  EVP_PKEY_verify_init(context.get());
  Configure(context.get(), scheme);
  return EVP_PKEY_verify(context.get(), encoded.data(), encoded.size(), Octets(data),
                         data.size()) == 1;
}

std::string SoftwareAgree(EVP_PKEY* own, EVP_PKEY* peer) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, own, nullptr));
  Bytes secret(128);
  std::size_t size = secret.size();
  const bool agreed = EVP_PKEY_derive_init(context.get()) == 1 &&
                      EVP_PKEY_derive_set_peer(context.get(), peer) == 1 &&
                      EVP_PKEY_derive(context.get(), secret.data(), &size) == 1;
  return agreed ? std::string(TextOf(ByteView(secret).first(size))) : std::string();
}

}  // namespace gw::emulator
