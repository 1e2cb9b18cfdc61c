// Key plans as ops makes them, for the tests of this room.
#pragma once

#include "daemon/attributes/template_rules.h"
#include "tests/unit/attributes/lists.h"

namespace gw {

// Borrows `given`.
inline KeyPlan PlanOf(Purpose purpose, std::optional<CK_OBJECT_CLASS> object_class,
                      std::optional<CK_KEY_TYPE> key_type, CK_MECHANISM_TYPE mechanism,
                      const AttributeList& given) {
  return {purpose, object_class, key_type, mechanism, UserState::kNormal, {false, true}, given};
}

inline Result<AttributeList> Generate(CK_MECHANISM_TYPE mechanism, CK_OBJECT_CLASS object_class,
                                      CK_KEY_TYPE key_type, const AttributeList& given) {
  return CompleteKey(PlanOf(Purpose::kGenerate, object_class, key_type, mechanism, given));
}
inline Result<AttributeList> GenerateAes(const AttributeList& given) {
  return Generate(CKM_AES_KEY_GEN, CKO_SECRET_KEY, CKK_AES, given);
}
inline Result<AttributeList> GenerateSecret(const AttributeList& given) {
  return Generate(CKM_GENERIC_SECRET_KEY_GEN, CKO_SECRET_KEY, CKK_GENERIC_SECRET, given);
}
inline Result<AttributeList> GenerateRsaPublic(const AttributeList& given) {
  return Generate(CKM_RSA_PKCS_KEY_PAIR_GEN, CKO_PUBLIC_KEY, CKK_RSA, given);
}
inline Result<AttributeList> GenerateRsaPrivate(const AttributeList& given) {
  return Generate(CKM_RSA_PKCS_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKK_RSA, given);
}
inline Result<AttributeList> GenerateEcPublic(const AttributeList& given) {
  return Generate(CKM_EC_KEY_PAIR_GEN, CKO_PUBLIC_KEY, CKK_EC, given);
}
inline Result<AttributeList> GenerateEcPrivate(const AttributeList& given) {
  return Generate(CKM_EC_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKK_EC, given);
}
inline Result<AttributeList> Unwrap(const AttributeList& given) {
  return CompleteKey(PlanOf(Purpose::kUnwrap, std::nullopt, std::nullopt, CKM_AES_CBC_PAD, given));
}
inline Result<AttributeList> CreatePublicKey(const AttributeList& given, Placement placement) {
  KeyPlan plan =
      PlanOf(Purpose::kCreate, CKO_PUBLIC_KEY, std::nullopt, CK_UNAVAILABLE_INFORMATION, given);
  plan.placement = placement;
  return CompleteKey(plan);
}
inline Result<AttributeList> Create(const AttributeList& given) {
  return CompleteKey(
      PlanOf(Purpose::kCreate, std::nullopt, std::nullopt, CK_UNAVAILABLE_INFORMATION, given));
}

}  // namespace gw
