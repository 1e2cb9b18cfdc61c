// Room: dispatch. Key management and random numbers.
#include "daemon/dispatch/handlers.h"
#include "daemon/ops/keys.h"
#include "daemon/ops/random.h"

namespace gw::handlers {
Awaitable<CK_RV> GenerateKey(Call& call) {
  const Mechanism mechanism = ReadMechanism(call.body);
  const AttributeList given = ReadTemplate(call);
  if (!call.Decoded()) co_return CKR_OK;
  auto handle = co_await ops::GenerateKey(call.scope, mechanism, given);
  co_return Made(call, handle);
}

Awaitable<CK_RV> GenerateKeyPair(Call& call) {
  const Mechanism mechanism = ReadMechanism(call.body);
  const AttributeList public_given = ReadTemplate(call);
  const AttributeList private_given = ReadTemplate(call);
  if (!call.Decoded()) co_return CKR_OK;
  auto pair = co_await ops::GenerateKeyPair(call.scope, mechanism, public_given, private_given);
  if (!pair) co_return Failed(call, pair.error());
  call.reply.U64(ToNumber(pair->public_key));
  call.reply.U64(ToNumber(pair->private_key));
  co_return CKR_OK;
}

Awaitable<CK_RV> WrapKey(Call& call) {
  const Mechanism mechanism = ReadMechanism(call.body);
  const ObjectHandle wrapping_key{call.body.U64()};
  const ObjectHandle key{call.body.U64()};
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto output = co_await ops::WrapKey(call.scope, mechanism, wrapping_key, key, capacity);
  co_return Deliver(call, output, capacity);
}

Awaitable<CK_RV> UnwrapKey(Call& call) {
  const Mechanism mechanism = ReadMechanism(call.body);
  const ObjectHandle unwrapping_key{call.body.U64()};
  const ByteView wrapped = ReadBytes(call.body);
  const AttributeList given = ReadTemplate(call);
  if (!call.Decoded()) co_return CKR_OK;
  auto handle = co_await ops::UnwrapKey(call.scope, mechanism, unwrapping_key, wrapped, given);
  co_return Made(call, handle);
}

Awaitable<CK_RV> DeriveKey(Call& call) {
  const Mechanism mechanism = ReadMechanism(call.body);
  const ObjectHandle base_key{call.body.U64()};
  const AttributeList given = ReadTemplate(call);
  if (!call.Decoded()) co_return CKR_OK;
  auto derived = co_await ops::DeriveKey(call.scope, mechanism, base_key, given);
  if (!derived) co_return Failed(call, derived.error());
  call.reply.U64(ToNumber(derived->key.value_or(ObjectHandle{})));
  if (derived->output) WriteOutput(call.reply, *derived->output);
  co_return derived->key ? CKR_OK : CKR_BUFFER_TOO_SMALL;
}

Awaitable<CK_RV> SeedRandom(Call& call) {
  const ByteView seed = ReadBytes(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  co_return Done(call, ops::SeedRandom(call.scope, seed));
}

Awaitable<CK_RV> GenerateRandom(Call& call) {
  const std::uint64_t bytes = call.body.U64();
  if (!call.Decoded()) co_return CKR_OK;
  auto random = co_await ops::GenerateRandom(call.scope, bytes);
  if (!random) co_return Failed(call, random.error());
  call.reply.Bytes(random->data(), random->size());
  Wipe(*random);  // the reply wipes its own copy
  co_return CKR_OK;
}

}  // namespace gw::handlers
