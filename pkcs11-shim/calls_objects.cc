// Room: pkcs11-shim. PKCS #11 v2.40, 5.7: objects.
#include "pkcs11-shim/call.h"

using gw::shim::Call;
using gw::shim::Function;

CK_RV C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR attributes, CK_ULONG count,
                     CK_OBJECT_HANDLE_PTR object) {
  Call call(Function::C_CreateObject, session);
  call.put().Pointer(object).Attributes(attributes, count);
  return call.ReturnNumber(object);
}

CK_RV C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR attributes,
                   CK_ULONG count, CK_OBJECT_HANDLE_PTR copy) {
  Call call(Function::C_CopyObject, session);
  call.put().Pointer(copy).U64(object).Attributes(attributes, count);
  return call.ReturnNumber(copy);
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  Call call(Function::C_DestroyObject, session);
  call.put().U64(object);
  return call.ReturnNothing();
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG_PTR size) {
  Call call(Function::C_GetObjectSize, session);
  call.put().Pointer(size).U64(object);
  return call.ReturnNumber(size);
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                          CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  Call call(Function::C_GetAttributeValue, session);
  call.put().U64(object).Wanted(attributes, count);
  return call.ReturnValues(attributes, count);
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                          CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  Call call(Function::C_SetAttributeValue, session);
  call.put().U64(object).Attributes(attributes, count);
  return call.ReturnNothing();
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  Call call(Function::C_FindObjectsInit, session);
  call.put().Attributes(attributes, count);
  return call.ReturnNothing();
}

CK_RV C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR objects, CK_ULONG most,
                    CK_ULONG_PTR count) {
  Call call(Function::C_FindObjects, session);
  call.put().Pointer(count);
  if (most != 0) call.put().Pointer(objects);
  call.put().U64(most);
  return call.ReturnNumberList({objects, count}, most);
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE session) {
  Call call(Function::C_FindObjectsFinal, session);
  return call.ReturnNothing();
}
