// Room: ops. Domain parameters of DSA and Diffie-Hellman, made by the HSM. Objects without a key.
#pragma once

#include "daemon/mechanism/mechanism_table.h"
#include "daemon/ops/call_scope.h"

namespace gw::ops {

// What C_GenerateKey does for CKM_DSA_PARAMETER_GEN and CKM_DH_PKCS_PARAMETER_GEN.
//   errors  CKR_TEMPLATE_INCONSISTENT    the numbers are given, which are to be made
//           CKR_ATTRIBUTE_VALUE_INVALID  CKA_SUB_PRIME_BITS is not what the HSM makes for that
//           prime those of CompleteKey, HsmClient::GenerateKey and Token::Insert
//   source  behaviour R263; PKCS #11 v2.40 mechanisms 2.2.4, 2.4.5; GREP11 reference 4.7
Awaitable<Result<ObjectHandle>> GenerateDomain(const CallScope& scope, const MechanismRow& row,
                                               const Mechanism& mechanism,
                                               const AttributeList& given);

}  // namespace gw::ops
