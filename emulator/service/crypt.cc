// Room: emulator/service. The encryption and decryption RPCs.
#include "emulator/engine/crypt.h"

#include "emulator/service/families.h"
#include "emulator/service/wire.h"

namespace gw::emulator {

GW_RPC(EncryptInit) {
  return Deliver(
      CryptInit(card, Operation::kEncrypt, FromWire(request.mech()), BlobOf(request.key())),
      [&response](std::string state) { response.set_state(std::move(state)); });
}

GW_RPC(DecryptInit) {
  return Deliver(
      CryptInit(card, Operation::kDecrypt, FromWire(request.mech()), BlobOf(request.key())),
      [&response](std::string state) { response.set_state(std::move(state)); });
}

GW_RPC(EncryptUpdate) {
  GW_TRY(step,
         CryptUpdate(card, Operation::kEncrypt, ViewOf(request.state()), ViewOf(request.plain())));
  response.set_state(Text(step.state));
  response.set_ciphered(Text(step.output));
  return Ok();
}

GW_RPC(DecryptUpdate) {
  GW_TRY(step, CryptUpdate(card, Operation::kDecrypt, ViewOf(request.state()),
                           ViewOf(request.ciphered())));
  response.set_state(Text(step.state));
  response.set_plain(Text(step.output));
  return Ok();
}

GW_RPC(Encrypt) {
  return Deliver(
      CryptOneShot(card, Operation::kEncrypt, ViewOf(request.state()), ViewOf(request.plain())),
      [&response](std::string data) { response.set_ciphered(std::move(data)); });
}

GW_RPC(Decrypt) {
  return Deliver(
      CryptOneShot(card, Operation::kDecrypt, ViewOf(request.state()), ViewOf(request.ciphered())),
      [&response](std::string data) { response.set_plain(std::move(data)); });
}

GW_RPC(EncryptFinal) {
  return Deliver(CryptFinal(card, Operation::kEncrypt, ViewOf(request.state())),
                 [&response](std::string data) { response.set_ciphered(std::move(data)); });
}

GW_RPC(DecryptFinal) {
  return Deliver(CryptFinal(card, Operation::kDecrypt, ViewOf(request.state())),
                 [&response](std::string data) { response.set_plain(std::move(data)); });
}

GW_RPC(EncryptSingle) {
  return Deliver(CryptSingle(card, Operation::kEncrypt, FromWire(request.mech()),
                             BlobOf(request.key()), ViewOf(request.plain())),
                 [&response](std::string data) { response.set_ciphered(std::move(data)); });
}

GW_RPC(DecryptSingle) {
  return Deliver(CryptSingle(card, Operation::kDecrypt, FromWire(request.mech()),
                             BlobOf(request.key()), ViewOf(request.ciphered())),
                 [&response](std::string data) { response.set_plain(std::move(data)); });
}

GW_RPC(ReencryptSingle) {
  const ReencryptLeg from{FromWire(request.decmech()), BlobOf(request.deckey())};
  const ReencryptLeg to{FromWire(request.encmech()), BlobOf(request.enckey())};
  return Deliver(Reencrypt(card, from, to, ViewOf(request.ciphered())),
                 [&response](std::string data) { response.set_reciphered(std::move(data)); });
}

}  // namespace gw::emulator
