// Room: emulator/service. The first generation of the interface passed keys as plain octets under
// field numbers of their own; its clients are still about.
#pragma once

#include <google/protobuf/message.h>

namespace gw::emulator {

// Puts the key fields of the first generation into the KeyBlob fields of today, where those are
// empty. Other unknown fields are left alone, as protobuf has it.
void AdoptOlderFields(google::protobuf::Message& request);

}  // namespace gw::emulator
