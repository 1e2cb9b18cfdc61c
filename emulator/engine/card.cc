// Room: emulator/engine.
#include "emulator/engine/card.h"

#include "emulator/blob/codec.h"
#include "emulator/crypto/symmetric.h"

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
    case KeyKind::kMac:
      return key.type == CKK_AES || key.type == CKK_GENERIC_SECRET;
    case KeyKind::kDes:
      return key.type == CKK_DES2 || key.type == CKK_DES3;
    case KeyKind::kBlockCipher:
      return KindFits(KeyKind::kAes, key) || KindFits(KeyKind::kDes, key);
    case KeyKind::kDsa:
      return key.type == CKK_DSA;
    case KeyKind::kDh:
      return key.type == CKK_DH;
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
    case KeyKind::kKyber:
      return key.type == CKK_IBM_PQC_KYBER;
  }
  return false;
}

// Of keys whose size is a number of bits that the mechanism names; a bare public key may have any.
bool SizeFits(const MechanismRow& row, const Key& key) {
  const bool counts =
      row.key == KeyKind::kRsa || row.key == KeyKind::kDsa || row.key == KeyKind::kDh;
  return !counts || (key.size_bits() >= row.min_key_size && key.size_bits() <= row.max_key_size);
}
constexpr std::size_t kPinSaltBytes = 16;

bool ClassFits(const Key& key, const KeyUse& use) {
  return key.object_class == CKO_SECRET_KEY || key.object_class == use.asymmetric_class;
}

}  // namespace

Result<KeyPtr> Card::Open(ByteView blob) {
  KeyPtr key = keys_->cache->Find(blob);
  if (key == nullptr) {
    GW_TRY(opened, OpenKey(keys_->current, blob));
    key = std::make_shared<const Key>(std::move(opened));
    keys_->cache->Insert(blob, key);
  }
  if (IsBound(key->session) && !unit_.logins().IsOpen(key->session)) {
    return CallerError(CKR_SESSION_CLOSED, "the key's login session is not open");
  }
  return key;
}

Result<Bytes> Card::Login(ByteView store_id, ByteView pin) {
  GW_TRY(session, unit_.logins().Login(connection_(), store_id, pin));
  Bytes blob = Writer().Raw(session).Raw(RandomBytes(kPinSaltBytes)).Take();
  Append(blob, HmacOnce(HashId::kSha256, master().pin_mac_key(), blob));
  return blob;
}

Status Card::JoinSession() {
  if (unit_.logins().nobody()) return Ok();
  GW_TRY(session, unit_.logins().Of(connection_()));
  session_ = session;
  return Ok();
}

Result<KeyPtr> OpenFor(Card& card, ByteView blob, const MechanismRow& row, const KeyUse& use) {
  if (blob.empty()) return CallerError(use.missing, "no key blob");
  GW_TRY(key, card.Open(blob));
  if (!KindFits(row.key, *key) || !ClassFits(*key, use)) {
    return CallerError(use.wrong_type, "key is not of the type that the mechanism works with");
  }
  if (!SizeFits(row, *key)) {
    return CallerError(use.wrong_size, "key is not of a size that the mechanism works with");
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

void BindState(const Card& card, const Key& key, ByteView blob, OperationState& state) {
  if (key.object_class != CKO_PUBLIC_KEY || !IsBound(key.session)) {
    state.session = key.session;
    state.key_blob = CopyOf(blob);
    return;
  }
  Key unbound = key.Clone();
  unbound.session = {};
  state.key_blob = SealKey(card.master(), unbound);
}

Status RequireFresh(const OperationState& state) {
  if (state.taken == 0) return Ok();
  return CallerError(CKR_OPERATION_ACTIVE, "data was appended already; finish with Final");
}

Result<const MechanismRow*> MultiPartRow(const OperationState& state) {
  const MechanismRow* row = FindMechanismRow(state.mechanism.type);
  if (row == nullptr) return CallerError(CKR_MECHANISM_INVALID, "mechanism is not supported");
  if (row->multi_part) return row;
  return CallerError(CKR_FUNCTION_NOT_SUPPORTED, "mechanism works in one part only");
}

}  // namespace gw::emulator
