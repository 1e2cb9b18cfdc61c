// Room: emulator/engine. WrapKey and UnwrapKey, also how keys are imported.
#include "emulator/blob/spki.h"
#include "emulator/engine/crypt.h"
#include "emulator/engine/keys.h"
#include "emulator/engine/templates.h"

namespace gw::emulator {
namespace {

constexpr std::size_t kBlock = 16;

bool IsUnpadded(Family family) { return family == Family::kAesEcb || family == Family::kAesCbc; }
bool IsRsa(Family family) { return family == Family::kRsaPkcs1 || family == Family::kRsaOaep; }
// "wrap: secret keys only"
bool TakesPrivateKeys(Family family) { return family == Family::kAesCbcPad; }

Status RequireWrappable(const MechanismRow& row, const Key& key, const Key& kek) {
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
  if (!IsUnpadded(row.family) || value.size() % kBlock == 0) return value;
  SecretBytes filled = SecretBytes::OfSize((value.size() + kBlock - 1) / kBlock * kBlock);
  std::ranges::copy(value.view(), filled.mutable_view().begin());
  return filled;
}

// The codes of decryption, as unwrapping names them.
Error AsUnwrapError(Error error) {
  if (error.rv == CKR_ENCRYPTED_DATA_INVALID) error.rv = CKR_WRAPPED_KEY_INVALID;
  if (error.rv == CKR_ENCRYPTED_DATA_LEN_RANGE) error.rv = CKR_WRAPPED_KEY_LEN_RANGE;
  return error;
}

// "UnwrapKey -> secret key if CKA_KEY_TYPE is AES, DES2 or DES3, otherwise private key", unless the
// template says it.
CK_OBJECT_CLASS ClassOf(const AttributeMap& attributes, CK_KEY_TYPE type) {
  const CK_OBJECT_CLASS by_type = type == CKK_RSA || type == CKK_EC || type == CKK_IBM_PQC_DILITHIUM
                                      ? CKO_PRIVATE_KEY
                                      : CKO_SECRET_KEY;
  return NumberIn(attributes, CKA_CLASS).value_or(by_type);
}

Status CutToLength(Bytes& value, const MechanismRow& row, const AttributeMap& attributes,
                   CK_KEY_TYPE type) {
  const std::uint64_t wanted = NumberIn(attributes, CKA_VALUE_LEN).value_or(value.size());
  const bool may_cut = IsUnpadded(row.family) && wanted <= value.size();
  if (wanted != value.size() && !may_cut) {
    return CallerError(CKR_WRAPPED_KEY_LEN_RANGE, "key is not of the length in CKA_VALUE_LEN");
  }
  value.resize(wanted);
  if (ValueLengthFits(type, value.size())) return Ok();
  return CallerError(CKR_WRAPPED_KEY_LEN_RANGE, "no length for a key of this type");
}

Result<Key> ImportSecret(Bytes value, const MechanismRow& row, const AttributeMap& attributes,
                         CK_KEY_TYPE type) {
  GW_TRY_VOID(CutToLength(value, row, attributes, type));
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

Result<Bytes> WrapKey(Card& card, const Mechanism& mechanism, ByteView key, ByteView wrapping_key) {
  GW_TRY(row, FindMechanism(mechanism, CKF_WRAP));
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
                         ByteView unwrapping_key, const AttributeMap& attributes) {
  GW_TRY(row, FindMechanism(mechanism, CKF_UNWRAP));
  GW_TRY_VOID(CheckTemplate(attributes));
  if (row->family == Family::kTransportKey) return ImportPublic(card, wrapped, attributes);
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
