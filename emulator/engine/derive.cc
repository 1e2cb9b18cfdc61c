// Room: emulator/engine. DeriveKey.
#include "daemon/core/check.h"
#include "emulator/crypto/derivation.h"
#include "emulator/crypto/des.h"
#include "emulator/crypto/ec.h"
#include "emulator/crypto/lattice.h"
#include "emulator/crypto/symmetric.h"
#include "emulator/engine/keys.h"
#include "emulator/engine/templates.h"
#include "emulator/engine/wallet.h"

namespace gw::emulator {
namespace {

// The point may come alone, which means CKD_NULL.
Ecdh1Params EcdhParamsOf(const Mechanism& mechanism) {
  if (const auto* point = std::get_if<Bytes>(&mechanism.params)) return {CKD_NULL, {}, *point};
  return std::get<Ecdh1Params>(mechanism.params);
}

// AES keys need to be told their length; a generic secret takes what the derivation gives.
Result<std::uint64_t> LengthOf(const AttributeMap& attributes, CK_KEY_TYPE type,
                               std::uint64_t natural) {
  const auto wanted = NumberIn(attributes, CKA_VALUE_LEN);
  const std::size_t fixed = FixedLengthOf(type);
  if (!wanted && fixed == 0 && type != CKK_GENERIC_SECRET) {
    return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
  }
  const std::uint64_t octets = wanted.value_or(fixed != 0 ? fixed : natural);
  if (!ValueLengthFits(type, octets)) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE_LEN");
  }
  return octets;
}

constexpr std::uint64_t kLongestSecret = 256;

// The leading octets of a shared secret.
Result<SecretBytes> FirstOf(const SecretBytes& secret, std::uint64_t octets) {
  if (octets > secret.size()) {
    return CallerError(CKR_KEY_SIZE_RANGE, "the shared secret is shorter than CKA_VALUE_LEN");
  }
  return SecretBytes(secret.view().first(octets));
}

using Agree = Result<SecretBytes> (*)(const PKey& key, ByteView point);

// CKD_NULL takes the leading octets of the shared secret; the others run the X9.63 KDF over it.
Result<SecretBytes> EcdhValue(Agree agree, const PKey& key, const Ecdh1Params& params,
                              const AttributeMap& attributes, CK_KEY_TYPE type) {
  GW_TRY(secret, agree(key, params.public_data));
  GW_TRY(octets, LengthOf(attributes, type, secret.size()));
  if (params.kdf != CKD_NULL) {
    Bytes derived = X963Kdf(HashOfKdf(params.kdf), secret.view(), params.shared_data, octets);
    SecretBytes value(derived);
    Wipe(derived);
    return value;
  }
  return FirstOf(secret, octets);
}

// What a derivation works on.
struct Derivation {
  const MechanismRow& row;
  const Mechanism& mechanism;
  const Key& base;
  ByteView data;  // of the request
  const AttributeMap& attributes;
  CK_KEY_TYPE type;
  Bytes& ciphertext;  // where an encapsulation puts it

  SecretShape shape() const {
    return {NumberIn(attributes, CKA_KEY_TYPE), NumberIn(attributes, CKA_VALUE_LEN)};
  }
};

template <Result<SecretBytes> (*kAgree)(const PKey&, ByteView)>
Result<SecretBytes> ByEcdh(const Derivation& d) {
  return EcdhValue(kAgree, *d.base.pkey, EcdhParamsOf(d.mechanism), d.attributes, d.type);
}

Result<SecretBytes> ByDh(const Derivation& d) {
  const DomainParams domain = d.base.pkey->Domain();
  GW_TRY(value, d.base.pkey->Exponent());
  GW_TRY(secret,
         DhSecret({domain.prime, domain.base, value.view()}, std::get<Bytes>(d.mechanism.params)));
  // A secret as long as the prime may be longer than any key.
  GW_TRY(octets,
         LengthOf(d.attributes, d.type, std::min<std::uint64_t>(secret.size(), kLongestSecret)));
  return FirstOf(secret, octets);
}

Result<SecretBytes> ByDigest(const Derivation& d) {
  GW_TRY(derived, DeriveByDigest(d.row.hash, d.base.value.view(), d.shape()));
  return std::move(derived.value);
}

// The data are the mechanism's parameter or stand in the request: which of the two the card reads
// is not documented.
Result<SecretBytes> ByEncryption(const Derivation& d) {
  const auto* parameter = std::get_if<Bytes>(&d.mechanism.params);
  const bool in_parameter = parameter != nullptr && !parameter->empty();
  if (in_parameter && !d.data.empty()) {
    return CallerError(CKR_MECHANISM_PARAM_INVALID, "data both as parameter and in the request");
  }
  GW_TRY(derived, DeriveByDes3Ecb(d.base.value.view(), in_parameter ? ByteView(*parameter) : d.data,
                                  d.shape()));
  return std::move(derived.value);
}

const KyberParams& KyberParamsOf(const Mechanism& mechanism) {
  return std::get<KyberParams>(mechanism.params);
}

Result<SecretBytes> KyberSecret(const Derivation& d) {
  const KyberParams& params = KyberParamsOf(d.mechanism);
  if (params.mode == kKemDecapsulate) {
    return KyberDecapsulate(*d.base.pkey, params.ciphertext);
  }
  GW_TRY(made, KyberEncapsulate(*d.base.pkey));
  d.ciphertext = std::move(made.ciphertext);
  return std::move(made.secret);
}

Result<SecretBytes> ByKyber(const Derivation& d) {
  GW_TRY(secret, KyberSecret(d));
  GW_TRY(octets, LengthOf(d.attributes, d.type, secret.size()));
  return FirstOf(secret, octets);
}

struct Deriver {
  Family family;
  Result<SecretBytes> (*derive)(const Derivation&);
  bool needs_type;  // else a silent template means a generic secret
};
constexpr Deriver kDerivers[] = {
    {Family::kEcdh, ByEcdh<EcdhSecret>, true},
    {Family::kXdh, ByEcdh<XdhSecret>, true},
    {Family::kDhDerive, ByDh, true},
    {Family::kDigestDerive, ByDigest, false},
    {Family::kDes3EncryptData, ByEncryption, false},
    {Family::kKyber, ByKyber, true},
};

const Deriver& DeriverOf(Family family) {
  for (const Deriver& deriver : kDerivers) {
    if (deriver.family == family) return deriver;
  }
  GW_CHECK(false && "a mechanism with CKF_DERIVE has no deriver");
  return kDerivers[0];
}

// Encapsulation alone begins with a public key.
const KeyUse& UseOf(const Mechanism& mechanism) {
  const auto* kyber = std::get_if<KyberParams>(&mechanism.params);
  const bool encapsulates = kyber != nullptr && kyber->mode == kKemEncapsulate;
  return encapsulates ? kUseDerivePublic : kUseDerive;
}

// "NEVER_EXTRACTABLE only if the base key has it"
AttributeBits WithHistory(AttributeBits bits, const Key& base) {
  const bool never = base.Has(kNeverExtractable) && (bits & kExtractable) == 0;
  return never ? bits | kNeverExtractable : bits;
}

}  // namespace

Result<NewKey> DeriveKey(Card& card, const Mechanism& mechanism, ByteView base_key, ByteView data,
                         const AttributeMap& attributes) {
  GW_TRY(row, FindMechanism(mechanism, CKF_DERIVE));
  GW_TRY_VOID(CheckTemplate(attributes));
  const bool wallet = row->family == Family::kWallet;
  const auto type = NumberIn(attributes, CKA_KEY_TYPE);
  if (!type && (wallet || DeriverOf(row->family).needs_type)) {
    return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_KEY_TYPE is missing");
  }
  if (wallet) return DeriveWalletKey(card, *row, mechanism, base_key, attributes);
  Key key;
  key.object_class = CKO_SECRET_KEY;
  key.type = type.value_or(CKK_GENERIC_SECRET);
  GW_TRY_VOID(RequireKind(attributes, CKO_SECRET_KEY, key.type));
  GW_TRY(bits, BitsOf(attributes, CKO_SECRET_KEY, key.type, Origin::kDerived));
  GW_TRY(base, OpenFor(card, base_key, *row, UseOf(mechanism)));
  key.bits = WithHistory(bits, *base);
  Bytes ciphertext;
  GW_TRY(value, DeriverOf(row->family)
                    .derive({*row, mechanism, *base, data, attributes, key.type, ciphertext}));
  key.value = std::move(value);
  if (FixedLengthOf(key.type) != 0) SetOddParity(key.value.mutable_view());
  if (key.value.size() > kLongestSecret) {
    return CallerError(CKR_DATA_LEN_RANGE, "longer than any secret key");
  }
  NewKey made = Finish(card, std::move(key));
  Append(made.check_sum, ciphertext);  // nothing but a KEM has one
  return made;
}

}  // namespace gw::emulator
