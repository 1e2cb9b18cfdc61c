// Room: mechanism.
#include "daemon/mechanism/parameter_rules.h"

#include <algorithm>
#include <array>

namespace gw {
namespace {

// Data that goes with OAEP and ECDH, each. Source: behaviour 5.1, 5.2.
constexpr std::size_t kMaxParameterDataBytes = 1024;
// The longest RSA modulus we serve; a PSS salt has to fit into one beside its hash and two octets.
constexpr std::size_t kMaxModulusBytes = 512;

struct MaskPair {
  Hash hash;
  CK_ULONG mgf;
};

// The HSM takes a digest only with the mask generator made from it.
constexpr auto kMaskPairs = std::to_array<MaskPair>({
    {Hash::kSha1, CKG_MGF1_SHA1},
    {Hash::kSha224, CKG_MGF1_SHA224},
    {Hash::kSha256, CKG_MGF1_SHA256},
    {Hash::kSha384, CKG_MGF1_SHA384},
    {Hash::kSha512, CKG_MGF1_SHA512},
});

constexpr auto kKdfs = std::to_array<CK_ULONG>(
    {CKD_NULL, CKD_SHA1_KDF, CKD_SHA224_KDF, CKD_SHA256_KDF, CKD_SHA384_KDF, CKD_SHA512_KDF});

Error Bad(const char* what, SourceLocation where = SourceLocation::current()) {
  return CallerError(CKR_MECHANISM_PARAM_INVALID, what, where);
}

// nullopt: not a pair of the HSM.
std::optional<Hash> HashOfPair(CK_MECHANISM_TYPE digest, CK_ULONG mgf) {
  const std::optional<Hash> hash = HashOfMechanism(digest);
  if (!hash) return std::nullopt;
  const auto pair = std::ranges::find(kMaskPairs, *hash, &MaskPair::hash);
  return pair != kMaskPairs.end() && pair->mgf == mgf ? hash : std::nullopt;
}

Status CheckNone(const MechanismRow&, const MechanismParameter& parameter) {
  // "parameter given where none is allowed", except that zero octets behind a pointer are tolerated
  const Bytes* octets = std::get_if<Bytes>(&parameter);
  const bool none = std::holds_alternative<std::monostate>(parameter);
  if (!none && (octets == nullptr || !octets->empty())) return Bad("mechanism takes no parameter");
  return Ok();
}

Status CheckIv(const MechanismRow& row, const MechanismParameter& parameter) {
  const Bytes* iv = std::get_if<Bytes>(&parameter);
  if (iv == nullptr || iv->size() != row.block_bytes) return Bad("needs an IV of one block");
  return Ok();
}

Status CheckOaep(const MechanismRow&, const MechanismParameter& parameter) {
  const auto* oaep = std::get_if<OaepParameter>(&parameter);
  if (oaep == nullptr) return Bad("needs CK_RSA_PKCS_OAEP_PARAMS");
  if (!HashOfPair(oaep->hash, oaep->mgf)) return Bad("OAEP digest and mask generator do not match");
  if (oaep->source != 0 && oaep->source != CKZ_DATA_SPECIFIED) return Bad("unknown OAEP source");
  if (oaep->source == 0 && !oaep->source_data.empty()) return Bad("OAEP data without a source");
  if (oaep->source_data.size() > kMaxParameterDataBytes) return Bad("OAEP source data too long");
  return Ok();
}

Status CheckPss(const MechanismRow& row, const MechanismParameter& parameter) {
  const auto* pss = std::get_if<PssParameter>(&parameter);
  if (pss == nullptr) return Bad("needs CK_RSA_PKCS_PSS_PARAMS");
  const std::optional<Hash> hash = HashOfPair(pss->hash, pss->mgf);
  if (!hash) return Bad("PSS digest and mask generator do not match");
  if (row.hash != Hash::kNone && row.hash != *hash) return Bad("PSS digest is not the mechanism's");
  if (pss->salt_bytes > kMaxModulusBytes - 2 - HashBytes(*hash)) return Bad("PSS salt too long");
  return Ok();
}

Status CheckEcdh1(const MechanismRow&, const MechanismParameter& parameter) {
  const auto* ecdh = std::get_if<Ecdh1Parameter>(&parameter);
  if (ecdh == nullptr) return Bad("needs CK_ECDH1_DERIVE_PARAMS");
  if (std::ranges::find(kKdfs, ecdh->kdf) == kKdfs.end()) return Bad("unknown ECDH KDF");
  // "With the key derivation function CKD_NULL, pSharedData must be NULL and ulSharedDataLen zero."
  if (ecdh->kdf == CKD_NULL && !ecdh->shared_data.empty()) return Bad("shared data without a KDF");
  if (ecdh->public_data.empty()) return Bad("ECDH needs the public point of the other party");
  if (std::max(ecdh->public_data.size(), ecdh->shared_data.size()) > kMaxParameterDataBytes) {
    return Bad("ECDH data too long");
  }
  return Ok();
}

using Check = Status (*)(const MechanismRow&, const MechanismParameter&);
// Indexed by ParameterRule.
constexpr auto kChecks =
    std::to_array<Check>({CheckNone, CheckIv, CheckOaep, CheckPss, CheckEcdh1});
static_assert(kChecks.size() == static_cast<std::size_t>(ParameterRule::kEcdh1) + 1);

}  // namespace

Status CheckParameter(const MechanismRow& row, const MechanismParameter& parameter) {
  return kChecks[static_cast<std::size_t>(row.parameter)](row, parameter);
}

}  // namespace gw
