// Room: emulator/engine. The crypto unit: a master key and a cache. It remembers nothing about
// callers, keys or operations. engine/ holds what the card does, in domain types: no protobuf, no
// gRPC, no OpenSSL.
#pragma once

#include <optional>

#include "daemon/core/result.h"
#include "emulator/blob/key_blob.h"
#include "emulator/blob/key_cache.h"
#include "emulator/blob/state.h"
#include "emulator/crypto/schnorr/schnorr.h"
#include "emulator/engine/canned_signatures.h"
#include "emulator/mechanism_table.h"

namespace gw::emulator {

// Threads: any.
class Card {
 public:
  // With `canned_given`, signatures are canned and counted there; it outlives the card. `s256` is
  // what ECSG_IBM_ECSDSA_S256 stands for.
  explicit Card(MasterKey master, std::atomic<std::uint64_t>* canned_given = nullptr,
                SchnorrRule s256 = SchnorrRule::kIsoEcsdsa)
      : master_(std::move(master)), s256_(s256) {
    if (canned_given != nullptr) canned_.emplace(*canned_given);
  }

  const MasterKey& master() const { return master_; }
  // The key in `blob`, from the cache if it was opened before. Errors as OpenKey().
  Result<KeyPtr> Open(ByteView blob);
  // Null: each signature is made anew.
  CannedSignatures* canned() { return canned_ ? &*canned_ : nullptr; }
  SchnorrRule s256() const { return s256_; }

 private:
  const MasterKey master_;
  const SchnorrRule s256_;
  KeyCache cache_;
  std::optional<CannedSignatures> canned_;
};

// What an operation wants of its key, and what it answers otherwise.
struct KeyUse {
  AttributeBits right;
  CK_OBJECT_CLASS asymmetric_class;  // which half; secret keys serve both directions
  bool bare_spki_allowed = false;
  CK_RV missing = CKR_KEY_HANDLE_INVALID;
  CK_RV wrong_type = CKR_KEY_TYPE_INCONSISTENT;
};

inline constexpr KeyUse kUseSign{kSignRight, CKO_PRIVATE_KEY};
inline constexpr KeyUse kUseVerify{kVerifyRight, CKO_PUBLIC_KEY, true};
inline constexpr KeyUse kUseEncrypt{kEncryptRight, CKO_PUBLIC_KEY};
inline constexpr KeyUse kUseDecrypt{kDecryptRight, CKO_PRIVATE_KEY};
inline constexpr KeyUse kUseDerive{kDeriveRight, CKO_PRIVATE_KEY};
// From one public key to another.
inline constexpr KeyUse kUseDerivePublic{kDeriveRight, CKO_PUBLIC_KEY};
inline constexpr KeyUse kUseWrap{kWrapRight, CKO_PUBLIC_KEY, false, CKR_WRAPPING_KEY_HANDLE_INVALID,
                                 CKR_WRAPPING_KEY_TYPE_INCONSISTENT};
inline constexpr KeyUse kUseUnwrap{kUnwrapRight, CKO_PRIVATE_KEY, false,
                                   CKR_UNWRAPPING_KEY_HANDLE_INVALID,
                                   CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT};

// Opens the key and checks its type, class and right.
//   errors  those of Card::Open(), use.missing, use.wrong_type, CKR_KEY_FUNCTION_NOT_PERMITTED
Result<KeyPtr> OpenFor(Card& card, ByteView blob, const MechanismRow& row, const KeyUse& use);

// Opens a state and checks that it is of `operation`.
//   errors  those of OpenState(), CKR_OPERATION_NOT_INITIALIZED
Result<OperationState> OpenStateOf(Card& card, Operation operation, ByteView sealed);

// Init + one-shot only: the state must not have taken data yet.
Status RequireFresh(const OperationState& state);
// The row of a state's mechanism, which Init has checked.
//   errors  CKR_FUNCTION_NOT_SUPPORTED  no Update and Final for this mechanism
Result<const MechanismRow*> MultiPartRow(const OperationState& state);

}  // namespace gw::emulator
