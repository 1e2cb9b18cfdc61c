// Room: dispatch. Objects and searches.
#include "daemon/dispatch/handlers.h"
#include "daemon/ops/objects.h"

namespace gw::handlers {
namespace {

// A template that may hold a key in clear.
struct ClearTemplate {
  explicit ClearTemplate(AttributeList list_in) : list(std::move(list_in)) {}
  ~ClearTemplate() { list.WipeValues(); }
  ClearTemplate(const ClearTemplate&) = delete;
  ClearTemplate& operator=(const ClearTemplate&) = delete;

  AttributeList list;
};

}  // namespace

Awaitable<CK_RV> CreateObject(Call& call) {
  const ClearTemplate given(ReadTemplate(call));
  if (!call.Decoded()) co_return CKR_OK;
  auto handle = co_await ops::CreateObject(call.scope, given.list);
  co_return Made(call, handle);
}

Awaitable<CK_RV> CopyObject(Call& call) {
  const ObjectHandle object{call.body.U64()};
  const AttributeList given = ReadTemplate(call);
  if (!call.Decoded()) co_return CKR_OK;
  auto handle = co_await ops::CopyObject(call.scope, object, given);
  co_return Made(call, handle);
}

Awaitable<CK_RV> DestroyObject(Call& call) {
  const ObjectHandle object{call.body.U64()};
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::DestroyObject(call.scope, object);
  co_return Done(call, status);
}

Awaitable<CK_RV> GetObjectSize(Call& call) {
  const ObjectHandle object{call.body.U64()};
  if (!call.Decoded()) co_return CKR_OK;
  auto size = ops::GetObjectSize(call.scope, object);
  if (!size) co_return Failed(call, size.error());
  call.reply.U64(*size);
  co_return CKR_OK;
}

Awaitable<CK_RV> GetAttributeValue(Call& call) {
  const ObjectHandle object{call.body.U64()};
  const std::vector<ops::WantedValue> wanted = ReadWanted(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto found = ops::GetAttributeValue(call.scope, object, wanted);
  if (!found) co_return Failed(call, found.error());
  WriteValues(call.reply, *found);
  co_return found->rv;
}

Awaitable<CK_RV> SetAttributeValue(Call& call) {
  const ObjectHandle object{call.body.U64()};
  const AttributeList wanted = ReadAttributes(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::SetAttributeValue(call.scope, object, wanted);
  co_return Done(call, status);
}

Awaitable<CK_RV> FindObjectsInit(Call& call) {
  const AttributeList wanted = ReadAttributes(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  // The first search may have been begun without its answer having arrived.
  if (call.repeated()) call.scope.operations().End(OperationKind::kFind);
  auto found = ops::FindObjectsInit(call.scope, wanted, wire::kMaxFoundAtOnce);
  if (!found) co_return Failed(call, found.error());
  call.reply.U8(found->complete ? 1 : 0);
  call.reply.U32(static_cast<std::uint32_t>(found->first.size()));
  for (ObjectHandle handle : found->first) call.reply.U64(ToNumber(handle));
  co_return CKR_OK;
}

Awaitable<CK_RV> FindObjects(Call& call) {
  const std::uint64_t most = call.body.U64();
  if (!call.Decoded()) co_return CKR_OK;
  auto handles = ops::FindObjects(call.scope, most);
  if (!handles) co_return Failed(call, handles.error());
  call.reply.U64(handles->size());
  call.reply.U32(static_cast<std::uint32_t>(handles->size()));
  for (ObjectHandle handle : *handles) call.reply.U64(ToNumber(handle));
  co_return CKR_OK;
}

Awaitable<CK_RV> FindObjectsFinal(Call& call) {
  if (!call.Decoded()) co_return CKR_OK;
  co_return Done(call, ops::FindObjectsFinal(call.scope));
}

}  // namespace gw::handlers
