// The words of words.h.
#include "tests/docs/words.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace gw::docs {
namespace {

// CKK_ numbers of PKCS #11 v3.0 that the header at hand may not have.
constexpr CK_KEY_TYPE kEcEdwards = 0x40;
constexpr CK_KEY_TYPE kEcMontgomery = 0x41;

struct KeyTypeWords {
  CK_KEY_TYPE type;
  std::string_view name;
  std::string_view unit;
};
constexpr auto kKeyTypes = std::to_array<KeyTypeWords>({
    {CKK_RSA, "RSA", "bits"},
    {CKK_DSA, "DSA", "bits"},
    {CKK_DH, "DH", "bits"},
    {CKK_X9_42_DH, "X9.42 DH", "bits"},
    {CKK_EC, "EC", "bits"},
    {kEcEdwards, "Edwards", "bits"},
    {kEcMontgomery, "Montgomery", "bits"},
    {CKK_IBM_PQC_DILITHIUM, "Dilithium", "bits"},
    {CKK_IBM_PQC_KYBER, "Kyber", "bits"},
    {CKK_GENERIC_SECRET, "generic secret", "bytes"},
    {CKK_AES, "AES", "bytes"},
    {CKK_DES, "DES", "bytes"},
    {CKK_DES2, "DES2", "bytes"},
    {CKK_DES3, "DES3", "bytes"},
});

struct ParameterWords {
  ParameterRule rule;
  std::string_view words;
};
constexpr auto kParameters = std::to_array<ParameterWords>({
    {ParameterRule::kNone, "none"},
    {ParameterRule::kIv, "IV, one block"},
    {ParameterRule::kOaep, "`CK_RSA_PKCS_OAEP_PARAMS`"},
    {ParameterRule::kPss, "`CK_RSA_PKCS_PSS_PARAMS`"},
    {ParameterRule::kEcdh1, "`CK_ECDH1_DERIVE_PARAMS`"},
    {ParameterRule::kEddsa, "none, or `CK_EDDSA_PARAMS` without context"},
    {ParameterRule::kEcsg, "`CK_IBM_ECDSA_OTHER_PARAMS`"},
    {ParameterRule::kBtc, "`CK_IBM_BTC_DERIVE_PARAMS`"},
    {ParameterRule::kKyber, "`CK_IBM_KYBER_PARAMS`, for derivation"},
    {ParameterRule::kPublicValue, "public value of the other side"},
    {ParameterRule::kBlocks, "data, whole blocks"},
    {ParameterRule::kKeyHandle, "handle of a MAC key"},
    {ParameterRule::kOctets, "octets"},
});

struct FlagWords {
  CK_FLAGS flag;
  std::string_view words;
};
constexpr auto kFlags = std::to_array<FlagWords>({
    {CKF_ENCRYPT, "encrypt"},
    {CKF_DECRYPT, "decrypt"},
    {CKF_DIGEST, "digest"},
    {CKF_SIGN, "sign"},
    {CKF_SIGN_RECOVER, "sign recover"},
    {CKF_VERIFY, "verify"},
    {CKF_VERIFY_RECOVER, "verify recover"},
    {CKF_GENERATE, "generate"},
    {CKF_GENERATE_KEY_PAIR, "generate pair"},
    {CKF_WRAP, "wrap"},
    {CKF_UNWRAP, "unwrap"},
    {CKF_DERIVE, "derive"},
});

struct SetWords {
  KindSet kinds;
  std::string_view words;
};
// From the large to the small.
constexpr auto kSets = std::to_array<SetWords>({
    {kAllKinds, "all objects"},
    {kKeys, "keys"},
    {kPublicKeys, "public keys"},
    {kPrivateKeys, "private keys"},
    {kSecretKeys, "secret keys"},
    {kCertificates, "certificates"},
});

struct PurposeWords {
  Purpose purpose;
  std::string_view words;
};
constexpr auto kPurposes = std::to_array<PurposeWords>({
    {Purpose::kCreate, "create"},
    {Purpose::kGenerate, "generate"},
    {Purpose::kUnwrap, "unwrap"},
    {Purpose::kDerive, "derive"},
});

[[noreturn]] void Wordless(std::string_view what, std::uint64_t number, std::string_view table) {
  throw std::runtime_error("no words for " + std::string(what) + " " + std::to_string(number) +
                           ": add a line to " + std::string(table) + " in tests/docs/words.cc");
}

const KeyTypeWords& RowOf(CK_KEY_TYPE type) {
  const auto row = std::ranges::find(kKeyTypes, type, &KeyTypeWords::type);
  if (row == kKeyTypes.end()) Wordless("key type", type, "kKeyTypes");
  return *row;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : ", ") + word;
  return joined.empty() ? "-" : joined;
}

// The key type of a kind with that class; nullopt: another class.
std::optional<CK_KEY_TYPE> KeyTypeOf(ObjectKind kind, CK_OBJECT_CLASS object_class) {
  for (const KeyTypeWords& row : kKeyTypes) {
    if (KindOfKey(object_class, row.type) == kind) return row.type;
  }
  return std::nullopt;
}

std::string_view WordsOfNoKey(ObjectKind kind) {
  if (kind == ObjectKind::kData) return "data objects";
  if (kind == ObjectKind::kDomainParameters) return "domain parameters";
  if (KindOfCertificate(CKC_X_509) == kind) return "X.509 certificates";
  if (KindOfCertificate(CKC_X_509_ATTR_CERT) == kind) return "attribute certificates";
  if (KindOfCertificate(CKC_WTLS) == kind) return "WTLS certificates";
  Wordless("kind of object", static_cast<std::uint64_t>(kind), "WordsOfNoKey or kKeyTypes");
}

// "EC keys" instead of both halves of a pair, as long as there are some.
std::optional<std::string> TakePair(KindSet& kinds) {
  for (const KeyTypeWords& row : kKeyTypes) {
    const auto open = KindOfKey(CKO_PUBLIC_KEY, row.type);
    const auto secret = KindOfKey(CKO_PRIVATE_KEY, row.type);
    if (!open || !secret || !Contains(kinds, *open) || !Contains(kinds, *secret)) continue;
    kinds &= ~KindsOf(*open, *secret);
    return std::string(row.name) + " keys";
  }
  return std::nullopt;
}

}  // namespace

std::string WordsOfKeyTypes(const MechanismRow& row) {
  if (row.key_type == CK_UNAVAILABLE_INFORMATION) return "-";
  std::vector<std::string> names{std::string(RowOf(row.key_type).name)};
  for (CK_KEY_TYPE type : row.more_key_types) names.emplace_back(RowOf(type).name);
  return Joined(names);
}

std::string WordsOfSizes(const MechanismRow& row) {
  if (row.max_key_size == 0) return "-";
  std::string sizes = std::to_string(row.min_key_size);
  if (row.max_key_size != row.min_key_size) sizes += " to " + std::to_string(row.max_key_size);
  return row.key_type == CK_UNAVAILABLE_INFORMATION
             ? sizes
             : sizes + " " + std::string(RowOf(row.key_type).unit);
}

std::string WordsOfParameter(const MechanismRow& row) {
  const auto words = std::ranges::find(kParameters, row.parameter, &ParameterWords::rule);
  if (words == kParameters.end()) {
    Wordless("parameter rule", static_cast<std::uint64_t>(row.parameter), "kParameters");
  }
  std::string text(words->words);
  if (row.block_bytes != 0 && row.parameter != ParameterRule::kNone) {
    text += " of " + std::to_string(row.block_bytes) + " bytes";
  }
  return text;
}

std::string WordsOfFlags(CK_FLAGS flags) {
  std::vector<std::string> words;
  for (const FlagWords& row : kFlags) {
    if ((flags & row.flag) != 0) words.emplace_back(row.words);
  }
  return Joined(words);
}

bool TakesMessages(CK_FLAGS flags) {
  return (flags & (CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_SIGN | CKF_VERIFY)) != 0;
}

std::string WordsOfKind(ObjectKind kind) {
  if (const auto type = KeyTypeOf(kind, CKO_PUBLIC_KEY)) {
    return std::string(RowOf(*type).name) + " public keys";
  }
  if (const auto type = KeyTypeOf(kind, CKO_PRIVATE_KEY)) {
    return std::string(RowOf(*type).name) + " private keys";
  }
  if (const auto type = KeyTypeOf(kind, CKO_SECRET_KEY)) {
    const bool generic = *type == CKK_GENERIC_SECRET;
    return std::string(RowOf(*type).name) + (generic ? "s" : " keys");
  }
  return std::string(WordsOfNoKey(kind));
}

std::string WordsOfKinds(KindSet kinds) {
  std::vector<std::string> words;
  for (const SetWords& set : kSets) {
    if ((kinds & set.kinds) != set.kinds) continue;
    words.emplace_back(set.words);
    kinds &= ~set.kinds;
  }
  while (const auto pair = TakePair(kinds)) words.push_back(*pair);
  for (; kinds != 0; kinds &= kinds - 1) {
    words.push_back(WordsOfKind(static_cast<ObjectKind>(std::countr_zero(kinds))));
  }
  return Joined(words);
}

std::string WordsOfPurposes(PurposeSet given) {
  std::vector<std::string> words;
  for (const PurposeWords& row : kPurposes) {
    if (Contains(given, row.purpose)) words.emplace_back(row.words);
  }
  return words.size() == kPurposes.size() ? "any" : Joined(words);
}

std::string WordsOfFallback(Fallback fallback) {
  switch (fallback) {
    case Fallback::kNone:
      return "-";
    case Fallback::kEmpty:
      return "empty";
    case Fallback::kFalse:
      return "FALSE";
    case Fallback::kTrue:
      return "TRUE";
    case Fallback::kZero:
      return "0";
    case Fallback::kUsage:
      return "by key type";
    case Fallback::kSha1:
      return "`CKM_SHA_1`";
  }
  Wordless("fallback", static_cast<std::uint64_t>(fallback), "WordsOfFallback");
}

std::string WordsOfChange(ChangeRule change) {
  switch (change) {
    case ChangeRule::kNever:
      return "never";
    case ChangeRule::kOnCopy:
      return "by `C_CopyObject`";
    case ChangeRule::kFree:
      return "at will";
    case ChangeRule::kToFalse:
      return "to FALSE";
    case ChangeRule::kToTrue:
      return "to TRUE";
    case ChangeRule::kToTrueByOfficer:
      return "to TRUE by the SO, to FALSE by all";
  }
  Wordless("rule of change", static_cast<std::uint64_t>(change), "WordsOfChange");
}

}  // namespace gw::docs
