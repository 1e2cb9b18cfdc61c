// Room: emulator/engine.
#include "emulator/engine/wallet.h"

#include "emulator/crypto/wallet/wallet.h"
#include "emulator/engine/templates.h"

namespace gw::emulator {
namespace {

const KeyUse& UseOf(WalletStep step) {
  return step == WalletStep::kPublicToPublic ? kUseDerivePublic : kUseDerive;
}

CK_OBJECT_CLASS ClassOf(WalletStep step) {
  const bool is_private = step == WalletStep::kMaster || step == WalletStep::kPrivateToPrivate;
  return is_private ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY;
}

Result<WalletParams> ParamsOf(const Mechanism& mechanism) {
  const auto& btc = std::get<BtcParams>(mechanism.params);
  return ParseWalletParams(btc.type, btc.child_key_index, btc.chain_code, btc.version);
}

Result<KeyPtr> OpenBase(Card& card, const MechanismRow& row, WalletStep step, ByteView blob) {
  GW_TRY(base, OpenFor(card, blob, row, UseOf(step)));
  const bool is_seed = base->object_class == CKO_SECRET_KEY;
  if (is_seed != (step == WalletStep::kMaster)) {
    return CallerError(CKR_KEY_TYPE_INCONSISTENT, "a seed for master keys, a node for others");
  }
  if (!base->Has(kUseAsData)) {
    return CallerError(CKR_KEY_FUNCTION_NOT_PERMITTED, "CKA_IBM_USE_AS_DATA is false");
  }
  return std::move(base);
}

// A master key's curve is named by the template, a child's by its parent.
Result<const CurveRow*> CurveOf(const Key& base, const AttributeMap& attributes) {
  if (base.pkey) {
    GW_TRY_VOID(RequireParams(attributes, *base.pkey));
    return base.curve();
  }
  if (!attributes.contains(CKA_EC_PARAMS)) {
    return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_EC_PARAMS is missing");
  }
  const CurveRow* curve = CurveIn(attributes);
  if (curve == nullptr) return CallerError(CKR_CURVE_NOT_SUPPORTED, "no curve we know");
  return curve;
}

// The vendor's examples send a length of 0, other callers that of the field.
Status RequireLength(const AttributeMap& attributes, const CurveRow& curve) {
  const std::uint64_t octets = NumberIn(attributes, CKA_VALUE_LEN).value_or(0);
  if (octets == 0 || octets == curve.field_bytes) return Ok();
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE_LEN");
}

Result<AttributeBits> NodeBits(AttributeMap attributes, CK_OBJECT_CLASS object_class,
                               const CurveRow* curve) {
  // The vendor's examples send CKA_VERIFY for private keys too, which have no use for it.
  if (object_class == CKO_PRIVATE_KEY) attributes.erase(CKA_VERIFY);
  return BitsOf(attributes, object_class, CKK_EC, Origin::kDerived, curve);
}

Result<WalletNode> NodeOf(const WalletParams& params, const Key& base, const CurveRow& curve) {
  if (params.step == WalletStep::kMaster) {
    return DeriveWalletMaster(params, curve, base.value.view());
  }
  return DeriveWalletChild(params, *base.pkey);
}

}  // namespace

Result<NewKey> DeriveWalletKey(Card& card, const MechanismRow& row, const Mechanism& mechanism,
                               ByteView base_key, const AttributeMap& attributes) {
  GW_TRY(params, ParamsOf(mechanism));
  const CK_OBJECT_CLASS object_class = ClassOf(params.step);
  GW_TRY_VOID(RequireKind(attributes, object_class, CKK_EC));
  GW_TRY(base, OpenBase(card, row, params.step, base_key));
  GW_TRY(curve, CurveOf(*base, attributes));
  GW_TRY_VOID(RequireLength(attributes, *curve));
  GW_TRY(bits, NodeBits(attributes, object_class, curve));
  GW_TRY(node, NodeOf(params, *base, *curve));
  Key key;
  key.object_class = object_class;
  key.type = CKK_EC;
  key.bits = bits;
  key.pkey = std::move(node.key);
  NewKey made = Finish(card, std::move(key));
  made.check_sum = std::move(node.chain_code);
  return made;
}

}  // namespace gw::emulator
