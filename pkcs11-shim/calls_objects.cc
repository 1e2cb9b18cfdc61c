// Room: pkcs11-shim. PKCS #11 v2.40, 5.7: objects.
#include "pkcs11-shim/call.h"
#include "pkcs11-shim/kept.h"

using gw::shim::Call;
using gw::shim::Function;

namespace {

// The first handles of a search come at once, usually all of them; from then on they are the
// shim's, so a search survives the daemon, and most searches cost one round trip.
CK_RV ReturnSearch(Call& call, CK_SESSION_HANDLE session) {
  if (!call.Exchange()) return call.result();
  uint64_t handles[gw::wire::kMaxFoundAtOnce];
  const uint8_t complete = call.reply().U8();
  const uint32_t count = call.reply().Count(gw::wire::kMaxFoundAtOnce, sizeof(uint64_t));
  for (uint32_t i = 0; i < count; ++i) handles[i] = call.reply().U64();
  if (!call.Accept(call.result() == CKR_OK && complete <= 1)) return call.result();
  const gw::wire::Octets found = {reinterpret_cast<const uint8_t*>(handles),
                                  count * sizeof(uint64_t)};
  return gw::shim::KeepSearch(session, call.life(), found, complete != 0) ? CKR_OK
                                                                          : CKR_HOST_MEMORY;
}

}  // namespace

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
  if (gw::shim::SearchIsActive(session)) call.put().Refuse(CKR_OPERATION_ACTIVE);
  if (call.put().refusal() == CKR_OK && !gw::shim::ExpectSearch(session))
    call.put().Refuse(CKR_HOST_MEMORY);
  return ReturnSearch(call, session);
}

CK_RV C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR objects, CK_ULONG most,
                    CK_ULONG_PTR count) {
  gw::shim::OwnState();
  bool enough = false;
  CK_ULONG kept = 0;
  if (count != nullptr && (most == 0 || objects != nullptr))
    kept = gw::shim::PeekFound(session, objects, most, &enough);
  if (!enough) {
    Call call(Function::C_FindObjects, session);
    call.put().Pointer(count);
    if (most != 0) call.put().Pointer(objects);
    call.put().U64(most - kept);
    const CK_RV result = call.ReturnNumberList({objects + kept, count}, most - kept);
    if (result == CKR_OPERATION_NOT_INITIALIZED) gw::shim::EndSearch(session);
    if (result != CKR_OK) return result;
  }
  const CK_ULONG more = enough ? 0 : gw::shim::LoadFrom<CK_ULONG>(count);
  gw::shim::StoreTo(count, kept + more);
  gw::shim::AdvanceSearch(session, kept);
  return CKR_OK;
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE session) {
  gw::shim::OwnState();
  const gw::shim::Operations::Search search = gw::shim::EndSearch(session);
  if (search.active && search.complete) return CKR_OK;
  Call call(Function::C_FindObjectsFinal, session);
  const CK_RV result = call.ReturnNothing();
  // A daemon that was restarted does not know of the search that ends.
  return search.active && result == CKR_OPERATION_NOT_INITIALIZED ? CKR_OK : result;
}
