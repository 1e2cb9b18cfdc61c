// Room: emulator/engine. GenerateKey and GenerateKeyPair.
#include "daemon/core/check.h"
#include "emulator/blob/codec.h"
#include "emulator/crypto/symmetric.h"
#include "emulator/engine/keys.h"
#include "emulator/engine/templates.h"

namespace gw::emulator {
namespace {

constexpr std::uint64_t kMaxSecretBytes = 256;
constexpr std::uint64_t kRsaStepBits = 256;  // "1024 + 256*n" in FIPS mode
constexpr std::uint64_t kDefaultExponent = 65537;
constexpr std::uint64_t kSmallestExponent = 17;

Key NewSecret(CK_KEY_TYPE type, CK_MECHANISM_TYPE generated_by, AttributeBits bits,
              std::size_t octets) {
  Key key;
  key.object_class = CKO_SECRET_KEY;
  key.type = type;
  key.bits = bits;
  key.generated_by = generated_by;
  key.value = SecretBytes::OfSize(octets);
  FillRandom(key.value.mutable_view());
  return key;
}

// Big-endian, without leading zeros.
Bytes Stripped(Bytes number) {
  const auto first = std::ranges::find_if(number, [](Byte octet) { return octet != 0; });
  number.erase(number.begin(), first);
  return number;
}

bool ExponentFits(const Bytes& exponent) {
  if (exponent.empty() || exponent.size() > 8 || exponent.back() % 2 == 0) return false;
  std::uint64_t value = 0;
  for (const Byte octet : exponent) value = value << 8 | octet;
  return value >= kSmallestExponent;
}

Result<PKey> MakeRsa(const MechanismRow& row, const AttributeMap& attributes) {
  const auto bits = NumberIn(attributes, CKA_MODULUS_BITS);
  if (!bits) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_MODULUS_BITS is missing");
  const bool size_fits = *bits >= row.min_key_size && *bits <= row.max_key_size &&
                         (*bits - row.min_key_size) % kRsaStepBits == 0;
  if (!size_fits) return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "modulus size");
  const Bytes exponent = Stripped(
      BigNumberIn(attributes, CKA_PUBLIC_EXPONENT).value_or(Writer().U64(kDefaultExponent).Take()));
  if (!ExponentFits(exponent)) return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "public exponent");
  return PKey::GenerateRsa(*bits, exponent);
}

Result<PKey> MakeEc(const MechanismRow&, const AttributeMap& attributes) {
  if (!attributes.contains(CKA_EC_PARAMS)) {
    return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_EC_PARAMS is missing");
  }
  const CurveRow* curve = CurveIn(attributes);
  if (curve == nullptr) return CallerError(CKR_CURVE_NOT_SUPPORTED, "no curve we know");
  return PKey::GenerateEc(*curve);
}

Result<PKey> MakeDilithium(const MechanismRow&, const AttributeMap& attributes) {
  const auto strength = BytesIn(attributes, CKA_IBM_PQC_PARAMS);
  if (!strength) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_IBM_PQC_PARAMS is missing");
  return PKey::GenerateDilithium(*strength);
}

struct PairMaker {
  Family family;
  CK_KEY_TYPE type;
  Result<PKey> (*make)(const MechanismRow&, const AttributeMap& public_template);
};
constexpr PairMaker kPairMakers[] = {
    {Family::kRsaKeyPairGen, CKK_RSA, MakeRsa},
    {Family::kEcKeyPairGen, CKK_EC, MakeEc},
    {Family::kDilithium, CKK_IBM_PQC_DILITHIUM, MakeDilithium},
};

const PairMaker& PairMakerOf(Family family) {
  for (const PairMaker& maker : kPairMakers) {
    if (maker.family == family) return maker;
  }
  GW_CHECK(false && "a mechanism with CKF_GENERATE_KEY_PAIR has no maker");
  return kPairMakers[0];
}

Key HalfOf(const PKey& pkey, CK_OBJECT_CLASS object_class, AttributeBits bits,
           CK_MECHANISM_TYPE generated_by) {
  Key key;
  key.object_class = object_class;
  key.type = pkey.type();
  key.bits = bits;
  key.generated_by = generated_by;
  key.pkey = pkey;
  return key;
}

}  // namespace

bool ValueLengthFits(CK_KEY_TYPE type, std::uint64_t octets) {
  if (type == CKK_AES) return octets == 16 || octets == 24 || octets == 32;
  return octets >= 1 && octets <= kMaxSecretBytes;
}

NewKey Finish(const Card& card, Key key) {
  NewKey finished;
  finished.blob = SealKey(card.master(), key);
  if (key.object_class == CKO_SECRET_KEY) finished.check_sum = CheckSumOf(key);
  if (key.object_class == CKO_PRIVATE_KEY) {
    finished.check_sum = Writer()
                             .Raw(SealKey(card.master(), PublicHalf(key)))
                             .U32(static_cast<std::uint32_t>(key.size_bits()))
                             .Take();
  }
  finished.key = std::move(key);
  return finished;
}

Key PublicHalf(const Key& private_key) {
  Key half;
  half.object_class = CKO_PUBLIC_KEY;
  half.type = private_key.type;
  const AttributeMap silent;
  Result<AttributeBits> bits =
      BitsOf(silent, CKO_PUBLIC_KEY, half.type, Origin::kDerived, private_key.curve());
  half.bits = bits.ok() ? *bits : 0;
  half.pkey = private_key.pkey;
  return half;
}

Result<NewKey> GenerateKey(Card& card, const Mechanism& mechanism, const AttributeMap& attributes) {
  GW_TRY(row, FindMechanism(mechanism, CKF_GENERATE));
  const CK_KEY_TYPE type = row->family == Family::kAesKeyGen ? CKK_AES : CKK_GENERIC_SECRET;
  GW_TRY_VOID(CheckTemplate(attributes));
  GW_TRY_VOID(RequireKind(attributes, CKO_SECRET_KEY, type));
  const auto octets = NumberIn(attributes, CKA_VALUE_LEN);
  if (!octets) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
  if (!ValueLengthFits(type, *octets)) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE_LEN");
  }
  GW_TRY(bits, BitsOf(attributes, CKO_SECRET_KEY, type, Origin::kGenerated));
  return Finish(card, NewSecret(type, mechanism.type, bits, *octets));
}

Result<NewKeyPair> GenerateKeyPair(Card& card, const Mechanism& mechanism,
                                   const AttributeMap& private_template,
                                   const AttributeMap& public_template) {
  GW_TRY(row, FindMechanism(mechanism, CKF_GENERATE_KEY_PAIR));
  const PairMaker& maker = PairMakerOf(row->family);
  GW_TRY_VOID(CheckTemplate(private_template));
  GW_TRY_VOID(CheckTemplate(public_template));
  GW_TRY_VOID(RequireKind(private_template, CKO_PRIVATE_KEY, maker.type));
  GW_TRY_VOID(RequireKind(public_template, CKO_PUBLIC_KEY, maker.type));
  const CurveRow* curve = CurveIn(public_template);
  GW_TRY(private_bits,
         BitsOf(private_template, CKO_PRIVATE_KEY, maker.type, Origin::kGenerated, curve));
  GW_TRY(public_bits,
         BitsOf(public_template, CKO_PUBLIC_KEY, maker.type, Origin::kGenerated, curve));
  GW_TRY(pkey, maker.make(*row, public_template));
  NewKeyPair pair;
  pair.private_key = Finish(card, HalfOf(pkey, CKO_PRIVATE_KEY, private_bits, mechanism.type));
  pair.public_key = Finish(card, HalfOf(pkey, CKO_PUBLIC_KEY, public_bits, mechanism.type));
  return pair;
}

}  // namespace gw::emulator
