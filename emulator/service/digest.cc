// Room: emulator/service. The digest RPCs.
#include "emulator/engine/digest.h"

#include "emulator/service/families.h"
#include "emulator/service/wire.h"

namespace gw::emulator {

GW_RPC(DigestInit) {
  return Deliver(DigestInit(card, FromWire(request.mech())),
                 [&response](std::string state) { response.set_state(std::move(state)); });
}

GW_RPC(Digest) {
  return Deliver(DigestOneShot(card, ViewOf(request.state()), ViewOf(request.data())),
                 [&response](std::string digest) { response.set_digest(std::move(digest)); });
}

GW_RPC(DigestUpdate) {
  return Deliver(DigestUpdate(card, ViewOf(request.state()), ViewOf(request.data())),
                 [&response](std::string state) { response.set_state(std::move(state)); });
}

GW_RPC(DigestKey) {
  return Deliver(DigestKey(card, ViewOf(request.state()), BlobOf(request.key())),
                 [&response](std::string state) { response.set_state(std::move(state)); });
}

GW_RPC(DigestFinal) {
  return Deliver(DigestFinal(card, ViewOf(request.state())),
                 [&response](std::string digest) { response.set_digest(std::move(digest)); });
}

GW_RPC(DigestSingle) {
  static_cast<void>(card);
  return Deliver(DigestSingle(FromWire(request.mech()), ViewOf(request.data())),
                 [&response](std::string digest) { response.set_digest(std::move(digest)); });
}

}  // namespace gw::emulator
