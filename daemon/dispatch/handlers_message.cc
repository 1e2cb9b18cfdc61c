// Room: dispatch. PKCS #11 v3.0 5.14 and 5.16: many messages with one Init.
#include "daemon/dispatch/handlers.h"
#include "daemon/ops/message.h"

namespace gw::handlers {

CK_RV MessageSignInit(Call& call) {
  const InitBody init = ReadInit(call.body);
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::MessageSignInit(call.scope, init.mechanism, init.key));
}

Awaitable<CK_RV> SignMessage(Call& call) {
  const ByteView parameter = ReadBytes(call.body);
  const ByteView data = ReadBytes(call.body);
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::SignMessage(call.scope, parameter, data, capacity);
  co_return Deliver(call, output, capacity);
}

CK_RV SignMessageBegin(Call& call) {
  const ByteView parameter = ReadBytes(call.body);
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::SignMessageBegin(call.scope, parameter));
}

Awaitable<CK_RV> SignMessageNext(Call& call) {
  const ByteView parameter = ReadBytes(call.body);
  const ByteView part = ReadBytes(call.body);
  const bool last = ReadFlag(call.body);
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::SignMessageNext(call.scope, parameter, part, last, capacity);
  co_return Deliver(call, output, capacity);
}

CK_RV MessageSignFinal(Call& call) {
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::MessageSignFinal(call.scope));
}

CK_RV MessageVerifyInit(Call& call) {
  const InitBody init = ReadInit(call.body);
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::MessageVerifyInit(call.scope, init.mechanism, init.key));
}

Awaitable<CK_RV> VerifyMessage(Call& call) {
  const ByteView parameter = ReadBytes(call.body);
  const ByteView data = ReadBytes(call.body);
  const ByteView signature = ReadBytes(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::VerifyMessage(call.scope, parameter, data, signature);
  co_return Done(call, status);
}

CK_RV VerifyMessageBegin(Call& call) {
  const ByteView parameter = ReadBytes(call.body);
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::VerifyMessageBegin(call.scope, parameter));
}

Awaitable<CK_RV> VerifyMessageNext(Call& call) {
  const ByteView parameter = ReadBytes(call.body);
  const ByteView part = ReadBytes(call.body);
  const bool last = ReadFlag(call.body);
  const ByteView signature = last ? ReadBytes(call.body) : ByteView();
  if (!call.Decoded()) co_return CKR_OK;
  const std::optional<ByteView> verdict_on = last ? std::optional(signature) : std::nullopt;
  auto status = co_await ops::VerifyMessageNext(call.scope, parameter, part, verdict_on);
  co_return Done(call, status);
}

CK_RV MessageVerifyFinal(Call& call) {
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::MessageVerifyFinal(call.scope));
}

}  // namespace gw::handlers
