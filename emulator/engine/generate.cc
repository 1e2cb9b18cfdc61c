// Room: emulator/engine. GenerateKey and GenerateKeyPair.
#include "daemon/core/check.h"
#include "emulator/blob/codec.h"
#include "emulator/crypto/des.h"
#include "emulator/crypto/domain.h"
#include "emulator/crypto/symmetric.h"
#include "emulator/crypto/x931/x931.h"
#include "emulator/engine/keys.h"
#include "emulator/engine/templates.h"

namespace gw::emulator {
namespace {

constexpr std::uint64_t kMaxSecretBytes = 256;
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
  if (FixedLengthOf(type) != 0) SetOddParity(key.value.mutable_view());
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

struct RsaShape {
  std::size_t bits;
  Bytes exponent;
};

//   step  of the size in bits: "any even size", or what X9.31 asks for
Result<RsaShape> RsaShapeOf(const MechanismRow& row, const AttributeMap& attributes,
                            std::uint64_t step) {
  const auto bits = NumberIn(attributes, CKA_MODULUS_BITS);
  if (!bits) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_MODULUS_BITS is missing");
  const bool size_fits =
      *bits >= row.min_key_size && *bits <= row.max_key_size && *bits % step == 0;
  if (!size_fits) return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "modulus size");
  Bytes exponent = Stripped(
      BigNumberIn(attributes, CKA_PUBLIC_EXPONENT).value_or(Writer().U64(kDefaultExponent).Take()));
  if (!ExponentFits(exponent)) return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "public exponent");
  return RsaShape{*bits, std::move(exponent)};
}

// The templates of a pair.
struct Templates {
  const AttributeMap& private_key;
  const AttributeMap& public_key;
};

Result<PKey> MakeRsa(const MechanismRow& row, const Templates& templates) {
  GW_TRY(shape, RsaShapeOf(row, templates.public_key, 2));
  return PKey::GenerateRsa(shape.bits, shape.exponent);
}

Result<PKey> MakeX931(const MechanismRow& row, const Templates& templates) {
  GW_TRY(shape, RsaShapeOf(row, templates.public_key, 256));
  return GenerateX931(shape.bits, shape.exponent);
}

template <CK_KEY_TYPE kType>
Result<PKey> MakeFfc(const MechanismRow&, const Templates& templates) {
  const auto encoded = BytesIn(templates.public_key, CKA_IBM_STRUCT_PARAMS);
  if (!encoded) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_IBM_STRUCT_PARAMS is missing");
  GW_TRY(domain, ParseDomain(kType, *encoded));
  // "absent or 0 = derived from P"; DSA takes it from Q.
  const std::uint64_t private_bits = NumberIn(templates.private_key, CKA_VALUE_BITS).value_or(0);
  return PKey::GenerateFfc(kType, domain, kType == CKK_DH ? private_bits : 0);
}

Result<PKey> MakeEc(const MechanismRow&, const Templates& templates) {
  if (!templates.public_key.contains(CKA_EC_PARAMS)) {
    return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_EC_PARAMS is missing");
  }
  const CurveRow* curve = CurveIn(templates.public_key);
  if (curve == nullptr) return CallerError(CKR_CURVE_NOT_SUPPORTED, "no curve we know");
  return PKey::GenerateEc(*curve);
}

template <Result<PKey> (*kGenerate)(ByteView)>
Result<PKey> MakeLattice(const MechanismRow&, const Templates& templates) {
  const auto strength = BytesIn(templates.public_key, CKA_IBM_PQC_PARAMS);
  if (!strength) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_IBM_PQC_PARAMS is missing");
  return kGenerate(*strength);
}

struct PairMaker {
  Family family;
  CK_KEY_TYPE type;
  Result<PKey> (*make)(const MechanismRow&, const Templates&);
};
constexpr PairMaker kPairMakers[] = {
    {Family::kRsaKeyPairGen, CKK_RSA, MakeRsa},
    {Family::kEcKeyPairGen, CKK_EC, MakeEc},
    {Family::kX931KeyPairGen, CKK_RSA, MakeX931},
    {Family::kDsaKeyPairGen, CKK_DSA, MakeFfc<CKK_DSA>},
    {Family::kDhKeyPairGen, CKK_DH, MakeFfc<CKK_DH>},
    {Family::kDilithium, CKK_IBM_PQC_DILITHIUM, MakeLattice<PKey::GenerateDilithium>},
    {Family::kKyber, CKK_IBM_PQC_KYBER, MakeLattice<PKey::GenerateKyber>},
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

struct KeyMaker {
  Family family;
  CK_OBJECT_CLASS object_class;
  CK_KEY_TYPE type;
};
constexpr KeyMaker kKeyMakers[] = {
    {Family::kAesKeyGen, CKO_SECRET_KEY, CKK_AES},
    {Family::kGenericKeyGen, CKO_SECRET_KEY, CKK_GENERIC_SECRET},
    {Family::kDes2KeyGen, CKO_SECRET_KEY, CKK_DES2},
    {Family::kDes3KeyGen, CKO_SECRET_KEY, CKK_DES3},
    {Family::kDsaParameterGen, CKO_DOMAIN_PARAMETERS, CKK_DSA},
    {Family::kDhParameterGen, CKO_DOMAIN_PARAMETERS, CKK_DH},
};

const KeyMaker& KeyMakerOf(Family family) {
  for (const KeyMaker& maker : kKeyMakers) {
    if (maker.family == family) return maker;
  }
  GW_CHECK(false && "a mechanism with CKF_GENERATE has no maker");
  return kKeyMakers[0];
}

// "Mechanism with implied key size: CKA_VALUE_LEN is not checked"
Result<std::uint64_t> LengthToMake(CK_KEY_TYPE type, const AttributeMap& attributes) {
  if (const std::size_t fixed = FixedLengthOf(type); fixed != 0) return std::uint64_t{fixed};
  const auto octets = NumberIn(attributes, CKA_VALUE_LEN);
  if (!octets) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
  if (ValueLengthFits(type, *octets)) return *octets;
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE_LEN");
}

// Not a key: the result is in clear, without a check sum.
Result<NewKey> MakeDomain(const Mechanism& mechanism, CK_KEY_TYPE type,
                          const AttributeMap& attributes) {
  const auto bits = NumberIn(attributes, CKA_PRIME_BITS);
  if (!bits) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_PRIME_BITS is missing");
  GW_TRY(domain, GenerateDomain(type, *bits));
  NewKey made;
  made.key.object_class = CKO_DOMAIN_PARAMETERS;
  made.key.type = type;
  made.key.generated_by = mechanism.type;
  made.blob = EncodeDomain(domain);
  return made;
}

}  // namespace

std::size_t FixedLengthOf(CK_KEY_TYPE type) {
  if (type == CKK_DES2) return kDes2Bytes;
  return type == CKK_DES3 ? kDes3Bytes : 0;
}

bool ValueLengthFits(CK_KEY_TYPE type, std::uint64_t octets) {
  if (type == CKK_AES) return octets == 16 || octets == 24 || octets == 32;
  if (const std::size_t fixed = FixedLengthOf(type); fixed != 0) return octets == fixed;
  return octets >= 1 && octets <= kMaxSecretBytes;
}

NewKey Finish(const Card& card, Key key) {
  NewKey finished;
  key.session = card.session();
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
  half.session = private_key.session;
  return half;
}

Result<NewKey> GenerateKey(Card& card, const Mechanism& mechanism, const AttributeMap& attributes) {
  GW_TRY(row, FindMechanism(mechanism, CKF_GENERATE));
  const KeyMaker& maker = KeyMakerOf(row->family);
  GW_TRY_VOID(CheckTemplate(attributes));
  GW_TRY_VOID(RequireKind(attributes, maker.object_class, maker.type));
  if (maker.object_class == CKO_DOMAIN_PARAMETERS) {
    return MakeDomain(mechanism, maker.type, attributes);
  }
  GW_TRY(octets, LengthToMake(maker.type, attributes));
  GW_TRY(bits, BitsOf(attributes, CKO_SECRET_KEY, maker.type, Origin::kGenerated));
  return Finish(card, NewSecret(maker.type, mechanism.type, bits, octets));
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
  GW_TRY(pkey, maker.make(*row, {private_template, public_template}));
  NewKeyPair pair;
  pair.private_key = Finish(card, HalfOf(pkey, CKO_PRIVATE_KEY, private_bits, mechanism.type));
  pair.public_key = Finish(card, HalfOf(pkey, CKO_PUBLIC_KEY, public_bits, mechanism.type));
  return pair;
}

}  // namespace gw::emulator
