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

// The HSM takes a digest only with the mask generator made from it; those of the second table for
// OAEP alone (wire sheet 6.3).
constexpr auto kMaskPairs = std::to_array<MaskPair>({
    {Hash::kSha1, CKG_MGF1_SHA1},
    {Hash::kSha224, CKG_MGF1_SHA224},
    {Hash::kSha256, CKG_MGF1_SHA256},
    {Hash::kSha384, CKG_MGF1_SHA384},
    {Hash::kSha512, CKG_MGF1_SHA512},
});

constexpr auto kOaepPairs = std::to_array<MaskPair>({
    {Hash::kSha3_224, CKG_IBM_MGF1_SHA3_224},
    {Hash::kSha3_256, CKG_IBM_MGF1_SHA3_256},
    {Hash::kSha3_384, CKG_IBM_MGF1_SHA3_384},
    {Hash::kSha3_512, CKG_IBM_MGF1_SHA3_512},
});

constexpr auto kKdfs = std::to_array<CK_ULONG>(
    {CKD_NULL, CKD_SHA1_KDF, CKD_SHA224_KDF, CKD_SHA256_KDF, CKD_SHA384_KDF, CKD_SHA512_KDF});

Error Bad(const char* what, SourceLocation where = SourceLocation::current()) {
  return CallerError(CKR_MECHANISM_PARAM_INVALID, what, where);
}

// nullopt: not one of the pairs.
std::optional<Hash> HashOfPair(std::span<const MaskPair> pairs, CK_MECHANISM_TYPE digest,
                               CK_ULONG mgf) {
  const std::optional<Hash> hash = HashOfMechanism(digest);
  if (!hash) return std::nullopt;
  const auto pair = std::ranges::find(pairs, *hash, &MaskPair::hash);
  return pair != pairs.end() && pair->mgf == mgf ? hash : std::nullopt;
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
  const bool fits = HashOfPair(kMaskPairs, oaep->hash, oaep->mgf).has_value() ||
                    HashOfPair(kOaepPairs, oaep->hash, oaep->mgf).has_value();
  if (!fits) return Bad("OAEP digest and mask generator do not match");
  if (oaep->source != 0 && oaep->source != CKZ_DATA_SPECIFIED) return Bad("unknown OAEP source");
  if (oaep->source == 0 && !oaep->source_data.empty()) return Bad("OAEP data without a source");
  if (oaep->source_data.size() > kMaxParameterDataBytes) return Bad("OAEP source data too long");
  return Ok();
}

Status CheckPss(const MechanismRow& row, const MechanismParameter& parameter) {
  const auto* pss = std::get_if<PssParameter>(&parameter);
  if (pss == nullptr) return Bad("needs CK_RSA_PKCS_PSS_PARAMS");
  const std::optional<Hash> hash = HashOfPair(kMaskPairs, pss->hash, pss->mgf);
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

// Without a parameter, pure Ed25519 or Ed448 (behaviour R188).
Status CheckEddsa(const MechanismRow& row, const MechanismParameter& parameter) {
  const auto* eddsa = std::get_if<EddsaParameter>(&parameter);
  if (eddsa == nullptr) return CheckNone(row, parameter);
  if (eddsa->hash_first) return Bad("the HSM signs messages, not their digests");
  if (!eddsa->context.empty()) return Bad("the HSM signs without a context");
  return Ok();
}

Status CheckEcsg(const MechanismRow&, const MechanismParameter& parameter) {
  const auto* ecsg = std::get_if<EcsgParameter>(&parameter);
  if (ecsg == nullptr) return Bad("needs CK_IBM_ECDSA_OTHER_PARAMS");
  const bool known =
      ecsg->submechanism == CKM_IBM_ECSDSA_RAND || ecsg->submechanism == CKM_IBM_ECSDSA_COMPR_MULTI;
  if (!known) return Bad("unknown sub-mechanism of CKM_IBM_ECDSA_OTHER");
  return Ok();
}

bool IsMaster(CK_ULONG type) {
  return type == CK_IBM_BIP0032_MASTERK || type == CK_IBM_SLIP0010_MASTERK;
}

Status CheckBtc(const MechanismRow&, const MechanismParameter& parameter) {
  constexpr CK_ULONG kMaxIndex = 0xffffffff;
  constexpr std::size_t kChainCodeBytes = 32;
  const auto* btc = std::get_if<BtcParameter>(&parameter);
  if (btc == nullptr) return Bad("needs CK_IBM_BTC_DERIVE_PARAMS");
  if (btc->version != CK_IBM_BTC_DERIVE_PARAMS_VERSION_1) return Bad("unknown version");
  if (btc->type < CK_IBM_BIP0032_PRV2PRV || btc->type > CK_IBM_SLIP0010_MASTERK)
    return Bad("unknown type of derivation");
  if (btc->child_index > kMaxIndex) return Bad("index of a child beyond 32 bits");
  if (btc->chain_code.size() != (IsMaster(btc->type) ? 0 : kChainCodeBytes))
    return Bad("a master key has no chain code before it, any other has one of 32 octets");
  return Ok();
}

Status CheckKyber(const MechanismRow&, const MechanismParameter& parameter) {
  const auto* kyber = std::get_if<KyberParameter>(&parameter);
  if (kyber == nullptr) return Bad("needs CK_IBM_KYBER_PARAMS");
  const bool encapsulates = kyber->mode == CK_IBM_KEM_ENCAPSULATE;
  if (kyber->version != 0) return Bad("unknown version");
  if (!encapsulates && kyber->mode != CK_IBM_KEM_DECAPSULATE) return Bad("unknown mode");
  const bool hybrid = kyber->kdf >= CKD_IBM_HYBRID_NULL && kyber->kdf <= CKD_IBM_HYBRID_SHA512_KDF;
  if (!hybrid && kyber->kdf != CKD_NULL) return Bad("unknown KDF");
  const bool has_handle = kyber->secret != ObjectHandle{};
  if (hybrid != (has_handle || !kyber->blob.empty()) || (has_handle && !kyber->blob.empty()))
    return Bad("a hybrid derivation takes one secret, any other none");
  if (!hybrid && (kyber->prepend || !kyber->shared_data.empty()))
    return Bad("only a hybrid derivation takes shared data");
  if (encapsulates != kyber->ciphertext.empty()) return Bad("a ciphertext to decapsulate");
  if (kyber->shared_data.size() > kMaxParameterDataBytes) return Bad("shared data too long");
  return Ok();
}

Status CheckPublicValue(const MechanismRow&, const MechanismParameter& parameter) {
  const Bytes* value = std::get_if<Bytes>(&parameter);
  const bool number =
      value != nullptr && std::ranges::any_of(*value, [](Byte octet) { return octet != 0; });
  if (!number || value->size() > kMaxModulusBytes) return Bad("needs the other public value");
  return Ok();
}

Status CheckBlocks(const MechanismRow& row, const MechanismParameter& parameter) {
  const Bytes* data = std::get_if<Bytes>(&parameter);
  const bool whole = data != nullptr && !data->empty() && data->size() % row.block_bytes == 0;
  if (!whole || data->size() > kMaxParameterDataBytes) return Bad("needs whole blocks of data");
  return Ok();
}

Status CheckKeyHandle(const MechanismRow&, const MechanismParameter& parameter) {
  const Bytes* handle = std::get_if<Bytes>(&parameter);
  if (handle == nullptr || handle->size() != sizeof(CK_OBJECT_HANDLE))
    return Bad("needs the handle of a MAC key");
  return Ok();
}

Status CheckOctets(const MechanismRow&, const MechanismParameter& parameter) {
  if (std::holds_alternative<std::monostate>(parameter)) return Ok();
  const Bytes* octets = std::get_if<Bytes>(&parameter);
  if (octets == nullptr || octets->size() > kMaxParameterDataBytes) return Bad("takes octets");
  return Ok();
}

using Check = Status (*)(const MechanismRow&, const MechanismParameter&);
// Indexed by ParameterRule.
constexpr auto kChecks = std::to_array<Check>(
    {CheckNone, CheckIv, CheckOaep, CheckPss, CheckEcdh1, CheckEddsa, CheckEcsg, CheckBtc,
     CheckKyber, CheckPublicValue, CheckBlocks, CheckKeyHandle, CheckOctets});
static_assert(kChecks.size() == static_cast<std::size_t>(ParameterRule::kOctets) + 1);

}  // namespace

Status CheckParameter(const MechanismRow& row, const MechanismParameter& parameter) {
  return kChecks[static_cast<std::size_t>(row.parameter)](row, parameter);
}

}  // namespace gw
