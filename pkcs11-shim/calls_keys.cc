// Room: pkcs11-shim. PKCS #11 v2.40, 5.14: key management.
#include "pkcs11-shim/call.h"

using gw::shim::Call;
using gw::shim::Function;

CK_RV C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                    CK_ATTRIBUTE_PTR attributes, CK_ULONG count, CK_OBJECT_HANDLE_PTR key) {
  Call call(Function::C_GenerateKey, session);
  call.put().Pointer(key).Mechanism(mechanism).Attributes(attributes, count);
  return call.ReturnNumber(key);
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                        CK_ATTRIBUTE_PTR public_attributes, CK_ULONG public_count,
                        CK_ATTRIBUTE_PTR private_attributes, CK_ULONG private_count,
                        CK_OBJECT_HANDLE_PTR public_key, CK_OBJECT_HANDLE_PTR private_key) {
  Call call(Function::C_GenerateKeyPair, session);
  call.put().Pointer(public_key).Pointer(private_key).Mechanism(mechanism);
  call.put().Attributes(public_attributes, public_count);
  call.put().Attributes(private_attributes, private_count);
  return call.ReturnTwoNumbers(public_key, private_key);
}

CK_RV C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, CK_BYTE_PTR wrapped_key,
                CK_ULONG_PTR wrapped_key_len) {
  Call call(Function::C_WrapKey, session);
  call.put().Pointer(wrapped_key_len).Mechanism(mechanism).U64(wrapping_key).U64(key);
  call.put().Capacity(gw::shim::Output{wrapped_key, wrapped_key_len});
  return call.ReturnOutput({wrapped_key, wrapped_key_len});
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                  CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR wrapped_key,
                  CK_ULONG wrapped_key_len, CK_ATTRIBUTE_PTR attributes, CK_ULONG count,
                  CK_OBJECT_HANDLE_PTR key) {
  Call call(Function::C_UnwrapKey, session);
  call.put().Pointer(key).Mechanism(mechanism).U64(unwrapping_key);
  call.put().Data({wrapped_key, wrapped_key_len}, CKR_WRAPPED_KEY_LEN_RANGE);
  call.put().Attributes(attributes, count);
  return call.ReturnNumber(key);
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base_key,
                  CK_ATTRIBUTE_PTR attributes, CK_ULONG count, CK_OBJECT_HANDLE_PTR key) {
  Call call(Function::C_DeriveKey, session);
  call.put().Pointer(key).Mechanism(mechanism).U64(base_key).Attributes(attributes, count);
  return call.ReturnDerived(key, mechanism);
}
