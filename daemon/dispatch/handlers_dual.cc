// Room: dispatch. Two operations at once, signatures with recovery, keys in digests.
#include "daemon/dispatch/handlers.h"
#include "daemon/ops/digest.h"
#include "daemon/ops/dual.h"
#include "daemon/ops/sign.h"
#include "daemon/ops/verify.h"

namespace gw::handlers {
namespace {

Awaitable<CK_RV> Both(Call& call, ops::Dual dual) {
  const ByteView part = ReadBytes(call.body);
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::DualUpdate(call.scope, dual, part, capacity);
  co_return Deliver(call, output, capacity);
}

}  // namespace

Awaitable<CK_RV> DigestEncryptUpdate(Call& call) { return Both(call, ops::Dual::kDigestEncrypt); }
Awaitable<CK_RV> DecryptDigestUpdate(Call& call) { return Both(call, ops::Dual::kDecryptDigest); }
Awaitable<CK_RV> SignEncryptUpdate(Call& call) { return Both(call, ops::Dual::kSignEncrypt); }
Awaitable<CK_RV> DecryptVerifyUpdate(Call& call) { return Both(call, ops::Dual::kDecryptVerify); }

Awaitable<CK_RV> DigestKey(Call& call) {
  const ObjectHandle key{call.body.U64()};
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::DigestKey(call.scope, key);
  co_return Done(call, status);
}

CK_RV SignRecoverInit(Call& call) {
  const InitBody init = ReadInit(call.body);
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::SignRecoverInit(call.scope, init.mechanism, init.key));
}

Awaitable<CK_RV> SignRecover(Call& call) {
  const ByteView data = ReadBytes(call.body);
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::SignRecover(call.scope, data, capacity);
  co_return Deliver(call, output, capacity);
}

CK_RV VerifyRecoverInit(Call& call) {
  const InitBody init = ReadInit(call.body);
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::VerifyRecoverInit(call.scope, init.mechanism, init.key));
}

Awaitable<CK_RV> VerifyRecover(Call& call) {
  const ByteView signature = ReadBytes(call.body);
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  co_return Deliver(call, ops::VerifyRecover(call.scope, signature, capacity), capacity);
}

}  // namespace gw::handlers
