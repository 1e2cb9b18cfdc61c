// Room: emulator/engine. The crypto unit, and the card as one request sees it. It remembers nothing
// about keys or operations, and of callers only who has logged in. engine/ holds what the card
// does, in domain types: no protobuf, no gRPC, no OpenSSL.
#pragma once

#include <functional>
#include <optional>

#include "daemon/core/result.h"
#include "emulator/blob/key_blob.h"
#include "emulator/blob/master_keys.h"
#include "emulator/blob/state.h"
#include "emulator/crypto/schnorr/schnorr.h"
#include "emulator/engine/canned_signatures.h"
#include "emulator/engine/login.h"
#include "emulator/mechanism_table.h"

namespace gw::emulator {

// Everything that lasts from one request to the next. Threads: any.
class CryptoUnit {
 public:
  // `master_key_file` as MasterKeyRegisters has it. With `canned_given`, signatures are canned and
  // counted there; it outlives the unit. `s256` is what ECSG_IBM_ECSDSA_S256 stands for.
  explicit CryptoUnit(MasterKey master, std::string master_key_file = {},
                      std::atomic<std::uint64_t>* canned_given = nullptr,
                      SchnorrRule s256 = SchnorrRule::kIsoEcsdsa)
      : master_keys_(std::move(master), std::move(master_key_file)), s256_(s256) {
    if (canned_given != nullptr) canned_.emplace(*canned_given);
  }

  MasterKeyRegisters& master_keys() { return master_keys_; }
  LoginSessions& logins() { return logins_; }
  // Null: each signature is made anew.
  CannedSignatures* canned() { return canned_ ? &*canned_ : nullptr; }
  SchnorrRule s256() const { return s256_; }

 private:
  MasterKeyRegisters master_keys_;
  LoginSessions logins_;
  const SchnorrRule s256_;
  std::optional<CannedSignatures> canned_;
};

// Names the connection that a request came on; asked only where login sessions matter.
using ConnectionName = std::function<std::string()>;

// The unit for the length of one request. Thread: one at a time.
class Card {
 public:
  Card(CryptoUnit& unit, ConnectionName connection)
      : unit_(unit), keys_(unit.master_keys().Read()), connection_(std::move(connection)) {}
  Card(const Card&) = delete;
  Card& operator=(const Card&) = delete;

  const MasterKey& master() const { return keys_->current; }
  const MasterKeys& master_keys() const { return *keys_; }
  // The key in `blob`, from the cache if it was opened before.
  //   errors  those of OpenKey(); CKR_SESSION_CLOSED for a key of a login session that is not open
  Result<KeyPtr> Open(ByteView blob);
  CannedSignatures* canned() { return unit_.canned(); }
  SchnorrRule s256() const { return unit_.s256(); }

  // The PIN blob: session, salt, MAC. Errors as LoginSessions.
  Result<Bytes> Login(ByteView store_id, ByteView pin);
  Status Logout() { return unit_.logins().Logout(connection_()); }
  // Binds the keys made by this request to the session the caller is logged in to, if any.
  //   errors  CKR_SESSION_CLOSED
  Status JoinSession();
  const SessionId& session() const { return session_; }

 private:
  CryptoUnit& unit_;
  const MasterKeysPtr keys_;
  const ConnectionName connection_;
  SessionId session_{};
};

// What an operation wants of its key, and what it answers otherwise.
struct KeyUse {
  AttributeBits right;
  CK_OBJECT_CLASS asymmetric_class;  // which half; secret keys serve both directions
  bool bare_spki_allowed = false;
  CK_RV missing = CKR_KEY_HANDLE_INVALID;
  CK_RV wrong_type = CKR_KEY_TYPE_INCONSISTENT;
  CK_RV wrong_size = CKR_KEY_SIZE_RANGE;
};

inline constexpr KeyUse kUseSign{kSignRight, CKO_PRIVATE_KEY};
inline constexpr KeyUse kUseVerify{kVerifyRight, CKO_PUBLIC_KEY, true};
inline constexpr KeyUse kUseEncrypt{kEncryptRight, CKO_PUBLIC_KEY};
inline constexpr KeyUse kUseDecrypt{kDecryptRight, CKO_PRIVATE_KEY};
inline constexpr KeyUse kUseDerive{kDeriveRight, CKO_PRIVATE_KEY};
// From a public key: another one, or a secret for its owner.
inline constexpr KeyUse kUseDerivePublic{kDeriveRight, CKO_PUBLIC_KEY};
inline constexpr KeyUse kUseWrap{kWrapRight,
                                 CKO_PUBLIC_KEY,
                                 false,
                                 CKR_WRAPPING_KEY_HANDLE_INVALID,
                                 CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
                                 CKR_WRAPPING_KEY_SIZE_RANGE};
inline constexpr KeyUse kUseUnwrap{kUnwrapRight,
                                   CKO_PRIVATE_KEY,
                                   false,
                                   CKR_UNWRAPPING_KEY_HANDLE_INVALID,
                                   CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
                                   CKR_UNWRAPPING_KEY_SIZE_RANGE};

// Opens the key and checks its type, class, size and right.
//   errors  those of Card::Open(), use.missing, use.wrong_type, use.wrong_size,
//           CKR_KEY_FUNCTION_NOT_PERMITTED
Result<KeyPtr> OpenFor(Card& card, ByteView blob, const MechanismRow& row, const KeyUse& use);

// Opens a state and checks that it is of `operation`.
//   errors  those of OpenState(), CKR_OPERATION_NOT_INITIALIZED
Result<OperationState> OpenStateOf(Card& card, Operation operation, ByteView sealed);

// Puts the key that an operation uses into its state. States of secret and private keys belong to
// the key's login session; those of public keys to none, so that they outlive a logout.
void BindState(const Card& card, const Key& key, ByteView blob, OperationState& state);

// Init + one-shot only: the state must not have taken data yet.
Status RequireFresh(const OperationState& state);
// The row of a state's mechanism, which Init has checked.
//   errors  CKR_FUNCTION_NOT_SUPPORTED  no Update and Final for this mechanism
//           CKR_MECHANISM_INVALID       of an instance with mechanisms that this one lacks
Result<const MechanismRow*> MultiPartRow(const OperationState& state);

}  // namespace gw::emulator
