// Room: ops.
#include "daemon/ops/derivation.h"

#include <algorithm>
#include <array>

#include "daemon/attributes/attribute_value.h"
#include "daemon/localcrypto/curve.h"
#include "daemon/mechanism/hsm_names.h"
#include "daemon/mechanism/lattice.h"
#include "daemon/ops/made_key.h"
#include "daemon/ops/public_parts.h"

namespace gw::ops {
namespace {

constexpr std::size_t kChainCodeBytes = 32;
// Check value and bit count, before the ciphertext of an encapsulation (wire sheet 4.8).
constexpr std::size_t kCheckSumBytes = 7;

struct WalletRow {
  CK_ULONG type;
  CK_OBJECT_CLASS from;
  CK_OBJECT_CLASS to;
};
constexpr auto kWallet = std::to_array<WalletRow>({
    {CK_IBM_BIP0032_PRV2PRV, CKO_PRIVATE_KEY, CKO_PRIVATE_KEY},
    {CK_IBM_BIP0032_PRV2PUB, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY},
    {CK_IBM_BIP0032_PUB2PUB, CKO_PUBLIC_KEY, CKO_PUBLIC_KEY},
    {CK_IBM_BIP0032_MASTERK, CKO_SECRET_KEY, CKO_PRIVATE_KEY},
    {CK_IBM_SLIP0010_PRV2PRV, CKO_PRIVATE_KEY, CKO_PRIVATE_KEY},
    {CK_IBM_SLIP0010_PRV2PUB, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY},
    {CK_IBM_SLIP0010_PUB2PUB, CKO_PUBLIC_KEY, CKO_PUBLIC_KEY},
    {CK_IBM_SLIP0010_MASTERK, CKO_SECRET_KEY, CKO_PRIVATE_KEY},
});

// nullptr: not a wallet derivation. The parameter was checked.
const WalletRow* WalletOf(const Mechanism& mechanism) {
  const auto* btc = std::get_if<BtcParameter>(&mechanism.parameter);
  if (btc == nullptr) return nullptr;
  const auto row = std::ranges::find(kWallet, btc->type, &WalletRow::type);
  return row == kWallet.end() ? nullptr : &*row;
}

// nullptr: not an encapsulation.
const KyberParameter* EncapsulationOf(const Mechanism& mechanism) {
  const auto* kyber = std::get_if<KyberParameter>(&mechanism.parameter);
  return kyber != nullptr && kyber->mode == CK_IBM_KEM_ENCAPSULATE ? kyber : nullptr;
}

const Curve* CurveIn(const AttributeList& attributes) {
  const Bytes* params = attributes.Find(CKA_EC_PARAMS);
  return params == nullptr ? nullptr : FindCurve(*params);
}

Status DropLength(AttributeList& given) {
  const std::optional<CK_ULONG> bytes = given.GetUlong(CKA_VALUE_LEN);
  const Curve* curve = CurveIn(given);
  const bool right =
      !bytes || *bytes == 0 || (curve != nullptr && *bytes == curve->coordinate_bytes);
  if (!right) return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE_LEN of a wallet key");
  given.Remove(CKA_VALUE_LEN);
  return Ok();
}

Status AddWalletParts(AttributeList& attributes, const MadeKey& made) {
  if (made.check_sum.size() != kChainCodeBytes)
    return UpstreamError(CKR_DEVICE_ERROR, "no chain code came with a wallet key");
  attributes.Set(CKA_CHECK_VALUE, made.check_sum);
  if (attributes.GetUlong(CKA_CLASS) == CK_ULONG{CKO_PRIVATE_KEY}) {
    AddWrappingKeyId(attributes, made.key);
    return Ok();
  }
  GW_TRY(key, PublicKey::Parse(made.key.view()));
  AddPublicParts(attributes, *key);
  return Ok();
}

}  // namespace

KeyNeed BaseKeyNeed(const MechanismRow& row, const Mechanism& mechanism) {
  if (const WalletRow* wallet = WalletOf(mechanism)) {
    const bool seed = wallet->from == CKO_SECRET_KEY;
    return {wallet->from, seed ? CK_KEY_TYPE{CKK_GENERIC_SECRET} : row.key_type};
  }
  if (EncapsulationOf(mechanism) != nullptr) return {CKO_PUBLIC_KEY, row.key_type};
  return NeedOf(row, CKA_DERIVE);
}

Makes MakesBy(const Mechanism& mechanism) {
  const WalletRow* wallet = WalletOf(mechanism);
  if (wallet == nullptr) return {};
  return {wallet->to, CKK_EC};
}

Result<AttributeList> TemplateFor(const Mechanism& mechanism, const Object& base_key,
                                  AttributeList given) {
  const WalletRow* wallet = WalletOf(mechanism);
  if (wallet == nullptr) return given;
  const Bytes* parent = base_key.attributes.Find(CKA_EC_PARAMS);
  if (!given.Has(CKA_EC_PARAMS)) {
    if (parent == nullptr) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_EC_PARAMS is missing");
    given.Set(CKA_EC_PARAMS, *parent);
  }
  GW_TRY_VOID(DropLength(given));
  // The vendor's examples ask it of private keys too.
  if (wallet->to == CKO_PRIVATE_KEY) given.Remove(CKA_VERIFY);
  return given;
}

Result<Mechanism> DerivationForHsm(const CallScope& scope, const Mechanism& mechanism,
                                   const Object& base_key) {
  GW_TRY(at_hsm, AtHsm(mechanism, KeySize(base_key)));
  const Curve* curve = CurveIn(base_key.attributes);
  // Applications give the other side's point bare or, as they read it from CKA_EC_POINT, as a DER
  // OCTET STRING (behaviour 5.2); the HSM takes it bare, and the public value of Diffie-Hellman
  // without leading zeros (wire sheet 4.7, 6.3).
  auto* value = std::get_if<Bytes>(&at_hsm.parameter);
  if (value != nullptr && base_key.key_type == CKK_DH) *value = CopyOf(WithoutLeadingZeros(*value));
  auto* ecdh = std::get_if<Ecdh1Parameter>(&at_hsm.parameter);
  if (ecdh != nullptr && curve != nullptr)
    ecdh->public_data = CopyOf(RawPoint(ecdh->public_data, *curve));
  auto* kyber = std::get_if<KyberParameter>(&at_hsm.parameter);
  if (kyber != nullptr && kyber->secret != ObjectHandle{}) {
    const ObjectPtr secret = scope.application->FindObject(*scope.token, kyber->secret);
    if (secret == nullptr || secret->object_class != CKO_SECRET_KEY)
      return CallerError(CKR_MECHANISM_PARAM_INVALID, "hSecret is no secret key of this user");
    kyber->blob = CopyOf(secret->key.view());
    kyber->secret = ObjectHandle{};
  }
  return std::move(at_hsm);
}

std::optional<Output> CiphertextDoesNotFit(const Mechanism& mechanism, const Object& base_key) {
  const KyberParameter* encapsulation = EncapsulationOf(mechanism);
  const Bytes* oid = base_key.attributes.Find(CKA_IBM_PQC_PARAMS);
  const LatticeStrength* strength = oid == nullptr ? nullptr : FindLatticeStrength(*oid);
  if (encapsulation == nullptr || strength == nullptr) return std::nullopt;
  return LengthOnly(strength->output_bytes, encapsulation->room);
}

Result<std::optional<Output>> AddDerivedParts(AttributeList& attributes, const Mechanism& mechanism,
                                              MadeKey& made) {
  std::optional<Output> output;
  if (WalletOf(mechanism) != nullptr) {
    GW_TRY_VOID(AddWalletParts(attributes, made));
    output = Delivered(made.check_sum);
    return output;
  }
  if (std::holds_alternative<KyberParameter>(mechanism.parameter)) {
    const std::size_t own = std::min(made.check_sum.size(), kCheckSumBytes);
    Bytes ciphertext = CopyOf(ByteView(made.check_sum).subspan(own));
    const KyberParameter* encapsulation = EncapsulationOf(mechanism);
    if ((encapsulation == nullptr) != ciphertext.empty() ||
        (encapsulation != nullptr && LengthOnly(ciphertext.size(), encapsulation->room))) {
      return UpstreamError(CKR_DEVICE_ERROR, "a ciphertext of another length than the strength's");
    }
    made.check_sum.resize(own);
    output = Delivered(std::move(ciphertext));
  }
  GW_TRY_VOID(AddMadeParts(attributes, made));
  return output;
}

}  // namespace gw::ops
