// Room: ops. PKCS #11 v2.40 5.14: making, wrapping, unwrapping and deriving keys. One request to
// the HSM each.
#pragma once

#include "daemon/ops/call_scope.h"
#include "daemon/ops/output.h"

namespace gw::ops {

//   errors  those of CheckMechanism, DecidePlacement, CompleteKey, HsmClient::GenerateKey and
//   Token::Insert
Awaitable<Result<ObjectHandle>> GenerateKey(const CallScope& scope, const Mechanism& mechanism,
                                            const AttributeList& given);

struct KeyPairHandles {
  ObjectHandle public_key;
  ObjectHandle private_key;
};
// Both halves or none; each where its own template says.
Awaitable<Result<KeyPairHandles>> GenerateKeyPair(const CallScope& scope,
                                                  const Mechanism& mechanism,
                                                  const AttributeList& public_given,
                                                  const AttributeList& private_given);

//   errors  CKR_WRAPPING_KEY_HANDLE_INVALID, CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
//   CKR_WRAPPING_KEY_SIZE_RANGE,
//           CKR_KEY_HANDLE_INVALID, CKR_KEY_UNEXTRACTABLE, CKR_KEY_NOT_WRAPPABLE; those of
//           HsmClient::WrapKey
Awaitable<Result<Output>> WrapKey(const CallScope& scope, const Mechanism& mechanism,
                                  ObjectHandle wrapping_key, ObjectHandle key, Capacity capacity);

//   errors  CKR_UNWRAPPING_KEY_HANDLE_INVALID, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
//   CKR_WRAPPED_KEY_INVALID,
//           CKR_WRAPPED_KEY_LEN_RANGE; those of DecidePlacement, CompleteKey, HsmClient::UnwrapKey
//           and Token::Insert
Awaitable<Result<ObjectHandle>> UnwrapKey(const CallScope& scope, const Mechanism& mechanism,
                                          ObjectHandle unwrapping_key, ByteView wrapped,
                                          const AttributeList& given);

struct DerivedKey {
  std::optional<ObjectHandle> key;  // nullopt: the output does not fit, and nothing was made
  std::optional<Output> output;     // what goes back in the mechanism's parameter, if it takes any
};
//   errors  those of KeyFor, TemplateFor, DerivationForHsm, DecidePlacement, CompleteKey,
//           HsmClient::DeriveKey and Token::Insert
Awaitable<Result<DerivedKey>> DeriveKey(const CallScope& scope, const Mechanism& mechanism,
                                        ObjectHandle base_key, const AttributeList& given);

}  // namespace gw::ops
