// Room: emulator/service. The signature RPCs. A signature that does not verify is an error, never
// an empty success.
#include "emulator/engine/sign.h"

#include "emulator/service/families.h"
#include "emulator/service/wire.h"

namespace gw::emulator {

GW_RPC(SignInit) {
  return Deliver(
      SignatureInit(card, Operation::kSign, FromWire(request.mech()), BlobOf(request.privkey())),
      [&response](std::string state) { response.set_state(std::move(state)); });
}

GW_RPC(VerifyInit) {
  return Deliver(
      SignatureInit(card, Operation::kVerify, FromWire(request.mech()), BlobOf(request.pubkey())),
      [&response](std::string state) { response.set_state(std::move(state)); });
}

GW_RPC(SignUpdate) {
  return Deliver(
      SignatureUpdate(card, Operation::kSign, ViewOf(request.state()), ViewOf(request.data())),
      [&response](std::string state) { response.set_state(std::move(state)); });
}

GW_RPC(VerifyUpdate) {
  return Deliver(
      SignatureUpdate(card, Operation::kVerify, ViewOf(request.state()), ViewOf(request.data())),
      [&response](std::string state) { response.set_state(std::move(state)); });
}

GW_RPC(SignFinal) {
  return Deliver(SignFinal(card, ViewOf(request.state())), [&response](std::string signature) {
    response.set_signature(std::move(signature));
  });
}

GW_RPC(VerifyFinal) {
  static_cast<void>(response);
  return VerifyFinal(card, ViewOf(request.state()), ViewOf(request.signature()));
}

GW_RPC(Sign) {
  return Deliver(
      SignOneShot(card, ViewOf(request.state()), ViewOf(request.data())),
      [&response](std::string signature) { response.set_signature(std::move(signature)); });
}

GW_RPC(Verify) {
  static_cast<void>(response);
  return VerifyOneShot(card, ViewOf(request.state()), ViewOf(request.data()),
                       ViewOf(request.signature()));
}

GW_RPC(SignSingle) {
  return Deliver(
      SignSingle(card, FromWire(request.mech()), BlobOf(request.privkey()), ViewOf(request.data())),
      [&response](std::string signature) { response.set_signature(std::move(signature)); });
}

GW_RPC(VerifySingle) {
  static_cast<void>(response);
  return VerifySingle(card, FromWire(request.mech()), BlobOf(request.pubkey()),
                      ViewOf(request.data()), ViewOf(request.signature()));
}

}  // namespace gw::emulator
