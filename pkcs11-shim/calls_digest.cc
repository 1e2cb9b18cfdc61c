// Room: pkcs11-shim. PKCS #11 v2.40, 5.10: digests.
#include "pkcs11-shim/shapes.h"

using gw::shim::Call;
using gw::shim::Function;

namespace {

// The standard has no code here for data that are too long: a digest takes any.
constexpr CK_RV kTooLong = CKR_HOST_MEMORY;

}  // namespace

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism) {
  Call call(Function::C_DigestInit, session);
  call.put().MechanismOrNone(mechanism);
  return call.ReturnNothing();
}

CK_RV C_Digest(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR digest,
               CK_ULONG_PTR digest_len) {
  return gw::shim::DataToOutput(Function::C_Digest, session, {data, data_len}, {digest, digest_len},
                                kTooLong);
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len) {
  return gw::shim::DataOnly(Function::C_DigestUpdate, session, {part, part_len}, kTooLong);
}

CK_RV C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  Call call(Function::C_DigestKey, session);
  call.put().U64(key);
  return call.ReturnNothing();
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR digest, CK_ULONG_PTR digest_len) {
  return gw::shim::ToOutput(Function::C_DigestFinal, session, {digest, digest_len});
}
