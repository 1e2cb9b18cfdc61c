// Room: emulator/service. Login sessions and master key rotation.
#include "emulator/engine/rewrap.h"
#include "emulator/service/families.h"
#include "emulator/service/wire.h"

namespace gw::emulator {

GW_RPC(Login) {
  return Deliver(card.Login(ViewOf(request.storeid()), ViewOf(request.pin())),
                 [&response](std::string blob) { response.set_pinblob(std::move(blob)); });
}

GW_RPC(Logout) {
  static_cast<void>(request);
  static_cast<void>(response);
  return card.Logout();
}

// Current clients send a KeyBlob, older ones the octets.
GW_RPC(RewrapKeyBlob) {
  const ByteView as_message = BlobOf(request.wrappedkey());
  GW_TRY(rewrapped,
         RewrapKeyBlob(card, as_message.empty() ? ViewOf(request.wrappedkeybytes()) : as_message));
  response.set_rewrappedkeybytes(Text(rewrapped.key.blob));
  ToWire(card, rewrapped.key, response.mutable_rewrappedkey());
  (*response.mutable_rewrappedkey()->mutable_attributes())[CKA_GREP11_WKID].set_attributeb(
      Text(rewrapped.wkid));
  return Ok();
}

}  // namespace gw::emulator
