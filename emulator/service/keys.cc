// Room: emulator/service. The RPCs that make, wrap, unwrap and derive keys. Responses carry the
// blob twice: as octets, and as a KeyBlob message.
#include "emulator/engine/keys.h"

#include "emulator/service/families.h"
#include "emulator/service/wire.h"

namespace gw::emulator {

GW_RPC(GenerateKey) {
  GW_TRY_VOID(card.JoinSession());
  GW_TRY(key, GenerateKey(card, FromWire(request.mech()), FromWire(request.template_())));
  response.set_keybytes(Text(key.blob));
  response.set_checksum(Text(key.check_sum));
  ToWire(card, key, response.mutable_key());
  return Ok();
}

GW_RPC(GenerateKeyPair) {
  GW_TRY_VOID(card.JoinSession());
  GW_TRY(pair, GenerateKeyPair(card, FromWire(request.mech()), FromWire(request.privkeytemplate()),
                               FromWire(request.pubkeytemplate())));
  response.set_privkeybytes(Text(pair.private_key.blob));
  response.set_pubkeybytes(Text(pair.public_key.blob));
  ToWire(card, pair.private_key, response.mutable_privkey());
  ToWire(card, pair.public_key, response.mutable_pubkey());
  return Ok();
}

GW_RPC(WrapKey) {
  return Deliver(WrapKey(card, FromWire(request.mech()), BlobOf(request.key()),
                         BlobOf(request.kek()), BlobOf(request.mackey())),
                 [&response](std::string wrapped) { response.set_wrapped(std::move(wrapped)); });
}

GW_RPC(UnwrapKey) {
  GW_TRY_VOID(card.JoinSession());
  GW_TRY(key,
         UnwrapKey(card, FromWire(request.mech()), ViewOf(request.wrapped()), BlobOf(request.kek()),
                   FromWire(request.template_()), BlobOf(request.mackey())));
  response.set_unwrappedbytes(Text(key.blob));
  response.set_checksum(Text(key.check_sum));
  ToWire(card, key, response.mutable_unwrapped());
  return Ok();
}

GW_RPC(DeriveKey) {
  GW_TRY_VOID(card.JoinSession());
  GW_TRY(key, DeriveKey(card, FromWire(request.mech()), BlobOf(request.basekey()),
                        ViewOf(request.data()), FromWire(request.template_())));
  response.set_newkeybytes(Text(key.blob));
  response.set_checksum(Text(key.check_sum));
  ToWire(card, key, response.mutable_newkey());
  return Ok();
}

}  // namespace gw::emulator
