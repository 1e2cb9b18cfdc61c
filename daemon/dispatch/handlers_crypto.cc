// Room: dispatch. Encryption, decryption, digests, signatures, verification.
#include "daemon/dispatch/handlers.h"
#include "daemon/ops/cipher.h"
#include "daemon/ops/digest.h"
#include "daemon/ops/sign.h"
#include "daemon/ops/verify.h"

namespace gw::handlers {
namespace {

using ops::CipherDirection;

CK_RV InitCipher(Call& call, CipherDirection direction) {
  const InitBody init = ReadInit(call.body);
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::CipherInit(call.scope, direction, init.mechanism, init.key));
}

Awaitable<CK_RV> RunCipher(Call& call, CipherDirection direction) {
  const ByteView data = ReadBytes(call.body);
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::Cipher(call.scope, direction, data, capacity);
  co_return Deliver(call, output, capacity);
}

Awaitable<CK_RV> UpdateCipher(Call& call, CipherDirection direction) {
  const ByteView part = ReadBytes(call.body);
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::CipherUpdate(call.scope, direction, part, capacity);
  co_return Deliver(call, output, capacity);
}

Awaitable<CK_RV> FinishCipher(Call& call, CipherDirection direction) {
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::CipherFinal(call.scope, direction, capacity);
  co_return Deliver(call, output, capacity);
}

}  // namespace

CK_RV EncryptInit(Call& call) { return InitCipher(call, CipherDirection::kEncrypt); }
Awaitable<CK_RV> Encrypt(Call& call) { return RunCipher(call, CipherDirection::kEncrypt); }
Awaitable<CK_RV> EncryptUpdate(Call& call) { return UpdateCipher(call, CipherDirection::kEncrypt); }
Awaitable<CK_RV> EncryptFinal(Call& call) { return FinishCipher(call, CipherDirection::kEncrypt); }
CK_RV DecryptInit(Call& call) { return InitCipher(call, CipherDirection::kDecrypt); }
Awaitable<CK_RV> Decrypt(Call& call) { return RunCipher(call, CipherDirection::kDecrypt); }
Awaitable<CK_RV> DecryptUpdate(Call& call) { return UpdateCipher(call, CipherDirection::kDecrypt); }
Awaitable<CK_RV> DecryptFinal(Call& call) { return FinishCipher(call, CipherDirection::kDecrypt); }

CK_RV DigestInit(Call& call) {
  const std::optional<Mechanism> mechanism = ReadOptionalMechanism(call.body);
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::DigestInit(call.scope, mechanism));
}

Awaitable<CK_RV> Digest(Call& call) {
  const ByteView data = ReadBytes(call.body);
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::DigestWhole(call.scope, data, capacity);
  co_return Deliver(call, output, capacity);
}

Awaitable<CK_RV> DigestUpdate(Call& call) {
  const ByteView part = ReadBytes(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::DigestUpdate(call.scope, part);
  co_return Done(call, status);
}

Awaitable<CK_RV> DigestFinal(Call& call) {
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::DigestFinal(call.scope, capacity);
  co_return Deliver(call, output, capacity);
}

CK_RV SignInit(Call& call) {
  const InitBody init = ReadInit(call.body);
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::SignInit(call.scope, init.mechanism, init.key));
}

Awaitable<CK_RV> Sign(Call& call) {
  const ByteView data = ReadBytes(call.body);
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::Sign(call.scope, data, capacity);
  co_return Deliver(call, output, capacity);
}

Awaitable<CK_RV> SignUpdate(Call& call) {
  const ByteView part = ReadBytes(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::SignUpdate(call.scope, part);
  co_return Done(call, status);
}

Awaitable<CK_RV> SignFinal(Call& call) {
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::SignFinal(call.scope, capacity);
  co_return Deliver(call, output, capacity);
}

CK_RV VerifyInit(Call& call) {
  const InitBody init = ReadInit(call.body);
  if (!call.Decoded()) return CKR_OK;
  return Done(call, ops::VerifyInit(call.scope, init.mechanism, init.key));
}

Awaitable<CK_RV> Verify(Call& call) {
  const ByteView data = ReadBytes(call.body);
  const ByteView signature = ReadBytes(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::Verify(call.scope, data, signature);
  co_return Done(call, status);
}

Awaitable<CK_RV> VerifyUpdate(Call& call) {
  const ByteView part = ReadBytes(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::VerifyUpdate(call.scope, part);
  co_return Done(call, status);
}

Awaitable<CK_RV> VerifyFinal(Call& call) {
  const ByteView signature = ReadBytes(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::VerifyFinal(call.scope, signature);
  co_return Done(call, status);
}

}  // namespace gw::handlers
