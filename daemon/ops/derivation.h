// Room: ops. What C_DeriveKey does by mechanism: with which key it begins, what it makes, and what
// it gives besides a handle. Wallets (BIP32, SLIP10) make keys of pairs and chain codes,
// encapsulations (Kyber) a ciphertext; all others make a secret key.
#pragma once

#include "daemon/ops/key_use.h"
#include "daemon/ops/output.h"
#include "daemon/upstream/hsm_client.h"

namespace gw::ops {

// A seed for a master key, the public half for what only that is needed for; else a private key.
KeyNeed BaseKeyNeed(const MechanismRow& row, const Mechanism& mechanism);

// nullopt: the template says it.
struct Makes {
  std::optional<CK_OBJECT_CLASS> object_class;
  std::optional<CK_KEY_TYPE> key_type;
};
Makes MakesBy(const Mechanism& mechanism);

// The template without what callers of the vendor's library send along with wallet keys, with the
// curve that a child has from its parent.
//   errors  CKR_ATTRIBUTE_VALUE_INVALID  CKA_VALUE_LEN of a wallet key is neither 0 nor that of the
//                                        curve
//           CKR_TEMPLATE_INCOMPLETE      no curve for a master key
//   source  behaviour 5.5; algorithms of the HSM 2.1
Result<AttributeList> TemplateFor(const Mechanism& mechanism, const Object& base_key,
                                  AttributeList given);

// As the HSM takes it: by its name, points bare, the secret of a hybrid derivation as a key blob.
//   errors  CKR_MECHANISM_PARAM_INVALID  no such secret key, or not visible to this user
Result<Mechanism> DerivationForHsm(const CallScope& scope, const Mechanism& mechanism,
                                   const Object& base_key);

// The answer where the ciphertext of an encapsulation would not fit; nullopt: go on.
std::optional<Output> CiphertextDoesNotFit(const Mechanism& mechanism, const Object& base_key);

// Adds what the HSM's answer tells of the key, and gives what goes back in the mechanism's
// parameter: the chain code, the ciphertext; nullopt: it takes nothing back.
//   errors  those of AddMadeParts
Result<std::optional<Output>> AddDerivedParts(AttributeList& attributes, const Mechanism& mechanism,
                                              MadeKey& made);

}  // namespace gw::ops
