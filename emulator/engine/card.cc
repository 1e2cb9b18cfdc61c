// Room: emulator/engine.
#include "emulator/engine/card.h"

#include "daemon/core/check.h"

namespace gw::emulator {
namespace {

bool IsOnCurve(const Key& key, std::string_view name) {
  return key.curve() != nullptr && key.curve()->ascii_name == name;
}

bool KindFits(KeyKind kind, const Key& key) {
  switch (kind) {
    case KeyKind::kNone:
      return true;
    case KeyKind::kAes:
      return key.type == CKK_AES;
    case KeyKind::kSecret:
      return key.object_class == CKO_SECRET_KEY;
    case KeyKind::kRsa:
      return key.type == CKK_RSA;
    case KeyKind::kEc:
      return key.curve() != nullptr && key.curve()->kind == CurveKind::kWeierstrass;
    case KeyKind::kX25519:
      return IsOnCurve(key, "curve25519");
    case KeyKind::kX448:
      return IsOnCurve(key, "x448");
    case KeyKind::kEd25519:
      return IsOnCurve(key, "ed25519");
    case KeyKind::kEd448:
      return IsOnCurve(key, "ed448");
    case KeyKind::kWallet:
      return key.type == CKK_GENERIC_SECRET || key.type == CKK_EC;
    case KeyKind::kDilithium:
      return key.type == CKK_IBM_PQC_DILITHIUM;
  }
  return false;
}

bool ClassFits(const Key& key, const KeyUse& use) {
  return key.object_class == CKO_SECRET_KEY || key.object_class == use.asymmetric_class;
}

}  // namespace

Result<KeyPtr> Card::Open(ByteView blob) {
  if (KeyPtr cached = cache_.Find(blob)) return cached;
  GW_TRY(key, OpenKey(master_, blob));
  auto opened = std::make_shared<const Key>(std::move(key));
  cache_.Insert(blob, opened);
  return KeyPtr(std::move(opened));
}

Result<KeyPtr> OpenFor(Card& card, ByteView blob, const MechanismRow& row, const KeyUse& use) {
  if (blob.empty()) return CallerError(use.missing, "no key blob");
  GW_TRY(key, card.Open(blob));
  if (!KindFits(row.key, *key) || !ClassFits(*key, use)) {
    return CallerError(use.wrong_type, "key is not of the type that the mechanism works with");
  }
  if (!key->maced) {
    if (use.bare_spki_allowed) return std::move(key);
    return CallerError(use.missing, "public key has no MAC; import it first");
  }
  if (!key->Has(use.right)) {
    return CallerError(CKR_KEY_FUNCTION_NOT_PERMITTED, "the key's attributes forbid this use");
  }
  return std::move(key);
}

Result<OperationState> OpenStateOf(Card& card, Operation operation, ByteView sealed) {
  GW_TRY(state, OpenState(card.master(), sealed));
  if (state.operation != operation) {
    return CallerError(CKR_OPERATION_NOT_INITIALIZED, "state of another operation");
  }
  return std::move(state);
}

Status RequireFresh(const OperationState& state) {
  if (state.taken == 0) return Ok();
  return CallerError(CKR_OPERATION_ACTIVE, "data was appended already; finish with Final");
}

Result<const MechanismRow*> MultiPartRow(const OperationState& state) {
  const MechanismRow* row = FindMechanismRow(state.mechanism.type);
  GW_CHECK(row != nullptr);  // the state is ours, and Init looked the row up
  if (row->multi_part) return row;
  return CallerError(CKR_FUNCTION_NOT_SUPPORTED, "mechanism works in one part only");
}

}  // namespace gw::emulator
