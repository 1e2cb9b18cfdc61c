// Room: emulator/engine. WrapKey and UnwrapKey, also how keys are imported.
#include <algorithm>

#include "emulator/blob/spki.h"
#include "emulator/crypto/des.h"
#include "emulator/engine/bound_wrap.h"
#include "emulator/engine/crypt.h"
#include "emulator/engine/keys.h"
#include "emulator/engine/templates.h"

namespace gw::emulator {
namespace {

// The block of a cipher that pads nothing by itself; 0 for all other mechanisms.
std::size_t UnpaddedBlock(Family family) {
  const CipherRow* cipher = CipherOf(family);
  return cipher == nullptr || cipher->padded ? 0 : cipher->cipher.block_bytes;
}
bool IsRsa(Family family) { return family == Family::kRsaPkcs1 || family == Family::kRsaOaep; }
// "wrap: secret keys only", but for ciphers that pad
bool TakesPrivateKeys(Family family) {
  const CipherRow* cipher = CipherOf(family);
  return cipher != nullptr && cipher->padded;
}

Status RequireWrappable(const MechanismRow& row, const Key& key, const Key& kek) {
  if (key.object_class == CKO_PUBLIC_KEY) {
    return CallerError(CKR_KEY_NOT_WRAPPABLE, "public keys are not wrapped");
  }
  if (!key.Has(kExtractable)) return CallerError(CKR_KEY_UNEXTRACTABLE, "CKA_EXTRACTABLE is false");
  if (key.Has(kWrapWithTrusted) && !kek.Has(kTrusted)) {
    return CallerError(CKR_KEY_NOT_WRAPPABLE, "only a trusted key may wrap this one");
  }
  if (kek.Has(kAttributeBound)) {
    return CallerError(CKR_MECHANISM_INVALID, "wrapping key is attribute-bound");
  }
  if (key.Has(kAttributeBound)) {
    return CallerError(CKR_KEY_FUNCTION_NOT_PERMITTED,
                       "key is attribute-bound, wrapping key is not");
  }
  const bool class_fits = key.object_class == CKO_SECRET_KEY ||
                          (key.object_class == CKO_PRIVATE_KEY && TakesPrivateKeys(row.family));
  if (!class_fits) return CallerError(CKR_KEY_NOT_WRAPPABLE, "mechanism does not wrap such keys");
  return Ok();
}

// Without padding of its own, PKCS #11 fills the last block with zeros.
SecretBytes WrapInput(const MechanismRow& row, const Key& key) {
  SecretBytes value = key.pkey ? key.pkey->Pkcs8() : key.value.Clone();
  const std::size_t block = UnpaddedBlock(row.family);
  if (block == 0 || value.size() % block == 0) return value;
  SecretBytes filled = SecretBytes::OfSize((value.size() + block - 1) / block * block);
  std::ranges::copy(value.view(), filled.mutable_view().begin());
  return filled;
}

// The codes of decryption, as unwrapping names them.
Error AsUnwrapError(Error error) {
  if (error.rv == CKR_ENCRYPTED_DATA_INVALID) error.rv = CKR_WRAPPED_KEY_INVALID;
  if (error.rv == CKR_ENCRYPTED_DATA_LEN_RANGE) error.rv = CKR_WRAPPED_KEY_LEN_RANGE;
  return error;
}

constexpr CK_KEY_TYPE kSecretTypes[] = {CKK_AES, CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET};

// "UnwrapKey -> secret key if CKA_KEY_TYPE is AES, DES2 or DES3, otherwise private key", unless the
// template says it. A generic secret can be nothing but a secret key.
CK_OBJECT_CLASS ClassOf(const AttributeMap& attributes, CK_KEY_TYPE type) {
  const bool secret = std::ranges::find(kSecretTypes, type) != std::end(kSecretTypes);
  return NumberIn(attributes, CKA_CLASS).value_or(secret ? CKO_SECRET_KEY : CKO_PRIVATE_KEY);
}

// DES keys have the length of their type; CKA_VALUE_LEN does not count.
std::uint64_t WantedLength(const AttributeMap& attributes, CK_KEY_TYPE type, std::size_t found) {
  const std::size_t fixed = FixedLengthOf(type);
  return fixed != 0 ? fixed : NumberIn(attributes, CKA_VALUE_LEN).value_or(found);
}

Status CutToLength(Bytes& value, const MechanismRow& row, const AttributeMap& attributes,
                   CK_KEY_TYPE type) {
  const std::uint64_t wanted = WantedLength(attributes, type, value.size());
  const bool may_cut = UnpaddedBlock(row.family) != 0 && wanted <= value.size();
  if (wanted != value.size() && !may_cut) {
    return CallerError(CKR_WRAPPED_KEY_LEN_RANGE, "key is not of the length in the template");
  }
  value.resize(wanted);
  if (ValueLengthFits(type, value.size())) return Ok();
  return CallerError(CKR_WRAPPED_KEY_LEN_RANGE, "no length for a key of this type");
}

Result<Key> ImportSecret(Bytes value, const MechanismRow& row, const AttributeMap& attributes,
                         CK_KEY_TYPE type) {
  GW_TRY_VOID(CutToLength(value, row, attributes, type));
  // "accepts wrong parity and fixes it inside the blob"
  if (FixedLengthOf(type) != 0) SetOddParity(value);
  Key key;
  key.object_class = CKO_SECRET_KEY;
  key.type = type;
  key.value = SecretBytes(value);
  Wipe(value);
  return key;
}

Result<Key> ImportPrivate(const Bytes& pkcs8, const MechanismRow& row,
                          const AttributeMap& attributes, CK_KEY_TYPE type) {
  if (!TakesPrivateKeys(row.family)) {
    return CallerError(CKR_TEMPLATE_INCONSISTENT, "mechanism does not unwrap private keys");
  }
  GW_TRY(pkey, PKey::FromPkcs8(pkcs8));
  if (pkey.type() != type) {
    return CallerError(CKR_WRAPPED_KEY_INVALID, "wrapped key is not of the type in CKA_KEY_TYPE");
  }
  if (type == CKK_DSA || type == CKK_DH) GW_TRY_VOID(CheckDomain(type, pkey.Domain()));
  GW_TRY_VOID(RequireParams(attributes, pkey));
  Key key;
  key.object_class = CKO_PRIVATE_KEY;
  key.type = type;
  key.pkey = std::move(pkey);
  return key;
}

// A bare SubjectPublicKeyInfo gets its MAC; the unwrapping key is not looked at.
Result<NewKey> ImportPublic(Card& card, ByteView spki, const AttributeMap& attributes) {
  GW_TRY(pkey, PKey::FromSpki(spki));
  GW_TRY_VOID(RequireKind(attributes, CKO_PUBLIC_KEY, pkey.type()));
  Key key;
  key.object_class = CKO_PUBLIC_KEY;
  key.type = pkey.type();
  GW_TRY_VOID(RequireParams(attributes, pkey));
  GW_TRY(bits, BitsOf(attributes, CKO_PUBLIC_KEY, key.type, Origin::kUnwrapped, pkey.curve()));
  key.bits = bits;
  key.pkey = std::move(pkey);
  return Finish(card, std::move(key));
}

}  // namespace

Result<Bytes> WrapKey(Card& card, const Mechanism& mechanism, ByteView key, ByteView wrapping_key,
                      ByteView mac_key) {
  GW_TRY(row, FindMechanism(mechanism, CKF_WRAP));
  if (row->family == Family::kBoundWrap) return BoundWrap(card, *row, {key, wrapping_key, mac_key});
  GW_TRY(kek, OpenFor(card, wrapping_key, *row, kUseWrap));
  GW_TRY(target, card.Open(key));
  GW_TRY_VOID(RequireWrappable(*row, *target, *kek));
  const SecretBytes input = WrapInput(*row, *target);
  Result<Bytes> wrapped = CryptWith(*row, mechanism, *kek, Operation::kEncrypt, input.view());
  if (!wrapped && IsRsa(row->family)) {
    return CallerError(CKR_KEY_SIZE_RANGE, "key is too long for the modulus");
  }
  return wrapped;
}

Result<NewKey> UnwrapKey(Card& card, const Mechanism& mechanism, ByteView wrapped,
                         ByteView unwrapping_key, const AttributeMap& attributes,
                         ByteView mac_key) {
  GW_TRY(row, FindMechanism(mechanism, CKF_UNWRAP));
  GW_TRY_VOID(CheckTemplate(attributes));
  if (row->family == Family::kTransportKey) return ImportPublic(card, wrapped, attributes);
  if (row->family == Family::kBoundWrap) {
    return BoundUnwrap(card, *row, {wrapped, unwrapping_key, mac_key}, attributes);
  }
  const auto type = NumberIn(attributes, CKA_KEY_TYPE);
  if (!type) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_KEY_TYPE is missing");
  const CK_OBJECT_CLASS object_class = ClassOf(attributes, *type);
  // Now for what is wrong with any key of the type; what the curve forbids is seen below.
  GW_TRY(any_bits, BitsOf(attributes, object_class, *type, Origin::kUnwrapped));
  static_cast<void>(any_bits);
  GW_TRY(kek, OpenFor(card, unwrapping_key, *row, kUseUnwrap));
  if (kek->Has(kAttributeBound)) {
    return CallerError(CKR_MECHANISM_INVALID, "unwrapping key is attribute-bound");
  }
  Result<Bytes> plain = CryptWith(*row, mechanism, *kek, Operation::kDecrypt, wrapped);
  if (!plain) return AsUnwrapError(std::move(plain).error());
  Result<Key> key = object_class == CKO_PRIVATE_KEY ? ImportPrivate(*plain, *row, attributes, *type)
                                                    : ImportSecret(*plain, *row, attributes, *type);
  Wipe(*plain);
  if (!key) return std::move(key).error();
  GW_TRY(bits, BitsOf(attributes, object_class, *type, Origin::kUnwrapped, key->curve()));
  key->bits = bits;
  return Finish(card, *std::move(key));
}

}  // namespace gw::emulator
