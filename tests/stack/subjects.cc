// Room: tests/stack. See subjects.h.
#include "tests/stack/subjects.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace gw::stack {
namespace {

constexpr std::string_view kP256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);
constexpr std::string_view kExponent("\x01\x00\x01", 3);
constexpr std::string_view kRsaPublic = "subject: RSA, public";
constexpr std::string_view kRsaPrivate = "subject: RSA, private";
constexpr std::string_view kEcPublic = "subject: EC, public";
constexpr std::string_view kEcPrivate = "subject: EC, private";
constexpr std::string_view kAes = "subject: AES";
constexpr std::string_view kSecret = "subject: secret";
constexpr std::string_view kSeed = "subject: seed";
constexpr std::string_view kDsaPublic = "subject: DSA, public";
constexpr std::string_view kDsaPrivate = "subject: DSA, private";
constexpr std::string_view kDhPublic = "subject: DH, public";
constexpr std::string_view kDhPrivate = "subject: DH, private";
constexpr std::string_view kDes = "subject: DES3";
constexpr std::string_view kBound = "subject: bound AES";
constexpr std::string_view kMacKey = "subject: bound secret";
constexpr CK_ULONG kDomainBits = 1024;
// The shortest that is offered: the tests make thousands of calls with it.
constexpr CK_ULONG kRsaBits = 1024;
// Fits beside any digest in such a modulus.
constexpr CK_ULONG kSaltBytes = 20;
constexpr std::size_t kChainCodeBytes = 32;
constexpr std::size_t kCiphertextBytes = 1088;  // of Kyber-768

// A pair, and the mechanisms that it is for.
struct SpecialRow {
  std::string_view label;
  CK_MECHANISM_TYPE maker;
  CK_ATTRIBUTE_TYPE parameters;
  std::string_view value;
  bool derives;
  std::vector<CK_MECHANISM_TYPE> mechanisms;
};
const std::vector<SpecialRow>& SpecialRows() {
  using namespace std::string_view_literals;
  static const std::vector<SpecialRow> rows = {
      {"subject: Ed25519",
       CKM_EC_EDWARDS_KEY_PAIR_GEN,
       CKA_EC_PARAMS,
       "\x06\x03\x2b\x65\x70"sv,
       false,
       {CKM_EDDSA, CKM_IBM_ED25519_SHA512, CKM_EC_EDWARDS_KEY_PAIR_GEN}},
      {"subject: Ed448",
       CKM_EC_EDWARDS_KEY_PAIR_GEN,
       CKA_EC_PARAMS,
       "\x06\x03\x2b\x65\x71"sv,
       false,
       {CKM_IBM_ED448_SHA3}},
      {"subject: X25519",
       CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
       CKA_EC_PARAMS,
       "\x06\x03\x2b\x65\x6e"sv,
       true,
       {CKM_IBM_EC_X25519, CKM_EC_MONTGOMERY_KEY_PAIR_GEN}},
      {"subject: X448",
       CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
       CKA_EC_PARAMS,
       "\x06\x03\x2b\x65\x6f"sv,
       true,
       {CKM_IBM_EC_X448}},
      {"subject: Dilithium",
       CKM_IBM_DILITHIUM,
       CKA_IBM_PQC_PARAMS,
       "\x06\x0b\x2b\x06\x01\x04\x01\x02\x82\x0b\x07\x04\x04"sv,
       false,
       {CKM_IBM_DILITHIUM}},
      {"subject: Kyber",
       CKM_IBM_KYBER,
       CKA_IBM_PQC_PARAMS,
       "\x06\x0b\x2b\x06\x01\x04\x01\x02\x82\x0b\x05\x03\x03"sv,
       true,
       {CKM_IBM_KYBER}},
  };
  return rows;
}
std::string HalfOf(const SpecialRow& row, std::string_view half) {
  return std::string(row.label) + ", " + std::string(half);
}

Attributes Untouchable(std::string_view label) {
  Attributes attributes;
  attributes.Value(CKA_LABEL, label).Bool(CKA_TOKEN, true).Bool(CKA_MODIFIABLE, false);
  attributes.Bool(CKA_COPYABLE, false).Bool(CKA_DESTROYABLE, false);
  return attributes;
}

KeyPair MakePair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, Attributes first,
                 Attributes second) {
  return NewPair(session, type, std::move(first.Bool(CKA_PRIVATE, false)),
                 std::move(second.Bool(CKA_EXTRACTABLE, true)));
}

CK_OBJECT_HANDLE MakeSecret(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
                            std::string_view label) {
  Attributes attributes = Untouchable(label);
  attributes.Bool(CKA_EXTRACTABLE, true);
  if (type != CKM_DES3_KEY_GEN) attributes.Number(CKA_VALUE_LEN, 32);
  if (label == kDes) attributes.Bool(CKA_DERIVE, true);
  if (label == kBound || label == kMacKey) attributes.Bool(CKA_IBM_ATTRBOUND, true);
  if (label == kSeed) attributes.Bool(CKA_DERIVE, true).Bool(CKA_IBM_USE_AS_DATA, true);
  return NewKey(session, type, std::move(attributes));
}

Octets Read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  Octets value(1024);
  CK_ATTRIBUTE wanted{type, value.data(), value.size()};
  GW_EXPECT_RV(P11().C_GetAttributeValue(session, object, &wanted, 1), CKR_OK);
  value.resize(wanted.ulValueLen);
  return value;
}

// A pair of DSA or Diffie-Hellman, with parameters made for it.
KeyPair MakeByDomain(CK_SESSION_HANDLE session, bool dsa) {
  CK_MECHANISM mechanism{dsa ? CKM_DSA_PARAMETER_GEN : CKM_DH_PKCS_PARAMETER_GEN, nullptr, 0};
  Attributes size;
  size.Number(CKA_PRIME_BITS, kDomainBits);
  const auto list = size.list();
  CK_OBJECT_HANDLE domain = CK_INVALID_HANDLE;
  GW_EXPECT_RV(P11().C_GenerateKey(session, &mechanism, list.data(), list.size(), &domain), CKR_OK);
  Attributes first = Untouchable(dsa ? kDsaPublic : kDhPublic);
  for (const CK_ATTRIBUTE_TYPE type : {CKA_PRIME, CKA_SUBPRIME, CKA_BASE}) {
    if (type == CKA_SUBPRIME && !dsa) continue;
    const Octets number = Read(session, domain, type);
    first.Value(type,
                std::string_view(reinterpret_cast<const char*>(number.data()), number.size()));
  }
  GW_EXPECT_RV(P11().C_DestroyObject(session, domain), CKR_OK);
  Attributes second = Untouchable(dsa ? kDsaPrivate : kDhPrivate);
  if (!dsa) second.Bool(CKA_DERIVE, true);
  return MakePair(session, dsa ? CKM_DSA_KEY_PAIR_GEN : CKM_DH_PKCS_KEY_PAIR_GEN, first, second);
}

}  // namespace

Subjects Subjects::Make(CK_SESSION_HANDLE session) {
  Subjects made;
  made.rsa = MakePair(session, CKM_RSA_PKCS_KEY_PAIR_GEN,
                      Untouchable(kRsaPublic)
                          .Number(CKA_MODULUS_BITS, kRsaBits)
                          .Value(CKA_PUBLIC_EXPONENT, kExponent)
                          .Bool(CKA_VERIFY_RECOVER, true),
                      Untouchable(kRsaPrivate).Bool(CKA_SIGN_RECOVER, true));
  made.ec =
      MakePair(session, CKM_EC_KEY_PAIR_GEN, Untouchable(kEcPublic).Value(CKA_EC_PARAMS, kP256),
               Untouchable(kEcPrivate).Bool(CKA_DERIVE, true));
  made.aes = MakeSecret(session, CKM_AES_KEY_GEN, kAes);
  made.secret = MakeSecret(session, CKM_GENERIC_SECRET_KEY_GEN, kSecret);
  for (const SpecialRow& row : SpecialRows()) {
    Attributes first = Untouchable(HalfOf(row, "public")).Value(row.parameters, row.value);
    Attributes second = Untouchable(HalfOf(row, "private"));
    if (row.derives) second.Bool(CKA_DERIVE, true);
    if (row.derives && row.maker == CKM_IBM_KYBER) first.Bool(CKA_DERIVE, true);
    const KeyPair pair = MakePair(session, row.maker, first, second);
    for (CK_MECHANISM_TYPE type : row.mechanisms) made.special[type] = pair;
  }
  const CK_OBJECT_HANDLE seed = MakeSecret(session, CKM_GENERIC_SECRET_KEY_GEN, kSeed);
  made.special[CKM_IBM_BTC_DERIVE] = {seed, seed};
  made.dsa = MakeByDomain(session, true);
  made.dh = MakeByDomain(session, false);
  made.dh_value = Read(session, made.dh.public_key, CKA_VALUE);
  made.des = MakeSecret(session, CKM_DES3_KEY_GEN, kDes);
  made.bound = MakeSecret(session, CKM_AES_KEY_GEN, kBound);
  made.mac_key = MakeSecret(session, CKM_GENERIC_SECRET_KEY_GEN, kMacKey);
  made.point = Read(session, made.ec.public_key, CKA_EC_POINT);
  made.modulus = Read(session, made.rsa.public_key, CKA_MODULUS);
  return made;
}

void Subjects::FindAgain(CK_SESSION_HANDLE session) {
  const auto find = [session](std::string_view label) {
    const std::vector<CK_OBJECT_HANDLE> found = FindByLabel(session, label);
    EXPECT_EQ(found.size(), 1u) << label;
    return found.empty() ? CK_OBJECT_HANDLE{CK_INVALID_HANDLE} : found.front();
  };
  if (modulus.empty()) return;  // none were made
  rsa = {find(kRsaPublic), find(kRsaPrivate)};
  ec = {find(kEcPublic), find(kEcPrivate)};
  aes = find(kAes);
  secret = find(kSecret);
  dsa = {find(kDsaPublic), find(kDsaPrivate)};
  dh = {find(kDhPublic), find(kDhPrivate)};
  des = find(kDes);
  bound = find(kBound);
  mac_key = find(kMacKey);
  for (const SpecialRow& row : SpecialRows()) {
    const KeyPair pair{find(HalfOf(row, "public")), find(HalfOf(row, "private"))};
    for (CK_MECHANISM_TYPE type : row.mechanisms) special[type] = pair;
  }
  special[CKM_IBM_BTC_DERIVE] = {find(kSeed), find(kSeed)};
}

KeyPair Subjects::KeysFor(const MechanismRow& row) const {
  if (const auto found = special.find(row.type); found != special.end()) return found->second;
  if (row.family == Family::kBoundWrap) return {bound, bound};
  switch (row.key_type) {
    case CKK_DSA:
      return dsa;
    case CKK_DH:
      return dh;
    case CKK_DES2:
    case CKK_DES3:
      return {des, des};
    case CKK_RSA:
      return rsa;
    case CKK_EC:
      return ec;
    case CKK_AES:
      return {aes, aes};
    case CKK_GENERIC_SECRET:
      return {secret, secret};
    case CK_UNAVAILABLE_INFORMATION:
      return {};
    default:
      ADD_FAILURE() << NameOfMechanism(row.type) << " needs a key that Subjects does not make";
      return {};
  }
}

CK_ULONG MaskOf(Hash hash) {
  switch (hash) {
    case Hash::kSha1:
      return CKG_MGF1_SHA1;
    case Hash::kSha224:
      return CKG_MGF1_SHA224;
    case Hash::kSha256:
      return CKG_MGF1_SHA256;
    case Hash::kSha384:
      return CKG_MGF1_SHA384;
    case Hash::kSha512:
      return CKG_MGF1_SHA512;
    case Hash::kNone:
    case Hash::kSha512_224:
    case Hash::kSha512_256:
    case Hash::kSha3_224:
    case Hash::kSha3_256:
    case Hash::kSha3_384:
    case Hash::kSha3_512:
      break;
  }
  return 0;
}

FittingMechanism::FittingMechanism(const MechanismRow& row, const Subjects& subjects)
    : mechanism_{row.type, nullptr, 0},
      mac_key_(subjects.mac_key),
      dh_value_(subjects.dh_value),
      point_(subjects.point) {
  const Hash hash = row.hash == Hash::kNone ? Hash::kSha256 : row.hash;
  switch (row.parameter) {
    case ParameterRule::kNone:
      break;
    case ParameterRule::kIv:
      mechanism_ = {row.type, iv_.data(), row.block_bytes};
      break;
    case ParameterRule::kOaep:
      oaep_ = {MechanismOfHash(hash), MaskOf(hash), CKZ_DATA_SPECIFIED, nullptr, 0};
      mechanism_ = {row.type, &oaep_, sizeof oaep_};
      break;
    case ParameterRule::kPss:
      pss_ = {MechanismOfHash(hash), MaskOf(hash), kSaltBytes};
      mechanism_ = {row.type, &pss_, sizeof pss_};
      break;
    case ParameterRule::kEcdh1:
      ecdh_ = {CKD_NULL, 0, nullptr, point_.size(), point_.data()};
      mechanism_ = {row.type, &ecdh_, sizeof ecdh_};
      break;
    case ParameterRule::kEddsa:  // none is as good
      break;
    case ParameterRule::kEcsg:
      schnorr_.submechanism = CKM_IBM_ECSDSA_RAND;
      mechanism_ = {row.type, &schnorr_, sizeof schnorr_};
      break;
    case ParameterRule::kBtc:
      output_.resize(kChainCodeBytes);
      wallet_ = {CK_IBM_BIP0032_MASTERK, 0, output_.data(), 0, CK_IBM_BTC_DERIVE_PARAMS_VERSION_1};
      mechanism_ = {row.type, &wallet_, sizeof wallet_};
      break;
    case ParameterRule::kKyber:
      output_.resize(kCiphertextBytes);
      kyber_.mode = CK_IBM_KEM_ENCAPSULATE;
      kyber_.kdf = CKD_NULL;
      kyber_.pCipher = output_.data();
      kyber_.ulCipherLen = output_.size();
      mechanism_ = {row.type, &kyber_, sizeof kyber_};
      break;
    case ParameterRule::kOctets:  // none is as good
      break;
    case ParameterRule::kPublicValue:
      mechanism_ = {row.type, dh_value_.data(), dh_value_.size()};
      break;
    case ParameterRule::kBlocks:
      mechanism_ = {row.type, iv_.data(), iv_.size()};
      break;
    case ParameterRule::kKeyHandle:
      mechanism_ = {row.type, &mac_key_, sizeof mac_key_};
      break;
  }
}

}  // namespace gw::stack
